"""Prints what must agree with Python and cannot import it: PROTOCOL.md, mcu/protocol.h, and by `layout.py` mcu/image.h.

`python -m firmware_bridge.codegen` writes them; the tests and `ganglion check` compare.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from sensors.signals import MAX_SPIKES

from . import layout, protocol
from .protocol import MESSAGES, PARAMETERS, PROTOCOL_ID, REFUSALS, SPIKES_RULE, THOUGHT
from .table import Field, Message

FOLDER = Path(__file__).parent
COMMAND_LINE = "python -m firmware_bridge.codegen"
_CONSTANTS = ("MAGIC", "PAYLOAD_MAX", "PIECE_MAX", "ANALOG_MAX", "GOAL_MAX", "EFFORT_MAX", "ADDRESS_MAX")


def _unit(field: Field) -> str:
    return f" [{field.unit}]" if field.unit else ""


def _member(field: Field) -> str:
    dtype = np.dtype(field.dtype)
    if dtype.kind == "S":
        return f"char {field.name}[{dtype.itemsize}];"
    kind = {"u": "uint", "i": "int"}[dtype.kind]
    return f"{kind}{8 * dtype.itemsize}_t {field.name};"


def _struct(message: Message) -> list[str]:
    name = message.name.lower()
    lines = [f"// {message.says}", "typedef struct __attribute__((packed)) {"]
    lines += [f"    {_member(f):24} // {f.says}{_unit(f)}" for f in message.fields]
    lines += [f"    // then {f.name}, {f.dtype}: {f.says}{_unit(f)}" for f in message.tail]
    size = message.dtype.itemsize
    return [
        *lines,
        f"}} wire_{name}_t;",
        f'_Static_assert(sizeof(wire_{name}_t) == {size}, "{message.name} layout");',
        "",
    ]


def header() -> str:
    """The wire as a C99 header (with C11's _Static_assert, which gcc and clang have in C99 as well)."""
    lines = [
        f"// Printed from firmware_bridge/protocol.py by `{COMMAND_LINE}`; change it there.",
        "#ifndef GANGLION_PROTOCOL_H",
        "#define GANGLION_PROTOCOL_H",
        "",
        "#include <stdint.h>",
        "",
        "#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__",
        '#error "the wire is little-endian, and so must be the target"',
        "#endif",
        "",
        f"#define WIRE_PROTOCOL_ID 0x{PROTOCOL_ID:08x}u",
    ]
    for name in _CONSTANTS:
        value = getattr(protocol, name)
        lines.append(f"#define WIRE_{name} " + (f"0x{value:08x}u" if name == "MAGIC" else f"{value}u"))
    lines.append(f"#define WIRE_BAUD {protocol.BAUD}u")
    lines += [f"#define WIRE_MAX_SPIKES {MAX_SPIKES}u", f"#define WIRE_BITMAP {protocol.BITMAP:#04x}u", "", "enum {"]
    lines += [f"    WIRE_{m.name} = 0x{m.code:02x}," for m in MESSAGES]
    lines += ["};", "", "enum {"]
    lines += [f"    WIRE_NACK_{name} = {code}, // {says}" for code, (name, says) in REFUSALS.items()]
    lines += ["};", "", "// Indices of GET and SET; `image.h` has their places and ranges.", "enum {"]
    lines += [f"    WIRE_PARAMETER_{p.name.upper()} = {index}," for index, p in enumerate(PARAMETERS)]
    lines += [f"    WIRE_PARAMETERS = {len(PARAMETERS)},", "};", ""]
    for message in (THOUGHT, *MESSAGES):
        if message.fields:
            lines += _struct(message)
    return "\n".join([*lines, "#endif", ""])


def manual() -> str:
    """The wire for people, as Markdown."""
    lines = [
        "# The wire",
        "",
        f"Printed from `protocol.py` by `{COMMAND_LINE}`; change it there. Protocol id `{PROTOCOL_ID:08x}`, the CRC-32 "
        "of the tables below.",
        "",
        "Little-endian, packed. The host asks, one request at a time, and the target answers with the request's "
        "sequence number. A frame is `u16 sequence | u8 code | payload | u16 CRC-16/IBM-3740` under COBS, ended by "
        f"`0x00`; a payload has at most {protocol.PAYLOAD_MAX} bytes. The host begins with a lone `0x00`. HELLO has "
        "number 0, requests after it count 1, 2, ... 65535, 1: the next number is carried out, the last one again is "
        f"answered from the cache and not carried out again, any other is refused. {protocol.BAUD} baud, 8N1.",
        "",
    ]
    for message in MESSAGES:
        lines += [f"## 0x{message.code:02x} {message.name} ({message.sender})", "", message.says, ""]
        if message.fields or message.tail:
            lines += ["| field | type | unit | |", "|---|---|---|---|"]
            lines += [f"| {f.name} | `{f.dtype}` | {f.unit} | {f.says} |" for f in (*message.fields, *message.tail)]
            lines.append("")
    lines += ["## Thought", "", THOUGHT.says, "", "| field | type | unit | |", "|---|---|---|---|"]
    lines += [f"| {f.name} | `{f.dtype}` | {f.unit} | {f.says} |" for f in THOUGHT.fields]
    lines += ["", "## Parameters", "", "| index | name | from | to | unit |", "|---|---|---|---|---|"]
    lines += [f"| {i} | {p.name} | {p.low} | {p.high} | {p.unit} |" for i, p in enumerate(PARAMETERS)]
    lines += ["", "## Spikes", "", SPIKES_RULE, "", "## Refusals", "", "| code | name | |", "|---|---|---|"]
    lines += [f"| {code} | {name} | {says} |" for code, (name, says) in REFUSALS.items()]
    return "\n".join([*lines, ""])


GENERATED: dict[str, Callable[[], str]] = {
    "PROTOCOL.md": manual,
    "mcu/protocol.h": header,
    "mcu/image.h": layout.header,
}


def stale() -> list[str]:
    """Names of generated files that are missing or differ from the table."""
    files = ((name, FOLDER / name, text) for name, text in GENERATED.items())
    return [name for name, file, text in files if not file.is_file() or file.read_text() != text()]


if __name__ == "__main__":
    for file_name, print_it in GENERATED.items():
        (FOLDER / file_name).write_text(print_it())
        print(f"wrote {FOLDER / file_name}")
