"""Where every array of a declared network lies: names given out in pools while it is built, then one aligned record."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.typing import NDArray

from .stdp import RULE

POOLS = {"i1": np.dtype("<i1"), "u1": np.dtype("<u1"), "i2": np.dtype("<i2"), "i4": np.dtype("<i4")}
ALIGN = {"i1": 4, "u1": 8, "i2": 2, "i4": 1}
"""Elements to whose multiple an array's place is rounded up; flags are looked at eight at a time."""


@dataclass(frozen=True, slots=True)
class Place:
    """One named array: its pool, first element and shape."""

    pool: str
    at: int
    shape: tuple[int, ...]


@dataclass(slots=True)
class Layout:
    """Named arrays of growing pools; `values` are what they hold before the first tick, zero where there are none."""

    places: dict[str, Place] = field(default_factory=dict)
    values: dict[str, NDArray] = field(default_factory=dict)
    used: dict[str, int] = field(default_factory=lambda: dict.fromkeys(POOLS, 0))
    rules: list[NDArray] = field(default_factory=list)
    program: list[list[int]] = field(default_factory=list)

    def add(self, name: str, pool: str, shape: int | tuple[int, ...], value: NDArray | int | None = None) -> int:
        """Give out a place for an array of `shape`, holding `value` at first; returns its first element."""
        shape = (shape,) if isinstance(shape, int) else shape
        at = -(-self.used[pool] // ALIGN[pool]) * ALIGN[pool]
        self.places[name] = Place(pool, at, shape)
        self.used[pool] = at + prod(shape)
        if value is not None:
            self.values[name] = np.broadcast_to(np.asarray(value), shape)
        return at

    def at(self, name: str) -> int:
        """First element of a named array."""
        return self.places[name].at

    def record(self, width: int) -> NDArray[np.void]:
        """The record (1,) of everything, with the values of before the first tick."""
        image = np.zeros(1, record_dtype(len(self.program), width, len(self.rules), self.used))
        for row, words in enumerate(self.program):
            image["program"][0, row, : len(words)] = words
        for row, rule in enumerate(self.rules):
            image["rules"][0, row] = rule[0]
        for name, value in self.values.items():
            view(image, self.places[name])[...] = value
        return image


def record_dtype(operations: int, width: int, rules: int, used: dict[str, int]) -> np.dtype:
    """The dtype of an image whose pools hold `used` elements; none is empty, so that all have an address."""
    pools = [(pool, dtype, (-(-max(used[pool], 1) // 8) * 8,)) for pool, dtype in POOLS.items()]
    return np.dtype(
        [
            ("head", "<u4", (4,)),
            ("ledger", "<i8", (7,)),
            ("program", "<i4", (operations, width)),  # rows of 64 bytes, so that pools begin at multiples of 8
            *reversed(pools),
            ("rules", RULE, (max(rules, 1),)),
        ],
        align=True,
    )


def view(image: NDArray[np.void], place: Place) -> NDArray:
    """A named array within an image (1,); writing to it changes the image."""
    flat = image[place.pool][0]
    array: NDArray = flat[place.at : place.at + prod(place.shape)].reshape(place.shape)
    return array
