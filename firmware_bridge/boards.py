"""The microcontroller boards: what each is, its firmware built, and what of its memory that takes."""

from __future__ import annotations

import shutil
import struct
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sensors.errors import UserError

from .identity import build_id
from .toolchain import CORE, MCU, build_folder, compile_c, zig

BOARDS_FOLDER = MCU / "boards"


@dataclass(frozen=True, slots=True)
class Board:
    """One board.

    Attributes:
        cpu: as gcc names it. says: part and core, for people. hz: of the processor.
        machine: QEMU's name for it. pad: length that requests are padded to with zeros, see `Session`.
        keeps_copy: RAM holds the record as committed beside the one that is stepped.
        flash_bytes, ram_bytes: of the part as its memory.ld has them.
    """

    name: str
    cpu: str
    says: str
    hz: int
    machine: str
    flash_bytes: int
    ram_bytes: int
    pad: int = 1
    keeps_copy: bool = True


KIB = 1024
BOARDS = {
    board.name: board
    for board in (
        Board("mps2-an386", "cortex-m4", "Arm MPS2 AN386, Cortex-M4", 25_000_000, "mps2-an386", 256 * KIB, 64 * KIB),
        Board("sf2", "cortex-m3", "SmartFusion2, Cortex-M3", 142_000_000, "emcraft-sf2", 256 * KIB, 64 * KIB, pad=14),
        Board("f405", "cortex-m4", "STM32F405, Cortex-M4", 168_000_000, "netduinoplus2", 1024 * KIB, 128 * KIB),
        Board(
            "microbit",
            "cortex-m0",
            "nRF51822, Cortex-M0",
            16_000_000,
            "microbit",
            256 * KIB,
            16 * KIB,
            keeps_copy=False,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes of a firmware: code and constants in flash; variables in RAM, the stack not included."""

    flash: int
    ram: int


@cache
def cross_compiler() -> tuple[tuple[str, ...], bool]:
    """A C compiler for Cortex-M and whether it is zig's.

    Raises:
        UserError: there is none; with the two ways to get one.
    """
    if shutil.which("arm-none-eabi-gcc"):
        return ("arm-none-eabi-gcc",), False
    command = zig()
    if command is None:
        raise UserError(
            "there is no compiler for Cortex-M; on Debian: apt-get install gcc-arm-none-eabi, elsewhere: "
            "pip install ziglang"
        )
    return command, True


def board(name: str) -> Board:
    """The board of that name. Raises UserError, naming those there are."""
    if name not in BOARDS:
        raise UserError(f"there is no board {name!r}; there are {', '.join(BOARDS)}")
    return BOARDS[name]


def options(which: Board) -> list[str]:
    """Compiler options that decide what is computed and where it lies."""
    _, is_zig = cross_compiler()
    processor = (
        ["-target", "thumb-freestanding-eabi", f"-mcpu={which.cpu.replace('-', '_')}", "-fno-sanitize=undefined"]
        if is_zig
        else [f"-mcpu={which.cpu}", "-mthumb", "-fno-tree-loop-distribute-patterns"]
    )
    return [
        *processor,
        "-O2",
        "-g",
        "-ffreestanding",
        "-ffunction-sections",
        "-fdata-sections",
        *([] if which.keeps_copy else ["-DSHORT_OF_MEMORY"]),
        f"-DBUILD_ID=0x{build_id('mcu'):08x}u",
        "-isystem",
        str(BOARDS_FOLDER / "freestanding"),
    ]


def sources(which: Board) -> list[Path]:
    """All C files of a board's firmware."""
    own = BOARDS_FOLDER / which.name / "board.c"
    clock = [] if which.cpu == "cortex-m0" else [BOARDS_FOLDER / "systick.c"]
    shared = [BOARDS_FOLDER / "startup.c", BOARDS_FOLDER / "main.c", BOARDS_FOLDER / "freestanding" / "memory.c"]
    return [*CORE, *shared, *clock, own]


def build_elf(which: Board) -> Path:
    """The firmware of a board; built once for each state of the sources.

    Raises:
        UserError: no compiler, or the firmware does not fit the part, with both numbers.
    """
    out = build_folder() / f"{which.name}-{build_id('mcu'):08x}.elf"
    if out.exists():
        return out
    command, is_zig = cross_compiler()
    scripts = [BOARDS_FOLDER / which.name / "memory.ld", BOARDS_FOLDER / "sections.ld"]
    joined = out.with_suffix(".ld")
    joined.write_text("".join(s.read_text() for s in scripts))
    link = [*([] if is_zig else ["-nostdlib"]), "-Wl,--gc-sections", f"-Wl,-T,{joined}"]
    try:
        libraries = () if is_zig else ("-lgcc",)
        return compile_c(sources(which), out, *options(which), *link, command=command, libraries=libraries)
    except UserError as error:
        if "overflowed" in str(error) or "no room for the stack" in str(error):
            parts = f"{which.flash_bytes // KIB} KiB flash, {which.ram_bytes // KIB} KiB RAM"
            raise UserError(f"the firmware does not fit {which.name} ({parts}): {error}") from None
        raise


def size_of(elf: Path) -> Size:
    """What a firmware takes, from the sections of its ELF file (32 bits, little-endian)."""
    data = elf.read_bytes()
    (table,) = struct.unpack_from("<I", data, 32)
    entry, count = struct.unpack_from("<HH", data, 46)
    flash = ram = 0
    for at in range(table, table + count * entry, entry):
        _, kind, flags, _, _, size = struct.unpack_from("<6I", data, at)
        if flags & 2:  # allocated
            writable, filled = flags & 1, kind != 8
            flash += size if filled else 0
            ram += size if writable else 0
    return Size(flash, ram)


def flat(elf: Path) -> tuple[int, bytes]:
    """The bytes to flash and their address, from the segments of an ELF file."""
    data = elf.read_bytes()
    (table,) = struct.unpack_from("<I", data, 28)
    entry, count = struct.unpack_from("<HH", data, 42)
    segments = []
    for at in range(table, table + count * entry, entry):
        kind, offset, _, address, size = struct.unpack_from("<5I", data, at)
        if kind == 1 and size:
            segments.append((address, data[offset : offset + size]))
    segments.sort()
    first = segments[0][0]
    image = bytearray()
    for address, part in segments:
        image += bytes(address - first - len(image)) + part
    return first, bytes(image)
