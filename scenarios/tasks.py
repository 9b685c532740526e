"""Every kind of scenario: which one a scenario is of, and what a recording of it holds."""

from __future__ import annotations

from typing import Any

from sim.spec import Bullet

from .spec import Scenario
from .task import Schema, Task


def task_of(scenario: Scenario) -> Task[Any]:
    """The task of a scenario, by the world that it names."""
    match scenario.world:
        case Bullet():
            from .grasp.task import Grasp

            return Grasp()


def schema_of(kind: str) -> Schema:
    """The schema that a recording's header names.

    Raises:
        ValueError: this program has no such task.
    """
    if kind == "grasp":
        from .grasp.schema import SCHEMA

        return SCHEMA
    raise ValueError(f"it is of a scenario of kind {kind!r}, which this program does not know")
