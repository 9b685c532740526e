"""Recordings come back bit for bit, and a file that is not as it was written never passes for one that is."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from controller.spec import PROBE
from scenarios import container
from scenarios.container import ChunkWriter, read_chunks
from scenarios.grasp.schema import SCHEMA
from scenarios.recorder import Recorder
from scenarios.recording import BLOCK_TICKS, Recording, Writer
from scenarios.trace import Rich, Trace
from sensors.errors import UserError
from sensors.signals import EVENT, GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL, MAX_SPIKES, Body, Command
from sim.spec import TRUTH, Episode

BODY = Body(GRIPPER_ANALOG, GRIPPER_GOAL, GRIPPER_EFFORT)
VERSIONS = {"ganglion": "0"}


def noise(dtype: np.dtype, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """Any bytes are a value, but for booleans."""
    dtype = np.dtype(dtype)
    if dtype.names:
        out = np.zeros(shape, dtype)
        for name in dtype.names:
            out[name] = noise(dtype[name], shape, rng)
        return out
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    size = int(np.prod(shape)) * dtype.itemsize
    return np.frombuffer(rng.bytes(size), dtype).reshape(shape)


def any_trace(ticks: int, seed: int = 0, *, rich: bool = False) -> Trace:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, MAX_SPIKES + 1, ticks).astype(np.uint16)
    values = [float(x) for x in rng.standard_normal(14)]
    episode = Episode(seed, 3, 1, (values[0], values[1], values[2]), *values[3:])
    trace = Trace(
        episode, 1000, 5000,
        noise(np.int16, (ticks, 8), rng), noise(np.int16, (ticks, 2), rng), noise(np.int16, (ticks, 2), rng),
        counts, noise(np.uint16, (ticks,), rng), noise(np.uint16, (int(counts.sum()),), rng),
        noise(TRUTH, (ticks,), rng), noise(PROBE, (ticks,), rng),
        int(rng.integers(1 << 32)), int(rng.integers(1 << 32)),
    )  # fmt: skip
    if rich:
        trace.rich = Rich(
            40_000, (128, 64), noise(EVENT, (77,), rng), noise(EVENT, (5,), rng),
            noise(np.int16, (3, 2, 4, 4, 3), rng), noise(np.uint8, (3, 24, 32), rng),
        )  # fmt: skip
    return trace


def bits(value: object) -> object:
    """All of a trace as something that == compares bit for bit, NaN and signed zero included."""
    if isinstance(value, np.ndarray):
        return value.dtype, value.shape, value.tobytes()
    if dataclasses.is_dataclass(value):
        return tuple(bits(getattr(value, f.name)) for f in dataclasses.fields(value))
    return value


def write(path: Path, traces: list[Trace], *, close: bool = True, learned: bytes | None = None) -> bytes:
    writer = Writer(path, SCHEMA, 'name = "x"\n', VERSIONS, learned)
    for trace in traces:
        writer.append(trace)
    if close:
        writer.close()
    else:
        writer._chunks.close()
    return path.read_bytes()


def readable(path: Path) -> tuple[list[object], str | None]:
    """Bits of the whole episodes and the damage, or nothing and the error."""
    try:
        recording = Recording(path)
        return [bits(t) for t in recording], recording.damage
    except UserError as error:
        return [], str(error)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, BLOCK_TICKS, BLOCK_TICKS + 1, 600]), st.booleans()), max_size=3),
    st.integers(0, 1 << 30),
    st.none() | st.binary(max_size=64),
)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_was_written_is_read_back_bit_for_bit(tmp_path, sizes, seed, learned):
    traces = [any_trace(ticks, seed + k, rich=rich) for k, (ticks, rich) in enumerate(sizes)]
    write(tmp_path / "r", traces, learned=learned)
    recording = Recording(tmp_path / "r")
    assert [bits(t) for t in recording] == [bits(t) for t in traces]
    assert (recording.damage, recording.learned, recording.interrupted) == (None, learned, False)
    assert (recording.scenario, recording.versions) == ('name = "x"\n', VERSIONS)


def test_cut_at_any_byte_a_recording_gives_its_whole_episodes_and_says_that_it_was_cut(tmp_path):
    traces = [any_trace(3, 1), any_trace(2, 2)]
    data = write(tmp_path / "r", traces)
    whole = [bits(t) for t in traces]
    cut = tmp_path / "cut"
    seen = set()
    for size in range(len(data)):
        cut.write_bytes(data[:size])
        kept, damage = readable(cut)
        assert damage, f"{size} of {len(data)} bytes passed for the whole"
        assert kept == whole[: len(kept)]
        seen.add(len(kept))
    assert seen == {0, 1, 2}


def test_no_flipped_bit_goes_unnoticed(tmp_path):
    traces = [any_trace(2, 1), any_trace(1, 2)]
    data = write(tmp_path / "r", traces)
    whole = [bits(t) for t in traces]
    bad = tmp_path / "bad"
    for at in range(len(data)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << (at % 8)
        bad.write_bytes(flipped)
        kept, damage = readable(bad)
        assert damage, f"bit {at % 8} of byte {at} may flip unseen"
        assert kept == whole[: len(kept)]


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=8), st.integers(0, 3))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_scribbling_over_a_recording_never_changes_what_is_read(tmp_path, scribbles, more):
    traces = [any_trace(5, 1, rich=True), any_trace(4, 2)]
    data = write(tmp_path / "r", traces)
    bad = bytearray(data)
    for at, value in scribbles:
        bad[at % len(bad)] = value
    bad += data[16 : 16 + more]
    (tmp_path / "bad").write_bytes(bad)
    kept, damage = readable(tmp_path / "bad")
    assert kept == [bits(t) for t in traces[: len(kept)]]
    assert damage or bytes(bad) == data


def test_a_lost_a_repeated_and_an_exchanged_chunk_are_found(tmp_path):
    data = write(tmp_path / "r", [any_trace(600, 1), any_trace(600, 2)])
    edges, at = [], container.PREFIX.size + container.CRC.size
    while at < len(data):
        edges.append(at)
        at += container.HEAD.size + container.HEAD.unpack_from(data, at)[2]
    chunks = [data[a:b] for a, b in zip(edges, [*edges[1:], at], strict=True)]
    for wrong in (
        chunks[:5] + chunks[6:],
        [*chunks[:5], chunks[4], *chunks[5:]],
        [*chunks[:2], chunks[5], *chunks[3:5], chunks[2], *chunks[6:]],
    ):
        (tmp_path / "bad").write_bytes(data[: edges[0]] + b"".join(wrong))
        assert Recording(tmp_path / "bad").damage


def test_a_run_that_is_killed_leaves_the_episodes_it_had_finished(tmp_path):
    path = tmp_path / "r"
    child = subprocess.Popen(
        [sys.executable, "-c", _ENDLESS, str(path)], stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    assert child.stdout is not None
    for _ in range(3):
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait(10)
    child.stdout.close()
    recording = Recording(path)
    assert len(recording.traces) >= 3
    assert all(len(t.counts) == 700 for t in recording)
    assert "killed" in (recording.damage or "") or "cut short" in (recording.damage or "")


_ENDLESS = """
import sys, pathlib, numpy as np
from scenarios.recording import Writer
from scenarios.trace import Trace
from scenarios.grasp.schema import SCHEMA
from controller.spec import PROBE
from sim.spec import TRUTH, Episode
n = 700
z = lambda w: np.ones((n, w), np.int16)
episode = Episode(0, 0, 0, (.1, .1, .1), 1., 1., 1., 1., 1., 1., 1., 1., 1., 1., 1.)
trace = Trace(episode, 1000, 0, z(8), z(2), z(2), np.zeros(n, 'u2'), np.zeros(n, 'u2'), np.zeros(0, 'u2'),
              np.zeros(n, TRUTH), np.zeros(n, PROBE))
writer = Writer(pathlib.Path(sys.argv[1]), SCHEMA, "", {})
while True:
    writer.append(trace)
    print("one", flush=True)
"""


def test_ticks_of_an_episode_that_was_cut_short_are_still_there_to_look_at(tmp_path):
    trace = any_trace(3 * BLOCK_TICKS, 7)
    data = write(tmp_path / "r", [trace], close=False)
    (tmp_path / "cut").write_bytes(data[:-200])
    recording = Recording(tmp_path / "cut")
    assert recording.traces == []
    assert recording.partial is not None
    n = len(recording.partial.counts)
    assert n in (BLOCK_TICKS, 2 * BLOCK_TICKS, 3 * BLOCK_TICKS)
    assert recording.partial.effort.tobytes() == trace.effort[:n].tobytes()
    assert recording.partial.truth.tobytes() == trace.truth[:n].tobytes()


def test_an_interrupted_run_is_sound_and_says_that_more_was_meant(tmp_path):
    writer = Writer(tmp_path / "r", SCHEMA, "", VERSIONS)
    writer.append(any_trace(4))
    writer.close(interrupted=True)
    recording = Recording(tmp_path / "r")
    assert len(recording.traces) == 1
    assert recording.damage is None
    assert recording.interrupted


def _newer(path: Path) -> None:
    prefix = container.PREFIX.pack(container.MAGIC, container.VERSION + 1)
    path.write_bytes(prefix + container.CRC.pack(zlib.crc32(prefix)) + b"whatever a later format holds")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "No such file"),
        (lambda p: p.mkdir(), "Is a directory"),
        (lambda p: p.write_bytes(b""), "is empty"),
        (lambda p: p.write_bytes(b"PK\x03\x04 something else"), "is not a recording"),
        (lambda p: p.write_bytes(container.MAGIC + b"\1"), "cut or damaged"),
        (_newer, f"format {container.VERSION + 1}, newer than the {container.VERSION}"),
        (lambda p: ChunkWriter(p).close(), "no readable header"),
    ],
)
def test_what_is_not_a_recording_is_refused_in_one_line(tmp_path, make: Callable[[Path], object], said):
    make(tmp_path / "r")
    with pytest.raises(UserError, match=said) as caught:
        Recording(tmp_path / "r")
    assert "\n" not in str(caught.value)
    assert "; " in str(caught.value), "what to do next is missing"


def test_a_later_program_may_add_kinds_of_chunks_that_this_one_passes_over(tmp_path):
    trace = any_trace(3)
    writer = Writer(tmp_path / "r", SCHEMA, "", VERSIONS)
    writer._chunks.write(b"MUSE", b"of a later day")
    writer.append(trace)
    writer.close()
    recording = Recording(tmp_path / "r")
    assert [bits(t) for t in recording] == [bits(trace)]
    assert recording.damage is None


def test_a_small_chunk_that_unpacks_to_a_flood_is_refused(tmp_path, monkeypatch):
    writer = ChunkWriter(tmp_path / "r")
    writer.write(b"HEAD", bytes(100_000))
    writer.close()
    monkeypatch.setattr(container, "LARGEST", 1000)
    with pytest.raises(container.DamageError):
        list(read_chunks(tmp_path / "r"))


def test_a_record_that_gains_a_field_does_not_change_how_old_recordings_are_read(tmp_path):
    data = write(tmp_path / "r", [any_trace(3)])
    ((kind, head), *_) = read_chunks(tmp_path / "r")
    assert kind == b"HEAD"
    assert [tuple(f) for f in json.loads(head)["truth"]] == TRUTH.descr
    assert Recording(tmp_path / "r").traces[0].truth.dtype == TRUTH
    assert len(data) > struct.calcsize("<8sII")


def test_recording_a_tick_costs_little_and_allocates_nothing_that_grows():
    ticks = 4000
    recorder = Recorder(SCHEMA, any_trace(0).episode, ticks, 1000, 0)
    sensed, command = BODY.empty_sensed(), Command(np.zeros(2, np.int16))
    sensed.count = 5
    truth, probe = np.zeros((), TRUTH), np.zeros(1, PROBE)
    best = 1 << 60
    for _ in range(ticks // 500):
        began = perf_counter_ns()
        for _ in range(500):
            recorder(sensed, command, truth, probe)
        best = min(best, perf_counter_ns() - began)
    assert best / 500 < 10_000, "the recorder is far from its 3 us a tick"
    trace = recorder.trace()
    assert len(trace.counts) == ticks
    assert len(trace.spikes) == 5 * ticks
    with pytest.raises(IndexError):
        recorder(sensed, command, truth, probe)


def test_the_recorder_keeps_values_not_the_arrays_that_the_next_tick_overwrites():
    recorder = Recorder(SCHEMA, any_trace(0).episode, 2, 1000, 0)
    sensed, command = BODY.empty_sensed(), Command(np.zeros(2, np.int16))
    truth, probe = np.zeros((), TRUTH), np.zeros(1, PROBE)
    for k in (1, 2):
        sensed.analog[:], sensed.goal[:], command.effort[:] = k, 10 * k, 100 * k
        sensed.count, sensed.overflow = k, k
        sensed.spikes[:] = 1000 * k
        truth["mass_kg"], probe["spikes"] = k, k
        recorder(sensed, command, truth, probe)
    trace = recorder.trace()
    assert trace.analog[:, 0].tolist() == [1, 2]
    assert trace.effort[:, 1].tolist() == [100, 200]
    assert trace.spikes.tolist() == [1000, 2000, 2000]
    assert trace.overflow.tolist() == [1, 2]
    assert trace.truth["mass_kg"].tolist() == [1, 2]
    assert trace.probe["spikes"].tolist() == [1, 2]
