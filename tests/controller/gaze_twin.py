"""The gaze network as plain Python, to be run on its own: `gaze_twin.py SEED TICKS`; see `plain.py`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from sensors.signals import Sensed
from sim.gaze_spec import Lens, body, cell_angles

CELLS = 16
BODY = body(CELLS, 3)
COLUMNS, ROWS = cell_angles(Lens(cells=CELLS, fov_deg=16.0))


def senses(seed: int, ticks: int) -> Iterator[Sensed]:
    """A ring that goes to the left before a head that lags behind, among spikes at random; in the end anything."""
    rng = np.random.default_rng(seed)
    sensed = BODY.empty_sensed()
    for tick in range(ticks):
        middle = max(tick - ticks // 4, 0) * 12.0
        angle = rng.uniform(0, 2 * np.pi, 10)
        pan = int(middle) - 200
        x, y = middle - pan + 700 * np.cos(angle), 700 * np.sin(angle)
        column = np.abs(COLUMNS[None, :] - x[:, None]).argmin(1)
        row = np.abs(ROWS[None, :] - y[:, None]).argmin(1)
        sensed.spikes[:10] = row * CELLS + column
        sensed.spikes[10:12] = rng.integers(0, CELLS**2, 2)
        sensed.count = 12
        sensed.analog[:] = min(pan, 32767), 1200, 100, -3
        if tick > 0.8 * ticks:
            sensed.spikes[:] = rng.integers(0, 65536, sensed.spikes.size)
            sensed.count = sensed.spikes.size
            sensed.analog[:] = rng.integers(-32768, 32768, 4)
        sensed.goal[0] = tick > 3
        sensed.t_us = (tick + 1) * 1000
        yield sensed


def gaze() -> tuple[Any, Callable[..., None]]:
    """The gaze network's record and tick."""
    from controller import gaze
    from controller.spec import Gaze

    return gaze.build(Gaze(), BODY, COLUMNS, ROWS), gaze.tick


if __name__ == "__main__":
    from plain import compute

    compute(gaze, senses(int(sys.argv[1]), int(sys.argv[2])))
