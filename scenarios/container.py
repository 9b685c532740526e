"""The bytes of a recording file: a header and chunks that each vouch for themselves.

All numbers are little-endian.

    file    b"GANGREC\\n" | u32 version | u32 CRC-32 of the 12 bytes before | chunks
    chunk   4 ASCII letters | u32 number, 0 1 2 ... | u32 length | u32 CRC-32 | `length` bytes, zlib-compressed

A chunk's CRC is over its letters, number, length and compressed bytes, so a flipped bit, a lost, repeated or foreign
chunk is found. Each chunk is handed to the operating system before the next is made: a killed process leaves whole
chunks and at most one cut one. What the letters mean is `recording.py`'s business; a reader passes over letters it does
not know.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

from sensors.errors import UserError

MAGIC = b"GANGREC\n"
VERSION = 1
PREFIX = struct.Struct("<8sI")
CRC = struct.Struct("<I")
HEAD = struct.Struct("<4sIII")
LARGEST = 1 << 26
"""Most bytes of one chunk, compressed or not; a reader refuses more, so a damaged length cannot fill the memory."""


class DamageError(Exception):
    """What is wrong with a file, and from which byte on; the chunks before it are sound.

    Attributes:
        offset: of the first chunk that cannot be trusted.
    """

    def __init__(self, offset: int, what: str) -> None:
        super().__init__(f"{what} at byte {offset}")
        self.offset = offset


class ChunkWriter:
    """Appends chunks to a new file; whatever happens, all chunks written before stay readable."""

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("wb", buffering=0)
        self._number = 0
        prefix = PREFIX.pack(MAGIC, VERSION)
        self._put(prefix + CRC.pack(zlib.crc32(prefix)))

    def write(self, kind: bytes, payload: bytes) -> None:
        """Append one chunk. Raises OSError if the disk is full or gone, ValueError above LARGEST bytes."""
        packed = zlib.compress(payload, 6)
        if max(len(payload), len(packed)) > LARGEST:
            raise ValueError(f"chunk {kind!r} of {len(payload)} bytes is above {LARGEST}")
        self._put(HEAD.pack(kind, self._number, len(packed), _crc(kind, self._number, packed)) + packed)
        self._number += 1

    def _put(self, data: bytes) -> None:
        while data:  # an unbuffered write may take less than all of it, as on a disk that is filling up
            data = data[self._file.write(data) :]

    def close(self) -> None:
        self._file.close()


def read_chunks(path: Path) -> Generator[tuple[bytes, bytes], None, None]:
    """Yield (letters, payload) of each chunk of a file, checked; holds one chunk at a time.

    Raises:
        UserError: the file is missing, empty, no recording, or of another version than this program reads.
        DamageError: a chunk is cut or not as it was written; all that was yielded before is sound.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}; name the folder of an earlier run") from None
    with file:
        _check_prefix(path, file.read(PREFIX.size + CRC.size))
        offset, number = PREFIX.size + CRC.size, 0
        while head := file.read(HEAD.size):
            if len(head) < HEAD.size:
                raise DamageError(offset, "cut short in a chunk's head")
            kind, found, length, crc = HEAD.unpack(head)
            if length > LARGEST:
                raise DamageError(offset, f"damaged: a chunk claims {length} bytes, the most is {LARGEST}")
            packed = file.read(length)
            if len(packed) < length:
                raise DamageError(offset, f"cut short: {len(packed)} of a chunk's {length} bytes are there")
            if _crc(kind, found, packed) != crc:
                raise DamageError(offset, "damaged: a chunk's CRC does not fit")
            if found != number:
                raise DamageError(offset, f"damaged: chunk {found} where chunk {number} belongs")
            yield kind, _unpack(packed, offset)
            offset += HEAD.size + length
            number += 1


def _check_prefix(path: Path, prefix: bytes) -> None:
    if not prefix:
        raise UserError(f"{path} is empty; name the recording of an earlier run")
    if prefix[: len(MAGIC)] != MAGIC[: len(prefix)]:
        raise UserError(
            f"{path} is not a recording (it does not begin with GANGREC); name the folder of an earlier run"
        )
    if len(prefix) < PREFIX.size + CRC.size or CRC.unpack_from(prefix, PREFIX.size)[0] != zlib.crc32(
        prefix[: PREFIX.size]
    ):
        raise UserError(f"{path} is cut or damaged in its first {PREFIX.size + CRC.size} bytes; use another copy")
    _, version = PREFIX.unpack_from(prefix)
    if version != VERSION:
        age = "newer than" if version > VERSION else "older than"
        raise UserError(
            f"{path} has format {version}, {age} the {VERSION} that this program reads; use the ganglion that made it"
        )


def _crc(kind: bytes, number: int, packed: bytes) -> int:
    return zlib.crc32(packed, zlib.crc32(struct.pack("<4sII", kind, number, len(packed))))


def _unpack(packed: bytes, offset: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        payload = inflate.decompress(packed, LARGEST)
    except zlib.error as error:
        raise DamageError(offset, f"damaged: {error}") from error
    if not inflate.eof or inflate.unused_data:
        raise DamageError(offset, "damaged: a chunk does not unpack to its end")
    return payload
