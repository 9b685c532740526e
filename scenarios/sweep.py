"""The verb sweep: one scenario in several variants, on the same episodes, one line of figures each."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from sensors.errors import UserError

from . import load
from .folder import rewrite
from .run import run
from .spec import Scenario
from .tasks import task_of

NAME = "sweep.json"
MOST = 1000
_SPLIT = re.compile(r""",(?=(?:[^"']*["'][^"']*["'])*[^"']*$)(?![^\[]*\])""")
"""A comma outside quotes and brackets: what separates the values of a setting."""


@dataclass(frozen=True, slots=True)
class Case:
    """One line of a sweep. settings: "a.b=v" each, on top of the scenario's file."""

    name: str
    settings: tuple[str, ...]
    scenario: Scenario

    @property
    def folder(self) -> str:
        """Name of its run's folder."""
        return re.sub(r"[^A-Za-z0-9.=_-]+", "-", self.name).strip("-") or "case"


@dataclass(frozen=True, slots=True)
class Row:
    """A case that was run: its result.json, and the figures that the table shows of it, as text by heading."""

    case: Case
    result: dict[str, Any]
    shown: dict[str, str]


def cases(name: str, settings: Sequence[str], variants: bool = True) -> list[Case]:
    """What to compare: every combination of the values in `settings`, each with every variant the scenario names.

    A setting with one value applies to all cases. The scenario's own variants are left out if asked to, or if a
    setting has several values: then the sweep is about those.

    Raises:
        UserError: a setting is wrong in any of the cases, there is nothing to compare, or more than MOST cases.
    """
    options = [_values(setting) for setting in settings]
    axes = [values for values in options if len(values) > 1]
    common = tuple(values[0] for values in options if len(values) == 1)
    named = {} if axes or not variants else load.load(name, common).variants
    if not axes and not named:
        raise UserError(
            f"{name} names no variants to compare; give a setting several values, as in --set world.delay_ms=5,20"
        )
    total = 1
    for values in axes:
        total *= len(values)
    if total > MOST:
        raise UserError(f"{total} cases are more than {MOST}; give fewer values")
    found = [(", ".join(chosen), (*common, *chosen)) for chosen in product(*axes)] if axes else []
    found += [(title, (*common, *changes)) for title, changes in named.items()]
    made = [Case(title, changes, load.load(name, changes)) for title, changes in found]
    _refuse_equals(made)
    return made


def _refuse_equals(made: Sequence[Case]) -> None:
    seen: dict[str, str] = {}
    for case in made:
        if case.folder in seen:
            raise UserError(
                f"{case.name!r} and {seen[case.folder]!r} would write to the same folder; name one otherwise"
            )
        seen[case.folder] = case.name


def _values(setting: str) -> list[str]:
    key, found, text = setting.partition("=")
    return [f"{key.strip()}={value.strip()}" for value in _SPLIT.split(text)] if found else [setting]


def sweep(made: Sequence[Case], out: Path, workers: int = 1, *, resume: bool = False) -> Iterator[Row]:
    """Run the cases one after another, each into a folder of its own in `out`, and yield each as it is done.

    After each, `sweep.json` in `out` holds all that are done. resume: a case whose folder holds the result of the very
    same scenario is not run again.

    Raises:
        UserError, StoppedError, RunFailedError: as `run.run` does; the cases done before stay.
    """
    rows: list[Row] = []
    for case in made:
        place = out / case.folder
        result = _done(place, case.scenario) if resume else None
        if result is None:
            result = run(case.scenario, place, workers=workers, compare=False, report=False)
        rows.append(Row(case, result, task_of(case.scenario).row(result)))
        _keep(out, rows)
        yield rows[-1]


def _done(place: Path, scenario: Scenario) -> dict[str, Any] | None:
    """The result of an earlier run of the same scenario, or None."""
    try:
        if load.parse((place / "scenario.toml").read_text(encoding="utf-8"), str(place)) != scenario:
            return None
        result: dict[str, Any] = json.loads((place / "result.json").read_text(encoding="utf-8"))
    except (OSError, UserError, ValueError):
        return None
    return result


def _keep(out: Path, rows: Sequence[Row]) -> None:
    told = {row.case.name: {"settings": list(row.case.settings), "result": row.result} for row in rows}
    rewrite(out, {NAME: (json.dumps({"cases": told}, indent=1, allow_nan=False) + "\n").encode()})


def head(heads: Sequence[str], widths: Sequence[int]) -> str:
    """The first two lines of a table in Markdown, so that it can be pasted."""
    rule = "|".join("-" * (width + 1) + (":" if i else "-") for i, width in enumerate(widths))
    return f"{line(heads, widths)}\n|{rule}|"


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of it: the name to the left, figures to the right."""
    name = f"| {cells[0]:<{widths[0]}} |"
    return name + "".join(f" {cell:>{width}} |" for cell, width in zip(cells[1:], widths[1:], strict=True))
