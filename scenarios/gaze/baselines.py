"""Simpler ways to turn the head, to measure the spiking one against: same head, motors, encoders and limits.

A frame camera of `fps` pictures a second sees with the same lens, without noise or blur, and is told which pixels show
the object: the best that any vision on frames could do. Its answer comes one frame time after the picture. Between
answers the direction is carried on at the speed last estimated (alpha-beta filter, Benedict and Bordner 1962). All
drive the joints by PID with speed feed-forward at 1 kHz; they compute in float.
"""

from __future__ import annotations

import math
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from controller.gaze import RISE_TICKS
from controller.spec import Gaze
from sensors.signals import Command, Sensed
from sim.gaze import HeadWorld
from sim.gaze_spec import ANALOG, EFFORT
from sim.target import direction

TICK_S = 1e-3
TILT_SHARE = 0.25
"""Gains of the tilt joint over those of the pan joint, which turns five times the inertia."""
STEADY_MS = 2.5
"""Of senses later than this, gains are eased."""


@dataclass(frozen=True, slots=True)
class Gains:
    """Of one baseline: N m per rad, per rad/s, per rad s; lead: seconds that its aim runs ahead; share of a picture's
    offset that position and speed take."""

    stiff: float
    damp: float
    integral: float
    lead_s: float
    alpha: float = 1.0
    beta: float = 1.0


def eased(gains: Gains, delay_ms: int) -> Gains:
    """Less bandwidth for senses later than those of 2 ms that the gains were tuned at, or the head would shake.

    With STEADY_MS at 2 none of the four shakes at 5 to 20 ms, at 4 all do; at 2.5 they are nearest (seed 12).
    """
    ease = min(1.0, STEADY_MS / max(delay_ms, 1))
    return replace(gains, stiff=gains.stiff * ease**2, damp=gains.damp * ease, integral=gains.integral * ease**2)


class Servo:
    """Turns both joints toward an aim that subclasses keep in `aim_rad` and `speed_rad_per_s` (2,)."""

    def __init__(self, gains: Gains, world: HeadWorld, spec: Gaze) -> None:
        self._gains, self._world, self._most_nm = eased(gains, world.spec.delay_ms), world, spec.most_nm
        self.aim_rad, self.speed_rad_per_s = np.zeros(2), np.zeros(2)
        self._sum = np.zeros(2)
        self._effort_nm = np.zeros(2)
        self._command = Command(np.zeros(2, np.int16))

    def reset(self) -> None:
        """Return to the state before the first tick."""
        for array in (self.aim_rad, self.speed_rad_per_s, self._sum, self._effort_nm):
            array[:] = 0.0

    def see(self, sensed: Sensed) -> None:
        """Bring aim and speed up to date; called every tick."""
        raise NotImplementedError

    def step(self, sensed: Sensed) -> Command:
        """One tick of 1 ms; the returned command is overwritten by the next call."""
        angle = np.array((sensed.analog[0] * ANALOG[0].lsb, sensed.analog[2] * ANALOG[2].lsb))
        rate = np.array((sensed.analog[1] * ANALOG[1].lsb, sensed.analog[3] * ANALOG[3].lsb))
        self.see(sensed)
        g = self._gains
        off = self.aim_rad + g.lead_s * (self.speed_rad_per_s - rate) - angle
        share = np.array((1.0, TILT_SHARE))
        self._sum[:] = np.clip(self._sum + share * g.integral * off * TICK_S, -self._most_nm / 2, self._most_nm / 2)
        asked = share * (g.stiff * off + g.damp * (self.speed_rad_per_s - rate)) + self._sum
        asked = np.clip(asked, -self._most_nm, self._most_nm)
        slew_nm = self._most_nm / RISE_TICKS
        self._effort_nm[:] = np.clip(asked, self._effort_nm - slew_nm, self._effort_nm + slew_nm)
        for joint in range(2):
            self._command.effort[joint] = EFFORT[joint].to_int(float(self._effort_nm[joint]))
        return self._command

    def state_hash(self) -> int:
        """CRC-32 of the whole state."""
        arrays = (self.aim_rad, self.speed_rad_per_s, self._sum, self._effort_nm)
        return zlib.crc32(b"".join(a.tobytes() for a in arrays))


class Frames(Servo):
    """Looks at pictures, `fps` a second."""

    def __init__(self, fps: int, gains: Gains, world: HeadWorld, spec: Gaze) -> None:
        super().__init__(gains, world, spec)
        self._fps = fps
        self._taken = 0
        self._coming: deque[tuple[float, float, float, float]] = deque()
        self._seen: np.ndarray | None = None
        self._seen_s = 0.0

    def reset(self) -> None:
        super().reset()
        self._taken, self._seen, self._seen_s = 0, None, 0.0
        self._coming.clear()

    def see(self, sensed: Sensed) -> None:
        """Take a picture when one is due; learn what one shows when it has been processed for a frame's time."""
        now_s = sensed.t_us * 1e-6
        self.aim_rad += self.speed_rad_per_s * TICK_S
        if now_s >= self._taken / self._fps:
            self._taken += 1
            world = self._world
            world.picture()
            found = centroid_rad(world)
            if found is not None:
                truth = world.truth
                here = (float(truth["pan_rad"]) + found[0], float(truth["tilt_rad"]) + found[1])
                self._coming.append((now_s, now_s + 1 / self._fps, *here))
        while self._coming and now_s >= self._coming[0][1] - 1e-9:
            taken_s, _, pan, tilt = self._coming.popleft()
            self._learn(np.array((pan, tilt)), taken_s, now_s)

    def _learn(self, there: np.ndarray, taken_s: float, now_s: float) -> None:
        if self._seen is None:
            self._seen, self._seen_s = there, taken_s
        else:
            since = taken_s - self._seen_s
            self._seen = self._seen + self.speed_rad_per_s * since
            off = there - self._seen
            self._seen += self._gains.alpha * off
            self.speed_rad_per_s += self._gains.beta * off / since
            self._seen_s = taken_s
        self.aim_rad[:] = self._seen + self.speed_rad_per_s * (now_s - taken_s)


class Oracle(Servo):
    """Reads the simulator's truth, which no controller may: where the object is and how it moves, without delay."""

    def see(self, sensed: Sensed) -> None:
        now_s, sight = sensed.t_us * 1e-6, self._world.sight
        here, before = direction(sight, now_s), direction(sight, now_s - TICK_S)
        self.aim_rad[:] = here
        self.speed_rad_per_s[:] = [(a - b) / TICK_S for a, b in zip(here, before, strict=True)]


def centroid_rad(world: HeadWorld) -> tuple[float, float] | None:
    """Direction of the middle of the object's pixels from the optical axis (left, up), rad; None if it is not seen."""
    rows, columns = np.nonzero(world.mask())
    if not rows.size:
        return None
    lens = world.spec.camera
    edge = math.tan(math.radians(lens.fov_deg / 2)) / (max(lens.width, lens.height) / 2)
    x = (float(columns.mean()) + 0.5 - lens.width / 2) * edge
    y = (float(rows.mean()) + 0.5 - lens.height / 2) * edge
    return -math.atan(x), -math.atan(y)


TUNED = {
    30: Gains(10.0, 0.0423, 15.0, 0.0021, 0.8, 1.2),
    60: Gains(14.0, 0.04, 20.0, 0.002, 0.63, 0.7),
    120: Gains(16.3, 0.04, 20.0, 0.0021, 0.35, 0.55),
}
"""By random search, 5 to 14 steps for each on 6 episodes of seeds 11 to 14, for mean and p95 error and latency; then
integral gain and damping by hand on 4 of them."""
ORACLE = Gains(20.0, 0.05, 30.0, 0.003)
BASELINES: dict[str, Callable[[HeadWorld, Gaze], Servo]] = {
    **{f"frames {fps} fps": partial(Frames, fps, gains) for fps, gains in TUNED.items()},
    "oracle": partial(Oracle, ORACLE),
}
"""Every baseline by the name that reports call it: made of its world and of the controller it is compared to."""
