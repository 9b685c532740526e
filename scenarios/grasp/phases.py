"""When a trial lifts, holds, lowers and lets go, and when the object is in the hand: read off a trace alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scenarios.trace import Trace
from sensors.signals import GRIPPER_GOAL

Flags = NDArray[np.bool_]

TRANSIENT_US = 100_000
PLATEAU_US = 100_000
MOVE_GOAL = next(i for i, c in enumerate(GRIPPER_GOAL) if c.name == "height_m")
HOLD_GOAL = next(i for i, c in enumerate(GRIPPER_GOAL) if c.name == "hold")


@dataclass(frozen=True, slots=True)
class Phases:
    """Rows at which what is asked of the gripper changes: grasp <= lift <= top <= hold_end <= lower <= release <= end.

    lift: the goal starts to rise. top: it first reaches its plateau. hold_end: the first plateau ends. lower: the final
    descent begins. release: holding is no longer asked for. end: number of rows. Without a lift, lift to lower equal
    release. top_goal: the plateau, LSB of the height goal.
    """

    grasp: int
    lift: int
    top: int
    hold_end: int
    lower: int
    release: int
    end: int
    top_goal: int


def phases(trace: Trace) -> Phases:
    """Read the phases of a trial off its goals alone, so that any recording of any script can be judged."""
    end = len(trace.goal)
    goal = trace.goal[:, MOVE_GOAL].astype(np.int64)
    held = np.flatnonzero(trace.goal[:, HOLD_GOAL] > 0)
    if held.size == 0:
        return Phases(end, end, end, end, end, end, end, 0)
    grasp, release = int(held[0]), int(held[-1]) + 1
    up = goal[:release]
    if up.max() <= 0:
        return Phases(grasp, release, release, release, release, release, end, 0)
    high = up[up > up.max() // 2]
    top_goal = int(np.bincount(high).argmax())
    top = int(np.flatnonzero(up >= top_goal)[0])
    left = np.flatnonzero(up[top:] != top_goal)
    hold_end = top + int(left[0]) if left.size else release
    lower = int(np.flatnonzero(up >= top_goal)[-1]) + 1
    still = np.flatnonzero(up[:top] <= 0)
    lift = int(still[-1]) + 1 if still.size else 0
    return Phases(grasp, max(lift, grasp), top, hold_end, lower, release, end, top_goal)


def in_hand(trace: Trace, until: int) -> Flags:
    """Both pads touch and are asked to, the first 100 ms of contact and all after `until` left out."""
    both: Flags = trace.truth["contacts"] == 2
    both &= trace.goal[:, HOLD_GOAL] > 0
    both[until:] = False
    touched = np.flatnonzero(both)
    if touched.size:
        both[: int(touched[0]) + TRANSIENT_US // trace.tick_us] = False
    return both


def holding_still(trace: Trace, p: Phases) -> Flags:
    """(T,) rows between lift and lowering in which the goal has stood at the top for at least 100 ms in one run."""
    still = np.zeros(p.end, bool)
    for start, stop in runs(trace.goal[:, MOVE_GOAL] == p.top_goal):
        if p.top <= start and (stop - start) * trace.tick_us >= PLATEAU_US:
            still[start : min(stop, p.lower)] = True
    return still


def runs(flags: Flags) -> NDArray[np.int64]:
    """(R, 2) start and stop rows of each unbroken run of true in flags (T,)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]])))
    return edges.reshape(-1, 2)
