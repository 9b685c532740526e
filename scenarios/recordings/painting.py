"""Events to pictures: what fired in a window of time, dark on light as colour numbers 0 nothing, 1 off, 2 on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numba import njit
from numpy.typing import NDArray

from sensors.stream import Events

COLOURS = np.array([(22, 24, 29), (64, 140, 255), (255, 176, 64)], np.uint8)
"""Ground, off, on: apart for the colour-blind too, by hue and by lightness."""
Picture = NDArray[np.uint8]


@njit(cache=True)
def _paint(events, canvas):  # type: ignore[no-untyped-def]
    for i in range(events.size):
        canvas[events[i]["y"], events[i]["x"]] = 2 if events[i]["p"] else 1


class Painter:
    """Cuts a stream into pictures of `window_us` each, by the events' own time.

    Attributes:
        first_us, next_us: time of the first event, and when the picture being painted ends; -1 before there is one.
    """

    def __init__(self, width: int, height: int, window_us: int) -> None:
        self._canvas: Picture = np.zeros((height, width), np.uint8)
        self._window_us = window_us
        self.first_us = self.next_us = -1

    def add(self, events: Events) -> Iterator[tuple[int, Picture]]:
        """Take a packet; yield (end of the window, uint8 (height, width)) for each picture that is finished by it.

        A silence gives one empty picture and is jumped over; the caller sees it by the times.
        """
        while events.size:
            if self.next_us < 0:
                self.first_us = int(events["t"][0])
                self.next_us = self.first_us + self._window_us
            beyond = np.flatnonzero(events["t"] >= np.uint64(self.next_us))
            now = int(beyond[0]) if beyond.size else events.size
            _paint(events[:now], self._canvas)
            events = events[now:]
            if events.size:
                yield self.next_us, self._canvas.copy()
                self._canvas[:] = 0
                ahead = (int(events["t"][0]) - self.next_us) // self._window_us
                if ahead > 0:
                    self.next_us += self._window_us
                    yield self.next_us, self._canvas.copy()
                    ahead -= 1
                self.next_us += self._window_us * (1 + max(0, ahead))

    def rest(self) -> tuple[int, Picture]:
        """The picture that is not finished."""
        return self.next_us, self._canvas.copy()


def scaled(picture: Picture, least: int) -> Picture:
    """Each pixel as a square, so that the picture is at least `least` wide."""
    factor = max(1, -(-least // picture.shape[1]))
    large: Picture = picture.repeat(factor, axis=0).repeat(factor, axis=1)
    return large


def surface(counts: NDArray[np.int64]) -> Picture:
    """RGB (height, width, 3) of events per pixel and polarity, int64 (2, height, width) off then on, on a log scale."""
    full = np.log1p(max(1.0, float(np.percentile(counts[counts > 0], 99)))) if counts.any() else 1.0
    level = np.clip(np.log1p(counts) / full, 0.0, 1.0)
    ground = COLOURS[0].astype(float)
    image = ground + level[0][..., None] * (COLOURS[1] - ground) + level[1][..., None] * (COLOURS[2] - ground)
    picture: Picture = np.clip(image, 0, 255).astype(np.uint8)
    return picture
