"""What a run prints: what ran, what came out beside what it is compared with, where it lies."""

from __future__ import annotations

from typing import Any

from controller.image import AHEAD, FRICTION, SENSES
from scenarios.spec import Grasping

NEURONS = FRICTION + AHEAD + SENSES


def opening(scenario: Grasping) -> str:
    """The first line: what runs."""
    learning = "learning" if scenario.controller.learning else "frozen"
    return (
        f"{scenario.name}   bullet {scenario.world.robot} gripper | {scenario.episodes} novel objects | "
        f"{NEURONS} neurons, {learning} | tick {scenario.world.tick_us / 1000:g} ms | "
        f"delay {scenario.world.delay_ms} ms | seed {scenario.seed}"
    )


def figures(result: dict[str, Any]) -> str:
    """The block of figures."""
    n = result["episodes"]
    compared = "   ".join(f"{name} {b['held']}/{n}" for name, b in result["baselines"].items())
    slip, moved, missed = result["slip_latency_ms"], result["slip_distance_mm"], result["slip_missed"]
    alarms, tick = result["false_alarms_per_min"], result["tick_us"]
    return "\n".join(
        [
            f"  held {result['held']}/{n}   dropped {result['dropped']}   crushed {result['crushed']}",
            *([f"  beside   {compared}"] if compared else []),
            f"  slip found {_n(slip['p50'])} ms p50, {_n(slip['p99'])} ms p99, after {_n(moved['p90'])} mm p90   "
            f"missed {missed['count']} of {missed['of']}",
            f"  false alarms {_n(alarms['hold'])} a minute holding, {_n(alarms['load'])} loading   "
            f"force {_n(result['force_ratio_median'])} x needed",
            f"  tick {tick['p50']} us p50, {tick['p99']} us p99   {result['realtime_factor']} x real time   "
            f"{result['spikes_per_s'] / 1e3:.1f} k spikes/s, "
            f"{result['synaptic_events_per_s'] / 1e6:.2f} M synaptic events/s",
        ]
    )


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
