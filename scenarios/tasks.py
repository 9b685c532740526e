"""Every kind of scenario: which one a scenario is of, and what a recording of it holds."""

from __future__ import annotations

from typing import Any

import msgspec

from controller.declare import Declared
from controller.spec import Gaze, Reflex
from sim.gaze_spec import Film, Head
from sim.spec import Bullet

from .spec import Scenario
from .task import Schema, Task

FITS: dict[type[msgspec.Struct], tuple[type[msgspec.Struct], ...]] = {
    Bullet: (Reflex, Declared),
    Head: (Gaze,),
    Film: (Gaze,),
}
"""The controllers that can drive each world."""


def task_of(scenario: Scenario) -> Task[Any]:
    """The task of a scenario, by the world that it names."""
    match scenario.world:
        case Bullet():
            from .grasp.task import Grasp

            return Grasp()
        case Head():
            from .gaze.task import GazeTask

            return GazeTask()
        case Film():
            from .gaze.film_task import FilmTask

            return FilmTask()


def schema_of(kind: str) -> Schema:
    """The schema that a recording's header names.

    Raises:
        ValueError: this program has no such task.
    """
    from .gaze import schema as gaze
    from .grasp import schema as grasp

    for known in (grasp.SCHEMA, gaze.SCHEMA, gaze.FILM):
        if known.kind == kind:
            return known
    raise ValueError(f"it is of a scenario of kind {kind!r}, which this program does not know")
