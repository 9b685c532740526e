"""The event camera in the loop: scene to luminance to events to the few spikes that a brain gets to see."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sensors.chain import chain
from sensors.errors import UserError
from sensors.filters import Pool
from sensors.pixel import EventPixels
from sensors.signals import Sensed

from .camera import Renderer
from .plant import BESIDE_TARGET_M, EYE_BESIDE_M, EYE_RIDING_M
from .spec import Camera

FOV_DEG = 30.0
CHIP = 1
"""Seed of the pixels' mismatch: every world has the same camera."""
WINDOW_M = (0.020, 0.018)
"""Width and height of what the cells watch between the pads: the smallest object, and no pad that squeezes it."""
THRESHOLD, LEAK_SHIFT, USUAL_SIDE = 2, 3, 30
"""Events that make a cell speak where the cells watch so many pixels across; more where pixels are finer, since noise
comes with every pixel and what slides crosses as many more."""
STILL_M_PER_S = 1e-3
"""Slower than this a hand is taken to rest, for a camera that does not move with it."""


def window(distance_m: float, wide: int, tall: int) -> tuple[int, int, int, int]:
    """Pixels x, y, width, height that the cells watch at that distance, in the middle of wide x tall pixels."""
    metres = 2 * distance_m * math.tan(math.radians(FOV_DEG / 2)) / wide
    width, height = (max(8, round(side / metres)) for side in WINDOW_M)
    return (wide - width) // 2, (tall - height) // 2, width, height


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
        self._chain = chain(spec.filters, spec.width, spec.height)
        self._rides = spec.mount == "gripper"
        wide, tall = self._chain.out_size
        distance_m = math.hypot(*EYE_RIDING_M) if self._rides else math.dist(EYE_BESIDE_M, BESIDE_TARGET_M)
        region = window(distance_m, wide, tall)
        self._side = region[2:]
        if self._side[0] > wide or self._side[1] > tall:
            raise UserError(
                f"the camera's filters leave {wide} x {tall} pixels, its cells need {self._side[0]} x {self._side[1]}; "
                "downsample or crop less"
            )
        self._middle, self._focal = (wide / 2, tall / 2), wide / 2 / math.tan(math.radians(FOV_DEG / 2))
        threshold = max(THRESHOLD, round(THRESHOLD * self._side[0] / USUAL_SIDE))
        self._pool = Pool(region, rows, columns, threshold, LEAK_SHIFT, first)

    def reset(self, rng: np.random.Generator) -> None:
        """Begin an episode: the next frame is the reference, and noise is drawn from `rng`."""
        self._pixels.reset(int(rng.integers(1 << 62)))
        self._renderer.forget()
        self._chain.reset()
        self._pool.reset()
        self.count = 0

    def see(
        self, scene: NDArray[np.void], position: NDArray[np.float64], rotation: NDArray[np.float64], t_us: int
    ) -> int:
        """Take the frame at `t_us`; returns `count`."""
        self.count = self._pixels.observe(self._renderer.render(scene, position, rotation), t_us)
        if not self._rides:
            self._attend(scene["position"][1:3].mean(0), position, rotation)
        return self.count

    def _attend(
        self, hand_m: NDArray[np.float64], position: NDArray[np.float64], rotation: NDArray[np.float64]
    ) -> None:
        """Have the cells of a fixed camera watch the space between the pads, wherever the robot says that is."""
        x, y, z = (rotation.T @ (hand_m - position)).tolist()
        across, down = self._middle[0] + self._focal * x / z, self._middle[1] + self._focal * y / z
        self._pool.move(round(across - self._side[0] / 2), round(down - self._side[1] / 2))

    def route(self, sensed: Sensed, hand_m_per_s: float = 0.0) -> None:
        """Append the cells that have seen enough to `sensed.spikes`; each speaks at most once a tick.

        hand_m_per_s: as its encoder says; what a fixed camera sees of a hand that moves is the hand's own motion.
        """
        kept = self._chain(self.events[: self.count])
        self._pool.route(kept, kept.size if self._rides or abs(hand_m_per_s) < STILL_M_PER_S else 0, sensed)
