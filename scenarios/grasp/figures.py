"""The report's figures: one function each, from traces to inline SVG."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from scenarios.reporting.pixels import events_image, png_uri
from scenarios.reporting.svg import LEFT, RIGHT, Plot
from scenarios.trace import Rich, Trace
from sensors.signals import GRIPPER_ANALOG, Body

from .phases import MOVE_GOAL, phases, runs
from .picture import front_view, opening_m, raster, tinted
from .score import Verdict

_LOAD = next(c for c in GRIPPER_ANALOG if c.name == "load_n")
RASTER_RGBA = [(110, 120, 200, a) for a in (0, 150, 195, 225, 255)]
EVENT_RGBA = [(0, 0, 0, 0), (214, 120, 24, 255), (44, 122, 204, 255)]
AFTER_US = 100_000
"""What happens later than this after an object was lost or crushed may leave the chart: it is not judged."""
VIEW_RGBA = [(0, 0, 0, 0), (150, 150, 150, 255), (112, 120, 134, 255), (46, 125, 170, 255), (204, 160, 96, 255),
             (170, 128, 70, 255)]  # fmt: skip


def _time(trace: Trace) -> NDArray[np.float64]:
    return np.arange(1, len(trace.truth) + 1, dtype=np.float64) * (trace.tick_us * 1e-6)


def _axes(trace: Trace, label: str, y: tuple[float, float], y_label: str, height: int = 230, **more: object) -> Plot:
    """A plot over the trial's time, with the names of its phases above."""
    seconds = trace.tick_us * 1e-6
    plot = Plot(label, (0.0, len(trace.truth) * seconds), y, "time, s", y_label, height=height, **more)  # type: ignore[arg-type]
    p = phases(trace)
    moving = np.flatnonzero(trace.goal[p.hold_end : p.lower, MOVE_GOAL] != p.top_goal)
    still = p.hold_end + int(moving[-1]) + 1 if moving.size else p.hold_end
    parts = [("close", p.grasp, p.lift), ("lift", p.lift, p.top), ("hold", p.top, p.hold_end),
             ("shake", p.hold_end, still), ("hold", still, p.lower), ("lower", p.lower, p.release)]  # fmt: skip
    for name, start, stop in parts:
        if stop - start > 0.05 * len(trace.truth):
            plot.heading((start + stop) / 2 * seconds, name)
        if stop > start:
            plot.upright(start * seconds, "phase-line")
    return plot


def _events(plot: Plot, trace: Trace, verdict: Verdict) -> None:
    seconds = trace.tick_us * 1e-6
    plot.spans(((s.begin * seconds, s.end * seconds) for s in verdict.slips), "slip")
    false = sorted({*verdict.alarms_hold, *verdict.alarms_load})
    started = np.flatnonzero(trace.probe["started"])
    plot.marks(((k + 1) * seconds for k in started if int(k) not in false), "mark")
    plot.marks(((k + 1) * seconds for k in false), "mark false")


def decided(trace: Trace, verdict: Verdict) -> int:
    """Row after which nothing of a trial is judged, and a little longer."""
    return len(trace.truth) if verdict.outcome == "held" else verdict.row + AFTER_US // trace.tick_us


def most_force(trace: Trace, until: int) -> float:
    """Top of a force axis, N: what was applied and needed until row `until`, and the crush limit if it is near."""
    truth = trace.truth[:until]
    needed = truth["needed_n"][truth["contacts"] == 2]
    top = 1.15 * max(
        float(truth["grip_n"].max(initial=0.0)), float(np.percentile(needed, 99)) if needed.size else 0.0, 0.2
    )
    limit = float(trace.truth["crush_limit_n"].max(initial=0.0))
    return max(top, 1.25 * limit) if limit < 2.5 * top else top


def force_chart(trace: Trace, verdict: Verdict) -> str:
    """Grip force, needed force and crush limit over time, with true slips and the detector's marks."""
    t, truth = _time(trace), trace.truth
    limit, held = float(truth["crush_limit_n"].max(initial=0.0)), truth["contacts"] == 2
    top = most_force(trace, decided(trace, verdict))
    plot = _axes(trace, "Grip force, needed force and crush limit over time", (0.0, top), "force per pad, N", 270)
    _events(plot, trace, verdict)
    plot.line(t, truth["crush_limit_n"], "limit")
    for start, stop in runs(held):
        plot.line(t[start:stop], truth["needed_n"][start:stop], "needed")
    plot.line(t, truth["grip_n"], "grip")
    if limit > top:
        plot.words(0.02 * t[-1], 0.94 * top, f"crush limit {limit:.1f} N, above the chart", "note start")
    _ending(plot, verdict)
    return plot.render()


def _ending(plot: Plot, verdict: Verdict) -> None:
    if verdict.outcome != "held":
        plot.upright(verdict.time_s, "end-line", verdict.outcome, row=1)


def load_chart(trace: Trace) -> str:
    """Load on the pads and the load that the controller foresees."""
    t, load = _time(trace), trace.truth["load_n"]
    ahead = trace.probe["load_ahead"] * _LOAD.lsb
    held = trace.truth["contacts"] > 0
    low, high = (float(np.percentile(load[held], q)) for q in (0.5, 99.5)) if held.any() else (0.0, 1.0)
    high = max(high, min(float(ahead.max(initial=0.0)), 2 * high), 0.1)
    plot = _axes(trace, "Load and foreseen load over time", (min(0.0, 1.1 * low), 1.15 * high), "load, both pads, N")
    plot.line(t, load, "load")
    plot.line(t, ahead, "ahead")
    episode = trace.episode
    plot.upright(episode.payload_s, "change-line", f"payload to {100 * episode.payload_ratio:.0f} %")
    return plot.render()


def friction_chart(trace: Trace) -> str:
    """Friction as the controller has learned it (2048 / compliance) against the true one."""
    t, true, known = _time(trace), trace.truth["friction"], trace.probe["compliance"] > 0
    learned = 2048.0 / np.maximum(trace.probe["compliance"], 1)
    top = 1.15 * max(float(true.max(initial=0.0)), min(float(learned[known].max(initial=0.0)), 1.5), 0.2)
    plot = _axes(trace, "Learned and true friction over time", (0.0, top), "friction coefficient")
    plot.line(t, true, "true-friction", step=True)
    plot.line(t[known], learned[known], "learned")
    episode = trace.episode
    plot.upright(episode.friction_s, "change-line", f"friction to {100 * episode.friction_ratio:.0f} %")
    return plot.render()


def raster_chart(trace: Trace, body: Body) -> str:
    """Spikes that reached the controller, by address over time; empty if there were none."""
    columns = 760 - LEFT - RIGHT
    cells, bands = raster(trace, body, columns, 14)
    if not bands:
        return ""
    rows = len(cells)
    label = "Spikes that reached the controller, by kind and time"
    plot = _axes(trace, label, (0.0, float(rows)), "address", 62 + max(90, round(1.6 * rows)), y_ticks=())
    plot.image(png_uri(cells.clip(0, len(RASTER_RGBA) - 1), RASTER_RGBA))
    for region, first, tall in bands:
        plot.level(rows - first - tall, "band-line")
        plot.words(
            0.006 * len(trace.truth) * trace.tick_us * 1e-6, rows - first - 7 / 1.6, region.name, "note start halo"
        )
    return plot.render()


def taxel_maps(rich: Rich, rows: Sequence[tuple[str, int]], tick_us: int) -> tuple[list[tuple[str, str]], float, float]:
    """Readings of both pads at some (name, row): normal force as tone, shear as arrows.

    Returns:
        (name with time, SVG) of each, and what the darkest tone and the longest arrow stand for, in mN.
    """
    if not len(rich.taxels) or not rows:
        return [], 0.0, 0.0
    picked = [min(max((row + 1) * tick_us // rich.frame_us - 1, 0), len(rich.taxels) - 1) for _, row in rows]
    readings = rich.taxels[picked].astype(np.float64)
    most, longest = max(readings[..., 0].max(), 1.0), max(np.hypot(readings[..., 1], readings[..., 2]).max(), 1.0)
    n, cell = rich.taxels.shape[2], 88 / rich.taxels.shape[2]
    maps = []
    for (name, row), frame in zip(rows, readings, strict=True):
        parts = []
        for pad in range(2):
            left = 96 * pad
            parts.append(f'<rect class="pad" x="{left}" y="0" width="88" height="88"/>')
            for v, u in np.ndindex(n, n):
                normal, su, sv = frame[pad, v, u]
                x, y = left + u * cell, (n - 1 - v) * cell
                if normal > 0.02 * most:
                    where = f'x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}"'
                    parts.append(f'<rect class="taxel" fill-opacity="{min(1.0, normal / most):.2f}" {where}/>')
                if np.hypot(su, sv) > 0.08 * longest:
                    dx, dy = 1.4 * cell * su / longest, -1.4 * cell * sv / longest
                    middle = f"{x + cell / 2:.1f} {y + cell / 2:.1f}"
                    parts.append(f'<path class="shear" d="M{middle}l{dx:.1f} {dy:.1f}"/>')
                    parts.append(f'<circle class="root" cx="{x + cell / 2:.1f}" cy="{y + cell / 2:.1f}" r="1.2"/>')
        title = f"{name}, {(row + 1) * tick_us * 1e-6:.2f} s"
        alt = f"Taxel readings of left and right pad: {title}"
        maps.append(
            (title, f'<svg viewBox="-1 -1 186 90" role="img" aria-label="{escape(alt)}">{"".join(parts)}</svg>')
        )
    return maps, float(most), float(longest)


def event_picture(rich: Rich, start_us: int, stop_us: int) -> tuple[str, int]:
    """The camera's events of a stretch of time as a data URI (amber on, blue off), and how many there were."""
    total = events_image(rich.camera_events, rich.camera_size, start_us, stop_us)
    t = rich.camera_events["t"]
    return png_uri(np.where(total > 0, 1, np.where(total < 0, 2, 0)).astype(np.uint8), EVENT_RGBA), int(
        np.searchsorted(t, stop_us) - np.searchsorted(t, start_us)
    )


def scene_picture(trace: Trace, row: int) -> str:
    """The robot at a row as a data URI: the rendered frame if there is one, else drawn from the trace."""
    rich = trace.rich
    if rich is not None and len(rich.frames):
        at = min(max((row + 1) * trace.tick_us // rich.frame_us - 1, 0), len(rich.frames) - 1)
        return png_uri(tinted(rich.frames[at]))
    return png_uri(front_view(trace, row, opening_m(trace), 320), VIEW_RGBA)


def outcome_chart(rows: Mapping[str, Sequence[str]]) -> str:
    """Held, dropped and crushed of each controller as bars, in the order given."""
    most = max((len(v) for v in rows.values()), default=0)
    if not most:
        return ""
    names = list(rows)
    height = 62 + 26 * len(names)
    plot = Plot(
        "Outcomes by controller", (0.0, most), (0.0, len(names)), "objects", "", 760, height, None, (), left=130
    )
    for k, name in enumerate(names):
        low, start = len(names) - k - 0.82, 0
        plot.beside(len(names) - k - 0.5, name)
        for kind in ("held", "dropped", "crushed"):
            count = list(rows[name]).count(kind)
            if count:
                plot.bar(start, start + count, low, low + 0.64, f"is-{kind}", f"{name}: {count} {kind}")
                plot.words(start + count / 2, low + 0.32, str(count), "mid on-bar")
            start += count
    return plot.render()


def latency_chart(verdicts: Sequence[Verdict]) -> str:
    """How many slips were reported how long after they passed 2 mm/s; empty if none was found."""
    found = np.array([s.latency_us / 1e3 for v in verdicts for s in v.slips if s.latency_us is not None])
    if not found.size:
        return ""
    low, high = 5 * np.floor(min(found.min(), 0) / 5), max(5 * np.ceil(found.max() / 5 + 1e-9), 20.0)
    step = 2.5 if high - low <= 100 else 5.0 * np.ceil((high - low) / 200)
    counts, edges = np.histogram(found, np.arange(low, high + step, step))
    plot = Plot("Slip latency", (float(edges[0]), float(edges[-1])), (0.0, 1.15 * counts.max()), "latency, ms", "slips",
                height=220)  # fmt: skip
    for count, left, right in zip(counts, edges[:-1], edges[1:], strict=True):
        if count:
            plot.bar(left, right - 0.08 * step, 0.0, count, "bar", f"{count} between {left:g} and {right:g} ms")
    plot.upright(0.0, "zero-line")
    for row, q in enumerate((50, 99)):
        value = float(np.percentile(found, q))
        plot.upright(value, "change-line", f"p{q} {value:.0f} ms", row)
    return plot.render()


def ratio_chart(traces: Sequence[Trace], verdicts: Sequence[Verdict]) -> str:
    """Grip over needed force of each held object against its friction; empty if none was held."""
    held = [(t, v.force_ratio) for t, v in zip(traces, verdicts, strict=True) if v.force_ratio is not None]
    if not held:
        return ""
    ratios = [r for _, r in held]
    top = 1.1 * max(2.0, *ratios)
    plot = Plot("Grip over needed force against friction", (0.0, 1.05 * max(t.episode.friction for t, _ in held)),
                (0.0, top), "friction coefficient of the object", "grip / needed force", height=220)  # fmt: skip
    plot.level(1.0, "needed")
    median = float(np.median(ratios))
    plot.level(median, "change-line")
    for trace, ratio in held:
        plot.dot(trace.episode.friction, ratio, "dot", f"object {trace.episode.index}: {ratio:.2f}")
    return plot.render()
