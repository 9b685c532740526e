"""Runs the plan and keeps what came of it: a folder for each run, damage.json, and a page with the curves."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scenarios import folder
from scenarios.recording import NAME, Recording
from scenarios.result import versions
from scenarios.sweep import sweep
from scenarios.trace import Trace
from sensors.errors import UserError

from .plan import Point
from .recovery import BAND, SETTLED_US, Found, found, off

JSON, PAGE = "damage.json", "report.html"
EVERY_US = 10_000
"""Between the points of a course over time."""
Course = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Measured:
    """A point of the plan, what was found, and its estimate's course.

    course: float64 (3, points), 10th, 50th and 90th percentile over objects of the estimate over the undamaged run's,
    every EVERY_US from the damage on; of the objects that both runs hold, None where there is none.
    """

    point: Point
    found: Found
    course: Course | None


def study(points: Sequence[Point], out: Path, workers: int = 1, *, resume: bool = False) -> Iterator[Measured]:
    """Run the points one after another and yield each as it is done; after the last, damage.json and the page are made.

    Raises:
        UserError, StoppedError, RunFailedError: as `run.run` does; the runs done before stay, for `resume`.
    """
    measured: list[Measured] = []
    whole: list[Trace] = []
    rows = sweep([p.case for p in points], out, workers, resume=resume)
    for point, row in zip(points, rows, strict=True):
        traces = _traces(out / row.case.folder / NAME)
        whole = whole or traces
        measured.append(_measure(point, whole, traces))
        yield measured[-1]
    from .report import page

    told = json.dumps(document(measured), indent=1, allow_nan=False) + "\n"
    folder.rewrite(out, {JSON: told.encode(), PAGE: page(measured).encode()})


def document(measured: Sequence[Measured]) -> dict[str, object]:
    """All that was found, for JSON."""
    first = measured[0].point.scenario
    return {
        "scenario": first.name,
        "seed": first.seed,
        "objects": first.episodes,
        "from_tick": measured[0].point.at_tick,
        "tick_us": first.world.tick_us,
        "band": BAND,
        "settled_us": SETTLED_US,
        "versions": versions(),
        "points": [
            {"series": m.point.series, "kind": m.point.kind or None, "share": m.point.share,
             "settings": list(m.point.case.settings), "folder": m.point.case.folder, **m.found.document()}
            for m in measured
        ],
    }  # fmt: skip


def _traces(path: Path) -> list[Trace]:
    recording = Recording(path)
    traces = recording.traces
    if recording.damage is not None:
        raise UserError(f"{recording.damage}; run it again without --resume")
    return traces


def _measure(point: Point, whole: Sequence[Trace], traces: Sequence[Trace]) -> Measured:
    what = found(whole, traces, point.at_tick)
    every = max(1, EVERY_US // traces[0].tick_us)
    held = {index for index, fate, _ in what.fates if fate != "lost"}
    pairs = zip(whole, traces, strict=True)
    ratios = [off(a, b, point.at_tick)[::every] for a, b in pairs if b.episode.index in held]
    if not ratios:
        return Measured(point, what, None)
    length = min(map(len, ratios))
    course = np.percentile(np.array([r[:length] for r in ratios]), (10, 50, 90), axis=0)
    return Measured(point, what, course)
