"""From what `--brain` says to a running target: a process of this machine, an emulated board, or a device as it is."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from sensors.errors import UserError

from .boards import BOARDS, board, build_elf, cross_compiler
from .fpga import simulator
from .fpga.simulator import build_simulator
from .qemu import NO_QEMU, QEMU, Qemu
from .sitl import Sitl
from .toolchain import NO_COMPILER, build_sitl, compiler

HERE = "here"
BRAINS = f"{HERE}, sitl, verilator, {', '.join(f'qemu:{name}' for name in BOARDS)}, or the URL of a device"


def is_device(brain: str) -> bool:
    """Whether the target exists by itself, so that only one may use it, and is not started for each who asks."""
    return brain not in (HERE, "sitl", "verilator") and not brain.startswith("qemu:")


def missing(brain: str) -> str | None:
    """What this machine lacks to build and start that target, with the cure; None if nothing, and for devices."""
    if brain == "sitl":
        return None if compiler() else NO_COMPILER
    if brain == "verilator":
        return simulator.missing()
    if not brain.startswith("qemu:"):
        return None
    try:
        cross_compiler()
    except UserError as error:
        return str(error)
    return None if shutil.which(QEMU) else NO_QEMU


def prepare(brain: str) -> None:
    """Build what `serve` will run, so that it is there when several ask at once. Raises UserError."""
    if is_device(brain) and not set("/:.") & set(brain):
        raise UserError(f"there is no brain {brain!r}; there are {BRAINS}, such as /dev/ttyACM0")
    if brain == "sitl":
        build_sitl()
    elif brain == "verilator":
        build_simulator()
    elif brain.startswith("qemu:"):
        build_elf(board(brain.removeprefix("qemu:")))


@contextmanager
def serve(brain: str) -> Iterator[str]:
    """The URL of a target for as long as the context lasts. Raises UserError if it cannot be built or started."""
    if brain == "sitl":
        with Sitl(build_sitl()) as process:
            yield process.url
    elif brain == "verilator":
        with Sitl(build_simulator()) as process:
            yield process.url
    elif brain.startswith("qemu:"):
        which = board(brain.removeprefix("qemu:"))
        with Qemu(which, build_elf(which)) as process:
            yield process.url
    else:
        yield brain
