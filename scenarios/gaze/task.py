"""Gazing as a task: everything that run, replay and report ask of a kind of scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from controller.gaze import GazeNetwork
from scenarios.spec import Gazing
from scenarios.task import Rival, Task, TaskWorld
from scenarios.trace import Trace
from sim.gaze import HeadWorld
from sim.gaze_spec import Sight, cell_angles
from sim.target import draw_sight

from . import score, summary
from .baselines import BASELINES
from .schema import SCHEMA

INTEGRATOR, FROZEN = "integrator, equal gain", "learning frozen"


class GazeTask(Task[Gazing]):
    """A pan-tilt head and an object that moves."""

    schema = SCHEMA
    unit = "object"
    trial = score.Outcome

    def draw(self, scenario: Gazing, index: int) -> Sight:
        return draw_sight(scenario.world, scenario.seed, index)

    def rivals(self, scenario: Gazing, world: HeadWorld) -> dict[str, tuple[Rival, TaskWorld]]:
        """Baselines in a world without event camera, which changes nothing else; and the network
        with an integrator in place of learning, and without either."""
        bare = HeadWorld(scenario.world, watching=False)
        rivals: dict[str, tuple[Rival, TaskWorld]] = {
            name: (make(bare, scenario.controller), bare) for name, make in BASELINES.items()
        }
        if scenario.controller.learning and not scenario.controller.integrator:
            others = {INTEGRATOR: {"integrator": True}, FROZEN: {"learning": False}}
            for name, settings in others.items():
                other = replace(scenario.controller, **settings)
                rivals[name] = (GazeNetwork(other, world.body, *cell_angles(scenario.world.camera)), world)
        return rivals

    def outcome(self, trace: Trace) -> score.Outcome:
        return score.outcome(trace)

    def about(self, scenario: Gazing) -> dict[str, object]:
        return {"delay_ms": scenario.world.delay_ms, "background": scenario.world.show.background}

    def score(self, traces: Sequence[Trace]) -> dict[str, object]:
        return score.aggregate(traces)

    def compare(self, trials: Mapping[str, Sequence[Any]]) -> dict[str, object]:
        return {name: score.figures(all_) for name, all_ in trials.items()}

    def opening(self, scenario: Gazing) -> str:
        return summary.opening(scenario)

    def summary(self, result: dict[str, Any]) -> str:
        return summary.figures(result)

    def row(self, result: dict[str, Any]) -> dict[str, str]:
        return summary.row(result)

    def pages(
        self, scenario: Gazing, traces: Sequence[Trace], figures: Mapping[str, Any], trial: int | None
    ) -> dict[str, bytes]:
        """The shown trial's pictures come from simulating it again."""
        from .report import pages

        return pages(scenario, traces, figures, trial)

    def spectator(self, scenario: Gazing) -> Any:
        from .live import GazeSpectator

        return GazeSpectator(scenario)
