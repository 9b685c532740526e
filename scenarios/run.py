"""The verb run: every episode under the controller and under the baselines, scored, recorded, laid down whole."""

from __future__ import annotations

import json
import multiprocessing
import os
import platform
import signal
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.pool import Pool
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sensors.errors import UserError

from . import load, score
from .baselines import BASELINES
from .build import build_brain, build_world
from .folder import OutFolder
from .recording import Writer
from .spec import Scenario
from .trace import Trace
from .trial import Timing, run_trial

LIBRARIES = ("ganglion", "numpy", "numba", "pybullet", "gymnasium", "msgspec")


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to run episodes: plain values, so that it can be sent to another process."""

    scenario: Scenario
    brain_state: Path | None


@dataclass(slots=True)
class Done:
    """One episode's outcome: the controller's trace and timing, each baseline's outcome, the brain as it was after."""

    trace: Trace
    timing: Timing
    baselines: dict[str, str]
    ledger: tuple[int, ...]
    state: bytes


class _Worker:
    """One process's world and brain, built once and reset for each episode."""

    current: _Worker

    def __init__(self, job: Job) -> None:
        scenario = job.scenario
        self.scenario = scenario
        self.world = build_world(scenario)
        self.brain = build_brain(scenario, self.world.body)
        if job.brain_state is not None:
            self.brain.load(job.brain_state)

    def episode(self, index: int) -> Done:
        seed = self.scenario.seed
        self.brain.reset()
        trace, timing = run_trial(self.world, self.brain, seed, index)
        ledger = tuple(int(x) for x in self.brain.image["ledger"][0])
        outcomes: dict[str, str] = {}
        for name, make in BASELINES.items():
            other, _ = run_trial(self.world, make(self.world, self.scenario.controller), seed, index)
            outcomes[name] = score.outcome(other)[0]
        return Done(trace, timing, outcomes, ledger, self.brain.image.tobytes())


def _start(job: Job) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to answer
    _Worker.current = _Worker(job)


def _episode(index: int) -> Done:
    return _Worker.current.episode(index)


def episodes(job: Job, workers: int) -> Iterator[Done]:
    """Run all episodes, in order, on `workers` processes; each starts from the same brain."""
    count = job.scenario.episodes
    if workers <= 1 or count == 1:
        worker = _Worker(job)
        for index in range(count):
            yield worker.episode(index)
        return
    context = multiprocessing.get_context("spawn")
    pool: Pool
    with context.Pool(min(workers, count), _start, (job,)) as pool:
        yield from pool.imap(_episode, range(count))


def run(scenario: Scenario, out: Path | None, brain_state: Path | None = None, workers: int = 2) -> dict[str, object]:
    """Run a scenario and leave its folder; returns what `result.json` holds.

    Raises:
        UserError: the folder cannot be written, or the brain state cannot be read.
        KeyboardInterrupt: Ctrl-C; what was recorded lies where `OutFolder.working` says.
    """
    job = Job(scenario, brain_state)
    if brain_state is not None:
        worker = build_brain(scenario, build_world(scenario).body)
        worker.load(brain_state)
    versions = {"python": platform.python_version(), **{name: version(name) for name in LIBRARIES}}
    text = load.dump(scenario)
    target = out if out is not None else Path("out") / f"{scenario.name}-{scenario.seed}"
    with OutFolder(target) as folder:
        stamped = "".join(f"# {k} {v}\n" for k, v in versions.items()) + text
        folder.write("scenario.toml", stamped.encode())
        writer = Writer(folder.working / "recording.gang", text, versions)
        traces: list[Trace] = []
        timings: list[Timing] = []
        baselines: dict[str, list[str]] = {name: [] for name in BASELINES}
        ledger = np.zeros(4, np.int64)
        try:
            bar = tqdm(total=scenario.episodes, unit="object", disable=not sys.stderr.isatty(), delay=2, leave=False)
            with bar:
                for done in episodes(job, workers):
                    writer.append(done.trace)
                    traces.append(done.trace)
                    timings.append(done.timing)
                    ledger += np.array(done.ledger)
                    for name, outcome in done.baselines.items():
                        baselines[name].append(outcome)
                    state = done.state
                    bar.update()
        finally:
            writer.close()
        result = _result(scenario, traces, timings, baselines, ledger, versions)
        folder.write("result.json", (json.dumps(result, indent=1) + "\n").encode())
        _save_state(folder.working / "state.bin", state)
        folder.keep()
    return result


def _save_state(path: Path, state: bytes) -> None:
    from controller import image

    image.save(np.frombuffer(state, image.IMAGE), path)


def _result(
    scenario: Scenario,
    traces: list[Trace],
    timings: list[Timing],
    baselines: dict[str, list[str]],
    ledger: np.ndarray,
    versions: dict[str, str],
) -> dict[str, object]:
    figures = score.aggregate(traces)
    tick_us = np.concatenate([t.tick_us[1:] for t in timings])
    simulated_s = sum(len(t.counts) * t.tick_us for t in traces) * 1e-6
    return {
        "scenario": scenario.name,
        "title": scenario.title,
        "seed": scenario.seed,
        "delay_ms": scenario.world.delay_ms,
        "robot": scenario.world.robot,
        **figures,
        "baselines": {
            name: {kind: outcomes.count(kind) for kind in ("held", "dropped", "crushed")}
            for name, outcomes in baselines.items()
        },
        "realtime_factor": round(simulated_s / sum(t.wall_s for t in timings), 2),
        "tick_us": {f"p{q}": round(float(np.percentile(tick_us, q)), 1) for q in (50, 99)},
        "synaptic_events_per_s": round(float(ledger[1]) / simulated_s),
        "neuron_updates_per_s": round(float(ledger[0]) / simulated_s),
        "learning_updates_per_s": round(float(ledger[2]) / simulated_s),
        "versions": versions,
    }  # fmt: skip


def default_workers() -> int:
    """Two processes where there are two cores: a trial is sequential, trials are not."""
    return min(2, os.cpu_count() or 1)


def check_workers(workers: int) -> int:
    """Return `workers` if it makes sense, else raise UserError."""
    if not 1 <= workers <= 64:
        raise UserError(f"--workers {workers}: expected 1 to 64")
    return workers
