"""Settings of a world that are legal alone but not together, or not numbers to work with."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from .gaze_spec import Head
from .spec import Bullet


def misfits(world: Bullet, prefix: str = "") -> list[tuple[str, str]]:
    """Return what is wrong, the worst first: (path of the setting after `prefix`, one line that says what to do)."""
    found = []
    tick = f"{prefix}tick_us"
    if world.tick_us % world.physics_step_us:
        found.append(
            (
                tick,
                f"{tick} = {world.tick_us} is not a multiple of {prefix}physics_step_us = {world.physics_step_us}; "
                "change one of them",
            )
        )
    elif world.tick_us != 1000:
        found.append((tick, f"{tick} = {world.tick_us}, but the skin's afferents tick at 1000; use 1000"))
    found += not_ranges(world.trial, f"{prefix}trial.")
    return found + not_finite(msgspec.to_builtins(world), prefix.rstrip("."))


def misfits_head(world: Head, prefix: str = "") -> list[tuple[str, str]]:
    """`misfits` of a pan-tilt world."""
    return not_ranges(world.show, f"{prefix}show.") + not_finite(msgspec.to_builtins(world), prefix.rstrip("."))


def not_ranges(settings: msgspec.Struct, prefix: str) -> list[tuple[str, str]]:
    """Return the pairs in a group of settings that are no range of positive numbers, as `misfits` does."""
    found = []
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, tuple) and not 0 < value[0] <= value[1] < math.inf:
            path = f"{prefix}{name}"
            found.append((path, f"{path} = {list(value)} is not a range; expected 0 < low <= high"))
    return found


def not_finite(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Return the numbers in nested settings at `path` that are infinite or not a number, as `misfits` does."""
    if isinstance(value, float):
        return (
            []
            if math.isfinite(value)
            else [(path, f"{path} = {value} is not a number to work with; give a finite one")]
        )
    if isinstance(value, dict):
        return [n for k, v in value.items() for n in not_finite(v, f"{path}.{k}" if path else k)]
    if isinstance(value, (tuple, list)):
        return [n for v in value for n in not_finite(v, path)]
    return []
