"""A controller's tick as plain Python on integers without a width: what its twins of machine code are held to.

Every numba type becomes a function that wraps like C, every kernel an ordinary function, the record a namespace of
integers and object arrays. So a sum that machine code would silently truncate shows as another state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any

import numpy as np

from sensors.signals import Sensed


def compute(make: Callable[[], tuple[Any, Callable[..., None]]], senses: Iterable[Sensed]) -> None:
    """Print the state hash and the efforts of every tick. To be called once, in a process of its own.

    make: imports a controller, which nobody may have done before; its record (1,) and its tick.
    """
    import numba

    numba.int16 = lambda v: (int(v) + 0x8000) % 0x10000 - 0x8000
    numba.int32 = lambda v: (int(v) + 0x80000000) % 0x100000000 - 0x80000000
    numba.uint32 = lambda v: int(v) % 0x100000000
    numba.int64 = int
    numba.njit = lambda *a, **_: a[0] if a else lambda function: function
    record, tick = make()
    from controller import image

    names = record.dtype.names or ()
    state = SimpleNamespace(**{n: v.astype(object) if (v := record[n][0]).ndim else v.item() for n in names})
    probe, x = SimpleNamespace(), np.zeros(2, object)
    with np.errstate(over="ignore"):
        for sensed in senses:
            tick(
                [state], sensed.spikes.tolist(), sensed.count, sensed.analog.tolist(), sensed.goal.tolist(), x, [probe]
            )
            for name in names:
                value = getattr(state, name)
                record[name][0] = int(value) if np.isscalar(value) else value
            print(image.state_hash(record), *state.effort)
