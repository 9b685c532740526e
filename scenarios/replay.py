"""The verb replay: recorded senses through a freshly built brain, every command compared bit for bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sensors.errors import UserError

from . import load
from .build import build_brain
from .recording import Recording
from .trace import Trace


def recording_of(out: Path) -> Path:
    """The recording of a run's folder, or the file itself."""
    return out / "recording.gang" if out.is_dir() else out


def replay(out: Path, brain_state: Path | None = None) -> tuple[bool, str]:
    """Recompute all commands of a recording; returns (identical, one sentence).

    Raises:
        UserError: the recording is missing, damaged or newer; the brain it began with is not the one given.
    """
    from sim.bullet import GRIPPER

    recording = Recording(recording_of(out))
    if recording.damage:
        raise UserError(recording.damage)
    scenario = load.parse(recording.scenario, str(out))
    brain = build_brain(scenario, GRIPPER)
    if brain_state is not None:
        brain.load(brain_state)
    sensed = GRIPPER.empty_sensed()
    ticks = 0
    for trace in recording.traces:
        brain.reset()
        if brain.state_hash() != trace.brain_before:
            raise UserError(
                f"{out}: episode {trace.episode.index} began with brain {trace.brain_before:08x}, this one is "
                f"{brain.state_hash():08x}; give the --brain-state it was run with"
            )
        at = 0
        for row in range(len(trace.counts)):
            count = int(trace.counts[row])
            sensed.t_us = (row + 1) * trace.tick_us
            sensed.spikes[:count] = trace.spikes[at : at + count]
            sensed.count = count
            sensed.analog[:] = trace.analog[row]
            sensed.goal[:] = trace.goal[row]
            at += count
            effort = brain.step(sensed).effort
            if not np.array_equal(effort, trace.effort[row]):
                return False, _difference(trace, row, effort)
        ticks += len(trace.counts)
        if brain.state_hash() != trace.brain_after:
            return False, (
                f"different: episode {trace.episode.index} ends with brain {brain.state_hash():08x}, "
                f"recorded {trace.brain_after:08x}, though all {len(trace.counts)} commands agree"
            )
    return True, f"identical: {ticks} ticks, {len(recording.traces)} episodes, commands and learned state"


def _difference(trace: Trace, row: int, effort: np.ndarray) -> str:
    channel = int(np.flatnonzero(effort != trace.effort[row])[0])
    return (
        f"different: episode {trace.episode.index}, tick {row + 1}, effort {channel}: "
        f"now {int(effort[channel])}, recorded {int(trace.effort[row][channel])}"
    )
