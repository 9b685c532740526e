"""How a run's brain on a target does, for other processes to see: the run has the port, they look through a file.

A run writes what it knows anyway, so that looking costs the target and the link nothing. The file goes with the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sensors.signals import Command

EVERY = 16
"""Ticks from one look to the next."""
SIZE = 1024
"""Bytes of the file, always written whole."""


def folder() -> Path:
    """Where runs of this user have their windows."""
    place = os.environ.get("XDG_RUNTIME_DIR", "")
    own = os.path.isdir(place) and os.access(place, os.W_OK)
    return Path(place) / "ganglion" if own else Path(tempfile.gettempdir()) / f"ganglion-{os.getuid()}"


class Window:
    """The file of one run at one URL; a context manager. Where no file can be made the run goes on unseen.

    Args:
        url: of the target. brain: what the run was told, such as sitl or the URL. link: what is known of target and
            link, ready for JSON; asked when it is shown.
    """

    def __init__(self, url: str, brain: str, link: Callable[[], Mapping[str, object]]) -> None:
        self._path, self._file = at(url), -1
        with contextlib.suppress(OSError):
            folder().mkdir(mode=0o700, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        self._names = {"url": url, "brain": brain, "pid": os.getpid()}
        self._link = link
        self.restart()

    def restart(self) -> None:
        """Count from the first tick of a trial."""
        self._ticks = self._cycles_most = self._spikes = 0

    def tick(self, cycles: int, spikes: int, command: Command) -> None:
        """Count one tick; every `EVERY` let them be seen."""
        self._ticks += 1
        self._spikes += spikes
        self._cycles_most = max(self._cycles_most, cycles)
        if self._ticks % EVERY == 0 and self._file >= 0:
            facts = {"ticks": self._ticks, "cycles": cycles, "cycles_most": self._cycles_most, "spikes": self._spikes,
                     "effort": command.effort.tolist(), "link": self._link()}  # fmt: skip
            with contextlib.suppress(OSError):  # a full disk is no reason to let go of what is held
                os.pwrite(self._file, json.dumps(self._names | facts).encode().ljust(SIZE), 0)

    def __enter__(self) -> Window:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._path.unlink(missing_ok=True)


def look(path: Path) -> dict[str, Any] | None:
    """What a run shows; None if there is none, it has ended, or nothing was shown yet."""
    try:
        facts: dict[str, Any] = json.loads(path.read_bytes())
        os.kill(facts["pid"], 0)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return facts


def at(url: str) -> Path:
    """Where a run at that URL would show itself."""
    return folder() / quote(url, safe="")


def runs() -> Iterator[tuple[Path, dict[str, Any]]]:
    """The windows of all runs of this user that go on, and what each shows."""
    for path in sorted(folder().iterdir()) if folder().is_dir() else ():
        if (facts := look(path)) is not None:
            yield path, facts
