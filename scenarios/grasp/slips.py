"""True slips, how soon the brain reported them, and the reports that nothing justified.

Row k of a trace is the state at time (k + 1) * tick_us. What a brain reports in row k it sensed `delay_us` earlier.
What is called a latency or a slipped distance here has that delay taken out, so it judges the detector alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.trace import Trace

from .phases import MOVE_GOAL, Flags, Phases, runs

SLIP_BEGINS_M_PER_S = 2e-3
SLIP_ENDS_M_PER_S = 1e-3
SLIP_QUIET_US = 20_000
SLIP_COUNTS_M = 5e-5
EARLY_US, LATE_US = 30_000, 40_000
ALARM_BEFORE_US, ALARM_AFTER_US = 60_000, 20_000
ALARM_MOVED_M = 2e-5
TUGGED_N = 0.05


@dataclass(frozen=True, slots=True)
class Slip:
    """One true slip. Rows `begin` <= k < `end`; `report` is the row of its detection, None if missed.

    moved_m: the whole slip. latency_us: from begin to report, delay taken out; negative = before the threshold speed.
    report_m: distance slipped until the report, delay taken out; 0 when early. tugged: it began on the table.
    """

    begin: int
    end: int
    moved_m: float
    report: int | None
    latency_us: int | None
    report_m: float | None
    tugged: bool


def true_slips(trace: Trace, p: Phases, held: Flags) -> tuple[Slip, ...]:
    """Slips of 0.05 mm and more while the object is lifted or tugged, and which of them the brain reported.

    A slip begins when its speed exceeds 2 mm/s and ends once it has been under 1 mm/s for 20 ms. It is found if the
    detector bursts between 30 ms before its begin and 40 ms (and the sensor delay) after its end. Smaller slips are not
    asked for; a report during one is no false alarm either.
    """
    truth, tick = trace.truth, trace.tick_us
    tugged = (truth["load_n"] > TUGGED_N) | (trace.goal[:, MOVE_GOAL] > 0)
    tugged[p.lower :] = False
    speed = np.where(held & (tugged | ~truth["on_table"]), truth["slip_m_per_s"], 0.0).astype(np.float64)
    path = np.concatenate([[0.0], np.cumsum(speed) * tick * 1e-6])
    quiet = SLIP_QUIET_US // tick
    bursts = trace.probe["slip"] | trace.probe["started"]
    delay = trace.delay_us // tick
    slips = []
    for start, stop in _bridge(runs(speed >= SLIP_ENDS_M_PER_S), quiet):
        fast = np.flatnonzero(speed[start:stop] > SLIP_BEGINS_M_PER_S)
        if fast.size == 0:
            continue
        begin, end = start + int(fast[0]), min(stop + quiet, len(speed))
        moved = float(path[end] - path[begin])
        if moved < SLIP_COUNTS_M:
            continue
        on_table = bool(truth["on_table"][begin])
        first = max(0, begin - EARLY_US // tick)
        seen = np.flatnonzero(bursts[first : end + LATE_US // tick + delay + 1])
        if seen.size == 0:
            slips.append(Slip(begin, end, moved, None, None, None, on_table))
            continue
        report = first + int(seen[0])
        sensed = min(max(report - delay, begin), end)
        latency = (report - begin) * tick - trace.delay_us
        slips.append(Slip(begin, end, moved, report, latency, float(path[sensed] - path[begin]), on_table))
    return tuple(slips)


def false_alarms(trace: Trace) -> Flags:
    """(T,) rows in which the detector began to burst although nothing moved.

    Nothing moved: from 60 ms and the sensor delay before, to 20 ms after, no pad saw more than 1 mm/s, nor 0.02 mm in
    all.
    """
    tick, count = trace.tick_us, len(trace.truth)
    speed = np.where(trace.truth["contacts"] > 0, trace.truth["slip_m_per_s"], 0.0).astype(np.float64)
    path = np.concatenate([[0.0], np.cumsum(speed) * tick * 1e-6])
    fast = np.concatenate([[0], np.cumsum(speed > SLIP_ENDS_M_PER_S)])
    at = np.flatnonzero(trace.probe["started"])
    low = np.maximum(0, at - (ALARM_BEFORE_US + trace.delay_us) // tick)
    high = np.minimum(count, at + ALARM_AFTER_US // tick + 1)
    alarms = np.zeros(count, bool)
    alarms[at] = (fast[high] == fast[low]) & (path[high] - path[low] <= ALARM_MOVED_M)
    return alarms


def _bridge(spans: NDArray[np.int64], gap: int) -> list[tuple[int, int]]:
    """Join spans that are less than `gap` rows apart."""
    joined: list[tuple[int, int]] = []
    for start, stop in spans.tolist():
        if joined and start - joined[-1][1] < gap:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    return joined
