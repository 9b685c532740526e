"""The page of a study of damage: success and recovery as curves, and every figure in a table."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import log10

import numpy as np

from scenarios.reporting import html
from scenarios.reporting.svg import Plot

from .plan import ENDS, ON, SERIES, SHARES, VOTE, Point
from .recovery import BAND, SETTLED_US
from .study import EVERY_US, Measured

LINES = {ON: "grip", ENDS: "limit", VOTE: "needed"}
HEADS = ("damage", "and then", "held", "dropped", "crushed", "never out", "back", "held, out", "lost", "half back",
         "nine tenths back")  # fmt: skip
NAMES = {"killed": "neurons that fall silent, %", "flipped": "share of weight bits that flip, log10"}
DEFINED = (
    ("held", "Of all objects: from lift to lowering, as `ganglion run` judges it."),
    ("never out, back, held out, lost", "What became of the objects that the undamaged run holds. Its friction "
     "estimate, grip per load, is compared with the undamaged run's in the same tick; out is off by more than "
     f"{BAND:.0%}, back is within that for good, for at least {SETTLED_US / 1e6:g} s before the object is lowered."),
    ("half back, nine tenths back", "Time from the damage until that share of these objects is within the band for "
     "good; objects that never leave it count as 0, those that are lost or do not come back as never."),
    ("damage", "In brackets how many that is in one controller on average. Which neurons and bits are struck is drawn "
     "for each object; those of a smaller share are among those of a larger one. Bits are those of the int8 input "
     "weights and of the int32 read-out weights, in the controller's memory."),
    (ENDS, "The same damage, and no weight moves after it."),
    (VOTE, "Three controllers with damage of their own in each; spikes by majority, efforts by the median."),
)  # fmt: skip


def cells(measured: Measured) -> tuple[str, ...]:
    """The figures of a run, as HEADS says."""
    f = measured.found
    return (
        measured.point.what, measured.point.series, f"{f.held}/{f.objects}", str(f.dropped), str(f.crushed),
        str(f.unhurt), str(f.recovered), str(f.out_of_band), str(f.lost), _time(f.half_s), _time(f.most_s),
    )  # fmt: skip


def _time(seconds: float | None) -> str:
    return "never" if seconds is None else f"{seconds:.2f} s"


def page(measured: Sequence[Measured]) -> str:
    """The page; `measured` holds the undamaged run first."""
    first, whole = measured[0].point, measured[0].found
    at_s = first.at_tick * first.scenario.world.tick_us * 1e-6
    tiles = [(f"{whole.held}/{whole.objects}", "held undamaged")]
    sections = []
    for kind in (k for k in SHARES if any(m.point.kind == k for m in measured)):
        shown = _telling(measured, kind)
        tiles += [(f"{m.found.held}/{m.found.objects}", f"held, {m.point.what}, {m.point.series}") for m in shown]
        sections.append(
            f"<h2>{'Neurons killed' if kind == 'killed' else 'Weight bits flipped'}</h2>"
            + _held(measured, kind) + _back(shown) + _course(shown)
        )  # fmt: skip
    sections.append("<h2>All figures</h2>" + html.table(HEADS, ([escape(c) for c in cells(m)] for m in measured)))
    sections.append("<h2>What the words mean</h2>" + html.facts((escape(a), escape(b)) for a, b in DEFINED))
    return html.page(
        f"{first.scenario.name}: what damage the controller bears",
        f"{whole.objects} objects of seed {first.scenario.seed}, the same in every run. At {at_s:g} s, while the "
        "object is held up, neurons fall silent or weight bits flip; then the trial goes on.",
        f"{len(measured)} runs, each recorded in a folder of its own beside this page and replayed by "
        "<code>ganglion replay</code>.",
        tiles,
        sections,
    )


def _keys() -> list[str]:
    return [html.key_line(css, series) for series, css in LINES.items()]


def _x(point: Point) -> float:
    return 100 * point.share if point.kind != "flipped" else log10(point.share)


def _series(measured: Sequence[Measured], kind: str, series: str) -> list[Measured]:
    return [m for m in measured if m.point.series == series and m.point.kind == kind]


def _held(measured: Sequence[Measured], kind: str) -> str:
    shares = SHARES[kind]
    span = (0.0, 100 * shares[-1]) if kind == "killed" else (log10(shares[0]), log10(shares[-1]))
    at = [0.0, *(100 * s for s in shares)] if kind == "killed" else [log10(s) for s in shares]
    plot = Plot(f"objects held against {NAMES[kind]}", span, (0, 100), NAMES[kind], "objects held, %", x_ticks=at)
    for series, css in LINES.items():
        line = _series(measured, kind, series)
        if kind == "killed":  # replicas that are alike do what one does
            line = _series(measured, "", ON if series == VOTE else series) + line
        held = [100 * m.found.held / m.found.objects for m in line]
        plot.line([_x(m.point) if m.point.kind else 0.0 for m in line], held, css)
        for m, y in zip(line, held, strict=True):
            tip = f"{series}, {m.point.what}: {m.found.held} of {m.found.objects}"
            plot.dot(_x(m.point) if m.point.kind else 0.0, y, "dot", tip)
    whole = measured[0].found
    plot.level(100 * whole.held / whole.objects, "change-line")
    caption = f"Of {whole.objects} objects. Dashed: the undamaged run. Figures under the pointer."
    return html.figure(plot.render(), caption, _keys(), "Objects held")


def _telling(measured: Sequence[Measured], kind: str) -> list[Measured]:
    """The runs at the most damage under which learning holds at least half of what the undamaged run holds."""
    on = _series(measured, kind, ON)
    most = max(
        (m for m in on if 2 * m.found.held >= measured[0].found.held), key=lambda m: m.point.share, default=on[0]
    )
    return [m for s in SERIES for m in _series(measured, kind, s) if m.point.share == most.point.share]


def _back(shown: Sequence[Measured]) -> str:
    end = shown[0].point.after_s
    plot = Plot(
        "share of objects back within the band", (0, end), (0, 100), "time after the damage, s", "objects back, %"
    )
    for m in shown:
        times = sorted(t for _, _, t in m.found.fates if t is not None)
        steps = 100 * np.arange(1, len(times) + 1) / max(m.found.compared, 1)
        x, y = [0.0, *times, end], [0.0, *steps, steps[-1] if len(steps) else 0.0]
        plot.line(x, y, LINES[m.point.series], step=True)
    caption = (
        f"Of the {shown[0].found.compared} objects that the undamaged run holds: those whose friction estimate is, "
        f"from then on, within {BAND:.0%} of the undamaged run's. What is there at 0 never left it."
    )
    return html.figure(plot.render(), caption, _keys(), f"Recovery, {escape(shown[0].point.what)}")


def _course(shown: Sequence[Measured]) -> str:
    label, end = "over the undamaged run's", shown[0].point.after_s
    courses = [m.course for m in shown if m.course is not None]
    low = min(0.9, *(float(c.min()) for c in courses), 0.9)
    high = max(1.1, *(min(float(c.max()), 3.0) for c in courses), 1.1)
    plot = Plot(f"friction estimate {label}", (0, end), (low, high), "time after the damage, s", label)
    plot.level(1, "change-line")
    for m in shown:
        if m.course is not None:
            seconds = np.arange(m.course.shape[1]) * EVERY_US * 1e-6
            for percentile in m.course:
                plot.line(seconds, percentile, LINES[m.point.series])
    caption = "10th, 50th and 90th percentile over the objects that both runs hold; learned grip per load."
    return html.figure(plot.render(), caption, _keys(), f"Friction estimate, {escape(shown[0].point.what)}")
