"""The suites of `ganglion bench`: to add one, write a module with `measure(asked)` and a line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from .table import Result


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user asked of a suite.

    peers: measure other systems beside ours. only: parts of the suite, all if empty. seconds: of measuring, for each
    contestant. tell: shows a table as soon as it is there, for `Result`.
    """

    peers: bool = False
    only: tuple[str, ...] = ()
    seconds: float = 1.0
    tell: Callable[[str], None] | None = None

    def wants(self, part: str) -> bool:
        """Whether a part of the suite is to be measured."""
        return not self.only or part in self.only


@dataclass(frozen=True, slots=True)
class Suite:
    """A suite by name; its module has `measure(asked: Asked) -> Result` and is imported only when it runs."""

    says: str
    module: str
    parts: tuple[str, ...] = ()

    def measure(self, asked: Asked) -> Result:
        """Run it."""
        result: Result = import_module(f".{self.module}", __package__).measure(asked)
        return result


SUITES = {
    "core": Suite("the integer core on three workloads, beside C and other systems", "core",
                  ("w1", "w2", "w2-large", "w3", "ledger", "scaling", "start", "exact")),
    "grasp": Suite("the grasp scenario: tick, real-time factor, start, memory", "grasp"),
    "link": Suite("latency of a tick whose brain is on a target, in lockstep", "link",
                  ("sitl", "verilator", "qemu:sf2", "qemu:mps2-an386", "qemu:f405", "qemu:microbit")),
    "sensors": Suite("filters, decoders, UDP and skins, beside dv-processing and faery", "sensors",
                     ("filters", "chain", "decoders", "udp", "skins")),
    "touch": Suite("will a grasp slip? the delta rule on real fingertips, beside a regression", "touch"),
}  # fmt: skip
