"""Events to measure sensors with: an edge that sweeps over 640 x 480 pixels, and noise, the same for everybody."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from sensors.signals import EVENT

WIDTH, HEIGHT = 640, 480
PACKET = 1 << 16


def sweep(count: int, seed: int = 1) -> NDArray[np.void]:
    """EVENT (count,) at 4 million a second: two thirds within 12 pixels of a moving edge, one third anywhere."""
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    events["t"] = 10_000 + np.arange(count) // 4
    edge = (np.arange(count) // 2000) % WIDTH
    near = rng.random(count) < 2 / 3
    events["x"] = np.where(near, (edge + rng.integers(0, 12, count)) % WIDTH, rng.integers(0, WIDTH, count))
    events["y"] = rng.integers(0, HEIGHT, count)
    events["p"] = rng.random(count) < 0.5
    return events


def rate(work: Callable[[], int], seconds: float) -> float:
    """Events a second of CPU time, the best of several turns of `work`, which returns its events; in millions.

    CPU time of this process: other programs on the machine disturb it less than they do wall time.
    """
    work()  # compiled, and in the caches
    best = 0.0
    end = perf_counter() + seconds
    while True:
        start = process_time()
        count = work()
        best = max(best, count / max(process_time() - start, 1e-9) * 1e-6)
        if perf_counter() >= end:
            return best
