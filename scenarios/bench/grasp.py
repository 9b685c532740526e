"""The suite grasp: what the shipped scenario costs, from a short run of the command itself in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sensors.errors import UserError

from .suites import Asked
from .table import Result, Table

EPISODES = 2
COMMAND = ("run", "grasp", "--seed", "3", "--no-baselines", "--no-report", "--workers", "1", "--json")


def measure(asked: Asked) -> Result:
    """Run `ganglion run grasp` on two tuning objects and read its timing.

    Raises:
        UserError: the run failed; with its last line.
    """
    del asked  # a run has no peers and takes as long as it takes
    with tempfile.TemporaryDirectory() as folder:
        arguments = [*COMMAND, "--episodes", str(EPISODES), "--out", str(Path(folder) / "run")]
        done = subprocess.run(
            [sys.executable, "-m", "scenarios", *arguments], capture_output=True, text=True, check=False
        )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise UserError(f"ganglion {' '.join(COMMAND)} left status {done.returncode}: {last}")
    run: dict[str, Any] = json.loads(done.stdout)
    tick = run["tick_us"]
    figures = {
        "tick_p50_us": tick["p50"], "tick_p99_us": tick["p99"], "realtime_factor": run["realtime_factor"],
        "start_s": run["start_s"], "rss_mb": run["rss_mb"],
    }  # fmt: skip
    says = ("controller tick, p50", "controller tick, p99", "world and controller, times real time",
            "start until the first tick", "memory at most")  # fmt: skip
    units = (" us", " us", " x", " s", " MB")
    rows = [(what, f"{value:.3g}{unit}") for what, value, unit in zip(says, figures.values(), units, strict=True)]
    return Result(
        "grasp", [Table(f"grasp, {EPISODES} objects of seed 3, camera as shipped", ("", "measured"), rows)], [], figures
    )
