"""What a run says of itself in result.json: its scores, its speed and its cost."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from controller.ledger import account

from .spec import Scenario
from .task import Task
from .trace import Trace
from .trial import Timing

LIBRARIES = ("ganglion", "numpy", "numba", "pybullet", "gymnasium", "msgspec")


def versions() -> dict[str, str]:
    """Versions of what a result may depend on."""
    return {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}


def result(
    task: Task[Any],
    scenario: Scenario,
    traces: Sequence[Trace],
    timings: Sequence[Timing],
    baselines: Mapping[str, Sequence[Any]],
    ledger: NDArray[np.int64],
) -> dict[str, object]:
    """All figures of a run, ready for JSON.

    Args:
        baselines: outcome of each episode under each baseline, by its name.
        ledger: what all episodes together cost, see `controller.ledger`.

    realtime_factor is simulated over wall time of the controller's episodes, each on one core, physics, sensors and
    recording included. tick_us is the controller's alone, senses in to command out, the first of an episode left out.
    """
    tick_us = np.concatenate([t.tick_us[1:] for t in timings])
    simulated_s = sum(len(t.counts) * t.tick_us for t in traces) * 1e-6
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "seed": scenario.seed,
        **task.about(scenario),
        **task.score(traces),
        "baselines": task.compare(baselines),
        "baseline_trials": {name: list(all_) for name, all_ in baselines.items()},
        "realtime_factor": round(simulated_s / sum(t.wall_s for t in timings), 2),
        "tick_us": {f"p{q}": round(float(np.percentile(tick_us, q)), 1) for q in (50, 99)},
        "start_s": round(min(t.start_s for t in timings), 2),
        "rss_mb": max(t.rss_mb for t in timings),
        "synaptic_events_per_s": round(float(ledger[1]) / simulated_s),
        "neuron_updates_per_s": round(float(ledger[0]) / simulated_s),
        "learning_updates_per_s": round(float(ledger[2]) / simulated_s),
        "ledger": account(ledger.tolist(), sum(len(t.counts) for t in traces), len(traces), f"one {task.unit}"),
        "versions": versions(),
    }
