"""The suite grasp: what the shipped scenario costs, from short runs of the command, each a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sensors.errors import UserError

from .suites import Asked
from .table import Goal, Result, Table

EPISODES = 2
COMMAND = ("run", "grasp", "--seed", "3", "--no-baselines", "--no-report", "--workers", "1", "--json",
           "--episodes", str(EPISODES))  # fmt: skip
VARIANTS: dict[str, tuple[str, ...]] = {
    "camera as shipped": (), "without the camera": ("--set", "world.camera.enabled=false"),
}  # fmt: skip
GOALS_TIMES = {"camera as shipped": 4.0, "without the camera": 10.0}
FIGURES = {
    "tick_p50_us": "controller tick, p50, us", "tick_p99_us": "controller tick, p99, us",
    "realtime_factor": "world and controller, times real time", "start_s": "start until the first tick, s",
    "rss_mb": "memory at most, MB",
}  # fmt: skip


def measure(asked: Asked) -> Result:
    """Run `ganglion run grasp` on two tuning objects, with the camera and without, and read its timing.

    Raises:
        UserError: the run failed; with its last line.
    """
    del asked  # a run has no peers and takes as long as it takes
    figures: dict[str, Any] = {}
    goals = []
    _run(())  # after an update kernels are compiled first
    for name, settings in VARIANTS.items():
        found = _run(settings)
        figures[name] = found
        goals.append(Goal(f"times real time, {name}", GOALS_TIMES[name], found["realtime_factor"], " x", at_least=True))
        if not settings:
            goals += [
                Goal("controller tick, p50", 50, found["tick_p50_us"], " us"),
                Goal("start until the first tick", 3, found["start_s"], " s"),
                Goal("memory", 400, found["rss_mb"], " MB"),
            ]
    rows = [(says, *(f"{figures[name][key]:.3g}" for name in VARIANTS)) for key, says in FIGURES.items()]
    return Result("grasp", [Table(f"grasp, {EPISODES} objects of seed 3", ("", *VARIANTS), rows)], goals, figures)


def _run(settings: tuple[str, ...]) -> dict[str, float]:
    """What a run of the command says of its timing."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "scenarios", *COMMAND, *settings, "--out", str(Path(folder) / "run")],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"ganglion {' '.join(COMMAND)} left status {done.returncode}: {last}")
    run: dict[str, Any] = json.loads(done.stdout)
    tick = run["tick_us"]
    return {
        "tick_p50_us": tick["p50"], "tick_p99_us": tick["p99"], "realtime_factor": run["realtime_factor"],
        "start_s": run["start_s"], "rss_mb": run["rss_mb"],
    }  # fmt: skip
