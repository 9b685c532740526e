"""What a scenario file may say about a controller."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from msgspec import Meta

from sensors.spec import Settings, Spec, Unit

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


class Damage(Settings, frozen=True):
    """What befalls a controller at work, to see what it bears; see `damage.strike`.

    killed: share of all neurons that fall silent. flipped: share of the bits of all weights, input and read-out weights
    alike, that are inverted, once. from_tick: the first tick that is computed with it. seed: of what is struck.
    learning: whether learning goes on afterwards.
    """

    killed: Unit = 0.0
    flipped: Unit = 0.0
    from_tick: Annotated[int, Meta(ge=1, le=1_000_000)] = 3300
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    learning: bool = True

    @property
    def harmless(self) -> bool:
        """Whether nothing is to happen at all."""
        return self.killed == 0 and self.flipped == 0 and self.learning


class Reflex(Spec, frozen=True, tag="reflex"):
    """The spiking grip reflex: slip detector, learned friction, learned load feed-forward.

    learning: whether weights move. seed: of the random encoders and of the rounding noise. margin: grip force per force
    that friction needs. prior_friction: what is assumed of an object before it was touched. touch_n: force of the first
    contact. boost: how much a burst of slip raises the grip at most. skin_weight, eye_weight: of a tactile and of a
    visual spike on the slip neurons, 1 = as tuned, 0 = deaf or blind to it. damage: what befalls it in
    mid-trial. replicas: 3 compute the same and vote, see `voting`.
    """

    learning: bool = True
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    margin: Annotated[float, Meta(ge=1.0, le=4.0)] = 1.24
    prior_friction: Annotated[float, Meta(ge=0.1, le=1.0)] = 0.9
    touch_n: Annotated[float, Meta(ge=0.1, le=20.0)] = 0.4
    boost: Ratio = 0.06
    skin_weight: Ratio = 1.0
    eye_weight: Ratio = 1.0
    damage: Damage = Damage()
    replicas: Literal[1, 3] = 1


GAZE_PROBE = np.dtype(
    [
        ("pan", "<i4"),  # where it takes the target to be, LSB of the head's angles
        ("tilt", "<i4"),
        ("pan_speed", "<i4"),  # of that, 1/256 LSB per tick
        ("tilt_speed", "<i4"),
        ("learned_pan", "<i4"),  # effort that was learned, LSB of the efforts
        ("learned_tilt", "<i4"),
        ("votes", "<i4"),  # neurons of the map that fired
        ("surety", "<i4"),  # 0..4096
        ("spikes", "<i4"),  # of all populations in this tick
    ]
)
"""What a gaze network lets an observer see in one tick."""

Inertia = Annotated[float, Meta(ge=2e-5, le=1.0)]


class Gaze(Spec, frozen=True, tag="gaze"):
    """The spiking gaze network: attention on a map of the camera's cells, a remembered outline, a learned effort.

    learning: whether weights move. integrator: one integrator a joint in place of the populations' weights, of equal
    gain: what it is worth that effort is learned by posture and speed. seed: of the random encoders and of the rounding
    noise. window_deg: radius of attention. alpha, beta: how much of the mean vote goes to the estimated position and,
    per tick, to its speed, when 32 or more vote. memory_shift: the outline keeps about the last 2^memory_shift votes.
    settle_shift: its middle is the mean over 2^settle_shift votes. bandwidth_hz, damping: of how either joint is drawn
    to the target; less bandwidth if senses are more than 6 ms late. inertia_kg_m2: of pan and tilt, as long as nothing
    is learned; it may be a quarter to four times that. sight_ms: age of events beyond that of joints, what pixels and
    cells take. lead_ms: how much later still a command acts. most_nm: the guard's limit, which effort may reach
    within 4 ticks. tremor_deg: how far the head trembles when nothing was seen for patience_ms and it knows of no
    target, since what stands still on the chip makes no events.
    """

    learning: bool = True
    integrator: bool = False
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1
    window_deg: Annotated[float, Meta(ge=1.0, le=30.0)] = 5.0
    alpha: Annotated[float, Meta(ge=0.0, le=4.0)] = 1.6
    beta: Annotated[float, Meta(ge=0.0, le=0.5)] = 0.08
    memory_shift: Annotated[int, Meta(ge=6, le=16)] = 13
    settle_shift: Annotated[int, Meta(ge=6, le=16)] = 11
    bandwidth_hz: Annotated[float, Meta(ge=1.0, le=100.0)] = 31.0
    damping: Annotated[float, Meta(ge=0.0, le=2.0)] = 0.45
    inertia_kg_m2: tuple[Inertia, Inertia] = (6.3e-4, 1.2e-4)
    sight_ms: Annotated[int, Meta(ge=0, le=10)] = 2
    lead_ms: Annotated[int, Meta(ge=0, le=10)] = 1
    most_nm: Annotated[float, Meta(ge=0.0, le=0.3)] = 0.12
    tremor_deg: Annotated[float, Meta(ge=0.0, le=3.0)] = 0.5
    patience_ms: Annotated[int, Meta(ge=1, le=100_000)] = 60
