"""BulletWorld: physics and skin as one body that a brain can be closed around.

What a brain sees is `delay_ms` old, in integers, and noisy; what only the simulator knows is in `truth`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sensors.address import NOWHERE, AddressMap
from sensors.signals import (
    EVENT,
    GRIPPER_ANALOG,
    GRIPPER_EFFORT,
    GRIPPER_GOAL,
    Body,
    Command,
    Region,
    Sensed,
)
from sensors.spec import Skin
from sensors.taxel import KINDS, RA, SA, VIBRATION, Afferents

from .contact import SoftSkin
from .episode import Script
from .eye import Eye
from .plant import Plant
from .spec import Bullet, Episode

NOISE_STEPS = 1 << 14
_NONE = np.zeros(0, EVENT)
_ANALOG, _GOAL = struct.Struct("8h"), struct.Struct("2h")  # one call writes what numpy would take as many for
SKIN_STREAM, FORCE_STREAM, CAMERA_STREAM = 1, 2, 3
POOLED = 4
EYE_FIRST, EYE_ROWS, EYE_COLUMNS = 38, 6, 8

GRIPPER = Body(
    GRIPPER_ANALOG,
    GRIPPER_GOAL,
    GRIPPER_EFFORT,
    (
        Region("vibration", 0, (2, POOLED, POOLED)),
        Region("touch", 32, (2,)),
        Region("release", 34, (2,)),
        Region("pressure", 36, (2,)),
        Region("camera", EYE_FIRST, (EYE_ROWS, EYE_COLUMNS)),
    ),
)
"""A parallel gripper with two skins and an eye. vibration: pad, row v, column u. touch, release, pressure: pad."""


def skin_map(taxels: int) -> AddressMap:
    """Addresses of the afferents of two pads, laid out as `sensors.taxel` says, pooled to 4 x 4 fields a pad."""
    table = np.full((2, KINDS * taxels, 2 * taxels), NOWHERE, np.uint16)
    for pad in range(2):
        columns = slice(pad * taxels, (pad + 1) * taxels)
        for v in range(taxels):
            for u in range(taxels):
                address = (pad * POOLED + v % POOLED) * POOLED + u % POOLED
                table[:, VIBRATION * taxels + v, pad * taxels + u] = address
        table[1, RA * taxels : (RA + 1) * taxels, columns] = 32 + pad
        table[0, RA * taxels : (RA + 1) * taxels, columns] = 34 + pad
        table[:, SA * taxels : (SA + 1) * taxels, columns] = 36 + pad
    return AddressMap(table, once=(32, 33, 34, 35, 36, 37))


def _afferents(skin: Skin) -> Afferents:
    """Of a skin whose noise is known, as a real one's is from its datasheet."""
    return Afferents(skin.taxels, noise_n=skin.noise_n, noise_ratio=skin.noise_ratio)


class BulletWorld:
    """One gripper in PyBullet; call `reset` with an episode before the first `advance`.

    Attributes:
        body: what the gripper senses and acts with. idle: the command before any brain has spoken.
        truth: TRUTH (), of the tick just simulated, not delayed. For scores and for baselines that say so.
        skin, afferents, pixels: what the pads read and told, and what the camera saw, in the tick just simulated, for
            viewers; None where disabled.
    """

    def __init__(self, spec: Bullet) -> None:
        self.spec = spec
        self.body = GRIPPER
        self.idle = GRIPPER.idle()
        self.script = Script(spec.trial)
        self._goals: dict[int, tuple[int, int]] = {}  # the same in every episode
        self.plant = Plant(spec)
        self.skin = SoftSkin(spec.skin) if spec.skin.enabled else None
        self.afferents = _afferents(spec.skin) if spec.skin.enabled else None
        self.pixels = Eye(spec.camera, EYE_ROWS, EYE_COLUMNS, EYE_FIRST) if spec.camera.enabled else None
        self._skin_map = skin_map(spec.skin.taxels)
        self._delay = spec.delay_ms * 1000 // spec.tick_us
        self._ring = [GRIPPER.empty_sensed() for _ in range(self._delay + 1)]
        self._sensed = GRIPPER.empty_sensed()
        self._noise: Sequence[float] = ()
        self._to_int = tuple(channel.to_int for channel in GRIPPER.analog)
        self._tick = 0

    @property
    def truth(self) -> np.ndarray:
        return self.plant.truth

    @property
    def ticks(self) -> int:
        """Length of an episode."""
        return round(self.script.duration_s * 1e6 / self.spec.tick_us)

    def reset(self, episode: Episode) -> None:
        """Begin an episode: its object stands between the open pads, nothing has been sensed."""
        self.plant.reset(episode)
        if self.skin is not None:
            rng = np.random.default_rng([episode.seed, episode.index, SKIN_STREAM])
            self.skin.reset(rng, episode.wavelength_m)
        if self.pixels is not None:
            self.pixels.reset(np.random.default_rng([episode.seed, episode.index, CAMERA_STREAM]))
        if self.afferents is not None:
            self.afferents.reset()
        self._skin_map.reset()
        force_rng = np.random.default_rng([episode.seed, episode.index, FORCE_STREAM])
        self._noise = force_rng.standard_normal(NOISE_STEPS).tolist()
        for sensed in self._ring:
            sensed.count = sensed.overflow = 0
            sensed.analog[:] = 0
        self._tick = 0
        self._sense(0)
        for sensed in self._ring[1:]:
            sensed.analog[:] = self._ring[0].analog
        self._tick = 0

    def advance(self, t_us: int, command: Command) -> Sensed:
        """Simulate until `t_us` under `command`; returns what the brain sees then, `delay_ms` old, and the goal now."""
        lift, grip = self.body.effort
        self.plant.advance(t_us, float(command.effort[0]) * lift.lsb, float(command.effort[1]) * grip.lsb)
        self._tick += 1
        self._sense(t_us)
        seen = self._ring[(self._tick + 1) % len(self._ring)] if self._delay else self._ring[0]
        seen.t_us = t_us
        goal = self._goals.get(t_us)
        if goal is None:
            hold, height_m = self.script.goal(t_us * 1e-6)
            goal = self._goals[t_us] = (1 if hold else 0, self.body.goal[1].to_int(height_m))
        _GOAL.pack_into(seen.goal.data, 0, *goal)
        return seen

    def _sense(self, t_us: int) -> None:
        """Fill this tick's place in the delay line."""
        sensed = self._ring[self._tick % len(self._ring)]
        sensed.count = sensed.overflow = 0
        plant, noise, sigma = self.plant, self._noise, self.spec.force_noise
        joints, to_int = plant.joints, self._to_int
        at = 2 * self._tick % NOISE_STEPS
        rim = (0, 0)
        if self.skin is not None and self.afferents is not None:
            taxels = self.skin.read(plant.contact, self.spec.tick_us * 1e-6)
            self.afferents.sense(taxels, t_us)
            rim = self.afferents.rim
            self._skin_map.route(self.afferents.events, self.afferents.count, sensed)
        if self.pixels is not None:  # after the skin, so that a busy picture cannot crowd out touch
            self.pixels.see(plant.scene(), *plant.camera_pose(self.spec.camera.mount), t_us)
            self.pixels.route(sensed, joints.height_m_per_s)
        _ANALOG.pack_into(
            sensed.analog.data,
            0,
            to_int[0](joints.opening_m),
            to_int[1](joints.opening_m_per_s),
            to_int[2](joints.height_m),
            to_int[3](joints.height_m_per_s),
            to_int[4](plant.normal_n * (1.0 + sigma * noise[at])),
            to_int[5](plant.load_n * (1.0 + sigma * noise[at + 1])),
            *rim,
        )

    @property
    def camera_events(self) -> NDArray[np.void]:
        """EVENT (n,) that the camera made in the tick just simulated, not delayed; none without a camera."""
        return _NONE if self.pixels is None else self.pixels.events[: self.pixels.count]

    def close(self) -> None:
        """Let go of the physics server."""
        self.plant.close()
