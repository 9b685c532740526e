"""Compilers: of this machine and for Cortex-M, and the C of mcu/ built with them."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from sensors.errors import UserError

from .identity import build_id

MCU = Path(__file__).parent / "mcu"
CORE = tuple(sorted((MCU / "core").glob("*.c")))
SITL = MCU / "host" / "sitl.c"
GRASP = MCU / "host" / "grasp.c"
_COMPLAINT = re.compile("error|undefined reference|overflowed|no room")
NO_COMPILER = "there is no C compiler; on Debian: apt-get install gcc, elsewhere: pip install ziglang"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")


def compiler() -> tuple[str, ...] | None:
    """The command of a C compiler for this machine: gcc, clang or cc of the system, else zig's from PyPI, else None."""
    for name in ("gcc", "clang", "cc"):
        if shutil.which(name):
            return (name,)
    return zig()


def zig() -> tuple[str, ...] | None:
    """The command of the C compiler inside the PyPI package ziglang, which also compiles for Cortex-M, or None."""
    return (sys.executable, "-m", "ziglang", "cc") if importlib.util.find_spec("ziglang") else None


def compile_c(
    sources: Sequence[Path],
    out: Path,
    *options: str,
    command: Sequence[str] | None = None,
    libraries: Sequence[str] = (),
) -> Path:
    """Compile and link C sources with the warnings of this project as errors; `out` appears whole or not at all.

    command: of the compiler; this machine's own if none is given.

    Raises:
        UserError: no compiler, or it refused; with its first complaint.
    """
    command = command or compiler()
    if command is None:
        raise UserError(NO_COMPILER)
    with tempfile.TemporaryDirectory(dir=out.parent) as folder:
        part = Path(folder) / out.name
        arguments = [*command, *WARNINGS, *options, "-o", str(part), *map(str, sources), *libraries]
        run_compiler(arguments)
        part.replace(out)
    return out


def run_compiler(arguments: Sequence[str]) -> None:
    """Run it. Raises UserError with its first complaint."""
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.splitlines()
        complaint = next((line for line in said if _COMPLAINT.search(line)), done.stderr.strip()[-200:])
        raise UserError(f"{arguments[0]} fails: {complaint}")


def build_folder() -> Path:
    """Where firmware is built and kept: build/firmware of a checkout, else the user's cache."""
    root = Path(__file__).parents[1]
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "ganglion"
    folder = (
        root / "build" if (root / "pyproject.toml").is_file() and os.access(root, os.W_OK) else cache
    ) / "firmware"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; firmware is built there, set XDG_CACHE_HOME elsewhere") from None
    return folder


def build_sitl() -> Path:
    """The firmware with the grip controller as a program of this machine; built once for each state of its sources."""
    build = build_id("mcu")
    out = build_folder() / f"sitl-{build:08x}"
    return out if out.exists() else compile_c([*CORE, SITL, GRASP], out, "-O2", f"-DBUILD_ID=0x{build:08x}u")
