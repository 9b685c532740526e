"""What a trial was worth, and what a run of them was worth together. Pure functions of traces."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scenarios.trace import Trace

from .phases import Phases, holding_still, in_hand, phases, runs
from .slips import SLIP_COUNTS_M, Slip, false_alarms, true_slips

Outcome = Literal["held", "dropped", "crushed"]

LOST_M = 0.015
LOST_US = 20_000


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is judged of one trial. hold: the goal stands still at the top. load: the rest of the time in hand."""

    outcome: Outcome
    reason: str
    row: int
    time_s: float
    slips: tuple[Slip, ...]
    alarms_hold: tuple[int, ...]
    alarms_load: tuple[int, ...]
    minutes_hold: float
    minutes_load: float
    force_ratio: float | None


def outcome(trace: Trace) -> tuple[Outcome, str, int]:
    """How the trial ended: (held | dropped | crushed, reason, row at which it was decided). What came first decides.

    crushed: the 5 ms-filtered pad force exceeds the object's limit, at any time. dropped: between the end of the lift
    and the start of lowering no pad touches for 20 ms, or the object sinks more than 15 mm in the hand, or at the end
    of lift and hold it is not within 15 mm of where the gripper is, or stands on the table.
    """
    p, truth = phases(trace), trace.truth
    over = np.flatnonzero(truth["grip_n"] > truth["crush_limit_n"])
    crushed = int(over[0]) if over.size else p.end
    dropped, why = _dropped(trace, p)
    if crushed < p.end and crushed <= dropped:
        worst = float(truth["grip_n"][crushed])
        return "crushed", f"{worst:.1f} N on a limit of {float(truth['crush_limit_n'][crushed]):.1f} N", crushed
    if dropped < p.end:
        return "dropped", why, dropped
    return "held", "held from lift to lowering", p.lower


def _dropped(trace: Trace, p: Phases) -> tuple[int, str]:
    truth = trace.truth
    found: list[tuple[int, str]] = []
    span = slice(p.top, p.lower)
    for start, stop in runs(truth["contacts"][span] == 0):
        if (stop - start) * trace.tick_us >= LOST_US:
            found.append((p.top + int(start), "no pad touched it"))
            break
    sunk = np.flatnonzero(truth["slip_m"][span] > LOST_M)
    if sunk.size:
        found.append((p.top + int(sunk[0]), f"slid {LOST_M * 1e3:.0f} mm down in the hand"))
    if p.top < p.hold_end:
        last = truth[p.hold_end - 1]
        if bool(last["on_table"]) or abs(float(last["object_m"]) - float(last["height_m"])) > LOST_M:
            found.append((p.hold_end - 1, "was not lifted"))
    return min(found, default=(p.end, ""))


def judge(trace: Trace) -> Verdict:
    """Everything there is to say about one trial; what happens after it was lost or crushed is not judged."""
    p = phases(trace)
    result, reason, row = outcome(trace)
    until = p.release if result == "held" else min(row + 1, p.release)
    in_time = in_hand(trace, until)
    slips = true_slips(trace, p, in_time)
    still = holding_still(trace, p)
    alarms = false_alarms(trace) & in_time
    minute = 60e6 / trace.tick_us
    ratio = None
    if result == "held":
        lifted = in_time & ~trace.truth["on_table"] & (trace.truth["needed_n"] > 0)
        if lifted.any():
            ratio = float(np.median(trace.truth["grip_n"][lifted] / trace.truth["needed_n"][lifted]))
    return Verdict(
        result,
        reason,
        row,
        (row + 1) * trace.tick_us * 1e-6,
        slips,
        tuple(int(i) for i in np.flatnonzero(alarms & still)),
        tuple(int(i) for i in np.flatnonzero(alarms & ~still)),
        float(np.count_nonzero(in_time & still) / minute),
        float(np.count_nonzero(in_time & ~still) / minute),
        ratio,
    )


def aggregate(traces: Sequence[Trace], verdicts: Sequence[Verdict] | None = None) -> dict[str, object]:
    """The figures of a run, ready for JSON; null where there is nothing to measure.

    Latencies in ms and distances in mm are over the slips found (early ones count with their negative latency). Slips
    below 0.05 mm are neither found nor missed. Rates are all alarms over all minutes of the run. force_ratio_median is
    the median over held trials of each trial's median of grip / needed force while lifted.
    """
    judged = [judge(t) for t in traces] if verdicts is None else list(verdicts)
    slips = [s for v in judged for s in v.slips]
    latency = [s.latency_us / 1e3 for s in slips if s.latency_us is not None]
    distance = [s.report_m * 1e3 for s in slips if s.report_m is not None]
    missed = [s.moved_m * 1e3 for s in slips if s.report is None]
    minutes = {
        "hold": float(sum(v.minutes_hold for v in judged)),
        "load": float(sum(v.minutes_load for v in judged)),
    }
    alarms = {"hold": sum(len(v.alarms_hold) for v in judged), "load": sum(len(v.alarms_load) for v in judged)}
    ratios = [v.force_ratio for v in judged if v.force_ratio is not None]
    seconds = sum(len(t.effort) * t.tick_us for t in traces) * 1e-6
    crc = 0
    for trace in traces:
        crc = zlib.crc32(np.ascontiguousarray(trace.effort, "<i2").tobytes(), crc)
    count = {o: sum(v.outcome == o for v in judged) for o in ("held", "dropped", "crushed")}
    return {
        "episodes": len(judged),
        **count,
        "slip_latency_ms": {"p50": _percentile(latency, 50), "p99": _percentile(latency, 99)},
        "slip_early_share": _round(sum(x < 0 for x in latency) / len(latency)) if latency else None,
        "slip_distance_mm": {"p50": _percentile(distance, 50), "p90": _percentile(distance, 90)},
        "slip_missed": {"count": len(missed), "of": len(slips), "max_mm": _round(max(missed)) if missed else None},
        "slip_in_hand": _in_hand([s for s in slips if not s.tugged]),
        "slip_counted_from_mm": SLIP_COUNTS_M * 1e3,
        "false_alarms": alarms,
        "false_alarms_per_min": {k: _round(alarms[k] / minutes[k]) if minutes[k] > 0 else None for k in minutes},
        "minutes": {k: _round(m) for k, m in minutes.items()},
        "force_ratio_median": _round(float(np.median(ratios))) if ratios else None,
        "simulated_s": _round(seconds),
        "spikes_per_s": _round(sum(int(t.probe["spikes"].sum()) for t in traces) / seconds) if seconds > 0 else None,
        "spikes_cut": sum(int(t.overflow.sum()) for t in traces),
        "commands_crc32": crc,
        "state_hash": traces[-1].brain_after if traces else None,
        "trials": [_trial(t, v) for t, v in zip(traces, judged, strict=True)],
    }


def _in_hand(slips: Sequence[Slip]) -> dict[str, object]:
    """Of the slips off the table, without those of the tug, in which pads slide on purpose at 1 to 3 mm/s."""
    latency = [s.latency_us / 1e3 for s in slips if s.latency_us is not None]
    return {
        "latency_ms": {"p50": _percentile(latency, 50), "p99": _percentile(latency, 99)},
        "missed": len(slips) - len(latency),
        "of": len(slips),
    }


def _trial(trace: Trace, verdict: Verdict) -> dict[str, object]:
    """One row of `trials`: which object, what became of it, and what the controller noticed."""
    return {
        "index": trace.episode.index,
        "outcome": verdict.outcome,
        "reason": verdict.reason,
        "time_s": _round(verdict.time_s),
        "slips": len(verdict.slips),
        "missed": sum(s.report is None for s in verdict.slips),
        "false_alarms": len(verdict.alarms_hold) + len(verdict.alarms_load),
        "force_ratio": _round(verdict.force_ratio) if verdict.force_ratio is not None else None,
    }


def _percentile(values: list[float], q: float) -> float | None:
    return _round(float(np.percentile(values, q))) if values else None


def _round(value: float) -> float:
    return round(value, 4)
