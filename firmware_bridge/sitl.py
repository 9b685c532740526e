"""The firmware as a process of this machine, its UART a pseudo-terminal."""

from __future__ import annotations

import subprocess
from pathlib import Path

from sensors.errors import UserError


class Sitl:
    """The firmware's message loop with a brain; a context manager.

    Attributes:
        url: of its pseudo-terminal, while it runs.
    """

    def __init__(self, program: Path) -> None:
        self._process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().strip()
        if not self.url:
            self.close()
            raise UserError(f"{program} did not start; it left status {self._process.returncode}")

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def __enter__(self) -> Sitl:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it, by the end of its input."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(timeout=5)

    def kill(self) -> None:
        """Stop it as a power failure would."""
        self._process.kill()
        self._process.wait()
