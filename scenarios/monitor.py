"""The verb monitor: how a target is doing, asked of it or seen through the window of the run that has its port."""

from __future__ import annotations

import select
import sys
import termios
import time
import tty
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_bridge import window
from firmware_bridge.boards import BOARDS
from firmware_bridge.deployed import target_name
from firmware_bridge.fpga.synthesis import BOARDS as FPGAS
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.session import RefusedError, TargetLostError
from sensors.errors import UserError
from sim.bullet import GRIPPER

from .state import LOAD, connected, save


@dataclass(frozen=True, slots=True)
class Reading:
    """How it goes: per second and tick since the reading before, and counts.

    tick_us: of the last tick, None where the target does not count cycles or its clock is not known. settled, frozen:
    None where a run is watched. link: what went wrong on the link, as the target counts it since power-on, or the run.
    """

    target: str
    ticks: int
    ticks_per_s: float
    tick_us: float | None
    tick_us_most: float | None
    spikes_per_tick: float
    efforts: dict[str, float]
    missed: int
    settled: int | None
    frozen: bool | None
    loaded: bool
    link: dict[str, int]


class _Rates:
    """What was counted, as ticks a second and spikes a tick since the look before."""

    def __init__(self) -> None:
        self._before = (time.monotonic(), 0, 0)

    def since(self, ticks: int, spikes: int) -> tuple[float, float]:
        now, (then, ticks_then, spikes_then) = time.monotonic(), self._before
        self._before = (now, ticks, spikes)
        new = max(ticks - ticks_then, 0)
        per_tick = round(((spikes - spikes_then) & 0xFFFFFFFF) / new, 1) if new else 0.0
        return round(new / max(now - then, 1e-3), 1), per_tick


def _us(target: str, cycles: int) -> float | None:
    hz = BOARDS[target].hz if target in BOARDS else FPGAS[target].clock_mhz * 1e6 if target in FPGAS else 0
    return round(cycles / hz * 1e6, 1) if hz and cycles else None


def _efforts(effort: Iterable[int]) -> dict[str, float]:
    return {c.name: round(int(e) * c.lsb, 3) for c, e in zip(GRIPPER.effort, effort, strict=True)}


class Monitor:
    """Reads a target again and again; asking changes nothing in it."""

    def __init__(self, remote: RemoteBrain) -> None:
        self._remote = remote
        self.target = target_name(remote.welcome)
        self._rates = _Rates()
        self.read()

    def read(self) -> Reading:
        """One reading."""
        report, effort = self._remote.status()
        counters = self._remote.counters()
        ticks = int(report["ticks"])
        ticks_per_s, spikes_per_tick = self._rates.since(ticks, int(report["spikes"]))
        return Reading(
            self.target,
            ticks,
            ticks_per_s,
            _us(self.target, int(report["cycles"])),
            _us(self.target, int(report["cycles_most"])),
            spikes_per_tick,
            _efforts(effort),
            int(report["missed"]),
            int(report["settled"]),
            bool(report["frozen"]),
            bool(report["loaded"]),
            {name: counters[name] for name in ("garbled", "repeated", "refused")},
        )

    def obey(self, key: str, file: Path) -> str | None:
        """Do what a key asks: f freeze or thaw, r reset, s save to `file`; returns a sentence, None for q."""
        if key == "q":
            return None
        try:
            return self._do(key, file)
        except RefusedError as refused:
            if refused.name != "EMPTY":
                raise
            loaded = self._remote.status()[0]["loaded"]
            return f"{self.target} {'keeps no copy to return to' if loaded else 'holds no state'}; load one: {LOAD}"

    def _do(self, key: str, file: Path) -> str:
        remote = self._remote
        if key == "f":
            frozen = not remote.status()[0]["frozen"]
            remote.freeze(bool(frozen))
            return "learning is stopped" if frozen else "learning goes on"
        if key == "r":
            remote.reset()
            return "returned to the state before its first tick"
        if key == "s":
            try:
                return save(remote, file)
            except TargetLostError:
                raise
            except UserError as error:  # it holds no state, or the file cannot be written: that ends no watch
                return str(error)
        return "keys: f freeze, r reset, s save, q quit"


class RunMonitor:
    """Reads what a run shows of its target. Neither the target nor the link notices."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._rates = _Rates()
        self._last: Reading | None = None
        self.read()

    def read(self) -> Reading | None:
        """One reading; None once the run has ended."""
        for _ in range(3):  # one look may fall into a write
            if (shown := window.look(self._path)) is not None:
                break
        else:
            return None
        link = shown["link"]
        target = str(link.pop("target"))
        ticks_per_s, spikes_per_tick = self._rates.since(shown["ticks"], shown["spikes"])
        return Reading(
            target,
            shown["ticks"],
            ticks_per_s,
            _us(target, shown["cycles"]),
            _us(target, shown["cycles_most"]),
            spikes_per_tick,
            _efforts(shown["effort"]),
            link.pop("missed", 0),
            None,
            None,
            True,
            {name: link[name] for name in ("asked_again", "stale", "reconnected")},
        )

    def obey(self, key: str, _file: Path) -> str | None:
        """None for q; everything else is the run's, whose recording would no longer say what was computed."""
        return None if key == "q" else "a run has the port: only q; its state is in its folder when it ends"


@contextmanager
def watched(where: str | None) -> Iterator[Monitor | RunMonitor]:
    """The run that computes at a URL, or with such a brain, else the target there; None: the one run that goes on.

    Raises:
        UserError: there is none, or several; the target cannot be reached.
    """
    found = [(path, facts) for path, facts in window.runs() if where in (None, facts["url"], facts["brain"])]
    if len(found) > 1:
        urls = ", ".join(str(facts["url"]) for _, facts in found)
        raise UserError(f"{len(found)} runs go on, at {urls}; name one")
    if found:
        yield RunMonitor(found[0][0])
        return
    if where is None:
        raise UserError("no run on a target goes on; name a target, such as /dev/ttyACM0")
    with connected(where) as remote:
        yield Monitor(remote)


def line(r: Reading) -> str:
    """A reading for people."""
    efforts = "  ".join(f"{name} {value:g}" for name, value in r.efforts.items())
    took = f"   tick {r.tick_us:g} us, {r.tick_us_most:g} most" if r.tick_us is not None else ""
    state = "empty" if not r.loaded else {None: "in a run", True: "frozen", False: "learning"}[r.frozen]
    link = " ".join(f"{name.replace('_', ' ')} {count}" for name, count in r.link.items())
    return (
        f"{r.target}  {r.ticks} ticks, {r.ticks_per_s:g}/s{took}   {r.spikes_per_tick:g} spikes a tick   {efforts}   "
        f"missed {r.missed}   {link}   {state}"
    )


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
