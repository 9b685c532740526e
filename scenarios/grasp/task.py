"""Grasping as a task: everything that run, replay and report ask of a kind of scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from controller.spec import Reflex
from scenarios.publish import MOVING, PAGE, position
from scenarios.spec import Grasping
from scenarios.task import Rival, Task, TaskWorld
from scenarios.trace import Trace
from sim.bullet import BulletWorld
from sim.episode import draw_episode
from sim.spec import Episode

from . import score, summary
from .baselines import BASELINES
from .schema import SCHEMA

if TYPE_CHECKING:
    from .live import GraspSpectator

OUTCOMES = ("held", "dropped", "crushed")


class Grasp(Task[Grasping]):
    """A gripper and objects it has never met."""

    schema = SCHEMA
    unit = "object"
    trial = score.Outcome

    def draw(self, scenario: Grasping, index: int) -> Episode:
        return draw_episode(scenario.world.trial, scenario.seed, index)

    def rivals(self, scenario: Grasping, world: BulletWorld) -> dict[str, tuple[Rival, TaskWorld]]:
        """The baselines, each with its world; what they do not sense is not simulated, which changes nothing else."""
        spec = scenario.world
        bare = BulletWorld(
            replace(spec, skin=replace(spec.skin, enabled=False), camera=replace(spec.camera, enabled=False))
        )
        chosen: dict[str, tuple[Rival, TaskWorld]] = {}
        reflex = scenario.controller if isinstance(scenario.controller, Reflex) else Reflex()
        for name, make in BASELINES.items():
            here = bare
            baseline = make(bare, reflex)
            if baseline.feels:
                baseline, here = make(world, reflex), world
            chosen[name] = (baseline, here)
        return chosen

    def outcome(self, trace: Trace) -> score.Outcome:
        return score.outcome(trace)[0]

    def about(self, scenario: Grasping) -> dict[str, object]:
        return {"delay_ms": scenario.world.delay_ms, "robot": scenario.world.robot}

    def score(self, traces: Sequence[Trace]) -> dict[str, object]:
        return score.aggregate(traces)

    def compare(self, trials: Mapping[str, Sequence[Any]]) -> dict[str, object]:
        return {name: {kind: list(all_).count(kind) for kind in OUTCOMES} for name, all_ in trials.items()}

    def opening(self, scenario: Grasping) -> str:
        return summary.opening(scenario)

    def summary(self, result: dict[str, Any]) -> str:
        return summary.figures(result)

    def row(self, result: dict[str, Any]) -> dict[str, str]:
        return summary.row(result)

    def pages(
        self, scenario: Grasping, traces: Sequence[Trace], figures: Mapping[str, Any], trial: int | None
    ) -> dict[str, bytes]:
        """The shown trial gets its `rich` by being simulated again."""
        from .animation import animate
        from .report import choose, render
        from .showcase import feel_again

        verdicts = [score.judge(t) for t in traces]
        chosen = choose(traces, verdicts) if trial is None else position(traces, trial)
        world = BulletWorld(scenario.world)
        try:
            traces[chosen].rich = feel_again(world, traces[chosen])
        finally:
            world.close()
        moving = animate(traces[chosen], world.body, verdicts[chosen])
        html = render(
            scenario, world.body, figures, traces, figures.get("baseline_trials", {}), verdicts, chosen, moving
        )  # fmt: skip
        return {PAGE: html.encode(), MOVING: moving}

    def spectator(self, scenario: Grasping) -> GraspSpectator:
        from .live import GraspSpectator

        return GraspSpectator(scenario)
