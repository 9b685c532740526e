"""The folder a run leaves: worked on under another name, and renamed when it is whole."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import TracebackType
from typing import Self

from sensors.errors import UserError


class OutFolder:
    """A context: files go to `working`; `keep` makes them the target at its end, replacing an earlier whole result.

    Without `keep` (an error, Ctrl-C) the target stays as it was and `working` stays, with what was written until then.

    Raises:
        UserError: the place cannot be written, the disk is full, or the target is something that no run made.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.working = target.with_name(target.name + ".unfinished")
        self._whole = False

    def __enter__(self) -> Self:
        if self.target.exists() and not (self.target / "result.json").is_file():
            empty = self.target.is_dir() and not any(self.target.iterdir())
            if not empty:
                raise UserError(f"{self.target} exists and is not the result of a run; choose another --out")
        try:
            if self.working.exists():
                shutil.rmtree(self.working)
            self.working.mkdir(parents=True)
        except OSError as error:
            raise UserError(f"{self.target}: {error.strerror}; choose another --out") from None
        return self

    def write(self, name: str, data: bytes) -> None:
        """Write one file of the result."""
        (self.working / name).write_bytes(data)

    def keep(self) -> None:
        """The result is whole."""
        self._whole = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise UserError(f"{self.working}: {error.strerror}; what was written until then stays there") from None
        if kind is None and self._whole:
            if self.target.exists():
                shutil.rmtree(self.target)
            self.working.rename(self.target)
