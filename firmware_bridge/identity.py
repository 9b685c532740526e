"""Which firmware is this? A number made of all sources that decide what it computes."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SUFFIXES = (".c", ".h", ".ld", ".v", ".vh")


@cache
def build_id(part: str) -> int:
    """CRC-32 of names and contents of the sources below `part`, "mcu" or "fpga"; what WELCOME tells as build."""
    crc = 0
    for file in sorted(p for p in (FOLDER / part).rglob("*") if p.suffix in SUFFIXES):
        crc = zlib.crc32(file.relative_to(FOLDER).as_posix().encode() + b"\0" + file.read_bytes(), crc)
    return crc
