"""Random streams of events and slow twins' plumbing, for the tests of filters."""

from __future__ import annotations

import numpy as np

from sensors.filters import Filter
from sensors.signals import EVENT


def stream(seed: int, count: int, width: int, height: int, step_us: int = 20) -> np.ndarray:
    """Events of random pixels; time steps back now and then, as a real sensor's does."""
    rng = np.random.default_rng(seed)
    events = np.zeros(count, EVENT)
    times = (
        10_000 + np.cumsum(rng.integers(0, step_us, count)) - rng.integers(0, 11, count) * (rng.random(count) < 0.01)
    )
    events["t"], events["p"] = times, rng.random(count) < 0.6
    events["x"], events["y"] = rng.integers(0, width, count), rng.integers(0, height, count)
    return events


def in_packets(filter_: Filter, events: np.ndarray, in_place: bool = False) -> list[tuple[int, int, int, bool]]:
    """What passes when the stream comes in packets of many lengths."""
    passed = []
    at, length = 0, 0
    while at < events.size:
        packet = events[at : at + length].copy()
        out = packet if in_place else np.zeros(packet.size, EVENT)
        passed += out[: filter_.apply(packet, packet.size, out)].tolist()
        at, length = at + length, (length * 2 + 1) % 700
    return passed
