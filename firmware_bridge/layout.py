"""Prints mcu/image.h: the controller's record and its constants for C, from controller/; `codegen.py` writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from controller import image, network, reflex, servo, stale
from controller.image import IMAGE
from sensors.signals import GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL

from .protocol import PARAMETERS

MODULES = (image, reflex, servo, network, stale)
_SKIPPED = {"VERSION", "LAYOUT", "LOG_STEPS"}


def constants() -> dict[str, int]:
    """Integer constants of the controller, by name; one name stands for one value."""
    found: dict[str, int] = {}
    for module in MODULES:
        for name, value in vars(module).items():
            if not re.fullmatch("[A-Z][A-Z0-9_]*", name) or not isinstance(value, int) or name in _SKIPPED:
                continue
            if found.setdefault(name, value) != value:
                raise ValueError(f"{name} is {found[name]} and {value} in two modules of the controller")
    return found


def _members() -> Iterator[str]:
    for name in IMAGE.names or ():
        dtype: np.dtype = IMAGE[name]
        base = dtype.base
        kind = {"u": "uint", "i": "int"}[base.kind]
        yield f"    {kind}{8 * base.itemsize}_t {name}{''.join(f'[{n}]' for n in dtype.shape)};"


def header() -> str:
    """The record as a C struct of the same bytes, held to it by assertions, and the constants as an enum."""
    offsets = {name: IMAGE.fields[name][1] for name in IMAGE.names or ()}  # type: ignore[index]
    lines = [
        "// Printed from controller/ by `python -m firmware_bridge.codegen`; change it there.",
        "#ifndef GANGLION_IMAGE_H",
        "#define GANGLION_IMAGE_H",
        "",
        "#include <stddef.h>",
        "#include <stdint.h>",
        "",
        f"#define IMAGE_LAYOUT 0x{image.LAYOUT:08x}u",
        "",
        "enum {",
        f"    ANALOG_CHANNELS = {len(GRIPPER_ANALOG)},",
        f"    GOAL_CHANNELS = {len(GRIPPER_GOAL)},",
        f"    EFFORT_CHANNELS = {len(GRIPPER_EFFORT)},",
        *(f"    {name} = {value}," for name, value in constants().items()),
        "};",
        "",
        "// All that the future of the controller depends on; see controller/image.py.",
        "typedef struct {",
        *_members(),
        "} image_t;",
        "",
        f'_Static_assert(sizeof(image_t) == {IMAGE.itemsize}, "the record has the size it has in controller/");',
        *(f'_Static_assert(offsetof(image_t, {name}) == {at}, "{name}");' for name, at in offsets.items()),
        "",
        "// Of each parameter its place, and its range; indices are WIRE_PARAMETER_...",
        "#define IMAGE_PARAMETERS { \\",
        *(f"    {{offsetof(image_t, {p.name}), {p.low}, {p.high}}}, \\" for p in PARAMETERS),
        "}",
        "",
        "#endif",
    ]
    return "\n".join([*lines, ""])
