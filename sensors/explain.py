"""A decoder's complaint in the words of the user's document: which setting, what it is, what it may be."""

from __future__ import annotations

import difflib
import re
from typing import Any

import msgspec
from msgspec import inspect

_AT = re.compile(r" - at `\$\.?(.*)`$", re.DOTALL)
_WORDS = {
    "int": "a whole number",
    "float": "a number",
    "str": "a text",
    "bool": "true or false",
    "array": "a list",
    "object": "a group of settings",
}


def explain(message: str, document: Any, root: Any) -> tuple[str, str]:
    """Turn a msgspec message about `document`, meant to be a `root` (any type msgspec decodes to), into words.

    Returns:
        path of the setting, and one line: what, which, what is expected.
    """
    message = _with_key(message, document, root)
    at = _AT.search(message)
    path, what = (at.group(1), message[: at.start()]) if at else ("", message)
    place = _Place(document, root)
    if unknown := re.search(r"unknown field `(.*)`", what, re.DOTALL):
        return place.unknown(path, unknown.group(1))
    if missing := re.search(r"missing required field `(.*)`", what):
        name = missing.group(1)
        full = f"{path}.{name}" if path else name
        return path, f"{full} is missing; add {place.example(path, name)}"
    return path, f"{path or 'the file'} = {_shown(value_at(document, path))} {place.wanted(what, path)}"


def choices(document: Any, root: Any, path: str) -> list[str]:
    """What the setting at `path` of a document of type `root` may be, if that is a list of words or numbers."""
    return _Place(document, root).choices(path)


def _with_key(message: str, document: Any, root: Any) -> str:
    """The message with the name of the entry it means, where the decoder says only that it is one of a table's."""
    if bad := re.search(r"^(.*) - at `key` in `\$\.(.*)`$", message, re.DOTALL):
        pattern = re.search(r"matching regex '(.*)'", bad[1])
        names = [k for k in value_at(document, bad[2]) or {} if pattern is None or not re.search(pattern[1], str(k))]
        return f"{bad[1]} - at `$.{bad[2]}.{names[0] if names else '?'}`"
    raw = message
    while (at := _AT.search(message)) and "[...]" in at[1]:
        path = at[1][: at[1].index("[...]")]
        name = next((k for k in value_at(document, path) or {} if _fails(raw, _alone(document, path, k), root)), None)
        if name is None:
            return message
        message = message.replace(f"{path}[...]", f"{path}.{name}", 1)
        document = _alone(document, path, name)
    return message


def _fails(message: str, document: Any, root: Any) -> bool:
    try:
        msgspec.convert(document, root)
    except msgspec.ValidationError as error:
        return str(error) == message
    return False


def _alone(document: Any, path: str, name: str) -> Any:
    """The document with one entry only in the table at `path`."""
    first, *rest = _steps(path)
    inner = document[first]
    part = {name: inner[name]} if not rest else _alone(inner, path[len(str(first)) + 1 :], name)
    return {**document, first: part}


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


def near_word(name: str, known: list[str]) -> str:
    """A hint for a name that is none of those known: the nearest, or else all of them."""
    near = difflib.get_close_matches(name, known, 1, 0.5)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{...}"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _bare(kind: inspect.Type) -> inspect.Type:
    return kind.type if isinstance(kind, inspect.Metadata) else kind


class _Place:
    """The declared types along the paths of one document."""

    def __init__(self, document: Any, root: Any) -> None:
        self.document, self.root = document, root

    def type(self, path: str) -> inspect.Type:
        """The declared type of the setting at `path`; of a tagged union, the member that the document's kind names."""
        value, kind = self.document, self._chosen(inspect.type_info(self.root), self.document)
        for step in _steps(path):
            try:
                value = value[step]
            except (KeyError, IndexError, TypeError):
                value = None
            kind = self._chosen(_inner(kind, step), value)
        return kind

    def _chosen(self, kind: inspect.Type, value: Any) -> inspect.Type:
        kind = _bare(kind)
        if not isinstance(kind, inspect.UnionType):
            return kind
        members = [m for m in map(_bare, kind.types) if not isinstance(m, inspect.NoneType)]
        tag = value.get("kind") if isinstance(value, dict) else None
        named = [m for m in members if isinstance(m, inspect.StructType) and m.tag == tag]
        return named[0] if named else members[0] if len(members) == 1 else kind

    def unknown(self, path: str, name: str) -> tuple[str, str]:
        kind = self.type(path)
        known = [f.encode_name for f in kind.fields] if isinstance(kind, inspect.StructType) else []
        tag = str(kind.tag) if isinstance(kind, inspect.StructType) and kind.tag is not None else ""
        full = f"{path}.{name}" if path else name
        hint = near_word(name, known) if known else "it has no settings"
        of = f' of kind "{tag}"' if tag else ""
        return full, f"{full} is not a setting{of}; {hint}"

    def wanted(self, what: str, path: str) -> str:
        match re.split(r"[`']", what):
            case ["Expected ", "array", rest] if found := re.fullmatch(r" of length (\d+), got (\d+)", rest):
                return f"has {found[2]} of {found[1]} values; give {found[1]}"
            case ["Expected ", wanted, ", got ", got, ""]:
                return f"is {_WORDS.get(got, got)}; expected {_WORDS.get(wanted, wanted)}"
            case ["Expected ", "int" | "float", limit]:
                return f"is out of range; expected {self.range(path) or limit.strip()}"
            case ["Expected ", "str", " matching regex ", pattern, ""]:
                return f"does not match {pattern}; change it"
            case [start, *_] if start.startswith("Invalid") and (choices := self.choices(path)):
                shown = value_at(self.document, path)
                near = difflib.get_close_matches(str(shown), choices, 1, 0.5) if len(choices) > 3 else []
                hint = f"; did you mean {near[0]}?" if near else ""
                return f"is not one of the choices; expected {' or '.join(choices)}{hint}"
        return f"is not legal: {what[0].lower()}{what[1:]}; change it"

    def range(self, path: str) -> str:
        kind = self.type(path)
        if not isinstance(kind, (inspect.IntType, inspect.FloatType)):
            return ""
        if kind.ge is not None and kind.le is not None:
            return f"{kind.ge:g} to {kind.le:g}" if isinstance(kind, inspect.FloatType) else f"{kind.ge} to {kind.le}"
        return f"at least {kind.ge:g}" if kind.ge is not None else f"at most {kind.le:g}" if kind.le is not None else ""

    def choices(self, path: str) -> list[str]:
        kind = self.type(path)
        if isinstance(kind, inspect.LiteralType):
            return [str(v) for v in kind.values]
        group, _, name = path.rpartition(".")
        if name != "kind":
            return []
        kind = self.type(group)
        members = map(_bare, kind.types) if isinstance(kind, inspect.UnionType) else [kind]
        return [str(m.tag) for m in members if isinstance(m, inspect.StructType) and m.tag is not None]

    def example(self, path: str, name: str) -> str:
        full = f"{path}.{name}" if path else name
        kind = self.type(full)
        if isinstance(kind, (inspect.StructType, inspect.UnionType)) and (kinds := self.choices(f"{full}.kind")):
            return f"a table [{name}] with kind = " + " or ".join(f'"{k}"' for k in kinds)
        if isinstance(kind, inspect.StructType):
            return f"a table [{name}]"
        return f'{name} = "..."' if isinstance(kind, inspect.StrType) else f"{name} = ..."


def _inner(kind: inspect.Type, step: str | int) -> inspect.Type:
    """What a container of type `kind` declares for its part `step`."""
    match kind:
        case inspect.StructType():
            field = next((f for f in kind.fields if f.encode_name == step), None)
            return field.type if field is not None else inspect.AnyType()
        case inspect.TupleType() if isinstance(step, int) and step < len(kind.item_types):
            return kind.item_types[step]
        case inspect.DictType():
            return kind.value_type
        case inspect.VarTupleType() | inspect.ListType():
            return kind.item_type
    return inspect.AnyType()
