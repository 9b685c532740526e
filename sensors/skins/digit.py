"""Skins that are a camera behind a gel, as DIGIT: OpenCV's frames through the event pixel become EVENTs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.pixel import EventPixels
from sensors.skin import Stamps
from sensors.spec import Pixel

GEL = Pixel(threshold=0.05, threshold_sigma=0.0, refractory_us=0, leak_hz=0.0, shot_noise_hz=0.0, bandwidth_hz=0.0)
"""Pixels for a gel that is lit evenly: a touch changes its light by percents; the noise is the camera's own."""


class CameraSkin:
    """DIGIT, GelSight Mini or any camera that OpenCV opens, as a source of EVENTs.

    Attributes:
        size: (width, height) in pixels. rate_hz: frames a second as the camera says, else 60.
        frames: frames seen.
    """

    def __init__(self, place: str, pixel: Pixel = GEL, size: tuple[int, int] | None = None) -> None:
        """place: a camera's number, a device such as /dev/video2, or a video file. size: asked of the camera.

        Raises:
            UserError: OpenCV is missing, or there is no such camera.
        """
        try:
            import cv2
        except ImportError:
            raise UserError("digit: needs OpenCV: pip install 'ganglion[digit]'") from None
        self._library: Any = cv2
        self._camera: Any = cv2.VideoCapture(int(place) if place.isdecimal() else place)
        if not self._camera.isOpened():
            raise UserError(f"OpenCV opens no camera or video at {place}; name its number, /dev/videoN or a file")
        if size is not None:
            self._camera.set(cv2.CAP_PROP_FRAME_WIDTH, size[0])
            self._camera.set(cv2.CAP_PROP_FRAME_HEIGHT, size[1])
        self.size = (int(self._camera.get(cv2.CAP_PROP_FRAME_WIDTH)), int(self._camera.get(cv2.CAP_PROP_FRAME_HEIGHT)))
        self.rate_hz = float(self._camera.get(cv2.CAP_PROP_FPS)) or 60.0
        self.frames = 0
        self._stamps = None if Path(place).is_file() else Stamps(self.rate_hz)
        self._light = np.zeros(self.size[::-1], np.float32)
        self._pixels = EventPixels(pixel, *self.size, seed=1, capacity=4 * self.size[0] * self.size[1])

    @property
    def overflow(self) -> int:
        """Events that one frame had no room for, since the start."""
        return self._pixels.overflow

    def next(self) -> NDArray[np.void] | None:
        """Wait for a frame; EVENT (n,) of what changed since the last, valid until the next call; None at the end.

        Times count from the opening, by this machine's clock; in a video file, by its frame rate. Between two frames
        they are interpolated.
        """
        good, image = self._camera.read()
        if not good:
            return None
        if image.shape[1::-1] != self.size:
            raise UserError(f"the camera changed from {self.size} to {image.shape[1::-1]} pixels; open it again")
        grey = self._library.cvtColor(image, self._library.COLOR_BGR2GRAY) if image.ndim == 3 else image
        np.multiply(grey, np.float32(1.0 / 255.0), out=self._light, casting="unsafe")
        self._light += np.float32(1.0 / 255.0)  # black is not infinitely dark: a step of one grey level stays a step
        stamps = self._stamps
        t_us = int(stamps.stamp(1)[0]) if stamps else round(self.frames * 1e6 / self.rate_hz)
        count = self._pixels.observe(self._light, t_us)
        self.frames += 1
        return self._pixels.events[:count]

    def close(self) -> None:
        """Give the camera back."""
        self._camera.release()
