"""How long a process takes for its first tick, with kernels in numba's cache and with none, and what it then holds."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from time import perf_counter

from .table import Goal, Table
from .worker import ONE_THREAD

PROGRAM = """
import resource, sys
from scenarios.bench import ours
for make, size in {making}:
    getattr(ours, make)(*size).advance(1)
used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(used / (1 << 20 if sys.platform == "darwin" else 1 << 10))
"""
ALL = (("w1_numba", (100, 1000, 7)), ("w2_numba", (4000, 1.0)), ("w3_numba", (128, 300)))
CASES = (("W1, kernels compiled before", ALL[:1]), ("W1, W2 and W3, compiled before", ALL))
WARM_RUNS = 5


def _process(making: object, cache: str) -> tuple[float, float, float]:
    """Wall and CPU seconds of a process of one thread that computes one tick each, and its memory in MB."""
    before, since = resource.getrusage(resource.RUSAGE_CHILDREN), perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(making=making)],
        env={**os.environ, **ONE_THREAD, "NUMBA_CACHE_DIR": cache},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    wall_s, after = perf_counter() - since, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, float(done.stdout)


def measure() -> tuple[Table, list[Goal], dict[str, float]]:
    """Cold once, then warm some times, the least of them."""
    with tempfile.TemporaryDirectory() as cache:
        cold = _process(ALL, cache)
        warm = [min(_process(making, cache) for _ in range(WARM_RUNS)) for _, making in CASES]
    named = [(CASES[0][0], warm[0]), (CASES[1][0], warm[1]), ("W1, W2 and W3, nothing compiled", cold)]
    rows = [(what, f"{wall:.2f}", f"{cpu:.2f}", f"{rss:.0f}") for what, (wall, cpu, rss) in named]
    goals = [
        Goal("warm start of W1, CPU", 0.6, warm[0][1], " s"),
        Goal("cold start of W1, W2, W3, CPU", 8, cold[1], " s"),
    ]
    figures = {"warm_start_s": round(warm[0][1], 3), "cold_start_s": round(cold[1], 2)}
    return (
        Table("from the process's beginning to its end after one tick", ("", "wall s", "CPU s", "MB"), rows),
        goals,
        figures,
    )
