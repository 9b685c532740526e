"""How deep a firmware's stack can grow: the deepest path of its call graph, plus an interrupt on top of it."""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from pathlib import Path

from sensors.errors import UserError

from .boards import Board, cross_compiler, options, sources
from .toolchain import WARNINGS, run_compiler

FRAME = 32 + 4
"""What a Cortex-M pushes at an interrupt without a floating-point unit in use, and its alignment."""
ASSEMBLY = 48
"""Taken for a function that the compiler did not see, libgcc's long division: it pushes at most that."""
INDIRECT = "__indirect_call"
_NODE = re.compile(r'node: \{ title: "([^"]+)" label: "([^"]*)"')
_FRAME = re.compile(r"(\d+) bytes \(([^)]*)\)")
_EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"')
INTERRUPTS = ("board_interrupt", "clock_tick")


def stack_bound(board: Board) -> int | None:
    """Bytes of stack that the firmware can need at most; None where the compiler draws no call graph, as zig's.

    Raises:
        UserError: the firmware does not build, recurses, or has a frame whose size is not known when it is compiled.
    """
    command, is_zig = cross_compiler()
    if is_zig:
        return None
    with tempfile.TemporaryDirectory() as folder:
        for source in sources(board):
            out = Path(folder) / f"{source.parent.name}-{source.stem}.o"
            run_compiler(
                [*command, *WARNINGS, *options(board), "-fcallgraph-info=su", "-c", "-o", str(out), str(source)]
            )
        text = "".join(p.read_text() for p in Path(folder).glob("*.ci"))
    return deepest(text, "main") + max(FRAME + deepest(text, name) for name in INTERRUPTS if f'"{name}"' in text)


def deepest(graph: str, root: str) -> int:
    """Bytes of the deepest path from `root` in gcc's call graphs (VCG).

    A call through a pointer may reach every function that none calls by name, which are those in tables, but none that
    is being called already: no table here leads back to the one who reads it.
    """
    frames: dict[str, int] = {}
    calls: dict[str, set[str]] = defaultdict(set)
    for name, label in _NODE.findall(graph):
        size, kind = found.groups() if (found := _FRAME.search(label)) else ("-1", "")
        if kind.startswith("dynamic") and "bounded" not in kind:
            raise UserError(f"the stack of {_plain(name)} is not bounded; give its arrays a fixed size")
        frames[name] = max(frames.get(name, -1), int(size), 0 if name == INDIRECT else -1)
    for caller, callee in _EDGE.findall(graph):
        calls[caller].add(callee)
    called = {callee for targets in calls.values() for callee in targets}
    entries = {root, "reset_handler", *INTERRUPTS}
    calls[INDIRECT] = {n for n in frames if n not in called and _plain(n) not in entries and frames[n] >= 0}
    return _depth(root, frames, calls, ())


def _depth(name: str, frames: dict[str, int], calls: dict[str, set[str]], path: tuple[str, ...]) -> int:
    if name in path and name != INDIRECT:
        raise UserError(f"{' calls '.join(map(_plain, (*path, name)))}: a stack without bound; write it as a loop")
    own = frames.get(name, -1)
    reached = calls.get(name, set())
    if name == INDIRECT:
        reached = reached.difference(path)
    below = (_depth(callee, frames, calls, (*path, name)) for callee in reached)
    return (own if own >= 0 else ASSEMBLY) + max(below, default=0)


def _plain(name: str) -> str:
    return name.rpartition(":")[2]
