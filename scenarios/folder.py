"""The folder a run leaves: worked on under another name, and renamed when it is whole."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from sensors.errors import UserError

FILES = {"result.json", "scenario.toml", "recording.gang", "state.bin", "report.html", "trial.gif", "trial.mp4"}
"""All that a run may leave; a folder with anything else in it is not ours to replace."""
LOCK = "lock"
PART = ".part"
"""Ends the name of a file of FILES while it is written beside the one it will replace."""


def rewrite(folder: Path, files: Mapping[str, bytes]) -> None:
    """Replace some files of a finished folder; the old ones stay until all new ones are whole.

    Raises:
        UserError: the folder cannot be written or the disk is full.
    """
    try:
        for name, data in files.items():
            (folder / (name + PART)).write_bytes(data)
        for name in files:
            (folder / (name + PART)).rename(folder / name)
    except OSError as error:
        for name in files:
            with suppress(OSError):
                (folder / (name + PART)).unlink(missing_ok=True)
        raise UserError(
            f"{folder} could not be written: {error.strerror}; what was there is as it was; make room for it"
        ) from None


class OutFolder:
    """A context: files go to `working`; a good end makes them the target, in place of an earlier whole result.

    After a bad end (an error, Ctrl-C, a kill) the target is as it was, and `working` holds what was written until then.

    Raises:
        UserError: the place cannot be written, the disk is full, another run is at work there, or the target is
            something that no run made.
    """

    def __init__(self, target: Path) -> None:
        self.target = target if target.name not in ("", "..") else target.resolve()
        self.working = self.target.with_name(self.target.name + ".unfinished")
        self._replaced = self.target.with_name(self.target.name + ".replaced")
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            if self._replaced.exists() and not self.target.exists():  # killed between the two renames of an earlier run
                self._replaced.rename(self.target)
            self._refuse_what_is_not_ours()
            self.working.mkdir(parents=True, exist_ok=True)
            self._lock = (self.working / LOCK).open("w")
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for old in self.working.iterdir():
                if old.name != LOCK:
                    old.unlink()
        except BlockingIOError:
            self._unlock()
            raise UserError(f"another run is writing to {self.target}; wait for it or choose another --out") from None
        except OSError as error:
            self._unlock()
            raise UserError(f"{self.target}: {error.strerror}; choose another --out") from None
        return self

    def _refuse_what_is_not_ours(self) -> None:
        if not self.target.exists():
            return
        if not self.target.is_dir():
            raise UserError(f"{self.target} is a file; choose another --out")
        for path in self.target.iterdir():
            if path.name.removesuffix(PART) not in FILES or not path.is_file():
                raise UserError(f"{self.target} holds {path.name}, which no run made; choose another --out")

    def write(self, name: str, data: bytes) -> None:
        """Write one file of the result."""
        (self.working / name).write_bytes(data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._lay_down()
        except OSError as late:
            error = late
        finally:
            self._unlock()
        if isinstance(error, OSError):
            what = error.strerror or str(error)
            raise UserError(
                f"{self.target} could not be written: {what}; what was recorded until then is in {self.working}"
            ) from None

    def _unlock(self) -> None:
        if self._lock is not None:
            self._lock.close()

    def _lay_down(self) -> None:
        (self.working / LOCK).unlink()
        if self.target.exists():
            shutil.rmtree(self._replaced, ignore_errors=True)
            self.target.rename(self._replaced)
        self.working.rename(self.target)
        shutil.rmtree(self._replaced, ignore_errors=True)
