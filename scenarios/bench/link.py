"""The suite link: how long a tick takes when its brain is on a target, senses sent to command received, in lockstep."""

from __future__ import annotations

from contextlib import ExitStack
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from controller.network import Network
from scenarios.build import build_brain, build_world, deploy
from scenarios.load import load
from scenarios.tasks import task_of
from sensors.errors import UserError
from sensors.signals import Sensed
from sim.bullet import GRIPPER

from .suites import Asked
from .table import Goal, Result, Table

GOALS_US = {"sitl": 150.0, "qemu:sf2": 500.0, "qemu:mps2-an386": 1100.0, "verilator": 800.0}
TICKS = 3000
"""Of one grasp, from closing to shaking, stepped again and again for as long as is asked."""


def measure(asked: Asked) -> Result:
    """Step each target over the senses of a recorded grasp; one that cannot be had is named with the reason."""
    from .suites import SUITES

    rows: list[tuple[str, ...]] = []
    figures: dict[str, float] = {}
    goals: list[Goal] = []
    senses = list(_senses())
    for where in filter(asked.wants, SUITES["link"].parts):
        try:
            took = _latency_us(where, senses, asked.seconds)
        except UserError as error:
            rows.append((where, "-", "-", "-", "-", "-"))
            goals.append(Goal(f"{where}, p50", GOALS_US.get(where, 0.0), None, " us", str(error)))
            continue
        quantiles = [float(np.percentile(took, q)) for q in (10, 50, 90, 99)]
        rows.append((where, *(f"{q:.0f}" for q in quantiles), f"{took.max():.0f}"))
        figures[f"{where}_p50_us"] = round(quantiles[1], 1)
        figures[f"{where}_p99_us"] = round(quantiles[3], 1)
        if where in GOALS_US:
            goals.append(Goal(f"{where}, p50", GOALS_US[where], quantiles[1], " us"))
    head = ("tick on", "p10", "p50", "p90", "p99", "most")
    title = f"us a tick in lockstep, {asked.seconds:g} s each, senses of a grasp (seed 3)"
    return Result("link", [Table(title, head, rows)], goals, figures)


def _senses() -> list[Sensed]:
    """What the gripper senses in `TICKS` ticks of a grasp under the controller here."""
    scenario = load("grasp", ("seed=3",))
    world = build_world(scenario)
    world.reset(task_of(scenario).draw(scenario, 0))
    brain, command, kept = build_brain(scenario, world.body), world.idle, []
    for tick in range(1, TICKS + 1):
        sensed = world.advance(tick * 1000, command)
        spikes = sensed.spikes.copy()
        kept.append(Sensed(sensed.t_us, spikes, sensed.count, 0, sensed.analog.copy(), sensed.goal.copy()))
        command = brain.step(sensed)
    world.close()
    return kept


def _latency_us(where: str, senses: list[Sensed], seconds: float) -> NDArray[np.float64]:
    scenario = load("grasp")
    brain = build_brain(scenario, GRIPPER)
    assert isinstance(brain, Network)
    took = []
    with ExitStack() as stack:
        there = deploy(brain, where, GRIPPER, stack)
        there.reset()
        until = perf_counter() + seconds
        while perf_counter() < until:
            for sensed in senses:
                before = perf_counter()
                there.step(sensed)
                after = perf_counter()
                took.append((after - before) * 1e6)
                if after > until:
                    break
            there.reset()
    return np.array(took)
