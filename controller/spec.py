"""What a scenario file may say about a controller."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta

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

Ratio = Annotated[float, Meta(ge=0.0, le=8.0)]


class Reflex(Spec, frozen=True, tag="reflex"):
    """The spiking grip reflex: slip detector, learned friction, learned load feed-forward.

    learning: whether weights move. seed: of the random encoders and of the rounding noise. margin: grip force per force
    that friction needs. prior_friction: what is assumed of an object before it was touched. touch_n: force of the first
    contact. boost: how much a burst of slip raises the grip at most. skin_weight, eye_weight: of a tactile and of a
    visual spike on the slip neurons, 1 = as tuned, 0 = deaf or blind to it. dead: share of each population that is
    silenced when `dead_from_ms` has passed, to try damage.
    """

    learning: bool = True
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    margin: Annotated[float, Meta(ge=1.0, le=4.0)] = 1.24
    prior_friction: Annotated[float, Meta(ge=0.1, le=1.0)] = 0.9
    touch_n: Annotated[float, Meta(ge=0.1, le=20.0)] = 0.4
    boost: Ratio = 0.06
    skin_weight: Ratio = 1.0
    eye_weight: Ratio = 1.0
    dead: Annotated[float, Meta(ge=0.0, le=0.9)] = 0.0
    dead_from_ms: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
