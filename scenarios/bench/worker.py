"""Contestants take turns, each in a process of its own with one thread; what a turn costs is measured inside.

A contestant is a function of a module, called with a size, which returns a `Runner`. The parent sends a number of steps
a line, the child answers with one line of JSON; so only one of them computes at any time.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from time import perf_counter_ns, process_time_ns
from typing import Any, Protocol

from sensors.errors import UserError

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")


class Runner(Protocol):
    """A contestant, built. It may have `spent`, (CPU ns, wall ns) of its last `advance`, if it measures that itself."""

    def advance(self, steps: int) -> None:
        """Compute that many steps."""

    def facts(self) -> dict[str, float]:
        """What shows that the work was the same: rates, events."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A name for people, "module:function" within this folder that makes its runner, and the size handed to it."""

    name: str
    make: str
    size: tuple[float, ...]


@dataclass(slots=True)
class Turns:
    """What a contestant's turns cost.

    cpu_us, wall_us: per step, one entry a turn. facts: of its runner. rss_mb: most memory it held. skipped: why it did
    not take part, empty if it did.
    """

    name: str
    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)
    facts: dict[str, float] = field(default_factory=dict)
    rss_mb: float = 0.0
    skipped: str = ""

    @property
    def cpu(self) -> float:
        """CPU time per step in us, median over the turns."""
        return statistics.median(self.cpu_us)

    @property
    def wall(self) -> float:
        """Wall time per step in us, median over the turns."""
        return statistics.median(self.wall_us)


def compete(contestants: Sequence[Contestant], seconds: float, rounds: int = 9) -> list[Turns]:
    """Measure contestants in that many rounds of turns, `seconds` in all for each of them.

    Raises:
        UserError: a contestant that is no peer (its module is not `peers_...`) failed.
    """
    with contextlib.ExitStack() as stack:
        children = [(Turns(c.name), stack.enter_context(_child(c))) for c in contestants]
        steps: dict[str, int] = {}
        for turns, child in children:
            answer = _ask(child, 1)  # built, compiled and warm when it answers
            if "skipped" in answer:
                turns.skipped = str(answer["skipped"])
                continue
            answer = _ask(child, 20)
            steps[turns.name] = max(int(seconds * 1e9 / rounds / max(answer["wall_ns"] / 20, 1)), 1)
        for _ in range(rounds):
            for turns, child in children:
                if not turns.skipped:
                    n = steps[turns.name]
                    answer = _ask(child, n)
                    turns.cpu_us.append(answer["cpu_ns"] / n * 1e-3)
                    turns.wall_us.append(answer["wall_ns"] / n * 1e-3)
                    turns.facts, turns.rss_mb = answer["facts"], answer["rss_mb"]
        return [turns for turns, _ in children]


@contextlib.contextmanager
def _child(contestant: Contestant) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    arguments = [sys.executable, "-m", "scenarios.bench.worker", contestant.make, json.dumps(contestant.size)]
    environment = {**os.environ, **ONE_THREAD}
    with subprocess.Popen(
        arguments, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        try:
            yield contestant.make, child
        finally:
            assert child.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                child.stdin.close()
            child.kill()


def _ask(named: tuple[str, subprocess.Popen[str]], steps: int) -> dict[str, Any]:
    make, child = named
    assert child.stdin is not None
    assert child.stdout is not None
    assert child.stderr is not None
    with contextlib.suppress(BrokenPipeError):  # it may have left already, with its reason as the last line
        child.stdin.write(f"{steps}\n")
        child.stdin.flush()
    line = child.stdout.readline()
    if line:
        answer: dict[str, Any] = json.loads(line)
        return answer
    last = (child.stderr.read().strip().splitlines() or ["no message"])[-1]
    if make.startswith("peers"):
        return {"skipped": f"failed: {last[-100:]}"}
    raise UserError(f"{make} failed: {last}")


def _serve(make: str, size: Sequence[float]) -> None:
    """Child: build, then answer requests until the input ends."""
    answers, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not mix with answers
    module, _, function = make.partition(":")
    try:
        runner: Runner = getattr(import_module(f".{module}", "scenarios.bench"), function)(*size)
    except ImportError as error:
        print(json.dumps({"skipped": f"{error.name or error} is not installed"}), file=answers, flush=True)
        return
    for line in sys.stdin:
        steps = int(line)
        wall, cpu = perf_counter_ns(), process_time_ns()
        runner.advance(steps)
        cpu, wall = process_time_ns() - cpu, perf_counter_ns() - wall
        cpu, wall = getattr(runner, "spent", (cpu, wall))
        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        answer = {"cpu_ns": cpu, "wall_ns": wall, "rss_mb": round(used, 1), "facts": runner.facts()}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    _serve(sys.argv[1], json.loads(sys.argv[2]))
