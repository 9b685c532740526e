"""What a recording leaves out because it is large: taxel readings and events of one episode, felt once more."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.trace import Rich, Trace
from sensors.signals import EVENT, Command
from sim.bullet import BulletWorld
from sim.camera import Renderer, picture

FRAME_US = 40_000


SIZE = 236
EYE_M, TARGET_M, FOV_DEG = np.array((0.30, -0.52, 0.36)), np.array((0.0, 0.0, 0.225)), 30.0
NIGHT = 0.01


class Photographer:
    """Takes pictures of a world's scene from beside the robot, with the ray caster that event cameras see with."""

    def __init__(self) -> None:
        ahead = (TARGET_M - EYE_M) / np.linalg.norm(TARGET_M - EYE_M)
        right = np.cross(ahead, (0.0, 0.0, 1.0))
        right /= np.linalg.norm(right)
        self._rotation = np.stack([right, np.cross(ahead, right), ahead], 1)
        self._with, self._without = (Renderer(SIZE, SIZE, FOV_DEG, NIGHT) for _ in range(2))

    def picture(self, world: BulletWorld) -> NDArray[np.uint8]:
        """Return luminance, uint8 (SIZE, SIZE), with bit 0 set where the object is."""
        scene = world.plant.scene()
        lit = self._with.render(scene, EYE_M, self._rotation)
        grey = np.empty(lit.shape, np.uint8)
        picture(lit, grey)
        black = scene.copy()
        black["albedo"][0] = 0.0
        thing = lit - self._without.render(black, EYE_M, self._rotation) > 0.02
        return (grey & np.uint8(254)) | thing.astype(np.uint8)


def camera_size(world: BulletWorld) -> tuple[int, int]:
    """(width, height) in pixels of a world's event camera; (0, 0) without one."""
    return (0, 0) if world.pixels is None else (world.pixels.width, world.pixels.height)


def feel_again(world: BulletWorld, trace: Trace) -> Rich | None:
    """Send the recorded commands through `world` again and keep what its skin and its camera told.

    No brain is needed: a world repeats an episode bit for bit under the same commands. `world` must be of the scenario
    that made the trace, and is left at the episode's end. None if truth or senses are others than were recorded: the
    simulator has changed since, and what it would tell is not what the controller felt.
    """
    world.reset(trace.episode)
    every = max(1, FRAME_US // trace.tick_us)
    skin, afferents, camera = world.skin, world.afferents, world.pixels
    taxels, felt, seen, frames = [], [], [], []
    photographer = Photographer()
    truth, analog, spikes = np.zeros_like(trace.truth), np.zeros_like(trace.analog), [np.zeros(0, np.uint16)]
    command: Command = world.idle
    for row in range(len(trace.effort)):
        sensed = world.advance((row + 1) * trace.tick_us, command)
        analog[row] = sensed.analog
        if sensed.count:
            spikes.append(sensed.spikes[: sensed.count].copy())
        command = Command(trace.effort[row])
        truth[row] = world.truth
        if afferents is not None:
            felt.append(afferents.events[: afferents.count].copy())
        if camera is not None:
            seen.append(world.camera_events.copy())
        if (row + 1) % every == 0:
            frames.append(photographer.picture(world))
            if skin is not None:
                taxels.append(skin.taxels_mn.copy())
    same = np.array_equal(analog, trace.analog) and np.array_equal(np.concatenate(spikes), trace.spikes)
    if not same or truth.tobytes() != trace.truth.tobytes():
        return None
    return Rich(
        every * trace.tick_us,
        camera_size(world),
        np.concatenate(seen) if seen else np.zeros(0, EVENT),
        np.concatenate(felt) if felt else np.zeros(0, EVENT),
        np.array(taxels, np.int16).reshape(-1, 2, *(skin.taxels_mn.shape[1:] if skin is not None else (8, 8, 3))),
        np.array(frames, np.uint8).reshape(-1, SIZE, SIZE),
    )
