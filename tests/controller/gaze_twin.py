"""The gaze network as plain Python on integers without a width, to be run on its own: `gaze_twin.py SEED TICKS`.

As `twin.py` does it for the grip controller: a sum that machine code would silently truncate shows as another state.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from sensors.signals import Sensed
from sim.gaze_spec import Lens, body, cell_angles

CELLS = 16
BODY = body(CELLS)
COLUMNS, ROWS = cell_angles(Lens(cells=CELLS))


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


def main(seed: int, ticks: int) -> None:
    """Print the state hash and the efforts of every tick."""
    import numba

    numba.int16 = lambda v: (int(v) + 0x8000) % 0x10000 - 0x8000
    numba.int32 = lambda v: (int(v) + 0x80000000) % 0x100000000 - 0x80000000
    numba.uint32 = lambda v: int(v) % 0x100000000
    numba.int64 = int
    numba.njit = lambda *a, **_: a[0] if a else lambda function: function

    from controller import gaze, image
    from controller.spec import Gaze

    record = gaze.build(Gaze(), BODY, COLUMNS, ROWS)
    names = record.dtype.names or ()
    state = SimpleNamespace(**{n: v.astype(object) if (v := record[n][0]).ndim else v.item() for n in names})
    probe, x = SimpleNamespace(), np.zeros(2, object)
    with np.errstate(over="ignore"):
        for sensed in senses(seed, ticks):
            gaze.tick(
                [state], sensed.spikes.tolist(), sensed.count, sensed.analog.tolist(), sensed.goal.tolist(), x, [probe]
            )
            for name in names:
                value = getattr(state, name)
                record[name][0] = int(value) if np.isscalar(value) else value
            print(image.state_hash(record), *state.effort)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
