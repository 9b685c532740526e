"""What a run prints: what ran, what came out beside what it is compared with, where it lies."""

from __future__ import annotations

from typing import Any

from controller.declare import Declared
from controller.image import AHEAD, FRICTION, SENSES
from controller.spec import Reflex
from scenarios.spec import Grasping


def neurons(scenario: Grasping) -> int:
    """How many the scenario's controller has."""
    if isinstance(scenario.controller, Declared):
        return sum(p.size for p in scenario.controller.populations.values())
    return (FRICTION + AHEAD + SENSES) * scenario.controller.replicas


def ordeal(scenario: Grasping) -> str:
    """What befalls the controller: replicas, and the damage of each; "" for a single one that nothing befalls."""
    if not isinstance(scenario.controller, Reflex):
        return ""
    replicas, damage = scenario.controller.replicas, scenario.controller.damage
    said = f" in {replicas} replicas" if replicas > 1 else ""
    if damage.harmless:
        return said
    struck = f", from tick {damage.from_tick} {damage.killed:.0%} dead, {damage.flipped:g} of weight bits flipped"
    return said + struck + ("" if damage.learning else ", frozen")


def opening(scenario: Grasping) -> str:
    """The first line: what runs."""
    learning = ("learning" if scenario.controller.learning else "frozen") + ordeal(scenario)
    return (
        f"{scenario.name}   bullet {scenario.world.robot} gripper | {scenario.episodes} novel objects | "
        f"{neurons(scenario)} neurons, {learning} | tick {scenario.world.tick_us / 1000:g} ms | "
        f"delay {scenario.world.delay_ms} ms | seed {scenario.seed}"
    )


def figures(result: dict[str, Any]) -> str:
    """The block of figures."""
    n = result["episodes"]
    compared = "   ".join(f"{name} {b['held']}/{n}" for name, b in result["baselines"].items())
    slip, moved, missed = result["slip_latency_ms"], result["slip_distance_mm"], result["slip_missed"]
    hand = result["slip_in_hand"]
    alarms, minutes, tick = result["false_alarms_per_min"], result["minutes"], result["tick_us"]
    return "\n".join(
        [
            f"  held {result['held']}/{n}   dropped {result['dropped']}   crushed {result['crushed']}",
            *([f"  beside   {compared}"] if compared else []),
            f"  slip found {_n(slip['p50'])} ms p50, {_n(slip['p99'])} ms p99, after {_n(moved['p90'])} mm p90   "
            f"missed {missed['count']} of {missed['of']}",
            f"  in the hand {_n(hand['latency_ms']['p50'])} ms p50, {_n(hand['latency_ms']['p99'])} ms p99, "
            f"missed {hand['missed']} of {hand['of']}; the others in the tug, where pads slide on purpose",
            f"  false alarms {_n(alarms['hold'])} a minute holding, {_n(alarms['load'])} loading "
            f"(over {_n(minutes['hold'])} and {_n(minutes['load'])} minutes)   "
            f"force {_n(result['force_ratio_median'])} x needed",
            f"  tick {tick['p50']} us p50, {tick['p99']} us p99   {result['realtime_factor']} x real time   "
            f"{result['spikes_per_s'] / 1e3:.1f} k spikes/s, "
            f"{result['synaptic_events_per_s'] / 1e6:.2f} M synaptic events/s",
        ]
    )


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


def row(result: dict[str, Any]) -> dict[str, str]:
    """The figures of one line of a sweep, by heading."""
    missed, alarms = result["slip_missed"], result["false_alarms_per_min"]
    latency = result["slip_latency_ms"]
    return {
        "held": f"{result['held']}/{result['episodes']}",
        "dropped": str(result["dropped"]),
        "crushed": str(result["crushed"]),
        "slip p50/p99 ms": f"{_n(latency['p50'])}/{_n(latency['p99'])}",
        "p90 mm": _n(result["slip_distance_mm"]["p90"]),
        "missed": f"{missed['count']}/{missed['of']}",
        "alarms/min hold/load": f"{_n(alarms['hold'])}/{_n(alarms['load'])}",
        "grip/needed": _n(result["force_ratio_median"]),
        "x real time": str(result["realtime_factor"]),
    }
