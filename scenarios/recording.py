"""Recordings: the one file format of a run, made so that a killed process leaves a readable prefix.

Layout, little-endian: magic b"GANGREC\\n", u32 version, then chunks. A chunk is a u8 kind, u32 length of what follows,
u32 CRC-32 of kind and payload, and the zlib-compressed payload. Kinds: H header (JSON: scenario text, versions),
B episode begins (JSON: Episode, tick_us, delay_us, ticks, brain_before), T a block of ticks as brains see and command
them, P the same block's truth and probe, E episode ends (JSON: brain_after, ticks). An episode without E was cut short.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np

from controller.spec import PROBE
from sensors.errors import UserError
from sensors.signals import GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL, Command, Sensed
from sim.spec import TRUTH, Episode

from .trace import Trace

MAGIC = b"GANGREC\n"
VERSION = 1
BLOCK_TICKS = 512
HEAD = struct.Struct("<cII")
LARGEST_CHUNK = 1 << 28
_WIDTH = (len(GRIPPER_ANALOG), len(GRIPPER_GOAL), len(GRIPPER_EFFORT))


class Recorder:
    """The loop's sink for one episode: arrays for `ticks` ticks, filled in place; `trace` is what they hold."""

    def __init__(self, episode: Episode, ticks: int, tick_us: int, delay_us: int) -> None:
        analog, goal, effort = _WIDTH
        self._ticks = 0
        self._spikes = np.zeros(ticks * 4 + 1024, np.uint16)
        self._used = 0
        self._trace = Trace(
            episode, tick_us, delay_us,
            np.zeros((ticks, analog), np.int16), np.zeros((ticks, goal), np.int16), np.zeros((ticks, effort), np.int16),
            np.zeros(ticks, np.uint16), np.zeros(ticks, np.uint16), self._spikes,
            np.zeros(ticks, TRUTH), np.zeros(ticks, PROBE),
        )  # fmt: skip

    def __call__(self, sensed: Sensed, command: Command, truth: np.ndarray, probe: np.ndarray | None) -> None:
        row, trace = self._ticks, self._trace
        trace.analog[row] = sensed.analog
        trace.goal[row] = sensed.goal
        trace.effort[row] = command.effort
        trace.counts[row] = sensed.count
        trace.overflow[row] = sensed.overflow
        end = self._used + sensed.count
        if end > self._spikes.size:
            self._spikes = np.concatenate([self._spikes, np.zeros(self._spikes.size, np.uint16)])
        self._spikes[self._used : end] = sensed.spikes[: sensed.count]
        self._used = end
        trace.truth[row] = truth
        if probe is not None:
            trace.probe[row] = probe[0]
        self._ticks = row + 1

    def trace(self) -> Trace:
        """What was recorded so far, as views of the arrays."""
        t, n = self._trace, self._ticks
        return Trace(
            t.episode, t.tick_us, t.delay_us, t.analog[:n], t.goal[:n], t.effort[:n], t.counts[:n], t.overflow[:n],
            self._spikes[: self._used], t.truth[:n], t.probe[:n], t.brain_before, t.brain_after,
        )  # fmt: skip


class Writer:
    """Appends episodes to a new recording; each chunk reaches the operating system before the next is made."""

    def __init__(self, path: Path, scenario: str, versions: dict[str, str]) -> None:
        self._file: BinaryIO = path.open("wb")
        self._file.write(MAGIC + struct.pack("<I", VERSION))
        self._chunk(b"H", json.dumps({"scenario": scenario, "versions": versions}).encode())

    def append(self, trace: Trace) -> None:
        """Write one whole episode."""
        begin = {
            "episode": asdict(trace.episode), "tick_us": trace.tick_us, "delay_us": trace.delay_us,
            "ticks": len(trace.counts), "brain_before": trace.brain_before,
        }  # fmt: skip
        self._chunk(b"B", json.dumps(begin).encode())
        at = np.concatenate([[0], np.cumsum(trace.counts, dtype=np.int64)])
        for row in range(0, len(trace.counts), BLOCK_TICKS):
            rows = slice(row, min(row + BLOCK_TICKS, len(trace.counts)))
            parts = [trace.counts, trace.overflow, trace.analog, trace.goal, trace.effort]
            body = b"".join(np.ascontiguousarray(p[rows], p.dtype.newbyteorder("<")).tobytes() for p in parts)
            spikes = trace.spikes[at[rows.start] : at[rows.stop]].astype("<u2").tobytes()
            self._chunk(b"T", struct.pack("<I", rows.stop - rows.start) + body + spikes)
            self._chunk(b"P", trace.truth[rows].tobytes() + trace.probe[rows].tobytes())
        self._chunk(b"E", json.dumps({"brain_after": trace.brain_after, "ticks": len(trace.counts)}).encode())

    def _chunk(self, kind: bytes, payload: bytes) -> None:
        packed = zlib.compress(payload, 1)
        self._file.write(HEAD.pack(kind, len(packed), zlib.crc32(packed, zlib.crc32(kind))) + packed)
        self._file.flush()

    def close(self) -> None:
        """Finish; a recording that was not closed is as readable."""
        self._file.close()


class Recording:
    """A recording read back.

    Attributes:
        scenario: the scenario's text. versions: of what made it. traces: the whole episodes.
        damage: None, or one sentence on where the file stops being readable and what was kept.

    Raises:
        UserError: missing, empty, not a recording, of a newer version, or without a readable header.
    """

    def __init__(self, path: Path) -> None:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}; name the folder of an earlier run") from None
        if data[: len(MAGIC)] != MAGIC or len(data) < len(MAGIC) + 4:
            raise UserError(f"{path} is not a recording ({len(data)} bytes); name the folder of an earlier run")
        (version,) = struct.unpack_from("<I", data, len(MAGIC))
        if version != VERSION:
            raise UserError(f"{path} has format {version}, this program reads {VERSION}; use the version that made it")
        self.damage: str | None = None
        self.traces: list[Trace] = []
        self.scenario = ""
        self.versions: dict[str, str] = {}
        try:
            self._read(_chunks(data, len(MAGIC) + 4))
        except _DamageError as damage:
            self.damage = f"{path} is damaged at byte {damage}; {len(self.traces)} whole episodes before it were kept"
        if not self.scenario:
            raise UserError(f"{path} has no readable header; use another copy")

    def _read(self, chunks: Iterator[tuple[int, bytes, bytes]]) -> None:
        begun: dict[str, object] | None = None
        blocks: list[tuple[bytes, bytes]] = []
        seen = b""
        offset = 0
        try:
            for offset, kind, payload in chunks:
                if kind == b"H":
                    header = json.loads(payload)
                    self.scenario, self.versions = header["scenario"], header["versions"]
                elif kind == b"B":
                    begun, blocks = json.loads(payload), []
                elif kind == b"T":
                    seen = payload
                elif kind == b"P":
                    blocks.append((seen, payload))
                elif kind == b"E" and begun is not None:
                    self.traces.append(_trace(begun, json.loads(payload), blocks))
                    begun = None
        except (ValueError, KeyError, TypeError, struct.error) as error:
            raise _DamageError(offset) from error
        if begun is not None:
            raise _DamageError(offset)


class _DamageError(Exception):
    """The byte offset of the first chunk that cannot be trusted."""


def _chunks(data: bytes, offset: int) -> Iterator[tuple[int, bytes, bytes]]:
    while offset < len(data):
        if offset + HEAD.size > len(data):
            raise _DamageError(offset)
        kind, size, crc = HEAD.unpack_from(data, offset)
        packed = data[offset + HEAD.size : offset + HEAD.size + size]
        if size > LARGEST_CHUNK or len(packed) != size or zlib.crc32(packed, zlib.crc32(kind)) != crc:
            raise _DamageError(offset)
        try:
            yield offset, kind, zlib.decompress(packed)
        except zlib.error as error:
            raise _DamageError(offset) from error
        offset += HEAD.size + size


def _trace(begun: dict[str, object], ended: dict[str, int], blocks: list[tuple[bytes, bytes]]) -> Trace:
    analog, goal, effort = _WIDTH
    columns: list[list[np.ndarray]] = [[] for _ in range(8)]
    for seen, told in blocks:
        (n,) = struct.unpack_from("<I", seen)
        at = 4
        for column, width in enumerate((1, 1, analog, goal, effort)):
            dtype = "<u2" if column < 2 else "<i2"
            part = np.frombuffer(seen, dtype, n * width, at)
            columns[column].append(part if column < 2 else part.reshape(n, width))
            at += part.nbytes
        columns[5].append(np.frombuffer(seen, "<u2", -1, at))
        columns[6].append(np.frombuffer(told, TRUTH, n))
        columns[7].append(np.frombuffer(told, PROBE, n, n * TRUTH.itemsize))
    counts, overflow, analogs, goals, efforts, spikes, truth, probe = (np.concatenate(c) for c in columns)
    if len(counts) != ended["ticks"] or int(counts.sum()) != len(spikes):
        raise ValueError("episode is not whole")
    fields = dict(begun["episode"])  # type: ignore[call-overload]
    fields["half_m"] = tuple(fields["half_m"])
    return Trace(
        Episode(**fields), int(begun["tick_us"]), int(begun["delay_us"]), analogs, goals, efforts,  # type: ignore[call-overload]
        counts, overflow, spikes, truth, probe, int(begun["brain_before"]), ended["brain_after"],  # type: ignore[call-overload]
    )  # fmt: skip
