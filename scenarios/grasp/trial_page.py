"""The report's section on one trial: charts for each, moving and still pictures for the one that is shown first."""

from __future__ import annotations

import base64
from html import escape

import numpy as np

from scenarios.reporting.html import figure, key_line, key_mark, key_span
from scenarios.spec import Grasping
from scenarios.trace import Rich, Trace
from sensors.signals import Body

from . import figures, tables
from .phases import phases
from .score import Verdict

EVENTS_US = (10_000, 30_000)
"""The event image spans this much before and after the begin of a slip."""
FORCE = (
    "Force of each pad on the object. Between the needed force and the crush limit the object is safe; below the first "
    "it slips, above the second it breaks."
)
LOAD = (
    "Pull of the object on both pads, and what the controller expected from its own motion as it learned the weight. "
    "Where the two agree, the grip rises with the load instead of after it."
)
FRICTION = (
    "The controller is not told the friction. It starts from a guess, lowers it when the object slips, and sets its "
    "grip by it. An estimate above the true value means too weak a grip, one far below it a needlessly strong one."
)
SPIKES = "Every spike that reached the controller: time across, one line for each address, grouped by kind."
MOVING = (
    "The trial at its own speed: the robot, what its sensors say, and below the forces with a cursor "
    "for now. Events and spikes are those of the last 40 ms."
)

OTHERWISE = (
    "Too large to be recorded, these readings are made by simulating the trial again. The simulator here does not "
    "repeat it bit for bit, so they are left out: use the versions that made the run."
)


def section(trace: Trace, verdict: Verdict, scenario: Grasping, body: Body, moving: bytes | None) -> str:
    """All figures of one trial. With `moving`, its animated GIF, come stills; without, it is hidden until chosen."""
    episode = trace.episode
    what = f"{tables.SHAPE.get(episode.shape, 'object')}, {tables.size(episode)}, {tables.mass(episode.mass_kg)}"
    ending = "" if verdict.outcome == "held" else f" at {verdict.time_s:.2f} s ({escape(verdict.reason)})"
    parts = [
        f"<h3>Object {episode.index}: {what} — "
        f'<span class="{verdict.outcome}">{tables.ICON[verdict.outcome]} {verdict.outcome}</span>{ending}</h3>',
        f"<p>Friction {episode.friction:.2f}, stiffness {episode.stiffness_n_per_m / 1e3:.3g} kN/m, crushed above "
        f"{episode.crush_limit_n:.3g} N. At {episode.payload_s:.2f} s its mass becomes "
        f"{100 * episode.payload_ratio:.0f} % of that, at {episode.friction_s:.2f} s its friction "
        f"{100 * episode.friction_ratio:.0f} %.</p>",
    ]
    if moving is not None:
        parts.append(_moving(trace, verdict, moving))
    keys = [
        key_line("grip", "grip force"),
        key_line("needed", "needed force"),
        key_line("limit", "crush limit"),
        key_span("slip", "true slip"),
        key_mark("mark", "slip reported"),
        key_mark("mark false", "reported, nothing moved"),
    ]
    parts.append(figure(figures.force_chart(trace, verdict), FORCE, keys, "Grip force"))
    keys = [key_line("load", "load"), key_line("ahead", "load foreseen")]
    parts.append(figure(figures.load_chart(trace), LOAD, keys, "Load"))
    keys = [key_line("learned", "learned friction"), key_line("true-friction", "true friction")]
    parts.append(figure(figures.friction_chart(trace), FRICTION, keys, "Friction, as learned"))
    spikes = figures.raster_chart(trace, body)
    if spikes:
        silent = ", ".join(r.name for r in body.regions if not _spoke(trace, r.first, r.size))
        words = SPIKES + (f" Silent in this trial: {escape(silent)}." if silent else "")
        parts.append(figure(spikes, words, title="Spikes"))
    else:
        parts.append("<p>No spike reached the controller in this trial.</p>")
    if moving is not None:
        parts.append(_stills(trace, verdict, scenario))
    else:
        again = f"ganglion report OUT --trial {episode.index}"
        parts.append(f'<p class="soft"><code>{again}</code> makes this page anew with the pictures of this trial.</p>')
    hidden = "" if moving is not None else " hidden"
    return f'<section class="trial" id="object-{episode.index}"{hidden}>{"".join(parts)}</section>'


def _spoke(trace: Trace, first: int, size: int) -> bool:
    return bool(((trace.spikes >= first) & (trace.spikes < first + size)).any())


def _moving(trace: Trace, verdict: Verdict, moving: bytes) -> str:
    gif = base64.b64encode(moving).decode()
    still = figures.scene_picture(trace, _instant(trace, verdict)[1])
    picture = (
        f'<picture><source media="(prefers-reduced-motion: reduce)" srcset="{still}">'
        f'<img class="moving" alt="The trial at its own speed" src="data:image/gif;base64,{gif}"></picture>'
    )
    return figure(picture, MOVING, title="The trial, moving")


def _instant(trace: Trace, verdict: Verdict) -> tuple[str, int]:
    """The moment worth a still: the first slip that was reported, else any slip, else the middle of the lift."""
    for slip in sorted(verdict.slips, key=lambda s: (s.report is None, s.begin)):
        return "at the slip", min(slip.begin, len(trace.truth) - 1)
    p = phases(trace)
    return "half-way up", min((p.lift + p.top) // 2, max(len(trace.truth) - 1, 0))


def _moments(trace: Trace, verdict: Verdict) -> list[tuple[str, int]]:
    """Names and rows of what the taxel maps show, in order of time, none after the object was lost."""
    p, both = phases(trace), np.flatnonzero(trace.truth["contacts"] == 2)
    if not both.size:
        return []
    last = p.release if verdict.outcome == "held" else verdict.row
    moments = [
        ("both pads touch", min(int(both[0]) + 40_000 // trace.tick_us, last)), ("before the lift", p.lift - 1),
        ("half-way up", (p.lift + p.top) // 2), ("held still", (p.top + p.hold_end) // 2),
        ("shaken", (p.hold_end + p.lower) // 2), ("set down", (p.lower + p.release) // 2),
    ]  # fmt: skip
    if verdict.slips:
        moments[3] = _instant(trace, verdict)
    return sorted((m for m in moments if 0 <= m[1] <= last), key=lambda m: m[1])


def _stills(trace: Trace, verdict: Verdict, scenario: Grasping) -> str:
    """Taxel maps, the camera's events and the scene at the instant that matters."""
    rich, world = trace.rich, scenario.world
    skin = _taxels(trace, rich, verdict) if rich is not None else ""
    if not world.skin.enabled:
        skin = _missing("Skin", f"The skin was off in this run; {_switch('skin')} switches it on.")
    elif rich is None:
        skin = _missing("Skin", OTHERWISE)
    name, row = _instant(trace, verdict)
    words = f"The robot {name}, {(row + 1) * trace.tick_us * 1e-6:.2f} s."
    scene = f'<img alt="The robot {name}" src="{figures.scene_picture(trace, row)}">'
    return f'{skin}<div class="pair">{figure(scene, words, title="Robot")}{_camera(trace, scenario, name, row)}</div>'


def _camera(trace: Trace, scenario: Grasping, name: str, row: int) -> str:
    rich = trace.rich
    if not scenario.world.camera.enabled:
        return _missing("Event camera", f"The event camera was off in this run; {_switch('camera')} switches it on.")
    if rich is None or not rich.camera_size[0]:
        return _missing("Event camera", OTHERWISE)
    now = (row + 1) * trace.tick_us
    uri, count = figures.event_picture(rich, now - EVENTS_US[0], now + EVENTS_US[1])
    words = (
        f"What the camera saw in the {sum(EVENTS_US) // 1000} ms around it: {count} events of "
        f"{len(rich.camera_events)} in the trial; amber where it became brighter, blue where darker."
    )
    return figure(f'<img class="pixels" alt="Camera events {name}" src="{uri}">', words, title="Event camera")


def _switch(sensor: str) -> str:
    return f"<code>--set world.{sensor}.enabled=true</code>"


def _missing(title: str, words: str) -> str:
    return f"<figure><h4>{title}</h4><p>{words}</p></figure>"


def _taxels(trace: Trace, rich: Rich, verdict: Verdict) -> str:
    maps, most, longest = figures.taxel_maps(rich, _moments(trace, verdict), trace.tick_us)
    if not maps:
        return _missing("Skin", "The two pads never held the object between them, so there is nothing to show.")
    grid = "".join(f"<div>{svg}{escape(title)}</div>" for title, svg in maps)
    words = (
        f"What the left and the right pad feel: the darker a taxel, the harder it is pressed (darkest {most:.0f} mN); "
        f"an arrow is the pull along the pad (longest {longest:.0f} mN; a hanging object pulls down)."
    )
    return f'<figure><h4>Skin</h4><div class="maps">{grid}</div><figcaption>{words}</figcaption></figure>'
