"""From the keywords of `gymnasium.make` to the specification of a world; every mistake in one line."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import msgspec
import numpy as np

from sensors.errors import UserError
from sensors.explain import choices

W = TypeVar("W", bound=msgspec.Struct)

MOST_FRAME_SKIP = 1000
_AT = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)


@dataclass(frozen=True)
class Reader(Generic[W]):
    """What one environment may be told.

    id: its name in every complaint. spec: type of its world. misfits: what is wrong with a world whose settings are
    legal alone. efforts: names of the two numbers of an action. alone: settings of a group that may be given by
    themselves, as group and key. switches: groups that may be given as true or false, meaning their `enabled`.
    """

    id: str
    spec: type[W]
    misfits: Callable[[W], list[tuple[str, str]]]
    efforts: str
    alone: dict[str, tuple[str, str]]
    switches: tuple[str, ...] = ()

    def world(self, settings: dict[str, Any]) -> W:
        """Build the world that `settings` ask for; what they do not mention keeps its default.

        Args:
            settings: any field of `spec` (groups as dicts, or bool where they are switches), those of `alone`, and
                `world`, a dict of the same fields as a scenario file's [world].

        Raises:
            UserError: a name is unknown (the nearest is suggested), a value illegal, given twice, or at odds with
                another.
        """
        world = settings.get("world", {})
        if isinstance(world, self.spec):
            world = msgspec.to_builtins(world)
        if not isinstance(world, dict):
            raise UserError(f"{self.id}: world = {_shown(world)} is not a dict; give one, as world={{'delay_ms': 20}}")
        document: dict[str, Any] = {
            "kind": self.spec.__struct_config__.tag,
            **{k: self._group(k, v) for k, v in world.items()},
        }
        known = (*self.spec.__struct_fields__, *self.alone)
        for name, value in sorted(settings.items(), key=lambda item: item[0] in self.alone):
            if name == "world":
                continue
            if name not in known:
                raise UserError(f"{self.id}: {_unknown(name, [*known, 'world', 'frame_skip', 'render_mode'])}")
            place, group, key = document, "world", name
            if name in self.alone:
                group, key = self.alone[name]
                place = document.setdefault(group, {})
                if not isinstance(place, dict):
                    raise UserError(f"{self.id}: {group} = {_shown(place)} is not a dict; give one, or {name} alone")
            if key in place:
                raise UserError(f"{self.id}: {name} is given twice, also in {group}; give it once")
            place[key] = self._group(name, value)
        try:
            spec = msgspec.convert(document, self.spec)
        except msgspec.ValidationError as error:
            raise UserError(f"{self.id}: {_explained(str(error), document, self.spec)}") from None
        for _, what in self.misfits(spec):
            raise UserError(f"{self.id}: {what}")
        return spec

    def frame_skip(self, value: object) -> int:
        """Return `value` if it can be a number of ticks to a step, else raise UserError."""
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_FRAME_SKIP:
            raise UserError(
                f"{self.id}: frame_skip = {_shown(value)} is not a whole number from 1 to {MOST_FRAME_SKIP}"
            )
        return value

    def options(self, options: dict[str, Any] | None) -> int | None:
        """Index of the episode that `reset`'s options ask for, or None."""
        if not options:
            return None
        for name in options:
            if name != "episode":
                raise UserError(f"{self.id}: reset's {_unknown(str(name), ['episode'])}")
        index = options["episode"]
        if isinstance(index, bool) or not hasattr(index, "__index__") or index.__index__() < 0:
            raise UserError(f"{self.id}: reset's episode = {_shown(index)} is not a whole number from 0 up")
        return int(index)

    def action(self, action: object) -> list[float]:
        """The action (2,) as two floats, clipped to -1..1; UserError if it is not two finite numbers."""
        values = np.asarray(action, np.float64)
        if values.shape != (2,) or not np.isfinite(values).all():
            raise UserError(
                f"{self.id}: action {values.tolist()} is not two finite numbers; give {self.efforts}, each -1 to 1"
            )
        return [min(max(v, -1.0), 1.0) for v in values.tolist()]

    def _group(self, name: str, value: Any) -> Any:
        """A copy of a value to edit; true or false for a sensor is its `enabled`."""
        if name in self.switches and isinstance(value, bool):
            return {"enabled": value}
        return dict(value) if isinstance(value, dict) else value


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"{name} is not a setting; {hint}"


def _explained(message: str, document: dict[str, Any], spec: type[msgspec.Struct]) -> str:
    """A decoder's complaint: which setting, what it is, what it may be."""
    at = _AT.search(message)
    path, what = (at.group(1), message[: at.start()]) if at else ("", message)
    if unknown := re.search(r"unknown field `(.*)`", what, re.DOTALL):
        name = unknown.group(1)
        return _unknown(f"{path}.{name}" if path else name, [f"{path}.{f}" if path else f for f in _fields(spec, path)])
    value: Any = document
    for step in re.findall(r"[^.\[\]]+", path):
        value = value[int(step)] if isinstance(value, (list, tuple)) else value[step]
    expected = what.replace("`", "").partition(", got ")[0].removeprefix("Expected ")
    if what.startswith("Invalid enum value"):
        expected = " or ".join(choices(document, spec, path))
    return f"{path} = {_shown(value)} is not legal; expected {expected}"


def _fields(spec: type[msgspec.Struct], path: str) -> tuple[str, ...]:
    value: Any = spec()
    for step in filter(None, path.split(".")):
        value = getattr(value, step)
    return tuple(value.__struct_fields__)
