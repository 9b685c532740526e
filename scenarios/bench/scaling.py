"""How the cost of a step grows with neurons, fan-in and events, beside what memory bandwidth alone would cost."""

from __future__ import annotations

from time import perf_counter_ns, process_time_ns

import numpy as np
from numba import njit

from controller.connections import convolve, dense, patches, sparse
from controller.neuron import lif_population, trace_population

from . import w3
from .table import Goal, Table

NEURONS = (100, 1000, 10_000, 100_000)
FAN_IN = (16, 64, 256, 512)
FANS = (100, 1_000, 10_000, 100_000)
EVENTS = (10, 100, 1_000, 10_000)
TURNS = 15


@njit(cache=True)
def _neurons(v, current, alive, fired, trace, ticks):  # type: ignore[no-untyped-def]
    for _ in range(ticks):
        lif_population(v, current, 5, 16384, alive, fired)
        trace_population(trace, fired, 5, 512)


@njit(cache=True)
def _dense(x, weight, current, ticks):  # type: ignore[no-untyped-def]
    for _ in range(ticks):
        dense(x, weight, current)


@njit(cache=True)
def _sparse(addresses, start, target, weight, current, ticks):  # type: ignore[no-untyped-def]
    for t in range(ticks):  # other sources each time, as in a network at work
        now = addresses[t % addresses.shape[0]]
        sparse(now, now.size, start, target, weight, 0, current)


@njit(cache=True)
def _convolve(xs, ys, ps, patch, current, ticks):  # type: ignore[no-untyped-def]
    for _ in range(ticks):
        convolve(xs, ys, ps, xs.size, patch, w3.STRIDE, w3.PAD, current)


@njit(cache=True)
def _copy(source, out, ticks):  # type: ignore[no-untyped-def]
    for _ in range(ticks):
        for i in range(source.size):
            out[i] = source[i]


def _us(function, arguments, seconds: float) -> float:  # type: ignore[no-untyped-def]
    """CPU time of one tick in us, the least of some turns: what others on the machine add is not ours."""
    function(*arguments, 2)
    since = perf_counter_ns()
    function(*arguments, 10)
    ticks = max(int(seconds * 1e9 / TURNS / max((perf_counter_ns() - since) / 10, 1)), 3)
    best = np.inf
    for _ in range(TURNS):
        before = process_time_ns()
        function(*arguments, ticks)
        best = min(best, (process_time_ns() - before) / ticks)
    return float(best) * 1e-3


def bandwidth_gbs(size_bytes: int, seconds: float) -> float:
    """Bytes read and written a ns by copying, within an array pair of that size: caches count if they hold it."""
    source, out = np.zeros((2, max(size_bytes // 2, 64)), np.uint8)
    return float(source.size * 2 / (_us(_copy, (source, out), seconds) * 1e3))


def _neuron_case(n: int) -> tuple[object, tuple[object, ...], int]:
    rng = np.random.default_rng(1)
    arrays = (
        np.zeros(n, np.int32), rng.integers(0, 700, n).astype(np.int32), np.ones(n, np.uint8), np.zeros(n, np.uint8),
        np.zeros(n, np.int16),
    )  # fmt: skip
    return _neurons, arrays, n * (4 + 4 + 4 + 1 + 1 + 1 + 2 + 2)


def _dense_case(inputs: int) -> tuple[object, tuple[object, ...], int]:
    rng = np.random.default_rng(1)
    weight = rng.integers(-127, 128, (inputs, 1000)).astype(np.int8)
    x = rng.integers(-32768, 32768, inputs).astype(np.int16)
    return _dense, (x, weight, np.zeros(1000, np.int32)), weight.size + inputs // 4 * 8000


def _sparse_case(events: int) -> tuple[object, tuple[object, ...], int]:
    rng = np.random.default_rng(1)
    sources, fan, neurons = 2000, 50, 4000
    target = np.sort(rng.integers(0, neurons, (sources, fan)), 1).astype(np.uint16).reshape(-1)
    weight = rng.integers(-127, 128, target.size).astype(np.int8)
    start = (np.arange(sources + 1) * fan).astype(np.uint32)
    addresses = np.array([rng.permutation(sources)[: events // fan] for _ in range(64)], np.uint16)
    return _sparse, (addresses, start, target, weight, np.zeros(neurons, np.int32)), events * (2 + 1 + 4 + 4)


def _convolve_case(each: int) -> tuple[object, tuple[object, ...], int]:
    event = w3.events(w3.SIDE, each, 1)[0]
    out = w3.SIDE // w3.STRIDE
    current = np.zeros((out, out * w3.CHANNELS), np.int16)
    return _convolve, (*w3.fields(event), patches(w3.kernels(), w3.STRIDE), current), each * (5 + 60 * (2 + 2 + 2))


CASES = (
    ("LIF neurons with a trace", NEURONS, _neuron_case),
    ("inputs of 1000 neurons, dense int8", FAN_IN, _dense_case),
    ("synaptic events, sparse rows", FANS, _sparse_case),
    ("events into the convolution of W3", EVENTS, _convolve_case),
)


def measure(seconds: float) -> tuple[list[Table], list[Goal], dict[str, float]]:
    """Tables of CPU time against size, and how far from linear it is above a thousand."""
    tables, goals, figures = [], [], dict[str, float]()
    for title, sizes, case in CASES:
        rows, each = [], []
        for size in sizes:
            function, arguments, touched = case(size)
            us = _us(function, arguments, seconds / 4)
            bound = touched / bandwidth_gbs(touched, seconds / 8) * 1e-3
            each.append(us / size * 1e3)
            rows.append((f"{size}", f"{us:.2f}", f"{each[-1]:.2f}", f"{bound:.2f}", f"{us / bound:.1f}"))
            figures[f"{title}, {size} [us]"] = round(us, 3)
        head = (title, "us a step", "ns each", "bandwidth bound us", "times the bound")
        tables.append(Table(f"cost against {title}", head, rows))
        if sizes[-1] > 1000:
            linear = [ns for ns, size in zip(each, sizes, strict=True) if size >= 1000]
            goals.append(Goal(f"{title}: dearest per dearest unit above 1e3", 1.3, max(linear) / linear[0], " x"))
    return tables, goals, figures
