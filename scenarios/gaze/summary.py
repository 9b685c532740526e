"""What a run of gaze prints: what ran, what came out beside what it is compared with."""

from __future__ import annotations

from typing import Any

from controller.gaze_image import ADAPT
from scenarios.spec import Gazing


def neurons(cells: int) -> int:
    """Of all populations."""
    return cells**2 + 2 * ADAPT


def opening(scenario: Gazing) -> str:
    """The first line: what runs."""
    world, learning = scenario.world, "learning" if scenario.controller.learning else "frozen"
    behind = f"wall of contrast {world.show.background:g}" if world.show.background else "plain background"
    return (
        f"{scenario.name}   bullet pan-tilt head, {world.camera.width}x{world.camera.height} event camera, {behind} | "
        f"{scenario.episodes} moving objects | {neurons(world.camera.cells)} neurons, {learning} | "
        f"delay {world.delay_ms} ms | seed {scenario.seed}"
    )


def figures(result: dict[str, Any]) -> str:
    """The block of figures."""
    rows = {"events, spiking": result, **result["baselines"]}
    tick = result["tick_us"]
    return "\n".join(
        [
            f"  {'':22} mean error   p95 error   answer to a move, p50 / p95",
            *(f"  {name:22} {_row(figures)}" for name, figures in rows.items()),
            f"  in the picture {_n(100 * result['seen_share'])} % of the time   "
            f"{result['camera_events_per_s'] / 1e3:.1f} k camera events/s, "
            f"{result['addresses_per_s'] / 1e3:.1f} k addresses/s, {result['spikes_cut']} cut",
            f"  tick {tick['p50']} us p50, {tick['p99']} us p99   {result['realtime_factor']} x real time   "
            f"{result['spikes_per_s'] / 1e3:.1f} k spikes/s, "
            f"{result['synaptic_events_per_s'] / 1e6:.2f} M synaptic events/s",
        ]
    )


def row(result: dict[str, Any]) -> dict[str, str]:
    """The figures of one line of a sweep, by heading."""
    error, latency, moves = result["error_deg"], result["latency_ms"], result["moves"]
    return {
        "error deg": _n(error["mean"]),
        "p95 deg": _n(error["p95"]),
        "answer p50/p95 ms": f"{_n(latency['p50'])}/{_n(latency['p95'])}",
        "answered": f"{moves['answered']}/{moves['of']}",
        "false": str(moves["false"]),
        "at rest mN m": _n(result["noise_mnm"]),
        "in picture %": _n(100 * result["seen_share"]),
        "x real time": str(result["realtime_factor"]),
    }


def _row(figures: dict[str, Any]) -> str:
    error, latency = figures["error_deg"], figures["latency_ms"]
    return (
        f"{_n(error['mean']):>6} deg  {_n(error['p95']):>6} deg   {_n(latency['p50']):>6} / {_n(latency['p95'])} ms, "
        f"{figures['moves']['answered']} of {figures['moves']['of']}, {figures['moves']['false']} false, "
        f"at rest {_n(figures['noise_mnm'])} mN m"
    )


def _n(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
