"""A film as a task: the gaze network before a real recording, open loop. Nobody knows more, so nothing is compared."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from scenarios.publish import MOVING, PAGE
from scenarios.reporting import html
from scenarios.spec import Filmed
from scenarios.task import Rival, Task, TaskWorld
from scenarios.trace import Trace
from sensors.errors import UserError
from sim.film import FilmWorld, Reel, read

from . import summary
from .animation import animate
from .figures import attention_chart, way_chart
from .schema import FILM

SURE = 2048


def settings(world: str) -> list[str]:
    """What `--world recording:FILE` sets; the camera's geometry is the file's.

    Raises:
        UserError: another kind of world, or a file that cannot be read.
    """
    from sensors.events import open_events

    kind, _, file = world.partition(":")
    if kind != "recording" or not file:
        raise UserError(f"--world {world} is not understood; expected recording:FILE, as recording:street.raw")
    stream = open_events(Path(file))
    stream.close()
    table = f"{{width = {stream.width}, height = {stream.height}}}"
    return [
        "name=gaze-film",
        "episodes=1",
        f"world={{kind = 'recording', file = {json.dumps(file)}, camera = {table}}}",
    ]


class FilmTask(Task[Filmed]):
    """A recording of an event camera, shown once."""

    schema = FILM
    unit = "film"
    trial = dict

    def draw(self, scenario: Filmed, index: int) -> Reel:
        if index:
            raise UserError(f"a recording is shown once, episodes asks for {scenario.episodes}; --episodes 1")
        return read(scenario.world)[0]

    def rivals(self, scenario: Filmed, world: Any) -> dict[str, tuple[Rival, TaskWorld]]:  # noqa: ARG002 - there are none
        return {}

    def outcome(self, trace: Trace) -> dict[str, object]:
        return self.score([trace])

    def about(self, scenario: Filmed) -> dict[str, object]:
        return {"width": scenario.world.camera.width, "height": scenario.world.camera.height}

    def score(self, traces: Sequence[Trace]) -> dict[str, object]:
        """The figures of the showing; angles are relative to the camera, which nobody turned."""
        seconds = sum(len(t.effort) * t.tick_us for t in traces) * 1e-6
        crc = 0
        for trace in traces:
            crc = zlib.crc32(np.ascontiguousarray(trace.effort, "<i2").tobytes(), crc)
        sure = np.concatenate([t.probe["surety"] for t in traces]) >= SURE
        return {
            "episodes": len(traces),
            "film": traces[0].episode.name if traces else None,
            "film_crc32": traces[0].episode.crc32 if traces else None,
            "simulated_s": round(seconds, 4),
            "camera_events_per_s": round(sum(int(t.truth["events"].sum()) for t in traces) / seconds),
            "addresses_per_s": round(sum(int(t.counts.sum()) for t in traces) / seconds),
            "spikes_per_s": round(sum(int(t.probe["spikes"].sum()) for t in traces) / seconds, 4),
            "spikes_cut": sum(int(t.overflow.sum()) for t in traces),
            "sure_share": round(float(sure.mean()), 4),
            "commands_crc32": crc,
            "state_hash": traces[-1].brain_after if traces else None,
        }

    def compare(self, trials: Mapping[str, Sequence[Any]]) -> dict[str, object]:
        return dict(trials)

    def opening(self, scenario: Filmed) -> str:
        world = scenario.world
        learning = "learning" if scenario.controller.learning else "frozen"
        return (
            f"{scenario.name}   {world.file}, {world.camera.width}x{world.camera.height}, open loop: nothing that is "
            f"commanded moves the camera | {summary.neurons(world.camera.cells)} neurons, {learning}"
        )

    def summary(self, result: dict[str, Any]) -> str:
        return "\n".join(
            [
                f"  {result['simulated_s']:.2f} s   {result['camera_events_per_s'] / 1e3:.1f} k camera events/s   "
                f"{result['addresses_per_s'] / 1e3:.1f} k addresses/s, {result['spikes_cut']} cut",
                f"  sure of a target {100 * result['sure_share']:.0f} % of the time   "
                f"commands {result['commands_crc32']:08x}",
                f"  tick {result['tick_us']['p50']} us p50, {result['tick_us']['p99']} us p99   "
                f"{result['realtime_factor']} x real time   {result['spikes_per_s'] / 1e3:.1f} k spikes/s",
            ]
        )

    def pages(
        self, scenario: Filmed, traces: Sequence[Trace], figures: Mapping[str, Any], trial: int | None
    ) -> dict[str, bytes]:
        """The page and the moving picture, with the film's events read again."""
        if trial not in (None, 0):
            raise UserError(f"--trial {trial} is not in this run; a recording is shown once, as 0")
        trace, world = traces[0], FilmWorld(scenario.world)
        if world.reel != trace.episode:
            raise UserError(
                f"{scenario.world.file} is not the film that was shown ({trace.episode.name}, {trace.episode.events} "
                f"events, CRC-32 {trace.episode.crc32:08x}); put that one there"
            )
        events = read(scenario.world)[1]
        moving = animate(trace, scenario.world.camera, events, None)
        sections = [
            "<h2>The film</h2>" + html.moving(moving, "Left: events of the last 40 ms; the cross is where the network "
            "takes the target to be. Right: addresses that reached the network."),
            "<h2>What the network made of it</h2>"
            + html.figure(way_chart(trace), "Direction of the target as the network takes it to be, from the camera's "
                          "axis.", [html.key_line("learned", "to the left"), html.key_line("needed", "upwards")])
            + html.figure(attention_chart(trace), "How sure the network is that it follows something, 0 to 1."),
            "<h2>What ran</h2>" + html.facts(html.usual_facts(figures)),
        ]  # fmt: skip
        name = trace.episode.name
        text = html.page(
            f"{name}: followed {100 * float(figures['sure_share']):.0f} % of the time",
            "The gaze network on a real recording. Nobody knows where its target was, so there is no error to report.",
            escape(f"Scenario {scenario.name}, open loop, {scenario.world.camera.width} by "
                   f"{scenario.world.camera.height} pixels."),
            [(f"{figures['simulated_s']:.2f} s", "long"),
             (f"{figures['camera_events_per_s'] / 1e3:.0f} k/s", "events of the camera"),
             (f"{figures['addresses_per_s'] / 1e3:.1f} k/s", f"addresses to the network, {figures['spikes_cut']} cut")],
            sections,
        )  # fmt: skip
        return {PAGE: text.encode(), MOVING: moving}

    def spectator(self, scenario: Filmed) -> Any:
        from .live import GazeSpectator

        return GazeSpectator(scenario)
