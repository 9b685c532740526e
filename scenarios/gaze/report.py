"""report.html of gaze: the network beside its rivals, and one trial tick by tick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.publish import MOVING, PAGE, position
from scenarios.reporting import html
from scenarios.spec import Gazing
from scenarios.trace import Trace
from sensors.signals import EVENT, Command
from sim.camera import picture
from sim.gaze import HeadWorld

from . import figures as charts
from . import score
from .animation import FRAME_US, animate

DEFINED = (
    ("error", "Angle between the optical axis and the direction of the object's centre, at every tick from the first "
     "move of each episode on. Mean and 95th percentile of an episode, then the mean over episodes."),
    ("answer", "Time from the moment a resting object begins to move to the first command that exceeds, along the "
     "move, its mean in the 150 ms before by five standard deviations of the same controller's effort at rest (over "
     "all rests of the episode) and by 1 mN m; sensor delay included. A move that is not answered in 0.4 s, or begins "
     "with the object more than 15 degrees off, has none."),
    ("false", "Rests in whose last 100 ms the same test finds a move that was not there."),
    ("unrest", "Standard deviation of the effort at rest, along the move to come: median over episodes."),
    ("integrator", "The same network with one integrator a joint in place of its learned effort, of the same gain at "
     "every tick: what it is worth that effort is learned by posture and speed."),
    ("frames", "A frame camera with the same lens, noise-free, that is told which pixels show the object; its answer "
     "comes one frame time later. Same head, motors, encoders and limits; PID with speed feed-forward, "
     "tuned on seeds below 1000."),
    ("oracle", "Reads the object's direction and speed from the simulator, without delay."),
)  # fmt: skip


def pages(scenario: Gazing, traces: Sequence[Trace], result: Mapping[str, Any], trial: int | None) -> dict[str, bytes]:
    """The page and the moving picture; the trial that is shown, the median one if none is asked for, is seen again."""
    verdicts = [score.judge(t) for t in traces]
    order = sorted(range(len(traces)), key=lambda k: verdicts[k].mean_deg)
    chosen = order[len(order) // 2] if trial is None else position(traces, trial)
    trace = traces[chosen]
    seen = see_again(scenario, trace)
    events, frames = seen if seen is not None else (np.zeros(0, EVENT), None)
    moving = animate(trace, scenario.world.camera, events, frames)
    return {PAGE: _page(scenario, traces, verdicts, result, trace, moving, seen is not None).encode(), MOVING: moving}


def see_again(scenario: Gazing, trace: Trace) -> tuple[NDArray[np.void], NDArray[np.uint8]] | None:
    """Events, and the camera's picture every 40 ms, of an episode under its recorded commands.

    None if the simulator here does not repeat it bit for bit.
    """
    world = HeadWorld(scenario.world)
    try:
        world.reset(trace.episode)
        events, frames = [np.zeros(0, EVENT)], []
        truth, command = np.zeros_like(trace.truth), world.idle
        grey = np.zeros((scenario.world.camera.height, scenario.world.camera.width), np.uint8)
        for row in range(len(trace.effort)):
            world.advance((row + 1) * trace.tick_us, command)
            command = Command(trace.effort[row])
            truth[row] = world.truth
            events.append(world.events.copy())
            if (row + 1) % (FRAME_US // trace.tick_us) == 0:
                picture(world.picture(), grey)
                frames.append(grey.copy())
    finally:
        world.close()
    if truth.tobytes() != trace.truth.tobytes():
        return None
    return np.concatenate(events), np.array(frames, np.uint8)


def _page(
    scenario: Gazing,
    traces: Sequence[Trace],
    verdicts: Sequence[score.Verdict],
    result: Mapping[str, Any],
    trace: Trace,
    moving: bytes,
    whole: bool,
) -> str:
    own = score.figures([score.outcome(t) for t in traces])
    rivals = {name: score.figures(all_) for name, all_ in result.get("baseline_trials", {}).items()}
    rows = [_row(name, f) for name, f in {"events, spiking": own, **rivals}.items()]
    heads = ("controller", "mean error", "p95 error", "answer p50", "answer p95", "answered", "false", "unrest")
    trials = [
        (str(t.episode.index), f"{v.mean_deg:.2f}°", f"{v.p95_deg:.2f}°", f"{100 * v.seen:.1f} %",
         ", ".join("-" if a is None else f"{a:.0f}" for a in v.answers_ms) + " ms")
        for t, v in zip(traces, verdicts, strict=True)
    ]  # fmt: skip
    pan, tilt = charts.angle_chart(trace, "pan"), charts.angle_chart(trace, "tilt")
    keys = [html.key_line("needed", "target"), html.key_line("limit", "head"), html.key_line("learned", "estimate")]
    joints = [html.key_line("learned", "pan"), html.key_line("needed", "tilt")]
    caption = (
        "The trial at its own speed; the green cross is the middle of the picture and, among the events, where the "
        "network takes the object to be. Below, the angular error."
        if whole
        else "The simulator here does not repeat the trial bit for bit, so its events and pictures are left out."
    )
    sections = [
        "<h2>Beside frames and the oracle</h2>" + html.table(heads, rows),
        f"<h2>One trial, tick by tick: object {trace.episode.index}</h2>" + html.moving(moving, caption)
        + html.figure(pan, "Thin upright lines: the object begins to move.", keys, "Pan")
        + html.figure(tilt, "", keys, "Tilt")
        + html.figure(charts.error_chart(trace), "Angle between the optical axis and the object.", [], "Error")
        + html.figure(charts.effort_chart(trace), "What the network learned that posture and speed need beyond "
                      "acceleration: friction, the camera's weight, what the motors lack.", joints,
                      "Learned effort"),
        "<h2>All trials</h2>" + html.table(("object", "mean error", "p95 error", "in picture", "answers"), trials),
        "<h2>How each figure is defined</h2>" + html.facts(DEFINED),
        "<h2>What ran</h2>" + html.facts(_ran(scenario, result)),
    ]  # fmt: skip
    error = own["error_deg"]["mean"]  # type: ignore[index]
    behind = scenario.world.show.background
    objects = f"{len(traces)} moving object{'s' if len(traces) > 1 else ''}"
    return html.page(
        f"Kept {objects} centred to {_n(error, ' degrees')} on average, by events alone",
        _lead(own, rivals),
        escape(f"Scenario {scenario.name}, simulated: pan-tilt head, "
               f"{f'wall of contrast {behind:g} behind' if behind else 'plain background'}, sensors "
               f"{scenario.world.delay_ms} ms late, learning {'on' if scenario.controller.learning else 'frozen'}, "
               f"seed {scenario.seed}."),
        _tiles(own, result),
        sections,
    )  # fmt: skip


def _lead(own: Mapping[str, Any], rivals: Mapping[str, Any]) -> str:
    """Who is better at what, whoever that is."""
    frames = {n: f for n, f in rivals.items() if n.startswith("frames")}
    if not frames:
        return "Other controllers were not run."
    nearer = [n for n, f in frames.items() if (f["error_deg"]["mean"] or 0) < (own["error_deg"]["mean"] or 0)]
    quick = own["latency_ms"]["p50"]
    slower = [n for n, f in frames.items() if quick is not None and (f["latency_ms"]["p50"] or 1e9) > quick]
    closer = f"Closer on average: {', '.join(nearer)}. " if nearer else "None of the frame cameras came closer. "
    later = f"Later to answer a move than the network's {_n(quick, ' ms')}: {', '.join(slower)}." if slower else ""
    return escape(closer + later)


def _tiles(own: Mapping[str, Any], result: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (_n(own["error_deg"]["mean"], "°"), f"error, mean; p95 {_n(own['error_deg']['p95'], '°')}"),
        (_n(own["latency_ms"]["p50"], " ms"), f"to answer a move, median; p95 {_n(own['latency_ms']['p95'], ' ms')}"),
        (_n(100 * (result.get("seen_share") or 0.0), " %"), "of the time in the picture"),
        (_n((result.get("addresses_per_s") or 0) / 1e3, " k/s"), f"addresses; {result.get('spikes_cut', 0)} cut"),
    ]


def _ran(scenario: Gazing, result: Mapping[str, Any]) -> list[tuple[str, str]]:
    lens = scenario.world.camera
    again = f"ganglion run {scenario.name} --seed {scenario.seed} --episodes {scenario.episodes}"
    return [
        ("to repeat", f"<code>{escape(again)}</code> with the settings of <code>scenario.toml</code> beside this page"),
        ("event camera", f"{lens.width} by {lens.height} pixels, {lens.fov_deg:g} degrees, pooled to {lens.cells} by "
                         f"{lens.cells} cells; {result.get('camera_events_per_s', 0):,} events a second"),
        *html.usual_facts(result),
    ]  # fmt: skip


def _row(name: str, f: Mapping[str, Any]) -> tuple[str, ...]:
    error, latency, moves = f["error_deg"], f["latency_ms"], f["moves"]
    return (
        escape(name), _n(error["mean"], "°"), _n(error["p95"], "°"), _n(latency["p50"], " ms"),
        _n(latency["p95"], " ms"), f"{moves['answered']} of {moves['of']}", str(moves["false"]),
        _n(f["noise_mnm"], " mN m"),
    )  # fmt: skip


def _n(value: float | None, unit: str = "") -> str:
    return "-" if value is None else f"{value:.3g}{unit}"
