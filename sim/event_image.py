"""Events of a step as an image: how many of each polarity at each pixel."""

from __future__ import annotations

from numba import njit


@njit(cache=True)
def add_events(events, image):  # type: ignore[no-untyped-def]
    """Count EVENT (n,) `events` into uint8 (2, height, width) `image`, off first, each count saturating at 255."""
    for i in range(events.size):
        event = events[i]
        polarity = 1 if event.on else 0
        if image[polarity, event.y, event.x] < 255:
            image[polarity, event.y, event.x] += 1
