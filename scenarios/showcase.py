"""What a recording leaves out because it is large: taxel readings and events of one episode, felt once more."""

from __future__ import annotations

import numpy as np

from sensors.signals import EVENT, Command
from sim.bullet import BulletWorld

from .trace import Rich, Trace

FRAME_US = 40_000


def camera_size(_world: BulletWorld) -> tuple[int, int]:
    """(width, height) in pixels of a world's event camera; (0, 0) without one."""
    return (0, 0)


def feel_again(world: BulletWorld, trace: Trace) -> Rich | None:
    """Send the recorded commands through `world` again and keep what its skin felt; None if it has no skin.

    No brain is needed: a world repeats an episode bit for bit under the same commands. `world` must be of the scenario
    that made the trace, and is left at the episode's end. None as well if the truth is another than was recorded: the
    simulator has changed since, and what it would tell is not what the controller felt.
    """
    if world.skin is None or world.afferents is None:
        return None
    world.reset(trace.episode)
    every = max(1, FRAME_US // trace.tick_us)
    frames, events = [], []
    truth = np.zeros_like(trace.truth)
    command: Command = world.idle
    for row in range(len(trace.effort)):
        world.advance((row + 1) * trace.tick_us, command)
        command = Command(trace.effort[row])
        truth[row] = world.truth
        events.append(world.afferents.events[: world.afferents.count].copy())
        if (row + 1) % every == 0:
            frames.append(world.skin.taxels_mn.copy())
    if truth.tobytes() != trace.truth.tobytes():
        return None
    return Rich(
        every * trace.tick_us,
        (0, 0),
        skin_events=np.concatenate(events) if events else np.zeros(0, EVENT),
        taxels=np.array(frames, np.int16),
    )
