"""What an agent may see of a BulletWorld: arrays of what was sensed `delay_ms` ago, never the simulator's truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from sensors.signals import MAX_SPIKES, Channel, Sensed

from .bullet import BulletWorld
from .event_image import add_events

JOINTS, FORCES, RIM = slice(0, 4), slice(4, 6), slice(6, 8)
"""Where `sensors.signals.GRIPPER_ANALOG` has the joints, the pads' force totals and the rim of the contact."""
MOST_EVENTS = 255


class Observer:
    """Gathers the ticks of one step into an observation. `reset`, then for each step `clear`, `tick` ..., `observe`.

    Taxels and camera events do not travel in `Sensed`, so they are delayed here by as much as `Sensed` is.

    Attributes:
        space: of the observations; without taxels or events where the sensor is off.
    """

    def __init__(self, world: BulletWorld, most_n: tuple[float, float], frame_skip: int) -> None:
        spec = world.spec
        self._world = world
        self._length = spec.delay_ms * 1000 // spec.tick_us + 1
        self._tick = 0
        self._analog = world.body.analog
        self._lsb = np.array([c.lsb for c in self._analog])
        self._spikes = np.zeros(world.body.addresses, np.uint8)
        most_count = min(MOST_EVENTS, MAX_SPIKES * frame_skip)
        boxes: dict[str, spaces.Space[Any]] = {
            "joints": _box(self._analog[JOINTS]),
            "forces": _box(self._analog[FORCES]),
            "rim": _box(self._analog[RIM]),
            "effort": spaces.Box(-np.array(most_n, np.float32), np.array(most_n, np.float32)),
            "goal": _box(world.body.goal),
            "spikes": spaces.Box(0, most_count, self._spikes.shape, np.uint8),
        }
        if world.skin is not None:
            grid = world.skin.taxels_mn.shape
            self._taxels = np.zeros((self._length, *grid), np.int16)
            boxes["taxels"] = spaces.Box(-32768, 32767, grid, np.int16)
        self._pixels = world.pixels
        if self._pixels is not None:
            image = (2, spec.camera.height, spec.camera.width)
            self._events = np.zeros(image, np.uint8)
            self._seen = [self._pixels.events[:0].copy() for _ in range(self._length)]
            boxes["events"] = spaces.Box(0, MOST_EVENTS, image, np.uint8)
        self.space = spaces.Dict(boxes)

    def reset(self) -> dict[str, NDArray[Any]]:
        """What there is to see when an episode has begun and no tick has passed."""
        world = self._world
        self._tick = 0
        self.clear()
        if world.skin is not None:
            self._taxels[:] = world.skin.taxels_mn
        if self._pixels is not None:
            self._seen = [self._pixels.events[:0].copy() for _ in range(self._length)]
        sensed = world.body.empty_sensed()
        joints = world.plant.joints
        values = (joints.opening_m, joints.opening_m_per_s, joints.height_m, joints.height_m_per_s)
        sensed.analog[JOINTS] = [c.to_int(v) for c, v in zip(self._analog[JOINTS], values, strict=True)]
        hold, height_m = world.script.goal(0.0)
        sensed.goal[:] = int(hold), world.body.goal[1].to_int(height_m)
        return self.observe(sensed, (0.0, 0.0))

    def clear(self) -> None:
        """Begin a step."""
        self._spikes[:] = 0
        if self._pixels is not None:
            self._events[:] = 0

    def tick(self, sensed: Sensed) -> None:
        """Take in the tick that the world has just simulated."""
        world = self._world
        self._tick += 1
        now, then = self._tick % self._length, (self._tick + 1) % self._length
        for address in sensed.spikes[: sensed.count].tolist():
            if self._spikes[address] < MOST_EVENTS:
                self._spikes[address] += 1
        if world.skin is not None:
            self._taxels[now] = world.skin.taxels_mn
        if self._pixels is not None:
            self._seen[now] = self._pixels.events[: self._pixels.count].copy()
            add_events(self._seen[then], self._events)

    def observe(self, sensed: Sensed, effort_n: tuple[float, float]) -> dict[str, NDArray[Any]]:
        """The observation at the end of a step; its arrays are new ones and belong to whoever asked."""
        values = (sensed.analog * self._lsb).astype(np.float32)
        seen: dict[str, NDArray[Any]] = {
            "joints": values[JOINTS].copy(),
            "forces": values[FORCES].copy(),
            "rim": values[RIM].copy(),
            "effort": np.array(effort_n, np.float32),
            "goal": np.array(
                [g * c.lsb for g, c in zip(sensed.goal.tolist(), self._world.body.goal, strict=True)], "f4"
            ),
            "spikes": self._spikes.copy(),
        }
        if self._world.skin is not None:
            seen["taxels"] = self._taxels[(self._tick + 1) % self._length].copy()
        if self._pixels is not None:
            seen["events"] = self._events.copy()
        return seen


def _box(channels: tuple[Channel, ...]) -> spaces.Box:
    """All that int16 channels can say, in their units."""
    lsb = np.array([c.lsb for c in channels])
    return spaces.Box((-32768 * lsb).astype(np.float32), (32767 * lsb).astype(np.float32))
