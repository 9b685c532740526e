"""The controller as plain Python on integers without a width, to be run on its own: `twin.py SEED TICKS`.

Every numba type becomes a function that wraps like C, every kernel an ordinary function, the record a namespace of
integers and object arrays. So a sum that machine code would silently truncate shows as another state.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from sensors.signals import GRIPPER_ANALOG, MAX_SPIKES, Sensed


def senses(seed: int, ticks: int) -> Iterator[Sensed]:
    """A grasp that never was: contact grows, load follows, then it shakes, with spikes at random."""
    rng = np.random.default_rng(seed)
    spikes, analog, goal = np.zeros(MAX_SPIKES, np.uint16), np.zeros(len(GRIPPER_ANALOG)), np.zeros(2, np.int16)
    for tick in range(ticks):
        phase = min(tick / max(ticks - 1, 1), 1.0)
        grip = 400 + 900 * phase + 20 * rng.standard_normal()
        load = 2000 * max(phase - 0.2, 0) + 150 * np.sin(tick / 20) * (phase > 0.5)
        analog[:] = 3000, 0, 600 * max(phase - 0.4, 0), 300 * phase, grip, load, 12000, 9000 * phase
        spikes[:] = rng.integers(0, 110, MAX_SPIKES)
        goal[:] = tick > 3, 5000 * max(phase - 0.3, 0)
        count = int(rng.integers(0, 12))
        yield Sensed((tick + 1) * 1000, spikes, count, 0, analog.astype(np.int16), goal)


def main(seed: int, ticks: int) -> None:
    """Print the state hash and the efforts of every tick."""
    import numba

    numba.int16 = lambda v: (int(v) + 0x8000) % 0x10000 - 0x8000
    numba.int32 = lambda v: (int(v) + 0x80000000) % 0x100000000 - 0x80000000
    numba.uint32 = lambda v: int(v) % 0x100000000
    numba.int64 = int
    numba.njit = lambda *a, **_: a[0] if a else lambda function: function

    from controller import image, network
    from controller.spec import Reflex

    record = network.build(Reflex())
    state = SimpleNamespace(
        **{n: v.astype(object) if (v := record[n][0]).ndim else v.item() for n in image.IMAGE.names or ()}
    )
    probe, x = SimpleNamespace(), np.zeros(2, object)
    with np.errstate(over="ignore"):
        for sensed in senses(seed, ticks):
            network.tick(
                [state], sensed.spikes.tolist(), sensed.count, sensed.analog.tolist(), sensed.goal.tolist(), x, [probe]
            )
            for name in image.IMAGE.names or ():
                value = getattr(state, name)
                record[name][0] = int(value) if np.isscalar(value) else value
            print(image.state_hash(record), *state.effort)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
