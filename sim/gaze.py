"""HeadWorld: a pan-tilt head, its event camera and a moving object, as one body that a brain can be closed around.

What is simulated: the head's dynamics (PyBullet), the camera's pictures at 1 kHz (ray caster) and its pixels (noise
included). The object follows its way whatever happens; it has no weight and touches nothing. Behind it is an even sky
or, with `show.background`, a patterned wall, whose image moves as the head turns.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sensors.chain import chain
from sensors.filters import Pool
from sensors.pixel import EventPixels
from sensors.signals import EVENT, Command, Sensed

from .camera import Renderer
from .gaze_spec import TRUTH, Head, Lens, Screen, Sight, enough, head_body
from .gimbal import Gimbal
from .spec import BOX, PRIMITIVE
from .target import direction

CHIP = 1
"""Seed of the pixels' mismatch: every world has the same camera."""
CAMERA_STREAM = 3
WALL_M, WALL_HALF_M, WALL_PITCH_M = 3.0, (6.0, 0.05, 4.0), 0.3
_NONE = np.zeros(0, EVENT)


class Eyeball:
    """Pixels, filters and cells: from pictures, or from events that a real camera made, to spike addresses."""

    def __init__(self, lens: Lens | Screen) -> None:
        self._chain = chain(lens.filters, lens.width, lens.height)
        wide, tall = self._chain.out_size
        focal = max(wide, tall) / 2 / math.tan(math.radians(lens.fov_deg / 2))
        fovea = focal * math.tan(math.radians(lens.fovea_deg))
        threshold = enough(lens) if isinstance(lens, Lens) else lens.threshold
        self._pool = Pool((0, 0, wide, tall), lens.cells, lens.cells, threshold, lens.leak_shift, fovea_pixels=fovea)

    def reset(self) -> None:
        """Forget all events."""
        self._chain.reset()
        self._pool.reset()

    def route(self, events: NDArray[np.void], sensed: Sensed) -> None:
        """Append the cells that one tick's EVENT (n,) made speak to `sensed`."""
        kept = self._chain(events)
        self._pool.route(kept, kept.size, sensed)


class HeadWorld:
    """The world of `ganglion run gaze`; call `reset` with an episode before the first `advance`.

    Attributes:
        body: what the head senses and acts with. idle: the command before any brain has spoken.
        truth: TRUTH (), of the tick just simulated, not delayed. For scores and for baselines that say so.
        events: EVENT (n,), what the camera told in the tick just simulated, before the filters.
    """

    def __init__(self, spec: Head, watching: bool = True) -> None:
        """watching: whether the event camera is simulated; a world for baselines without events leaves it out."""
        lens = spec.camera
        self.spec = spec
        self.body = head_body(spec)
        self.idle = self.body.idle()
        self.truth = np.zeros((), TRUTH)
        self.events: NDArray[np.void] = _NONE
        self._gimbal = Gimbal(spec.motors)
        self.renderer = Renderer(lens.width, lens.height, lens.fov_deg)
        self._pixels = EventPixels(lens.pixel, lens.width, lens.height, CHIP) if watching else None
        self._eye = Eyeball(lens)
        self._scene = np.zeros(2, PRIMITIVE)
        self._origin, self._rotation = np.zeros(3), np.eye(3)
        self._ring = [self.body.empty_sensed() for _ in range(self.body.late_ticks + 1)]
        self._to_int = tuple(channel.to_int for channel in self.body.analog)
        self._tick = 0
        self._sight: Sight | None = None

    @property
    def sight(self) -> Sight:
        """The episode under way; there is none before the first `reset`."""
        assert self._sight is not None, "reset the world with an episode first"
        return self._sight

    @property
    def ticks(self) -> int:
        """Length of the episode."""
        return round(self.sight.duration_s * 1e6 / self.spec.tick_us)

    def reset(self, sight: Sight) -> None:
        """Begin an episode: the head looks straight ahead, at rest."""
        self._sight = sight
        self._gimbal.reset(sight, self.spec.tick_us)
        self._eye.reset()
        self.renderer.forget()
        self._draw(sight)
        if self._pixels is not None:
            rng = np.random.default_rng([sight.seed, sight.index, CAMERA_STREAM])
            self._pixels.reset(int(rng.integers(1 << 62)))
        for sensed in self._ring:
            sensed.count = sensed.overflow = 0
            sensed.analog[:] = 0
        self._tick = 0
        self._sense(0)

    def advance(self, t_us: int, command: Command) -> Sensed:
        """Simulate until `t_us` under `command`; returns what the brain sees then, `delay_ms` old, and the goal now."""
        pan, tilt = self.body.effort
        self._gimbal.advance((float(command.effort[0]) * pan.lsb, float(command.effort[1]) * tilt.lsb))
        self._tick += 1
        self._sense(t_us)
        seen = self._ring[(self._tick + 1) % len(self._ring)]
        seen.t_us = t_us
        seen.goal[0] = 1
        return seen

    def _sense(self, t_us: int) -> None:
        """Fill this tick's place in the delay line."""
        sensed = self._ring[self._tick % len(self._ring)]
        sensed.count = sensed.overflow = 0
        (pan, tilt), (pan_rate, tilt_rate) = self._gimbal.angle_rad, self._gimbal.rate_rad_per_s
        self._place(t_us * 1e-6)
        self.events = _NONE
        if self._pixels is not None:
            count = self._pixels.observe(self.picture(), t_us)
            self.events = self._pixels.events[:count]
            self._eye.route(self.events, sensed)
        to_int = self._to_int
        sensed.analog[:] = to_int[0](pan), to_int[1](pan_rate), to_int[2](tilt), to_int[3](tilt_rate)
        self._tell(t_us * 1e-6)

    def picture(self) -> NDArray[np.float32]:
        """The luminance that the camera sees now, float32 (height, width), linear."""
        pan, tilt = self._gimbal.angle_rad
        look(pan, tilt, self._rotation)
        return self.renderer.render(self._scene, self._origin, self._rotation)

    def mask(self) -> NDArray[np.bool_]:
        """(height, width), the pixels of the last `picture` that show the object."""
        return self.renderer.shows(0)

    def _tell(self, t_s: float) -> None:
        truth = self.truth
        pan, tilt = self._gimbal.angle_rad
        a, e = direction(self.sight, t_s)
        before = direction(self.sight, t_s - 1e-4)
        ahead = np.array(unit(a, e)) @ look(pan, tilt, np.empty((3, 3)))
        truth["pan_rad"], truth["tilt_rad"], truth["target_pan_rad"], truth["target_tilt_rad"] = pan, tilt, a, e
        truth["target_rad_per_s"] = math.dist((a * math.cos(e), e), (before[0] * math.cos(e), before[1])) / 1e-4
        truth["error_rad"] = math.atan2(math.hypot(ahead[0], ahead[1]), ahead[2])
        truth["events"] = self.events.size
        lens, edge = self.spec.camera, math.tan(math.radians(self.spec.camera.fov_deg / 2))
        tall = edge * lens.height / lens.width
        truth["visible"] = ahead[2] > 0 and abs(ahead[0]) < edge * ahead[2] and abs(ahead[1]) < tall * ahead[2]

    def _place(self, t_s: float) -> None:
        a, e = direction(self.sight, t_s)
        self._scene[0]["position"] = np.array(unit(a, e)) * self.sight.distance_m

    def _draw(self, sight: Sight) -> None:
        rows, turn = self._scene, np.eye(3)
        c, s = math.cos(sight.roll_rad), math.sin(sight.roll_rad)
        turn[0, 0], turn[0, 2], turn[2, 0], turn[2, 2] = c, s, -s, c
        reach = max(sight.half_m)
        rows[0] = (sight.shape, (0, sight.distance_m, 0), turn, sight.half_m, sight.albedo, 0.5, reach / 2)
        # Without a background the wall is behind the head.
        y = WALL_M if sight.background > 0 else -WALL_M
        rows[1] = (BOX, (0, y, 0), np.eye(3), WALL_HALF_M, 0.6, sight.background, WALL_PITCH_M)

    def close(self) -> None:
        """Let go of the physics server."""
        self._gimbal.close()


def unit(pan_rad: float, tilt_rad: float) -> tuple[float, float, float]:
    """Unit vector of a direction: straight ahead is y, up is z, pan is to the left."""
    return -math.sin(pan_rad) * math.cos(tilt_rad), math.cos(pan_rad) * math.cos(tilt_rad), math.sin(tilt_rad)


def look(pan_rad: float, tilt_rad: float, out: NDArray[np.float64]) -> NDArray[np.float64]:
    """Write the rotation, camera to world, of a camera that looks in a direction: x right, y down, z forward."""
    sp, cp, st, ct = math.sin(pan_rad), math.cos(pan_rad), math.sin(tilt_rad), math.cos(tilt_rad)
    out[:, 0] = cp, sp, 0.0
    out[:, 1] = -sp * st, cp * st, -ct
    out[:, 2] = -sp * ct, cp * ct, st
    return out
