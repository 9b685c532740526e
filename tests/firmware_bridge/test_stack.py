"""The bound of the stack: the deepest path, frames of tables included, and what has none is refused."""

from __future__ import annotations

import re

import pytest

from firmware_bridge import boards
from firmware_bridge.boards import BOARDS_FOLDER
from firmware_bridge.stack import deepest, stack_bound
from sensors.errors import UserError


def graph(frames: dict[str, str], *calls: str) -> str:
    nodes = [f'node: {{ title: "{n}" label: "{n}\\nfile.c:1:1\\n{size}" }}' for n, size in frames.items()]
    edges = [f'edge: {{ sourcename: "{c.split()[0]}" targetname: "{c.split()[1]}" label: "x" }}' for c in calls]
    return "\n".join([*nodes, *edges])


def test_the_deepest_path_counts_whatever_is_called_through_a_table() -> None:
    frames = {"main": "8 bytes (static)", "near": "100 bytes (static)", "far": "40 bytes (static)",
              "in_table": "300 bytes (static)", "__indirect_call": ""}  # fmt: skip
    assert deepest(graph(frames, "main near", "main far"), "main") == 108
    assert deepest(graph(frames, "main near", "main far", "far __indirect_call"), "main") == 348
    assert deepest(graph(frames, "main __aeabi_ldivmod"), "main") == 8 + 48


def test_recursion_and_frames_of_unknown_size_have_no_bound() -> None:
    frames = {"main": "8 bytes (static)", "f": "8 bytes (static)"}
    with pytest.raises(UserError, match="main calls f calls main: a stack without bound"):
        deepest(graph(frames, "main f", "f main"), "main")
    with pytest.raises(UserError, match="stack of f is not bounded"):
        deepest(graph({**frames, "f": "8 bytes (dynamic)"}, "main f"), "main")


@pytest.mark.parametrize("name", boards.BOARDS)
def test_the_stack_that_the_linker_keeps_is_more_than_the_bound(name: str) -> None:
    try:
        bound = stack_bound(boards.board(name))
    except UserError as error:
        pytest.skip(str(error))
    if bound is None:
        pytest.skip("zig draws no call graph")
    kept = re.search(r"STACK_BYTES = (\d+)", (BOARDS_FOLDER / name / "memory.ld").read_text())
    assert kept is not None
    assert 400 < bound <= int(kept[1])
