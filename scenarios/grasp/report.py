"""report.html: one page that a reader can use without us and without a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from scenarios.reporting.html import figure, frame, key_span
from scenarios.spec import Grasping
from scenarios.trace import Trace
from sensors.signals import Body

from . import figures, tables
from .score import Verdict, judge
from .trial_page import section

FOLDER = Path(__file__).parent
MOST_CHARTED = 120


def choose(traces: Sequence[Trace], verdicts: Sequence[Verdict] | None = None) -> int:
    """The most instructive trial: held, with slips that were found; the first of the best. 0 if there is none.

    Trials whose `rich` is there come first, so call it before that to find out which trial deserves it.
    """
    judged = [judge(t) for t in traces] if verdicts is None else verdicts

    def worth(k: int) -> tuple[bool, bool, int, int]:
        found = sum(s.report is not None for s in judged[k].slips)
        missed = len(judged[k].slips) - found
        return traces[k].rich is not None, judged[k].outcome == "held", min(found, 3) - min(missed, 2), -k

    return max(range(len(traces)), key=worth, default=0)


def render(
    scenario: Grasping,
    body: Body,
    result: Mapping[str, Any],
    traces: Sequence[Trace],
    baselines: Mapping[str, Sequence[str]],
    verdicts: Sequence[Verdict],
    chosen: int,
    moving: bytes,
) -> str:
    """The page as HTML; pictures are inside it and nothing is fetched. The same input gives the same bytes.

    Args:
        result: what result.json holds; figures that are missing are left out or shown as a dash.
        traces: one per episode. `rich` adds taxel maps, camera events and rendered frames where it is there.
        baselines: outcome of each episode, in order, under each other controller; may be empty.
        verdicts: of each trace. chosen: the trace that is shown first, with pictures. moving: its animated GIF.
    """
    charted = set(_charted(verdicts, chosen))
    head, lead = tables.headline(verdicts, result, baselines)
    trials = [
        section(traces[k], verdicts[k], scenario, body, moving if k == chosen else None)
        for k in range(len(traces))
        if k in charted
    ]
    note = (
        "Choose a row to see that trial below; choose a heading to sort. Beside ganglion, the spiking controller, "
        "stand simpler ones that met the same objects with the same disturbances and delays."
        if baselines
        else "Choose a row to see that trial below; choose a heading to sort. Simpler controllers were not run."
    )
    if len(charted) < len(traces):
        note += f" {len(charted)} of {len(traces)} trials have charts, those that failed first."
    content = Template((FOLDER / "trials.html").read_text(encoding="utf-8")).substitute(
        compared=_compared(verdicts, baselines),
        trials_note=note,
        table=tables.trial_table(traces, verdicts, baselines, charted, chosen),
        trials="".join(trials) or "<p>There is no trial in this run.</p>",
        distributions=_distributions(traces, verdicts),
        facts=tables.facts(scenario, result),
    )
    script = (FOLDER / "trials.js").read_text(encoding="utf-8")
    title, tiles = f"{scenario.name}, seed {scenario.seed}: {head}", tables.tiles(verdicts, result)
    return frame(title, head, lead, tables.ran(scenario), tiles, content, script)


def _charted(verdicts: Sequence[Verdict], chosen: int) -> list[int]:
    order = sorted(range(len(verdicts)), key=lambda k: (k != chosen, verdicts[k].outcome == "held", k))
    return order[:MOST_CHARTED]


def _compared(verdicts: Sequence[Verdict], baselines: Mapping[str, Sequence[str]]) -> str:
    if not baselines:
        return ""
    chart = figures.outcome_chart({"ganglion": [v.outcome for v in verdicts], **baselines})
    keys = [key_span(f"is-{kind}", f"{icon} {kind}") for kind, icon in tables.ICON.items()]
    caption = (
        "What became of the objects under the spiking controller (ganglion) and under each simpler one. "
        "An oracle is told mass and friction, so it shows what is possible at all."
    )
    return f"<section><h2>Beside simpler controllers</h2>{figure(chart, caption, keys)}</section>"


def _distributions(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> str:
    latency, ratio = figures.latency_chart(verdicts), figures.ratio_chart(traces, verdicts)
    missed = sum(s.report is None for v in verdicts for s in v.slips)
    parts = ["<h3>How soon a slip was reported</h3>"]
    if latency:
        words = (
            "Each slip that was reported, by the time from passing 2 mm/s to the report, sensor delay taken out; "
            f"left of 0 it was reported before. {missed} slips were missed."
        )
        parts.append(figure(latency, words))
    else:
        parts.append(f"<p>{f'None of {missed} slips was reported.' if missed else 'No slip happened.'}</p>")
    parts.append("<h3>How hard each object was gripped</h3>")
    if ratio:
        words = (
            "Each held object by its friction: median grip force over the force that was needed. On the orange line "
            "(1) it would just not slip; the dashed line is the median. Point at a dot to read which object it is."
        )
        parts.append(figure(ratio, words))
    else:
        parts.append("<p>No object was held, so there is no force ratio.</p>")
    return "".join(parts)
