"""Whether every way to compute the workloads leaves the same bits: the kernels as compiled or interpreted, and C."""

from __future__ import annotations

import zlib

import numpy as np

from firmware_bridge.toolchain import compiler

from . import twin, w1, w2, w3
from .table import Table

SMALL = {"w1": (3, 8, 2), "w2": (16, 0.1), "w3": (4, 2, 2)}
"""Sizes that plain Python can do ten thousand ticks of."""
FULL = {"w1": w1.SIZE, "w2": (4000, 1.0), "w3": (w3.SIDE, 300, w3.POOL)}
TICKS = 1000


def state_hash(work: str, size: tuple[float, ...], ticks: int, in_c: bool = False) -> int:
    """CRC-32 of the whole record after so many ticks, learning on; of numba's kernels (or their Python) or of C."""
    return {"w1": _w1, "w2": _w2, "w3": _w3}[work](size, ticks, in_c)


def _w1(size: tuple[float, ...], ticks: int, in_c: bool) -> int:
    inputs, neurons, outputs = map(int, size)
    state = w1.build(inputs, neurons, outputs).view(np.recarray)
    x, target = w1.inputs_and_targets(inputs, outputs, ticks)
    if in_c:
        twin.w1_run(twin.load(), state, x, target)(0, ticks)
    else:
        for row in zip(x, target, strict=True):
            w1.tick(state, *row)
    return zlib.crc32(state.tobytes())


def _w2(size: tuple[float, ...], ticks: int, in_c: bool) -> int:
    net = w2.build(int(size[0]), size[1])
    if in_c:
        twin.w2_run(twin.load(), net)(ticks)
    else:
        w2.run(net.state.view(np.recarray), net.target, net.weight, ticks)
    return zlib.crc32(net.state.tobytes())


def _w3(size: tuple[float, ...], ticks: int, in_c: bool) -> int:
    side, each, pool = map(int, size)
    state = w3.build(side, pool).view(np.recarray)
    fields = w3.fields(w3.events(side, each, ticks))
    if in_c:
        twin.w3_run(twin.load(), state, *fields)(0, ticks)
    else:
        for row in zip(*fields, strict=True):
            w3.tick(state, *row)
    return zlib.crc32(state.tobytes())


def same_bits() -> Table:
    """State hashes of numba and C at full size."""
    rows = []
    for work, size in FULL.items():
        here = state_hash(work, size, TICKS)
        there = state_hash(work, size, TICKS, in_c=True) if compiler() else None
        verdict = "no C compiler" if there is None else ("same" if here == there else "DIFFERENT")
        rows.append((work, f"{here:08x}", "-" if there is None else f"{there:08x}", verdict))
    return Table(f"state hash after {TICKS} ticks, learning on", ("", "numba", "C", ""), rows)
