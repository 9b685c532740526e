"""What a kind of scenario must provide, so that run, replay, report and recording work for it.

The world and the brain are built in `build.py`. All else that depends on the kind is a Task: one object without state,
found by `tasks.task_of(scenario)`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from sensors.signals import Body, Brain, World

from .trace import Trace

S = TypeVar("S")
UNTOLD = {"seed", "episodes", "commands_crc32", "state_hash"}
"""Numbers of a result that are no figures."""


@dataclass(frozen=True, slots=True)
class Schema:
    """What an episode's recording consists of.

    kind: name of the task in a recording's header. truth, probe: fields of one tick's records, the simulator's and the
    brain's. episode: a dataclass of plain values and tuples of them.
    """

    kind: str
    body: Body
    truth: np.dtype[np.void]
    probe: np.dtype[np.void]
    episode: type[Any]


class TaskWorld(World, Protocol):
    """A World that episodes happen in. truth: of the tick just past, a record () of the task's schema."""

    spec: Any
    """Settings; `tick_us` and `delay_ms` are among them."""

    @property
    def truth(self) -> NDArray[np.void]: ...

    @property
    def ticks(self) -> int:
        """Length of the episode that `reset` began."""

    def reset(self, episode: Any, /) -> None:
        """Begin an episode: the same one gives the same bits under the same commands."""

    def close(self) -> None:
        """Let go of what the world holds."""


class Rival(Brain, Protocol):
    """A brain to compare with."""

    def reset(self) -> None:
        """Return to the state before the first tick."""


class Learner(Rival, Protocol):
    """A brain whose whole state is one record, or one per replica, with a field `ledger`, see `controller.image`."""

    @property
    def image(self) -> NDArray[np.void]: ...

    def encode(self, record: NDArray[np.void], /) -> bytes:
        """A record as the bytes of a state file."""

    def decode(self, data: bytes, source: str = ..., /) -> NDArray[np.void]:
        """The record in the bytes of a state file; UserError, which names `source`, if it is none of this brain's."""

    def take_over(self, other: NDArray[np.void], /) -> None:
        """Start from the learned weights of another record."""


class Task(ABC, Generic[S]):
    """One kind of scenario; S is its Experiment.

    unit: what an episode is called in progress. trial: type of what is kept of a rival's episode in result.json.
    """

    schema: ClassVar[Schema]
    unit: ClassVar[str]
    trial: ClassVar[Any]

    @abstractmethod
    def draw(self, scenario: S, index: int) -> Any:
        """Episode `index` of the scenario's seed: the same whoever acts in it."""

    @abstractmethod
    def rivals(self, scenario: S, world: Any) -> dict[str, tuple[Rival, TaskWorld]]:
        """Simpler controllers by the name that reports call them, each with its world; `world` may be used again."""

    @abstractmethod
    def outcome(self, trace: Trace) -> Any:
        """What is kept of a rival's episode: a value for JSON."""

    @abstractmethod
    def about(self, scenario: S) -> dict[str, object]:
        """What result.json says of the scenario beside its name, title and seed."""

    @abstractmethod
    def score(self, traces: Sequence[Trace]) -> dict[str, object]:
        """The controller's figures; `commands_crc32`, `state_hash` and `spikes_per_s` are among them."""

    @abstractmethod
    def compare(self, trials: Mapping[str, Sequence[Any]]) -> dict[str, object]:
        """Each rival's figures, from the outcomes of its episodes."""

    @abstractmethod
    def opening(self, scenario: S) -> str:
        """The first line of a run: what runs."""

    @abstractmethod
    def summary(self, result: dict[str, Any]) -> str:
        """The block of figures that a run prints."""

    def row(self, result: dict[str, Any]) -> dict[str, str]:
        """The figures of one line of `ganglion sweep`, as text by heading: by default, all plain numbers."""
        numbers = {k: v for k, v in result.items() if isinstance(v, (int, float)) and k not in UNTOLD}
        return {k: f"{v:.4g}" if isinstance(v, float) else str(v) for k, v in numbers.items()}

    @abstractmethod
    def pages(
        self, scenario: S, traces: Sequence[Trace], figures: Mapping[str, Any], trial: int | None
    ) -> dict[str, bytes]:
        """The files of a report by name; see `publish.pages`."""

    @abstractmethod
    def spectator(self, scenario: S) -> Any:
        """The window of `--view`, with `look`, `answer` and `close`. Raises UserError where there is none."""
