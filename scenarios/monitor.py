"""The verbs monitor and state: how a target is doing, and its learned state off and onto it."""

from __future__ import annotations

import select
import sys
import termios
import time
import tty
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from controller import image
from controller.image import IMAGE
from firmware_bridge import targets
from firmware_bridge.boards import BOARDS
from firmware_bridge.deployed import assert_current, target_name
from firmware_bridge.remote import RemoteBrain
from sim.bullet import GRIPPER


@contextmanager
def connected(where: str) -> Iterator[RemoteBrain]:
    """The target at a URL, of this program's build. Raises UserError."""
    with targets.serve(where) as url:
        remote = RemoteBrain(url, GRIPPER)
        try:
            assert_current(remote.welcome, url)
            yield remote
        finally:
            remote.close()


def save(remote: RemoteBrain, file: Path) -> str:
    """Write the target's record as a state.bin; returns a sentence."""
    record = np.frombuffer(remote.save(), IMAGE).copy()
    image.save(record, file)
    return f"saved {file}: {remote.ticks()} ticks old, state {image.state_hash(record):08x}"


def load(remote: RemoteBrain, file: Path) -> str:
    """Let the target go on from a state.bin, from the bit; returns a sentence."""
    record = image.load(file)
    remote.load(record.tobytes())
    return f"loaded {file}: state {remote.state_hash():08x}"


@dataclass(frozen=True, slots=True)
class Reading:
    """How it goes: per second and tick since the reading before, and counts since power-on.

    tick_us: of the last tick, None where the target does not count cycles or its clock is not known.
    """

    target: str
    ticks: int
    ticks_per_s: float
    tick_us: float | None
    tick_us_most: float | None
    spikes_per_tick: float
    efforts: dict[str, float]
    missed: int
    settled: int
    frozen: bool
    loaded: bool
    garbled: int
    repeated: int
    refused: int


class Monitor:
    """Reads a target again and again; asking changes nothing in it."""

    def __init__(self, remote: RemoteBrain) -> None:
        self._remote = remote
        self.target = target_name(remote.welcome)
        self._before = (time.monotonic(), 0, 0)
        self.read()

    def read(self) -> Reading:
        """One reading."""
        report, effort = self._remote.status()
        counters = self._remote.counters()
        now, ticks, spikes = time.monotonic(), int(report["ticks"]), int(report["spikes"])
        then, ticks_then, spikes_then = self._before
        self._before = (now, ticks, spikes)
        new = max(ticks - ticks_then, 0)
        return Reading(
            self.target,
            ticks,
            round(new / max(now - then, 1e-3), 1),
            self._us(int(report["cycles"])),
            self._us(int(report["cycles_most"])),
            round(((spikes - spikes_then) & 0xFFFFFFFF) / new, 1) if new else 0.0,
            {c.name: round(int(e) * c.lsb, 3) for c, e in zip(GRIPPER.effort, effort, strict=True)},
            int(report["missed"]),
            int(report["settled"]),
            bool(report["frozen"]),
            bool(report["loaded"]),
            counters["garbled"],
            counters["repeated"],
            counters["refused"],
        )

    def _us(self, cycles: int) -> float | None:
        board = BOARDS.get(self.target)
        return round(cycles / board.hz * 1e6, 1) if board is not None and cycles else None


def line(r: Reading) -> str:
    """A reading for people."""
    efforts = "  ".join(f"{name} {value:g}" for name, value in r.efforts.items())
    took = f"   tick {r.tick_us:g} us, {r.tick_us_most:g} most" if r.tick_us is not None else ""
    state = ("frozen" if r.frozen else "learning") if r.loaded else "empty"
    return (
        f"{r.target}  {r.ticks} ticks, {r.ticks_per_s:g}/s{took}   {r.spikes_per_tick:g} spikes a tick   {efforts}   "
        f"missed {r.missed}   garbled {r.garbled} repeated {r.repeated} refused {r.refused}   {state}"
    )


def obey(remote: RemoteBrain, key: str, file: Path) -> str | None:
    """Do what a key asks: f freeze or thaw, r reset, s save to `file`; returns a sentence, None for q."""
    if key == "q":
        return None
    if key == "f":
        frozen = not remote.status()[0]["frozen"]
        remote.freeze(bool(frozen))
        return "learning is stopped" if frozen else "learning goes on"
    if key == "r":
        remote.reset()
        return "returned to the state before its first tick"
    if key == "s":
        return save(remote, file)
    return "keys: f freeze, r reset, s save, q quit"


class Keys:
    """Single keys of the terminal, or silence where there is none; a context manager."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._watched = [sys.stdin] if sys.stdin is not None and sys.stdin.isatty() else []

    def __enter__(self) -> Self:
        if self._watched:
            file = sys.stdin.fileno()
            before = termios.tcgetattr(file)
            self._stack.callback(termios.tcsetattr, file, termios.TCSADRAIN, before)
            tty.setcbreak(file)
        return self

    def read(self, timeout_s: float) -> str:
        """The next key, "" if none comes in time."""
        ready, _, _ = select.select(self._watched, [], [], timeout_s)
        return sys.stdin.read(1) if ready else ""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()


def as_json(reading: Reading) -> dict[str, object]:
    """A reading for a program."""
    return asdict(reading)
