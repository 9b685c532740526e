"""What a suite found: tables for people, figures for programs, goals beside what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of words under a head; the first column is aligned to the left, the others to the right."""

    title: str
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()

    def text(self) -> str:
        """The table as lines."""
        lines = [self.head, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.head))]
        out = [self.title]
        for line in lines:
            cells = [line[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(line[1:], widths[1:], strict=True))]
            out.append("  " + "  ".join(cells).rstrip())
        return "\n".join([*out, *(f"  {note}" for note in self.notes)])


@dataclass(frozen=True, slots=True)
class Goal:
    """A limit, upper unless at_least, and what was measured; None if it could not be measured, then `why`."""

    what: str
    limit: float
    measured: float | None
    unit: str = ""
    why: str = ""
    at_least: bool = False

    @property
    def met(self) -> bool | None:
        """Whether it is met; None if not measured."""
        if self.measured is None:
            return None
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def row(self) -> tuple[str, ...]:
        """What, measured, limit, verdict."""
        verdict = {True: "met", False: "missed", None: f"not measured: {self.why}"}[self.met]
        measured = "-" if self.measured is None else f"{self.measured:.3g}{self.unit}"
        return self.what, measured, f"{'>=' if self.at_least else '<='} {self.limit:.3g}{self.unit}", verdict


@dataclass(slots=True)
class Result:
    """Everything a suite found; figures have their unit in their name."""

    suite: str
    tables: list[Table] = field(default_factory=list)
    goals: list[Goal] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    tell: Callable[[str], None] | None = None
    told: int = 0

    def add(self, table: Table) -> None:
        """Append a table, and show it at once if there is somebody to `tell`: a suite may take minutes."""
        self.tables.append(table)
        if self.tell is not None:
            self.tell("\n" + table.text())
            self.told = len(self.tables)

    def text(self) -> str:
        """For people: the tables that were not yet told, and the goals."""
        parts = [table.text() for table in self.tables[self.told :]]
        if self.goals:
            head = ("goal", "measured", "limit", "")
            parts.append(Table("goals", head, [goal.row() for goal in self.goals]).text())
        return "\n\n".join(parts)

    def document(self) -> dict[str, Any]:
        """For programs."""
        goals = [{"what": g.what, "measured": g.measured, "limit": g.limit, "unit": g.unit.strip(), "met": g.met}
                 for g in self.goals]  # fmt: skip
        return {"suite": self.suite, "machine": machine(), "figures": self.figures, "goals": goals}


def processor() -> str:
    """Model of this machine's processor."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            for line in lines:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def machine() -> str:
    """One line that says on what the figures were measured."""
    import llvmlite.binding

    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    return (
        f"{processor()} ({llvmlite.binding.get_host_cpu_name()}), {os.cpu_count()} cores{load}, "
        f"Python {platform.python_version()}, numba {version('numba')}"
    )
