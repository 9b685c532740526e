"""The verb replay: recorded senses through a freshly built brain, every command compared bit for bit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed

from . import load, loop
from .build import body_of, build_brain
from .recording import NAME, Recording
from .task import Learner
from .trace import Trace


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay found: identical, and one sentence that says so or names the first difference."""

    identical: bool
    sentence: str


class Playback:
    """A world made of a recording: it returns what was sensed then, whatever is commanded now."""

    def __init__(self, trace: Trace, body: Body) -> None:
        self.body, self.idle = body, body.idle()
        self._trace = trace
        self._sensed = body.empty_sensed()
        self._ends = np.cumsum(trace.counts, dtype=np.int64).tolist()

    def advance(self, t_us: int, _command: Command) -> Sensed:
        """Look up what was sensed at `t_us`."""
        trace, sensed = self._trace, self._sensed
        row = t_us // trace.tick_us - 1
        count, end = int(trace.counts[row]), self._ends[row]
        sensed.t_us, sensed.count, sensed.overflow = t_us, count, int(trace.overflow[row])
        sensed.spikes[:count] = trace.spikes[end - count : end]
        sensed.analog[:] = trace.analog[row]
        sensed.goal[:] = trace.goal[row]
        return sensed


def recording_of(out: Path) -> Path:
    """The recording of a run's folder, or the file itself."""
    return out / NAME if out.is_dir() else out


def replay(out: Path) -> Replayed:
    """Recompute all commands of a recording, learning included.

    Raises:
        UserError: the recording is missing, damaged or newer, or of a brain that this program does not build. Of a
            damaged one the episodes before the damage are replayed and the error says what came of it.
    """
    recording = Recording(recording_of(out))
    scenario = load.parse(recording.scenario, f"the scenario in {recording.path}")
    brain = build_brain(scenario, body_of(scenario))
    if recording.learned is not None:
        brain.take_over(brain.decode(recording.learned, f"the brain state in {recording.path}"))
    episodes = ticks = 0
    found: str | None = None
    body = body_of(scenario)
    for trace in recording:
        found = _difference(trace, brain, body, recording)
        if found is not None:
            break
        episodes, ticks = episodes + 1, ticks + len(trace.counts)
    if found is not None:
        return Replayed(False, f"different: {found}")
    same = f"identical: {ticks} ticks, {episodes} episodes"
    if recording.damage is not None:
        raise UserError(f"{recording.damage} ({same})" if episodes else recording.damage)
    if recording.interrupted:
        same += f" (the run was stopped before all of its {scenario.episodes})"
    return Replayed(True, same)


def _difference(trace: Trace, brain: Learner, body: Body, recording: Recording) -> str | None:
    """Replay one episode; None, or where `brain` first does otherwise than was recorded."""
    index = trace.episode.index
    brain.reset()
    if brain.state_hash() != trace.brain_before:
        made = ", ".join(f"{k} {v}" for k, v in recording.versions.items() if k in ("ganglion", "numpy"))
        raise UserError(
            f"{recording.path}: episode {index} began with brain {trace.brain_before:08x}, its scenario now builds "
            f"{brain.state_hash():08x}; replay it with what made it ({made})"
        )
    world = Playback(trace, body)
    ticks = len(trace.counts)
    effort = np.zeros_like(trace.effort)

    def sink(t_us: int, _sensed: Sensed, command: Command) -> None:
        effort[t_us // trace.tick_us - 1] = command.effort

    loop.run(world, brain, ticks, trace.tick_us, sink)
    wrong = np.argwhere(effort != trace.effort)
    if wrong.size:
        row, channel = wrong[0].tolist()
        return (
            f"episode {index}, tick {row + 1}, {body.effort[channel].name}: recorded "
            f"{int(trace.effort[row, channel])}, now {int(effort[row, channel])}"
        )
    if brain.state_hash() != trace.brain_after:
        return (
            f"episode {index}, after its last tick: recorded brain {trace.brain_after:08x}, now "
            f"{brain.state_hash():08x}, though all {ticks} commands agree"
        )
    return None
