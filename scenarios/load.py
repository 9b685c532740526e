"""From a scenario's name or file, and the edits of the command line, to a Scenario; every mistake in one line."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec

from sensors.errors import UserError

from .spec import Scenario

FOLDER = Path(__file__).parent


def names() -> list[str]:
    """Names of the scenarios that come with the program."""
    return sorted(p.stem for p in FOLDER.glob("*.toml"))


def find(name: str) -> Path:
    """Path of a scenario, given its name or its file.

    Raises:
        UserError: there is none; the nearest name is suggested.
    """
    path = Path(name)
    if path.suffix == ".toml" or path.parent != Path():
        if path.is_file():
            return path
        raise UserError(f"{name}: no such scenario file; the ones that come along are {', '.join(names())}")
    if name in names():
        return FOLDER / f"{name}.toml"
    near = difflib.get_close_matches(name, names(), 1, 0.3)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"{name} is not a scenario; {hint}there are {', '.join(names())}")


def edit(document: dict[str, Any], setting: str) -> None:
    """Apply one `a.b=v` to a TOML document; v is a TOML value, or a bare word taken as a string.

    Raises:
        UserError: no `=`, or the path runs through something that is not a table.
    """
    key, found, text = setting.partition("=")
    if not found or not key.strip():
        raise UserError(f"--set {setting}: expected key=value, as in --set world.robot=panda")
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    *tables, last = key.strip().split(".")
    place = document
    for table in tables:
        place = place.setdefault(table, {})
        if not isinstance(place, dict):
            raise UserError(f"--set {setting}: {table} is a value, not a group of settings")
    place[last] = value


def parse(text: str, source: str, settings: tuple[str, ...] = ()) -> Scenario:
    """Decode and check a scenario's text after `settings` were applied to it.

    Raises:
        UserError: TOML is broken, a key is unknown, a value illegal, or two values do not fit together.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{source}: {error}; mend the file") from None
    for setting in settings:
        edit(document, setting)
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        raise UserError(f"{source}: {_explain(str(error), document)}") from None
    _check(scenario, source)
    return scenario


def load(name: str, settings: tuple[str, ...] = ()) -> Scenario:
    """Find, read and check a scenario; see `find` and `parse` for what can be wrong."""
    path = find(name)
    return parse(path.read_text(encoding="utf-8"), str(path if path.parent != FOLDER else path.name), settings)


def dump(scenario: Scenario) -> str:
    """The scenario as TOML, every default written out; `parse` of it gives the same Scenario."""
    lines: list[str] = []

    def table(values: dict[str, Any], path: str) -> None:
        if path:
            lines.append(f"\n[{path}]")
        lines.extend(f"{k} = {_toml(v)}" for k, v in values.items() if not isinstance(v, dict))
        for key, value in values.items():
            if isinstance(value, dict):
                table(value, f"{path}.{key}" if path else key)

    table(msgspec.to_builtins(scenario), "")
    return "\n".join(lines) + "\n"


def _toml(value: Any) -> str:
    # JSON's strings, numbers, booleans and arrays are TOML's too.
    return msgspec.json.encode(value).decode()


def _check(scenario: Scenario, source: str) -> None:
    world = scenario.world
    if world.tick_us % world.physics_step_us:
        raise UserError(
            f"{source}: world.tick_us = {world.tick_us} is not a multiple of world.physics_step_us = "
            f"{world.physics_step_us}; change one of them"
        )
    if world.tick_us != 1000:
        raise UserError(f"{source}: world.tick_us = {world.tick_us}, but the skin's afferents tick at 1000; use 1000")
    for name in world.trial.__struct_fields__:
        value = getattr(world.trial, name)
        if isinstance(value, tuple) and not 0 < value[0] <= value[1]:
            raise UserError(f"{source}: world.trial.{name} = {list(value)} is not a range; expected 0 < low <= high")


def _explain(message: str, document: dict[str, Any]) -> str:
    """msgspec's message in the words of the scenario file."""
    where = re.search(r" - at `\$\.?(.*)`$", message)
    path = where.group(1) if where else ""
    what = message[: where.start()] if where else message
    unknown = re.search(r"unknown field `(.*)`", what)
    if not unknown:
        place: Any = document
        for key in path.split("."):
            place = place.get(key) if isinstance(place, dict) else None
        shown = "" if place is None or isinstance(place, dict) else f" = {place!r}"
        return f"{path or 'the file'}{shown}: {what[0].lower()}{what[1:]}"
    name = unknown.group(1)
    known = _fields(path)
    near = difflib.get_close_matches(name, known, 1, 0.4)
    full = f"{path}.{name}" if path else name
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    return f"{full} is not a setting; {hint}"


def _fields(path: str) -> list[str]:
    kind: Any = Scenario
    for key in filter(None, path.split(".")):
        kind = next(f.type for f in msgspec.structs.fields(kind) if f.name == key)
    return list(kind.__struct_fields__)
