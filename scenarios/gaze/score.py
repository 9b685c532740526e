"""How well the head followed: angular error, and how soon a move was answered. Pure functions of traces."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict

import numpy as np
from numpy.typing import NDArray

from scenarios.trace import Trace
from sim.gaze_spec import EFFORT
from sim.target import onsets_s

SIGMAS, LEAST_NM = 5.0, 1e-3
"""A command answers a move once its effort along the move exceeds its mean in the rest before by SIGMAS times the
standard deviation that this controller's effort has at rest, over all rests of the episode; and by LEAST_NM, below
which friction alone holds the head. So each controller is measured against its own unrest."""
BEFORE_S, CALM_S = 0.15, 0.1
"""How much of a rest gives its mean and standard deviation; how much of it is searched for false answers."""
PATIENCE_S = 0.4
LOST_DEG = 15.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """All that is judged of one episode. error_deg: (T,), from the first move on; answers_ms: of each move, None if
    there was none within 0.4 s; false_answers: rests in which the same test would have found a move; noise_nm: of the
    effort at rest; seen: share of the time in which the object was in the picture."""

    error_deg: NDArray[np.float64]
    answers_ms: tuple[float | None, ...]
    false_answers: int
    noise_nm: float
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
    moves = [_along_nm(trace, onset) for onset in onsets]
    looked = [m for m in moves if m is not None]
    noise_nm = math.sqrt(sum(m.before.var() for m in looked) / len(looked)) if looked else 0.0
    least_nm = max(LEAST_NM, SIGMAS * noise_nm)
    return Verdict(
        error,
        tuple(None if m is None else _first_ms(trace, m.after - m.before.mean(), least_nm) for m in moves),
        sum(_first_ms(trace, m.calm - m.earlier.mean(), least_nm) is not None for m in looked),
        noise_nm,
        float(seen.mean()) if seen.size else 0.0,
        float(error.mean()) if error.size else 0.0,
        float(np.percentile(error, 95)) if error.size else 0.0,
    )


class _Move(NamedTuple):
    """Effort along one move, N m: in the 150 ms before it and from its onset on; and the same 100 ms earlier."""

    before: NDArray[np.float64]
    after: NDArray[np.float64]
    earlier: NDArray[np.float64]
    calm: NDArray[np.float64]


def _along_nm(trace: Trace, onset_s: float) -> _Move | None:
    """The effort along a move that begins at `onset_s`; None if the object was not looked at then."""
    per_s = 1e6 / trace.tick_us
    row = round(onset_s * per_s)  # row k ends at (k + 1) ticks: the first in which it has moved
    back, calm = round(BEFORE_S * per_s), round(CALM_S * per_s)
    until = min(len(trace.truth), row + round(PATIENCE_S * per_s))
    truth = trace.truth
    if until - row < 2 or row < back + calm or np.degrees(float(truth["error_rad"][row])) > LOST_DEG:
        return None
    way = np.array([float(truth[k][until - 1] - truth[k][row]) for k in ("target_pan_rad", "target_tilt_rad")])
    length = math.hypot(*way)
    if length == 0.0:
        return None
    nm = trace.effort @ (way / length * np.array([c.lsb for c in EFFORT]))
    return _Move(nm[row - back : row], nm[row:until], nm[row - back - calm : row - calm], nm[row - calm : row])


def _first_ms(trace: Trace, rise_nm: NDArray[np.float64], least_nm: float) -> float | None:
    """Time until the effort has risen by more than `least_nm`, if it does."""
    risen = np.flatnonzero(rise_nm > least_nm)
    return float(risen[0]) * trace.tick_us / 1e3 if risen.size else None


class Outcome(TypedDict):
    """What is kept of a rival's episode; see Verdict."""

    mean_deg: float
    p95_deg: float
    answers_ms: list[float | None]
    false_answers: int
    noise_nm: float


def outcome(trace: Trace) -> Outcome:
    """A rival's episode in short."""
    v = judge(trace)
    return {
        "mean_deg": _round(v.mean_deg),
        "p95_deg": _round(v.p95_deg),
        "answers_ms": list(v.answers_ms),
        "false_answers": v.false_answers,
        "noise_nm": round(v.noise_nm, 7),
    }


def figures(trials: Sequence[Outcome]) -> dict[str, object]:
    """What episodes amount to: means over episodes of mean and p95 error; latency over all moves that were answered."""
    answers = [a for t in trials for a in t["answers_ms"] if a is not None]
    return {
        "error_deg": {k: _mean(np.array([t[f"{k}_deg"] for t in trials])) for k in ("mean", "p95")},  # type: ignore[literal-required]
        "latency_ms": {"p50": _percentile(answers, 50), "p95": _percentile(answers, 95)},
        "moves": {
            "answered": len(answers),
            "of": sum(len(t["answers_ms"]) for t in trials),
            "false": sum(t["false_answers"] for t in trials),
        },
        "noise_mnm": _percentile([1e3 * t["noise_nm"] for t in trials], 50),
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
