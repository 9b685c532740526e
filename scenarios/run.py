"""The verb run: every episode under the controller and under the baselines, recorded, scored, laid down whole."""

from __future__ import annotations

import json
import os
import sys
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any
from weakref import finalize

import numpy as np
from tqdm import tqdm

from firmware_bridge import targets
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.robot import RealTime
from firmware_bridge.session import TargetLostError
from firmware_bridge.targets import HERE
from sensors.errors import UserError

from . import load
from .build import body_of, build_brain, build_world, deploy
from .folder import OutFolder
from .interrupts import ctrl_c_waits
from .pool import RunFailedError, in_order
from .publish import pages
from .recording import NAME, Writer
from .result import result, versions
from .spec import Scenario
from .task import Learner, Rival, TaskWorld
from .tasks import task_of
from .trace import Trace
from .trial import Timing, run_trial


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to run episodes: plain values, so that it can be sent to another process.

    learned: brain state file to start from, or None. compare: run the baselines as well. began_s: when the program did.
    where: the brain computes, see `firmware_bridge.targets`. free: time passes by itself, and nobody waits for it.
    """

    scenario: Scenario
    learned: bytes | None
    compare: bool
    began_s: float
    where: str = HERE
    free: bool = False


@dataclass(slots=True)
class Done:
    """One episode: the controller's trace and timing, each baseline's outcome, the brain as it was after.

    link: what the link to the target cost until then, None without one.
    """

    trace: Trace
    timing: Timing
    baselines: dict[str, Any]
    ledger: tuple[int, ...]
    state: bytes
    link: dict[str, object] | None


class StoppedError(Exception):
    """Ctrl-C in mid-run: what was kept, in one line."""


class Trials:
    """One process's world and brains, built once and reset for each episode, so that none knows of another."""

    def __init__(self, job: Job, spectator: Any = None) -> None:
        scenario = job.scenario
        self._spectator = spectator
        self._job, self._task = job, task_of(scenario)
        world: Any = build_world(scenario)
        self._world: Any = RealTime(world) if job.free else world
        self._brain: Learner = build_brain(scenario, self._world.body)
        if job.where != HERE:
            self._stack = ExitStack()
            free_us = self._world.spec.tick_us if job.free else 0
            finalize(self, self._stack.close)
            self._brain = deploy(self._brain, job.where, self._world.body, self._stack, free_us)
        if job.learned is not None:
            self._brain.take_over(self._brain.decode(job.learned))
        self._rivals: dict[str, tuple[Rival, TaskWorld]] = self._task.rivals(scenario, world) if job.compare else {}
        # Or a sweep in one process would keep the worlds of all its runs.
        for used in {id(w): w for w in (world, *(w for _, w in self._rivals.values()))}.values():
            finalize(self, used.close).atexit = False

    def episode(self, index: int) -> Done:
        """Run episode `index` under each of the brains."""
        self._brain.reset()
        task, began_s = self._task, self._job.began_s
        episode = task.draw(self._job.scenario, index)
        trace, timing = run_trial(task.schema, self._world, self._brain, episode, began_s, self._spectator)
        record = self._brain.image
        ledger, state = tuple(int(x) for x in record["ledger"].sum(axis=0)), self._brain.encode(record)
        link = self._brain.link() if isinstance(self._brain, DeployedNetwork) else None
        if isinstance(self._world, RealTime):
            pace = self._world.pace
            link = {**(link or {}), "late": pace.missed, "late_of": pace.ticks, "latest_s": round(pace.worst_s, 4)}
        outcomes: dict[str, Any] = {}
        for name, (rival, world) in self._rivals.items():
            rival.reset()
            other, _ = run_trial(task.schema, world, rival, episode, began_s)
            if self._spectator is not None:
                self._spectator.answer()
            outcomes[name] = task.outcome(other)
        return Done(trace, timing, outcomes, ledger, state, link)


def run(
    scenario: Scenario,
    out: Path | None = None,
    brain_state: Path | None = None,
    workers: int = 1,
    *,
    compare: bool = True,
    report: bool = True,
    spectator: Any = None,
    began_s: float | None = None,
    where: str = HERE,
    free: bool = False,
) -> dict[str, object]:
    """Run a scenario and leave its folder `out`; returns what its `result.json` holds.

    The result is the same for any number of `workers`. Without `compare` the baselines are left out, without `report`
    the page and the picture. With a `spectator`, which sees the controller's trials, all is done in this process. The
    brain computes `where` it is told to (see `firmware_bridge.targets`); all figures but those of time are the same.
    If `free`, ticks last as long on the clock as they should, and a brain that is late is not waited for.

    Raises:
        UserError: the folder cannot be written, or the brain state cannot be read.
        StoppedError: Ctrl-C. RunFailedError: a worker failed or died. What was recorded until then can be read.
    """
    learned = None
    if brain_state is not None:
        learned = _learned(scenario, brain_state)
    targets.prepare(where)
    workers = 1 if targets.is_device(where) or free else workers
    job = Job(scenario, learned, compare, perf_counter() if began_s is None else began_s, where, free)
    with OutFolder(out if out is not None else default_out(scenario)) as folder:
        task = task_of(scenario)
        text, stamp = load.dump(scenario), versions()
        folder.write("scenario.toml", ("".join(f"# {k} {v}\n" for k, v in stamp.items()) + text).encode())
        writer = Writer(folder.working / NAME, task.schema, text, stamp, learned)
        episodes = _record(writer, job, workers, folder.working, spectator)
        figures = result(
            task,
            scenario,
            [e.trace for e in episodes],
            [e.timing for e in episodes],
            {name: [e.baselines[name] for e in episodes] for name in episodes[0].baselines},
            np.array([e.ledger for e in episodes], np.int64).sum(axis=0),
        )
        if episodes[-1].link is not None:
            figures["brain"] = {"where": where, **episodes[-1].link}
        folder.write("state.bin", episodes[-1].state)
        folder.write("result.json", (json.dumps(figures, indent=1, allow_nan=False) + "\n").encode())
        if report:
            _draw(folder, scenario, [e.trace for e in episodes], figures)
    return figures


def _learned(scenario: Scenario, path: Path) -> bytes:
    """A brain state file, found fit for the scenario's controller before anything is run."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name a state.bin of an earlier run") from None
    build_brain(scenario, body_of(scenario)).decode(data, str(path))
    return data


def _record(writer: Writer, job: Job, workers: int, working: Path, spectator: Any) -> list[Done]:
    """Run all episodes, each recorded as soon as it and those before it are done."""
    count = job.scenario.episodes
    episodes: list[Done] = []
    whole = False
    make = Trials if spectator is None else partial(Trials, spectator=spectator)
    try:
        bar = tqdm(total=count, unit=task_of(job.scenario).unit, disable=not sys.stderr.isatty(), delay=2, leave=False)
        with bar, closing(in_order(make, job, count, workers if spectator is None else 1)) as done:
            for episode in done:
                with ctrl_c_waits():  # or half an episode would stand at the recording's end
                    writer.append(episode.trace)
                    episodes.append(episode)
                bar.update()
        whole = True
    except KeyboardInterrupt:
        raise StoppedError(f"stopped; {_kept(len(episodes), count, working)}") from None
    except TargetLostError as error:
        raise RunFailedError(f"{error}; {_kept(len(episodes), count, working)}") from None
    except RunFailedError as error:
        raise RunFailedError(f"{error}; {_kept(len(episodes), count, working)}", error.details) from None
    finally:
        writer.close(interrupted=not whole)
    return episodes


def _draw(folder: OutFolder, scenario: Scenario, traces: list[Trace], figures: dict[str, object]) -> None:
    try:
        for name, data in pages(scenario, traces, figures).items():
            folder.write(name, data)
    except KeyboardInterrupt:
        raise StoppedError(
            f"stopped while the report was drawn; the rest is in {folder.working}, and `ganglion report "
            f"{folder.working}` draws it"
        ) from None


def _kept(done: int, count: int, working: Path) -> str:
    if not done:
        return f"none of {count} episodes was done yet"
    return f"{done} of {count} episodes are in {working / NAME}, which `ganglion replay {working}` reads"


def default_out(scenario: Scenario) -> Path:
    """Where a run leaves its folder unless told otherwise."""
    return Path("out") / f"{scenario.name}-{scenario.seed}"


def default_workers() -> int:
    """Two processes where there are two cores: a trial is sequential, trials are not."""
    return min(2, os.cpu_count() or 1)


def check_workers(workers: int) -> int:
    """Return `workers` if it makes sense, else raise UserError."""
    if not 1 <= workers <= 64:
        raise UserError(f"--workers {workers} is out of range; expected 1 to 64")
    return workers
