"""What can be said of a stream of events once it has passed: counts, span, rates, balance, silences, busy pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numba import njit

from .stream import Events

BIN_US = 10_000
"""Bins of the busiest rate."""
NO_TIME = np.int64(1 << 62)
(FIRST, LAST, PREVIOUS, ON, BIN, IN_BIN, MOST, GAPS) = range(8)


@njit(cache=True)
def _pass(events, state, counts, gap_us, gap_at, gap_len):  # type: ignore[no-untyped-def]
    """Update state, events per pixel (height, width), and the longest silences (as many as gap_at holds, any order)."""
    for i in range(events.size):
        t = np.int64(events[i]["t"])
        state[FIRST] = min(state[FIRST], t)
        state[LAST] = max(state[LAST], t)
        state[ON] += events[i]["p"]
        counts[events[i]["y"], events[i]["x"]] += 1
        if t // BIN_US == state[BIN]:
            state[IN_BIN] += 1
        else:
            state[BIN] = t // BIN_US
            state[IN_BIN] = 1
        state[MOST] = max(state[MOST], state[IN_BIN])
        silence = t - state[PREVIOUS]
        if state[PREVIOUS] >= 0 and silence > gap_us:
            state[GAPS] += 1
            k = np.argmin(gap_len)
            if silence > gap_len[k]:
                gap_len[k] = silence
                gap_at[k] = state[PREVIOUS]
        state[PREVIOUS] = t


@dataclass(slots=True)
class Survey:
    """Goes along with a stream of a sensor of width x height pixels.

    Attributes:
        events: so far. gap_us: silences longer than this count as gaps.
    """

    width: int
    height: int
    gap_us: int = 100_000
    events: int = 0
    counts: np.ndarray = field(init=False)
    _state: np.ndarray = field(init=False)
    _gap_at: np.ndarray = field(init=False)
    _gap_len: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.counts = np.zeros((self.height, self.width), np.int64)
        self._state = np.array([NO_TIME, -1, -1, 0, -1, 0, 0, 0], np.int64)
        self._gap_at, self._gap_len = np.full(3, -1, np.int64), np.zeros(3, np.int64)

    def add(self, events: Events) -> None:
        """Take a packet, EVENT (n,) within the sensor."""
        _pass(events, self._state, self.counts, self.gap_us, self._gap_at, self._gap_len)
        self.events += events.size

    def figures(self) -> dict[str, object]:
        """All of it: times in microseconds, rates per second, gaps as (from, length) with the longest first."""
        first, last = int(self._state[FIRST]), int(self._state[LAST])
        span = last - first if self.events else 0
        order = np.argsort(-self._gap_len)
        gaps = [[int(self._gap_at[k]), int(self._gap_len[k])] for k in order if self._gap_len[k]]
        y, x = np.unravel_index(int(self.counts.argmax()), self.counts.shape)
        return {
            "events": self.events,
            "first_us": first if self.events else None,
            "last_us": last if self.events else None,
            "duration_us": span,
            "rate_hz": round(self.events / span * 1e6, 1) if span else None,
            "busiest_hz": int(self._state[MOST]) * 1_000_000 // BIN_US,
            "on_share": round(int(self._state[ON]) / self.events, 4) if self.events else None,
            "gap_limit_us": self.gap_us,
            "gaps": int(self._state[GAPS]),
            "longest_gaps": gaps,
            "silent_pixels": int(np.count_nonzero(self.counts == 0)),
            "busiest_pixel": {"x": int(x), "y": int(y), "events": int(self.counts[y, x])},
        }
