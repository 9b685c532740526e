"""A recording at the pace at which it was made, so that what was written against a camera can be tried without one."""

from __future__ import annotations

import threading
from time import perf_counter

import numpy as np

from sensors.stream import Packets

SLICE_US = 1000
"""Longest time of a packet that is handed on at once."""


def paced(packets: Packets, speed: float = 1.0) -> Packets:
    """Cut packets into slices of a millisecond and hand each on when its time has come; late ones at once.

    Args:
        speed: times real time.
    """
    waiter = threading.Event()
    began_s, first_us = 0.0, -1
    for events, triggers in packets:
        edges = triggers
        for part in _slices(events):
            last_us = int(part["t"][-1])
            if first_us < 0:
                began_s, first_us = perf_counter(), int(part["t"][0])
            due_s = (last_us - first_us) * 1e-6 / speed - (perf_counter() - began_s)
            if due_s > 0:
                waiter.wait(due_s)
            now = edges["t"] <= last_us
            yield part, edges[now]
            edges = edges[~now]
        if edges.size:
            yield events[:0], edges


def _slices(events: np.ndarray) -> list[np.ndarray]:
    if not events.size:
        return []
    step = events["t"] // np.uint64(SLICE_US)
    ends = [*(np.flatnonzero(step[1:] != step[:-1]) + 1).tolist(), events.size]
    return [events[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


class Deadline:
    """Seconds of real time from now; None never passes."""

    def __init__(self, seconds: float | None) -> None:
        self._at_s = None if seconds is None else perf_counter() + seconds

    def passed(self) -> bool:
        return self._at_s is not None and perf_counter() >= self._at_s
