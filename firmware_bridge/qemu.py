"""The real ELF of a board on an emulated Cortex-M, its UART a pseudo-terminal."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from sensors.errors import UserError

from .boards import Board

QEMU = "qemu-system-arm"
NO_QEMU = f"{QEMU} is not on PATH; on Debian: apt-get install {QEMU}"
_WATCHED = '"$@" </dev/null & read -r _; kill -9 $!; wait 2>/dev/null'
"""Ends QEMU with our end of a pipe, so that it never outlives the program that started it, however that ends."""


class Qemu:
    """A board in QEMU; a context manager.

    Args:
        counted: let virtual time pass by instructions, one each nanosecond, so that cycles tell instructions.

    Attributes:
        url: of the pseudo-terminal of its UART, while it runs.

    Raises:
        UserError: QEMU is not there, or did not start.
    """

    def __init__(self, board: Board, elf: Path, *, counted: bool = False) -> None:
        if shutil.which(QEMU) is None:
            raise UserError(NO_QEMU)
        arguments = [QEMU, "-M", board.machine, "-kernel", str(elf), "-display", "none", "-monitor", "none"]
        arguments += ["-serial", "pty", *(["-icount", "shift=0,sleep=off"] if counted else [])]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  closed in close
        self._process = subprocess.Popen(
            ["sh", "-c", _WATCHED, "sh", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        assert self._process.stdout is not None
        said = self._process.stdout.readline()
        found = re.search(r"redirected to (\S+)", said)
        if found is None:
            self.kill()
            self._errors.seek(0)
            raise UserError(f"{QEMU} did not start: {(said + self._errors.read()).strip()[:200]}")
        self.url = found[1]

    def __enter__(self) -> Qemu:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self.kill()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._errors.close()

    def kill(self) -> None:
        """Stop it as a power failure would."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()
