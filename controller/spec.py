"""What a scenario file may say about a controller."""

from __future__ import annotations

import numpy as np

from sensors.spec import Spec

PROBE = np.dtype(
    [
        ("slip", "?"),  # the slip detector is bursting
        ("started", "?"),  # it began to burst in this tick
        ("compliance", "<i4"),  # learned grip force per load, 1/friction, in 1/2048
        ("grip_target", "<i4"),  # asked of each finger, LSB of Body.effort
        ("load_ahead", "<i4"),  # load foreseen by the learned feed-forward, LSB of the load channel
        ("spikes", "<i4"),  # spikes of all populations in this tick
    ]
)
"""What a brain lets an observer see in one tick; nothing in the loop depends on it."""


class Reflex(Spec, tag="reflex"):
    """The spiking grip reflex: slip detector, learned friction, learned load feed-forward."""

    learning: bool = True
    seed: int = 1
