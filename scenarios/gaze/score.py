"""How well the head followed: angular error, and how soon a move was answered. Pure functions of traces."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from scenarios.trace import Trace
from sim.gaze_spec import EFFORT
from sim.target import onsets_s

ANSWER_NM = 3e-3
"""A command answers a move once its effort along the move exceeds its mean in the time before by this much, and by
RESTLESS times its standard deviation then: a restless command would pass any fixed mark by chance."""
RESTLESS, BEFORE_S = 4.0, 0.15
PATIENCE_S = 0.4
LOST_DEG = 15.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is judged of one episode. error_deg: (T,), from the first move on; answers_ms: of each move, None if
    there was none within 0.4 s; seen: share of the time in which the object was in the picture."""

    error_deg: NDArray[np.float64]
    answers_ms: tuple[float | None, ...]
    seen: float
    mean_deg: float
    p95_deg: float


def judge(trace: Trace) -> Verdict:
    """Everything there is to say about one episode."""
    truth = trace.truth
    onsets = onsets_s(trace.episode)
    first = round(onsets[0] * 1e6 / trace.tick_us) if onsets else 0
    error = np.degrees(truth["error_rad"][first:].astype(np.float64))
    seen = truth["visible"][first:]
    return Verdict(
        error,
        tuple(_answer_ms(trace, onset) for onset in onsets),
        float(seen.mean()) if seen.size else 0.0,
        float(error.mean()) if error.size else 0.0,
        float(np.percentile(error, 95)) if error.size else 0.0,
    )


def _answer_ms(trace: Trace, onset_s: float) -> float | None:
    """Time from the onset of a move to the first command that answers it; an object that is not looked at has none."""
    per_s = 1e6 / trace.tick_us
    row = round(onset_s * per_s)  # row k ends at (k + 1) ticks: the first in which it has moved
    before = max(0, row - round(BEFORE_S * per_s))
    until = min(len(trace.truth), row + round(PATIENCE_S * per_s))
    if until - row < 2 or np.degrees(float(trace.truth["error_rad"][row])) > LOST_DEG:
        return None
    truth = trace.truth
    way = np.array([float(truth[k][until - 1] - truth[k][row]) for k in ("target_pan_rad", "target_tilt_rad")])
    length = math.hypot(*way)
    if length == 0.0:
        return None
    along = trace.effort @ (way / length * np.array([c.lsb for c in EFFORT]))
    least = max(ANSWER_NM, RESTLESS * float(along[before:row].std()))
    answered = np.flatnonzero(along[row:until] - along[before:row].mean() > least)
    return float(answered[0]) * trace.tick_us / 1e3 if answered.size else None


class Outcome(TypedDict):
    """What is kept of a rival's episode; see Verdict."""

    mean_deg: float
    p95_deg: float
    answers_ms: list[float | None]


def outcome(trace: Trace) -> Outcome:
    """A rival's episode in short."""
    v = judge(trace)
    return {"mean_deg": _round(v.mean_deg), "p95_deg": _round(v.p95_deg), "answers_ms": list(v.answers_ms)}


def figures(trials: Sequence[Outcome]) -> dict[str, object]:
    """What episodes amount to: means over episodes of mean and p95 error; latency over all moves that were answered."""
    answers = [a for t in trials for a in t["answers_ms"] if a is not None]
    return {
        "error_deg": {k: _mean(np.array([t[f"{k}_deg"] for t in trials])) for k in ("mean", "p95")},  # type: ignore[literal-required]
        "latency_ms": {"p50": _percentile(answers, 50), "p95": _percentile(answers, 95)},
        "moves": {"answered": len(answers), "of": sum(len(t["answers_ms"]) for t in trials)},
    }


def aggregate(traces: Sequence[Trace], verdicts: Sequence[Verdict] | None = None) -> dict[str, object]:
    """The figures of a run, ready for JSON; null where there is nothing to measure."""
    judged = [judge(t) for t in traces] if verdicts is None else list(verdicts)
    seconds = sum(len(t.effort) * t.tick_us for t in traces) * 1e-6
    crc = 0
    for trace in traces:
        crc = zlib.crc32(np.ascontiguousarray(trace.effort, "<i2").tobytes(), crc)
    return {
        "episodes": len(judged),
        **figures([outcome(t) for t in traces]),
        "seen_share": _mean(np.array([v.seen for v in judged])),
        "simulated_s": _round(seconds),
        "camera_events_per_s": round(sum(int(t.truth["events"].sum()) for t in traces) / seconds) if seconds else None,
        "addresses_per_s": round(sum(int(t.counts.sum()) for t in traces) / seconds) if seconds else None,
        "spikes_per_s": _round(sum(int(t.probe["spikes"].sum()) for t in traces) / seconds) if seconds else None,
        "spikes_cut": sum(int(t.overflow.sum()) for t in traces),
        "commands_crc32": crc,
        "state_hash": traces[-1].brain_after if traces else None,
        "trials": [
            {
                "index": t.episode.index,
                "mean_deg": _round(v.mean_deg),
                "p95_deg": _round(v.p95_deg),
                "answers_ms": [None if a is None else _round(a) for a in v.answers_ms],
                "seen": _round(v.seen),
            }
            for t, v in zip(traces, judged, strict=True)
        ],
    }


def _mean(values: NDArray[np.float64]) -> float | None:
    return _round(float(values.mean())) if values.size else None


def _percentile(values: Sequence[float] | NDArray[np.float64], q: float) -> float | None:
    return _round(float(np.percentile(values, q))) if len(values) else None


def _round(value: float) -> float:
    return round(value, 4)
