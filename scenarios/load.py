"""From a scenario's name or file, and the edits of the command line, to a Scenario; every mistake in one line."""

from __future__ import annotations

import difflib
import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from controller.declare import Declared
from sensors.errors import UserError
from sensors.explain import explain, value_at
from sim.gaze_spec import Head
from sim.misfits import misfits, misfits_head, not_finite
from sim.spec import Bullet

from .spec import Scenario
from .tasks import FITS

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
    if name in names():
        return FOLDER / f"{name}.toml"
    if path.is_file():
        return path
    known = ", ".join(names())
    if path.suffix == ".toml" or path.parent != Path():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UserError(f"{name} {what}; name a scenario file, or one of those that come along: {known}")
    near = difflib.get_close_matches(name.lower(), names(), 1, 0.3)
    hint = f"did you mean {near[0]}? " if near else ""
    raise UserError(f"{name!r} is not a scenario; {hint}There are: {known}")


def load(name: str, settings: tuple[str, ...] = ()) -> Scenario:
    """Find, read and check a scenario; see `find` and `parse` for what can be wrong.

    The file of a declared network's arrays is looked for beside the scenario's, unless `settings` name it.
    """
    path = find(name)
    source = f"{FOLDER.name}/{path.name}" if path.parent == FOLDER else str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{source} is not text in UTF-8 (byte {error.start}); name a scenario file") from None
    except OSError as error:
        raise UserError(f"{source}: {error.strerror}; name a scenario file that can be read") from None
    scenario = parse(text, source, settings)
    named = any(s.partition("=")[0].strip() in ("controller", "controller.arrays") for s in settings)
    if not named and isinstance(scenario.controller, Declared):
        return replace(scenario, controller=beside(path, scenario.controller))
    return scenario


def beside(file: Path, spec: Declared) -> Declared:
    """The network that `file` declares, with the path of its arrays taken from where that file is."""
    return replace(spec, arrays=str(file.absolute().parent / spec.arrays)) if spec.arrays else spec


def parse(text: str, source: str, settings: tuple[str, ...] = ()) -> Scenario:
    """Decode and check a scenario's text after `settings` ("a.b=v" each) were applied to it.

    Raises:
        UserError: TOML is broken, a key is unknown, a value illegal, or two values do not fit together.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what = f"{str(error)[0].lower()}{str(error)[1:]}".replace("end of document", f"line {text.count(chr(10)) + 1}")
        raise UserError(f"{source}: {what}; mend the TOML there") from None
    edited = {_edit(document, setting): setting for setting in settings}
    try:
        scenario = msgspec.convert(document, Scenario)
    except msgspec.ValidationError as error:
        path, what = explain(str(error), document, Scenario)
        raise UserError(f"{_origin(path, edited, text, source)}: {_shown(what)}") from None
    for path, what in (*_misfits(scenario), *not_finite(msgspec.to_builtins(scenario))):
        raise UserError(f"{_origin(path, edited, text, source)}: {_shown(what)}")
    return scenario


def _kind(spec: type[msgspec.Struct]) -> str:
    return str(spec.__struct_config__.tag)


def _misfits(scenario: Scenario) -> list[tuple[str, str]]:
    """What is legal alone but not together, as `sim.misfits` says it."""
    if (fits := FITS[type(scenario.world)]) and not isinstance(scenario.controller, fits):
        kinds = " or ".join(map(_kind, fits))
        driven, controller = _kind(type(scenario.world)), _kind(type(scenario.controller))
        return [
            (
                "controller.kind",
                f'controller.kind = "{controller}" cannot drive world.kind = "{driven}"; expected {kinds}',
            )
        ]
    match scenario.world:
        case Bullet() as world:
            return misfits(world, "world.")
        case Head() as world:
            return misfits_head(world, "world.")
    return []


def _edit(document: dict[str, Any], setting: str) -> str:
    """Apply one `a.b=v` to a TOML document, v a TOML value or else a bare word; returns the path a.b."""
    key, found, text = (part.strip() for part in setting.partition("="))
    *tables, last = key.split(".")
    if not found or not all([*tables, last]):
        raise UserError(f"--set {_shown(setting)}: expected KEY=VALUE, as in --set world.delay_ms=20")
    try:
        parsed = tomllib.loads(f"value = {text}")
        value = parsed["value"] if len(parsed) == 1 else text
    except tomllib.TOMLDecodeError:
        value = text
    place = document
    for table in tables:
        place = place.setdefault(table, {})
        if not isinstance(place, dict):
            raise UserError(f"--set {_shown(setting)}: {table!r} is a value, not a group of settings; set it alone")
    place[last] = value
    return key


def _shown(text: str) -> str:
    """Text as it stands, or escaped where it would break the line."""
    return text if text.isprintable() else repr(text)


def _origin(path: str, edited: dict[str, str], text: str, source: str) -> str:
    """Who said what is wrong at `path`: an edit of the command line or the file."""
    made = value_at(tomllib.loads(text), path) is None  # a group that only an edit made
    for key, setting in reversed(edited.items()):
        if path == key or path.startswith((f"{key}.", f"{key}[")) or (made and key.startswith(f"{path}.")):
            return f"--set {_shown(setting)}"
    return source


def dump(scenario: Scenario) -> str:
    """The scenario as TOML, every default written out; `parse` of it gives the same Scenario."""
    return toml(msgspec.to_builtins(scenario))


def toml(document: dict[str, Any]) -> str:
    """A document of plain values as TOML; what is None is left out."""
    lines: list[str] = []

    def table(values: dict[str, Any], path: str) -> None:
        if path:
            lines.append(f"\n[{path}]")
        lines.extend(f"{_key(k)} = {_toml(v)}" for k, v in values.items() if not isinstance(v, dict | None))
        for key, value in values.items():
            if isinstance(value, dict):
                table(value, f"{path}.{_key(key)}" if path else _key(key))

    table(document, "")
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _toml(name)


def _toml(value: Any) -> str:
    if isinstance(value, (list, tuple)) and any(isinstance(v, dict) for v in value):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k} = {_toml(v)}' for k, v in value.items())}}}"
    # JSON's strings, numbers, booleans and arrays are TOML's too, but for an unescaped DEL.
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
