"""Compilers of this machine, and the C of mcu/ built for it: libraries, and a process that serves a brain."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from sensors.errors import UserError

MCU = Path(__file__).parent / "mcu"
CORE = tuple(sorted((MCU / "core").glob("*.c")))
SITL = MCU / "host" / "sitl.c"
WARNINGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Werror")


def compiler() -> tuple[str, ...] | None:
    """The command of a C compiler for this machine: gcc, clang or cc of the system, else zig's from PyPI, else None."""
    for name in ("gcc", "clang", "cc"):
        if shutil.which(name):
            return (name,)
    return (sys.executable, "-m", "ziglang", "cc") if importlib.util.find_spec("ziglang") else None


def compile_c(sources: Sequence[Path], out: Path, *options: str) -> Path:
    """Compile and link C sources with the warnings of this project as errors.

    Raises:
        UserError: no compiler, or it refused; with its first complaint.
    """
    command = compiler()
    if command is None:
        raise UserError("there is no C compiler; on Debian: apt-get install gcc, elsewhere: pip install ziglang")
    arguments = [*command, *WARNINGS, *options, "-o", str(out), *map(str, sources)]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode:
        complaint = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip()[-200:])
        raise UserError(f"{' '.join(command)} does not build {out.name}: {complaint}")
    return out


class Sitl:
    """The firmware's message loop with a brain, as a process of this machine; a context manager.

    Attributes:
        url: of its pseudo-terminal, while it runs.
    """

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.__exit__()
            raise UserError(f"{program} did not start; it left status {self._process.returncode}")

    def __enter__(self) -> Sitl:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()  # it ends with its input
        self._process.stdout.close()
        self._process.wait(timeout=5)

    def kill(self) -> None:
        """Stop it as a power failure would."""
        self._process.kill()
        self._process.wait()
