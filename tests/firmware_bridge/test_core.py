"""The laws in C: the golden files and the population kernels of controller/ judge them, under UBSan."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from controller import guard, neuron, plasticity

from . import judge

GOLDEN = Path(__file__).parents[1] / "golden"


def signed(word: str) -> int:
    value = int(word, 16)
    return value - (1 << 32) if value >= 1 << 31 else value


def lif(core: ctypes.CDLL, v: int, *rest: int) -> tuple[int, ...]:
    cell = ctypes.c_int32(v)
    fired = core.lif_step_c(ctypes.byref(cell), *rest)
    return cell.value, int(fired)


def scramble(core: ctypes.CDLL, counter: int) -> tuple[int, ...]:
    return (int(core.scramble(ctypes.c_uint32(counter & 0xFFFFFFFF))),)  # c_int: signed, as `signed` reads words


LAWS: dict[str, tuple[int, Callable[..., tuple[int, ...]]]] = {
    "lif": (4, lif),
    "trace": (4, lambda core, *a: (core.trace_step_c(*a),)),
    "pes": (5, lambda core, *a: (core.pes_step(*a),)),
    "guard": (5, lambda core, *a: (ctypes.c_int16(core.guard_step(*a)).value,)),
    "scramble": (1, scramble),
}


@pytest.mark.parametrize("name", LAWS)
def test_c_answers_every_line_of_the_golden_file(core: ctypes.CDLL, name: str) -> None:
    given, law = LAWS[name]
    lines = (GOLDEN / f"{name}.hex").read_text().splitlines()
    assert len(lines) > 400
    for line in lines:
        words = [signed(w) for w in line.split()]
        assert law(core, *words[:given]) == tuple(words[given:]), line


def address(array: NDArray) -> ctypes.c_void_p:
    return ctypes.c_void_p(array.ctypes.data)


def test_populations_in_c_are_those_of_the_controller_over_a_thousand_ticks(core: ctypes.CDLL) -> None:
    rng = np.random.default_rng(5)
    n, d = 160, 2
    encoder, bias = rng.integers(-127, 128, (n, d)).astype(np.int8), rng.integers(-900, 900, n).astype(np.int32)
    alive = (rng.random(n) < 0.9).astype(np.uint8)
    here = [np.zeros(n, np.int32), np.zeros(n, np.int32), np.zeros(n, np.uint8), np.zeros(n, np.int16)]
    weight = np.zeros(n, np.int32)
    there, weight_c = [a.copy() for a in here], weight.copy()
    size = ctypes.c_size_t(n)
    fired_in_all = 0
    for tick in range(1000):
        x = rng.integers(-32768, 32768, d).astype(np.int16)
        current, v, fired, trace = here
        neuron.encode(x, encoder, bias, 8, current)
        spikes = neuron.lif_population(v, current, 5, 16384, alive, fired)
        neuron.trace_population(trace, fired, 5, 512)
        start, error = int(plasticity.scramble(tick)), int(rng.integers(-40000, 40000))
        updates = plasticity.pes_narrow(weight, error, trace, 12, np.uint32(start))
        current, v, fired, trace = there
        core.encode(address(x), ctypes.c_size_t(d), address(encoder), address(bias), 8, address(current), size)
        assert (
            core.lif_population(address(v), address(current), size, 5, 16384, address(alive), address(fired)) == spikes
        )
        core.trace_population(address(trace), address(fired), size, 5, 512)
        assert core.pes_narrow(address(weight_c), error, address(trace), size, 12, ctypes.c_uint32(start)) == updates
        assert core.read_narrow(address(weight_c), address(trace), size) == plasticity.read_narrow(weight, here[3])
        fired_in_all += spikes
    assert fired_in_all > 1000
    for a, b in zip((*here, weight), (*there, weight_c), strict=True):
        assert np.array_equal(a, b)


def test_the_largest_read_out_and_the_dither_are_those_of_the_controller(core: ctypes.CDLL) -> None:
    for word in (32767, -32768, 2**31 - 1, -(2**31), 2**30 - 5):
        weight, trace = np.full(512, word, np.int32), np.full(512, 32767, np.int16)
        there = core.read_narrow(address(weight), address(trace), ctypes.c_size_t(512))
        assert there == plasticity.read_narrow(weight, trace) == 512 * int(weight.astype(np.int16)[0]) * 32767 >> 16
    core.dither.restype = ctypes.c_uint16
    for index in (0, 1, 255, 65535):
        start = int(plasticity.scramble(index + 3))
        assert core.dither(ctypes.c_uint32(start), index) == plasticity.dither(np.uint32(start), index)


def test_efforts_in_c_are_guarded_and_decay_as_in_the_controller(core: ctypes.CDLL) -> None:
    rng = np.random.default_rng(6)
    core.stale_step.restype = ctypes.c_int16
    for _ in range(500):
        low, high = np.sort(rng.integers(-32768, 32768, (2, 4)), 0).astype(np.int16)
        last, slew = rng.integers(-32768, 32768, 4).astype(np.int16), rng.integers(1, 32768, 4).astype(np.int16)
        asked = rng.integers(-(2**31), 2**31, 4).astype(np.int32)
        there = last.copy()
        guard.guard_efforts(last, asked, low, high, slew)
        core.guard_efforts(*map(address, (there, asked, low, high, slew)), ctypes.c_size_t(4))
        assert np.array_equal(last, there)
        a, safe, fall = int(last[0]), int(low[1]), int(slew[2])
        assert core.stale_step(a, safe, fall) == guard.stale_step.py_func(a, safe, fall)


@pytest.mark.parametrize("check", judge.CHECKS, ids=lambda check: check.__name__)
def test_the_judge_has_nothing_to_say_against_c(core: ctypes.CDLL, check: Callable[[ctypes.CDLL], None]) -> None:
    check(core)


def test_nothing_is_done_for_a_damaged_frame_nor_twice_for_a_whole_one(fuzzer: Path, fuzz: int) -> None:
    done = subprocess.run([fuzzer, str(fuzz), "3"], capture_output=True, text=True, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
