"""What the wire is described with: a message, its fields, and a parameter of the brain; `protocol.py` has them all."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

_STRUCT = {"|u1": "B", "<u2": "H", "<u4": "I", "<i4": "i", "|S16": "16s"}
"""The letters of `struct` for the dtypes of fields."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a message: numpy dtype, unit, and what it says."""

    name: str
    dtype: str
    unit: str
    says: str


@dataclass(frozen=True)
class Message:
    """One message: its code, who sends it, the fields it has always, and the tail whose length HELLO decides."""

    code: int
    name: str
    sender: Literal["host", "target"]
    says: str
    fields: tuple[Field, ...] = ()
    tail: tuple[Field, ...] = ()

    @cached_property
    def dtype(self) -> np.dtype[np.void]:
        """The fields as one packed record; the tail is not part of it."""
        return np.dtype([(f.name, f.dtype) for f in self.fields])

    @cached_property
    def struct(self) -> struct.Struct:
        """The fields likewise, for what is read in every tick: to a tuple, in their order."""
        return struct.Struct("<" + "".join(_STRUCT[self.dtype[name].str] for name in self.dtype.names or ()))

    def fits(self, payload: bytes) -> bool:
        """Whether a payload is as long as this message may be; how long a tail is, only HELLO tells."""
        head = self.struct.size
        return len(payload) >= head if self.tail else len(payload) == head

    def pack(self, *values: int | bytes) -> bytes:
        """Fields, in their order, to bytes. Raises OverflowError where an integer does not fit."""
        return np.array([values], self.dtype).tobytes() if self.fields else b""

    def unpack(self, payload: bytes) -> np.void:
        """Bytes to the record of the fields. Raises ValueError for another length."""
        if len(payload) != self.dtype.itemsize:
            raise ValueError(f"{self.name} of {len(payload)} bytes where {self.dtype.itemsize} belong")
        record: np.void = np.frombuffer(payload, self.dtype)[0]
        return record


@dataclass(frozen=True, slots=True)
class Parameter:
    """A field of the brain's record that may be set while it runs: its name there, and its range."""

    name: str
    low: int
    high: int
    unit: str
