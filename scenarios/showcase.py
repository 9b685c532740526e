"""What a recording leaves out because it is large: taxel readings and events of one episode, felt once more."""

from __future__ import annotations

import numpy as np

from sensors.signals import EVENT, Command
from sim.bullet import BulletWorld

from .trace import Rich, Trace

FRAME_US = 40_000


def camera_size(world: BulletWorld) -> tuple[int, int]:
    """(width, height) in pixels of a world's event camera; (0, 0) without one."""
    return (0, 0) if world.pixels is None else (world.pixels.width, world.pixels.height)


def feel_again(world: BulletWorld, trace: Trace) -> Rich | None:
    """Send the recorded commands through `world` again and keep what its skin and its camera told.

    No brain is needed: a world repeats an episode bit for bit under the same commands. `world` must be of the scenario
    that made the trace, and is left at the episode's end. None if the truth is another than was recorded: the simulator
    has changed since, and what it would tell is not what the controller felt.
    """
    world.reset(trace.episode)
    every = max(1, FRAME_US // trace.tick_us)
    skin, afferents, camera = world.skin, world.afferents, world.pixels
    taxels, felt, seen = [], [], []
    truth = np.zeros_like(trace.truth)
    command: Command = world.idle
    for row in range(len(trace.effort)):
        world.advance((row + 1) * trace.tick_us, command)
        command = Command(trace.effort[row])
        truth[row] = world.truth
        if afferents is not None:
            felt.append(afferents.events[: afferents.count].copy())
        if camera is not None:
            seen.append(world.camera_events.copy())
        if skin is not None and (row + 1) % every == 0:
            taxels.append(skin.taxels_mn.copy())
    if truth.tobytes() != trace.truth.tobytes():
        return None
    return Rich(
        every * trace.tick_us,
        camera_size(world),
        np.concatenate(seen) if seen else np.zeros(0, EVENT),
        np.concatenate(felt) if felt else np.zeros(0, EVENT),
        np.array(taxels, np.int16).reshape(-1, 2, *(skin.taxels_mn.shape[1:] if skin is not None else (8, 8, 3))),
    )
