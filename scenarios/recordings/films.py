"""Pictures of events as files: one .png, a moving .gif, or an .mp4."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sensors.errors import UserError

from .painting import COLOURS, Picture, scaled

if TYPE_CHECKING:
    from PIL.Image import Image

LEAST = 256
"""Least width of a picture: small sensors are enlarged."""
GIF_FRAMES = 1500
"""Most pictures of a .gif: they are held in memory until the end."""


class Film(Protocol):
    @property
    def frames(self) -> int: ...

    def add(self, picture: Picture) -> bool:
        """Take a picture of colour numbers; returns whether there is room for more."""

    def close(self) -> None: ...


class Gif:
    """A moving picture by Pillow, looping."""

    def __init__(self, path: Path, fps: float) -> None:
        self._path, self._ms = path, max(20, round(1000 / fps))
        self._pictures: list[Image] = []

    @property
    def frames(self) -> int:
        return len(self._pictures)

    def add(self, picture: Picture) -> bool:
        from PIL import Image

        image = Image.fromarray(scaled(picture, LEAST))
        image.putpalette(COLOURS.tobytes())
        self._pictures.append(image)
        return len(self._pictures) < GIF_FRAMES

    def close(self) -> None:
        first, *rest = self._pictures
        first.save(
            self._path, format="GIF", save_all=True, append_images=rest, duration=self._ms, loop=0, optimize=False
        )


class Mp4:
    """A film by OpenCV, where it is installed."""

    def __init__(self, path: Path, fps: float) -> None:
        try:
            import cv2
        except ImportError:
            raise UserError(
                "a film (.mp4) needs opencv-python-headless: pip install 'ganglion[digit]', or write a .gif"
            ) from None
        self._cv2: Any = cv2
        self._path, self._fps, self.frames = path, fps, 0
        self._writer: Any = None

    def add(self, picture: Picture) -> bool:
        image = np.ascontiguousarray(COLOURS[scaled(picture, LEAST)][..., ::-1])
        image = image[: image.shape[0] // 2 * 2, : image.shape[1] // 2 * 2]
        if self._writer is None:
            code = self._cv2.VideoWriter_fourcc(*"mp4v")
            self._writer = self._cv2.VideoWriter(str(self._path), code, self._fps, (image.shape[1], image.shape[0]))
            if not self._writer.isOpened():
                raise UserError(f"{self._path}: OpenCV here cannot write films; write a .gif")
        self._writer.write(image)
        self.frames += 1
        return True

    def close(self) -> None:
        if self._writer is not None:
            self._writer.release()


def film(path: Path, fps: float) -> Film:
    """A film by the ending of `path`.

    Raises:
        UserError: its ending is none of .gif and .mp4, or a library is missing.
    """
    match path.suffix.lower():
        case ".gif":
            return Gif(path, fps)
        case ".mp4":
            return Mp4(path, fps)
    raise UserError(f"{path}: no picture of this ending is made; use .png, .gif or .mp4")


def save_png(path: Path, image: Picture) -> None:
    """RGB (height, width, 3) to a file."""
    from PIL import Image

    factor = max(1, -(-LEAST // image.shape[1]))
    Image.fromarray(image.repeat(factor, axis=0).repeat(factor, axis=1)).save(path, format="PNG")
