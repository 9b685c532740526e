"""State hashes of the workloads as computed here, and the widest registers used: `hashes.py SMALL|FULL TICKS`."""

from __future__ import annotations

import sys

import numba
import numpy as np

from scenarios.bench import w1
from scenarios.bench.exact import FULL, SMALL, state_hash


def widest() -> str:
    """Of W1's machine code; `none` if it is not compiled."""
    if numba.config.DISABLE_JIT:
        return "none"
    code = "".join(w1.tick.inspect_asm().values())
    return next((name for name in ("zmm", "ymm", "xmm") if f"%{name}" in code), "?")


if __name__ == "__main__":
    sizes, ticks = {"SMALL": SMALL, "FULL": FULL}[sys.argv[1]], int(sys.argv[2])
    with np.errstate(over="ignore"):  # unsigned arithmetic modulo 2^32 is meant
        print(*(f"{state_hash(work, size, ticks):08x}" for work, size in sizes.items()), widest())
