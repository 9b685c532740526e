"""The little of FlatBuffers that AEDAT 4 needs: fields of a table, vectors, strings, all with their bounds checked.

Layout: FlatBuffers, "Internals": a table begins with the distance back to its vtable, which holds for each field its
offset in the table or 0; vectors and strings begin with their length; offsets count from where they stand.
"""

from __future__ import annotations

import struct


class FlatError(ValueError):
    """The bytes are no such buffer."""


def _number(data: bytes | memoryview, at: int, form: str) -> int:
    try:
        return int(struct.unpack_from(form, data, at)[0]) if at >= 0 else _wrong(at)
    except struct.error:
        return _wrong(at)


def _wrong(at: int) -> int:
    raise FlatError(f"an offset leads to byte {at}, outside the buffer")


class Table:
    """A table of a buffer; fields by their index in the schema."""

    def __init__(self, data: bytes | memoryview, at: int) -> None:
        self.data, self.at = data, at
        self._vtable = at - _number(data, at, "<i")
        self._size = _number(data, self._vtable, "<H")

    def place(self, index: int) -> int:
        """Byte where a field stands, -1 if it was left out."""
        slot = 4 + 2 * index
        offset = _number(self.data, self._vtable + slot, "<H") if slot + 2 <= self._size else 0
        return self.at + offset if offset else -1

    def number(self, index: int, form: str, default: int) -> int:
        """A scalar of `struct` format `form`."""
        at = self.place(index)
        return default if at < 0 else _number(self.data, at, form)

    def vector(self, index: int) -> tuple[int, int]:
        """First byte and length of a vector or string, (0, 0) if it was left out."""
        at = self.place(index)
        if at < 0:
            return 0, 0
        at += _number(self.data, at, "<I")
        return at + 4, _number(self.data, at, "<I")


def root(data: bytes | memoryview) -> tuple[Table, bytes]:
    """Root table and identifier of a buffer with its size before it."""
    return Table(data, 4 + _number(data, 4, "<I")), bytes(data[8:12])


def one_vector(identifier: bytes, length: int, elements: bytes, align: int = 8) -> bytes:
    """A buffer, its size before it, of a table whose one field is a vector; elements begin at a multiple of `align`."""
    at = -(-32 // align) * align
    head = struct.pack("<I4sHHHxxiI", 16, identifier, 6, 8, 4, 8, at - 4 - 24)
    body = head + bytes(at - 4 - 4 - len(head)) + struct.pack("<I", length) + elements
    return struct.pack("<I", len(body)) + body
