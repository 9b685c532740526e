"""The values that travel through the stack; every array's dtype, shape and unit is stated here and nowhere else.

Time is an integer count of microseconds since the run began (`t_us`). Nothing below the run loop reads a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

EVENT = np.dtype([("t", "<u8"), ("x", "<u2"), ("y", "<u2"), (("p", "on"), "?")])
"""One address-event: t in microseconds, x and y in pixels or taxels, on = brighter or loading."""

MAX_SPIKES = 48
"""Most spike addresses one tick can carry to a brain, on every target; what is over is counted, not sent."""

Int16 = NDArray[np.int16]
Spikes = NDArray[np.uint16]


@dataclass(slots=True)
class Sensed:
    """What a body senses in one tick, as every brain on every target sees it.

    Attributes:
        t_us: time of the tick, microseconds since the episode began.
        spikes: uint16 (MAX_SPIKES,), addresses of this tick; only the first `count` are valid. The array belongs to the
            world, which overwrites it next tick.
        count: number of valid addresses, 0..MAX_SPIKES.
        overflow: addresses of this tick that did not fit and that no brain saw.
        analog: int16 (A,), the body's channels in the order and scale of `Body.analog`.
        goal: int16 (G,), what is asked of the body, in the order and scale of `Body.goal`.
    """

    t_us: int
    spikes: Spikes
    count: int
    overflow: int
    analog: Int16
    goal: Int16


@dataclass(slots=True)
class Command:
    """What a brain asks of the body: `effort` int16 (E,), one per actuator in the scale of `Body.effort`."""

    effort: Int16


@dataclass(frozen=True, slots=True)
class Channel:
    """One int16 channel of a body: its name (unit as suffix) and the value of one LSB in that unit."""

    name: str
    lsb: float

    def to_int(self, value: float) -> int:
        """Round a value in the channel's unit to LSBs and saturate to int16."""
        counts = round(value / self.lsb)
        if -32768 <= counts <= 32767:
            return counts
        return 32767 if counts > 0 else -32768


@dataclass(frozen=True, slots=True)
class Region:
    """A run of spike addresses with one meaning: `first` .. `first + size - 1`, laid out as `shape` (row-major)."""

    name: str
    first: int
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


@dataclass(frozen=True, slots=True)
class Body:
    """What a body senses and acts with: the contract between a world and a brain.

    late_ticks: age of what is sensed, as far as it is known; 0 for a body that does not say.
    """

    analog: tuple[Channel, ...]
    goal: tuple[Channel, ...]
    effort: tuple[Channel, ...]
    regions: tuple[Region, ...] = field(default=())
    late_ticks: int = 0

    @property
    def addresses(self) -> int:
        """Number of spike addresses, 0 .. addresses-1."""
        return max((r.first + r.size for r in self.regions), default=0)

    def empty_sensed(self) -> Sensed:
        return Sensed(
            0,
            np.zeros(MAX_SPIKES, np.uint16),
            0,
            0,
            np.zeros(len(self.analog), np.int16),
            np.zeros(len(self.goal), np.int16),
        )

    def idle(self) -> Command:
        return Command(np.zeros(len(self.effort), np.int16))


class World(Protocol):
    """A body that can be advanced in time."""

    body: Body
    idle: Command

    def advance(self, t_us: int, command: Command) -> Sensed:
        """Let time pass until `t_us` under `command`; return what is sensed then (valid until the next call)."""


class Brain(Protocol):
    """Turns what is sensed into a command, here or on a target."""

    def step(self, sensed: Sensed) -> Command:
        """One tick; the returned command is valid until the next call."""

    def state_hash(self) -> int:
        """CRC-32 of everything that the brain's future depends on, learned weights included."""


GRIPPER_ANALOG = (
    Channel("opening_m", 1e-5),
    Channel("opening_m_per_s", 1e-4),
    Channel("height_m", 2e-5),
    Channel("height_m_per_s", 1e-4),
    Channel("normal_n", 5e-3),
    Channel("load_n", 2e-3),
    Channel("rim_normal", 1.0),
    Channel("rim_shear", 1.0),
)
"""Channels of a parallel gripper on a lifting axis.

opening: distance between the pads. height: of the gripper above its start. normal: mean normal force of the two pads.
load: sum of both pads' shear, positive when the object pulls the gripper down. rim_normal, rim_shear: summed normal and
shear force of the lightly pressed taxels, scaled by a common power of two so that only their ratio has a meaning.
"""

GRIPPER_GOAL = (Channel("hold", 1.0), Channel("height_m", 2e-5))
"""hold: 0 open, 1 grasp and hold. height: where the gripper should be."""

GRIPPER_EFFORT = (Channel("lift_n", 1e-2), Channel("grip_n", 5e-3))
"""lift: force along the lifting axis (the gripper's own weight is balanced). grip: closing force of each finger."""
