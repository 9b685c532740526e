"""The event camera in the loop: scene to luminance to events to the few spikes that a brain gets to see."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sensors.filters import Pool
from sensors.pixel import EventPixels
from sensors.signals import Sensed
from sensors.spec import Camera

from .camera import Renderer
from .plant import EYE_RIDING_M

FOV_DEG = 30.0
CHIP = 1
"""Seed of the pixels' mismatch: every world has the same camera."""
WINDOW_M = (0.020, 0.018)
"""Width and height of what the cells watch between the pads: the smallest object, and no pad that squeezes it."""
THRESHOLD, LEAK_SHIFT = 2, 3


def window(spec: Camera) -> tuple[int, int, int, int]:
    """Pixels x, y, width, height that the cells watch: in front of the pads, or everything if the camera stands."""
    if spec.mount == "fixed":
        return 0, 0, spec.width, spec.height
    metres = 2 * math.hypot(*EYE_RIDING_M) * math.tan(math.radians(FOV_DEG / 2)) / spec.width
    width, height = (max(8, round(side / metres)) for side in WINDOW_M)
    return (spec.width - width) // 2, (spec.height - height) // 2, width, height


class Eye:
    """A camera, its pixels, and the cells that pool their events.

    Attributes:
        events: EVENT (capacity,); the first `count` are those of the last `see`, valid until the next.
        luminance: float32 (height, width), the last frame, linear. width, height: in pixels.
    """

    def __init__(self, spec: Camera, rows: int, columns: int, first: int) -> None:
        """Args: rows, columns, first: cells, and the address of the first."""
        self.width, self.height = spec.width, spec.height
        self.count = 0
        self._renderer = Renderer(spec.width, spec.height, FOV_DEG)
        self._pixels = EventPixels(spec.pixel, spec.width, spec.height, CHIP)
        self.events = self._pixels.events
        self.luminance = self._renderer.luminance
        self._pool = Pool(window(spec), rows, columns, THRESHOLD, LEAK_SHIFT, first)

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode: the next frame is the reference, and noise is drawn from `rng`."""
        self._pixels.reset(int(rng.integers(1 << 62)))
        self._renderer.forget()
        self._pool.reset()
        self.count = 0

    def see(
        self, scene: NDArray[np.void], position: NDArray[np.float64], rotation: NDArray[np.float64], t_us: int
    ) -> int:
        """Take the frame at `t_us`; returns `count`."""
        self.count = self._pixels.observe(self._renderer.render(scene, position, rotation), t_us)
        return self.count

    def route(self, sensed: Sensed) -> None:
        """Append the cells that have seen enough to `sensed.spikes`; each speaks at most once a tick."""
        self._pool.route(self.events, self.count, sensed)
