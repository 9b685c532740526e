"""A decoder's complaint in the words of the scenario file: which setting, what it is, what it may be."""

from __future__ import annotations

import difflib
import re
from typing import Any

from msgspec import inspect

from .spec import Scenario

_AT = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "a group of settings",
}


def explain(message: str, document: dict[str, Any]) -> tuple[str, str]:
    """Turn a msgspec message about `document` into (path of the setting, one line: what, which, what is expected)."""
    at = _AT.search(message)
    path, what = (at.group(1), message[: at.start()]) if at else ("", message)
    if unknown := re.search(r"unknown field `(.*)`", what, re.DOTALL):
        return _unknown(path, unknown.group(1))
    if missing := re.search(r"missing required field `(.*)`", what):
        name = missing.group(1)
        full = f"{path}.{name}" if path else name
        return path, f"{full} is missing; add {_example(path, name)}"
    return path, f"{path or 'the file'} = {_shown(value_at(document, path))} {_wanted(what, path)}"


def _unknown(path: str, name: str) -> tuple[str, str]:
    known = _fields(path)
    near = difflib.get_close_matches(name, known, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    full = f"{path}.{name}" if path else name
    kind = _kind(path)
    of = f' of kind "{kind}"' if kind else ""
    return full, f"{full} is not a setting{of}; {hint}"


def _wanted(what: str, path: str) -> str:
    match re.split(r"[`']", what):
        case ["Expected ", "array", rest] if found := re.fullmatch(r" of length (\d+), got (\d+)", rest):
            return f"has {found[2]} of {found[1]} values; give {found[1]}"
        case ["Expected ", wanted, ", got ", got, ""]:
            return f"is {_WORDS.get(got, got)}; expected {_WORDS.get(wanted, wanted)}"
        case ["Expected ", "int" | "float", limit]:
            return f"is out of range; expected {_range(path) or limit.strip()}"
        case ["Expected ", "str", " matching regex ", pattern, ""]:
            return f"does not match {pattern}; change it"
        case [start, *_] if start.startswith("Invalid") and (choices := _choices(path)):
            return f"is not one of the choices; expected {' or '.join(map(str, choices))}"
    return f"is not legal: {what[0].lower()}{what[1:]}; change it"


def _steps(path: str) -> list[str | int]:
    return [int(s[1:-1]) if s[0] == "[" else s for s in re.findall(r"\[\d+\]|[^.\[]+", path)]


def value_at(document: Any, path: str) -> Any:
    """What a document holds at `a.b[0]`; None where it holds nothing."""
    for step in _steps(path):
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{...}"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _type(path: str) -> inspect.Type:
    """The declared type of the setting at `path`."""
    kind: inspect.Type = inspect.type_info(Scenario)
    for step in _steps(path):
        if isinstance(kind, inspect.StructType):
            field = next((f for f in kind.fields if f.encode_name == step), None)
            kind = field.type if field is not None else inspect.AnyType()
        elif isinstance(kind, inspect.TupleType) and isinstance(step, int):
            kind = kind.item_types[step]
    return kind.type if isinstance(kind, inspect.Metadata) else kind


def _fields(path: str) -> list[str]:
    kind = _type(path)
    return [f.encode_name for f in kind.fields] if isinstance(kind, inspect.StructType) else []


def _kind(path: str) -> str:
    kind = _type(path)
    return str(kind.tag) if isinstance(kind, inspect.StructType) and kind.tag is not None else ""


def _range(path: str) -> str:
    kind = _type(path)
    if not isinstance(kind, (inspect.IntType, inspect.FloatType)):
        return ""
    if kind.ge is not None and kind.le is not None:
        return f"{kind.ge:g} to {kind.le:g}" if isinstance(kind, inspect.FloatType) else f"{kind.ge} to {kind.le}"
    return f"at least {kind.ge:g}" if kind.ge is not None else f"at most {kind.le:g}" if kind.le is not None else ""


def _choices(path: str) -> list[Any]:
    kind = _type(path)
    if isinstance(kind, inspect.LiteralType):
        return list(kind.values)
    group, _, name = path.rpartition(".")
    if name == "kind":
        return [_kind(group)]
    return []


def _example(path: str, name: str) -> str:
    kind = _type(f"{path}.{name}" if path else name)
    if isinstance(kind, inspect.StructType):
        return f'a table [{name}] with kind = "{kind.tag}"' if kind.tag else f"a table [{name}]"
    return f'{name} = "..."' if isinstance(kind, inspect.StrType) else f"{name} = ..."
