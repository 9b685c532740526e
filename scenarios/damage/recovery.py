"""Whether a damaged run recovers, and when: its friction estimate beside that of the whole run with the same object.

The estimate is the compliance, grip per load. It is within its band while it differs from that of the undamaged run in
the same tick by at most BAND of it; the controller's margin covers more, so an object may well be held outside. What
happens between the damage and the moment at which the object is lowered is judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from scenarios.grasp import score
from scenarios.grasp.phases import phases
from scenarios.trace import Trace

Fate = Literal["unhurt", "recovered", "held", "lost"]
BAND = 0.1
SETTLED_US = 100_000
"""An estimate that is not within its band for at least so long at the end has not recovered."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of one object that the undamaged run holds.

    fate: unhurt, held and never out of band; recovered, held, and back within it for good; held, but out of band at the
    end; lost. time_s: from the damage until it is within the band for good, 0 if it never left it, infinite without.
    """

    index: int
    fate: Fate
    time_s: float


@dataclass(frozen=True, slots=True)
class Found:
    """What a run was worth: outcomes of all its objects, fates of those that the undamaged run holds.

    half_s, most_s: time after which half, and nine tenths, of these are back within the band; None if they never are.
    """

    objects: int
    held: int
    dropped: int
    crushed: int
    compared: int
    unhurt: int
    recovered: int
    out_of_band: int
    lost: int
    half_s: float | None
    most_s: float | None
    outcomes: tuple[str, ...]
    fates: tuple[tuple[int, str, float | None], ...]

    def document(self) -> dict[str, object]:
        """For JSON."""
        return asdict(self)


def off(whole: Trace, hurt: Trace, from_tick: int) -> NDArray[np.float64]:
    """The estimate over that of the undamaged run, from the damage until lowering: float64 (ticks,)."""
    span = slice(from_tick - 1, phases(hurt).lower)
    ratio: NDArray[np.float64] = hurt.probe["compliance"][span] / whole.probe["compliance"][span].astype(np.float64)
    return ratio


def recovery(whole: Trace, hurt: Trace, from_tick: int) -> Recovery:
    """Judge one object of a damaged run by the undamaged run of the same, which must hold it."""
    index = hurt.episode.index
    if score.outcome(hurt)[0] != "held":
        return Recovery(index, "lost", float("inf"))
    ratio = off(whole, hurt, from_tick)
    outside = np.flatnonzero(np.abs(ratio - 1) > BAND)
    if not outside.size:
        return Recovery(index, "unhurt", 0.0)
    back = int(outside[-1]) + 1
    if (len(ratio) - back) * hurt.tick_us < SETTLED_US:
        return Recovery(index, "held", float("inf"))
    return Recovery(index, "recovered", back * hurt.tick_us * 1e-6)


def found(whole: Sequence[Trace], hurt: Sequence[Trace], from_tick: int) -> Found:
    """Compare two runs on the same objects, the undamaged one first."""
    outcomes = tuple(score.outcome(t)[0] for t in hurt)
    judged = [recovery(a, b, from_tick) for a, b in zip(whole, hurt, strict=True) if score.outcome(a)[0] == "held"]
    fates = [r.fate for r in judged]
    times = sorted(r.time_s for r in judged)
    return Found(
        len(hurt), outcomes.count("held"), outcomes.count("dropped"), outcomes.count("crushed"),
        len(judged), fates.count("unhurt"), fates.count("recovered"), fates.count("held"), fates.count("lost"),
        _share(times, 0.5), _share(times, 0.9), outcomes, tuple((r.index, r.fate, _finite(r.time_s)) for r in judged),
    )  # fmt: skip


def _share(times: Sequence[float], share: float) -> float | None:
    """The time after which that share of all is back."""
    return _finite(times[int(np.ceil(share * len(times))) - 1]) if times else None


def _finite(time_s: float) -> float | None:
    return round(time_s, 3) if np.isfinite(time_s) else None
