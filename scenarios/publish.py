"""The verb report: the page of a run and the moving picture of one trial, from its recording and its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sensors.errors import UserError

from . import folder, load
from .recording import NAME, Recording
from .spec import Scenario
from .task import Task
from .tasks import task_of
from .trace import Trace

PAGE, MOVING = "report.html", "trial.gif"


class _Measured(msgspec.Struct):
    """What a page shows of result.json that no recording can tell again: checked here, taken with all else there."""

    commands_crc32: int
    baseline_trials: dict[str, list[Any]] = {}
    tick_us: dict[str, float] = {}
    realtime_factor: float | None = None
    synaptic_events_per_s: float | None = None
    ledger: dict[str, Any] | None = None
    versions: dict[str, str] = {}


def pages(
    scenario: Scenario, traces: Sequence[Trace], figures: Mapping[str, Any], trial: int | None = None
) -> dict[str, bytes]:
    """The files of a report, by name; the same input gives the same bytes.

    Args:
        traces: of each episode; the one that is shown gets its `rich` by being simulated again.
        figures: what result.json holds, `baseline_trials` (may be empty) included.
        trial: index of the episode to show with pictures; the most instructive one if left out.

    Raises:
        UserError: there is no such episode.
    """
    return task_of(scenario).pages(scenario, traces, figures, trial)


def position(traces: Sequence[Trace], trial: int) -> int:
    """Where the trace of episode `trial` is. Raises UserError if it is nowhere."""
    there = [t.episode.index for t in traces]
    if trial not in there:
        raise UserError(f"--trial {trial} is not in this run; there are {min(there)} to {max(there)}")
    return there.index(trial)


def publish(out: Path, trial: int | None = None) -> Path:
    """Make the report of a run's folder anew; returns the page. What was there stays until the new one is whole.

    Raises:
        UserError: the folder has no figures, or no recording that is whole and belongs to them; it cannot be written;
            there is no such trial.
    """
    if not out.is_dir():
        what = "is a file" if out.exists() else "does not exist"
        raise UserError(f"{out} {what}; name the folder of a run, as out/grasp-1000")
    figures_file = out / "result.json"
    told, measured = _figures(figures_file)
    recording = Recording(out / NAME)
    scenario = load.parse(recording.scenario, f"the scenario in {recording.path}")
    task = task_of(scenario)
    _check(measured, task, figures_file)
    traces = recording.traces
    if recording.damage is not None:
        raise UserError(f"{recording.damage}; a report needs them all: use another copy, or run it again")
    if not traces:
        raise UserError(f"{recording.path} holds no whole episode; run it again")
    figures = told | task.score(traces)
    if measured.commands_crc32 != figures["commands_crc32"]:
        raise UserError(
            f"{figures_file} is of other commands (checksum {measured.commands_crc32}) than {NAME} "
            f"({figures['commands_crc32']}); put the two files of one run together"
        )
    figures |= msgspec.structs.asdict(measured)
    folder.rewrite(out, pages(scenario, traces, figures, trial))
    return out / PAGE


def _figures(path: Path) -> tuple[dict[str, Any], _Measured]:
    """All of a result.json, and what of it is checked."""
    try:
        told = msgspec.json.decode(path.read_bytes(), type=dict[str, Any])
        return told, msgspec.convert(told, _Measured)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: the run was not whole, or is none; run it again") from None
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; make it readable") from None
    except ValueError as error:
        raise UserError(f"{path} is damaged: {error}; run it again") from None


def _check(measured: _Measured, task: Task[Any], path: Path) -> None:
    """Are the rivals' outcomes of the task's type?"""
    try:
        msgspec.convert(measured.baseline_trials, dict[str, list[task.trial]])  # type: ignore[name-defined]
    except msgspec.ValidationError as error:
        raise UserError(f"{path} is damaged: {error}; run it again") from None
