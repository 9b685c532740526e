"""What a scenario file may say: one file names a world, a controller and how it is tried."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from msgspec import Meta

from controller.declare import Declared
from controller.spec import Gaze, Reflex
from sensors.spec import Settings
from sim.gaze_spec import Film, Head
from sim.spec import Bullet

W = TypeVar("W")
C = TypeVar("C")


class Experiment(Settings, Generic[W, C], frozen=True):
    """One experiment. episodes: objects tried. seed: of the objects; tune below 1000, report from 1000 up.

    variants: what `ganglion sweep` compares, settings ("a.b=v" each) by the name of the variant.
    """

    name: Annotated[str, Meta(pattern="^[a-z][a-z0-9_-]*$")]
    title: str
    world: W
    controller: C
    episodes: Annotated[int, Meta(ge=1, le=100_000)] = 20
    seed: Annotated[int, Meta(ge=0, le=2**31 - 1)] = 1000
    variants: dict[str, tuple[str, ...]] = {}  # noqa: RUF012 - msgspec copies it


Grasping = Experiment[Bullet, Reflex | Declared]
Gazing = Experiment[Head, Gaze]
Filmed = Experiment[Film, Gaze]
Scenario = Experiment[Bullet | Head | Film, Reflex | Declared | Gaze]
"""What a file may hold; `tasks.task_of` says which kind of scenario it is."""
