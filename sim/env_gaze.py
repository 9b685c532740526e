"""`ganglion/Gaze-v0`: the pan-tilt head as a Gymnasium environment; `env.py` registers it."""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
from gymnasium import spaces
from numpy.typing import NDArray

from sensors.signals import MAX_SPIKES, Command

from .camera import picture
from .env_base import Observation, WorldEnv
from .env_settings import Reader
from .event_image import add_events
from .gaze import HeadWorld
from .gaze_spec import ANALOG, Head
from .misfits import misfits_head
from .target import draw_sight

ID = "ganglion/Gaze-v0"
MOST_NM = 0.2
"""Torque at full action: more than any motor gives, whatever its strength."""
FINE_DEG, NEAR_DEG = 1.0, 10.0
LOST_S, LOST_REWARD = 0.5, -5.0
MOST_EVENTS = 255
TERMS = ("centre", "near", "effort", "end")
PANEL, SHOWN_US = 256, 40_000
OFF_RGB, FLOOR_RGB, ON_RGB = (92, 176, 255), (33, 36, 44), (255, 178, 72)


class GazeEnv(WorldEnv):
    """Keep a moving object in the middle of an event camera's picture by turning the camera.

    Version 0. `gymnasium.make("sim.env:ganglion/Gaze-v0", **settings)`, or `make_vec` (sync and async).

    **Step.** `frame_skip` ticks (default 1) of 1 ms under one action; fewer if the object is lost in between.

    **Action.** Box(-1, 1, (2,), float32): [pan, tilt]. Torque = 0.2 N m * a, rounded to 1e-5 N m; pan is to the left,
    tilt upwards. The motors give at most 0.12 N m, less the faster they turn, and 0.7 to 1.3 of what is asked. What is
    outside the box is clipped; what is not finite is an error.

    **Observation.** Dict, of what was sensed `delay_ms` ago (effort: now), never the truth:

    | key | dtype, shape | what, unit |
    |---|---|---|
    | joints | float32 (4,) | pan rad, pan rad/s, tilt rad, tilt rad/s |
    | effort | float32 (2,) | last torque asked of pan and of tilt, N m |
    | spikes | uint8 (cells^2,) | spikes of each cell of the picture in this step, row by row, at most 255 |
    | events | uint8 (2, H, W) | camera events of this step, off then on, at most 255 a pixel |

    **Reward.** A sum of rates times the time they last, from the simulator's truth; `info["reward_terms"]` has each:

    * centre: 2/s * exp(-error / 1 degree), error being the angle between optical axis and object.
    * near: 1/s * exp(-error / 10 degrees).
    * effort: -0.2/s * (a0^2 + a1^2), a being the torque that is asked in parts of 0.2 N m.
    * end: -5 when it is lost.

    **End.** terminated: the object's middle was out of the picture for 0.5 s. truncated: its way is over (5 to 15 s).
    Steps after that go on simulating, earn nothing and repeat how it ended.

    **Reset.** `reset(seed=S)` begins episode 0 of seed S, every later `reset()` the next one; without any seed one is
    drawn from entropy. `reset(options={"episode": k})` goes to episode k, and on from there. Episode k of seed S is the
    object and the head that `ganglion run gaze` meets. Tune on seeds below 1000, report from 1000 up; environment i of
    `make_vec` reset with S has seed S + i.

    **Randomised by (S, k).** Shape (box, cylinder, sphere), size, distance, brightness, roll, and the way: moves with
    rests in between, then a swing; strength of each motor, weight and centre of mass of the camera, friction of the
    joints; noise of the pixels.

    **Info.** t_us, seed, episode_index (ints), reward_terms, and `truth`: what only the simulator knows, for judging
    and never for a controller: error_rad, target_rad (pan, tilt), target_rad_per_s, visible, lost.

    **Settings.** Those of a scenario's [world], as `delay_ms=20`, `show={"background": 0.3}`, `camera={"cells": 32}`,
    or together as `world={...}` or `world=scenario.world`; `cells=32`, `background=0.3`; `frame_skip`.

    **render_mode.** "rgb_array": uint8 (256, 512, 3), what the camera looks at now and the events of the last 40 ms.
    "human": the same in a window, 25 pictures per simulated second, not paced to real time; it needs a display and a
    toolkit of matplotlib's, for example tkinter.

    **Known limits.** Everything is simulated; the object has no weight and nothing hides it; the time left is not
    observed. Rates were chosen by hand, and no learner was trained on them.

    Raises:
        UserError: a setting, an option or an action is wrong; one line.
    """

    READ = Reader(
        ID,
        Head,
        misfits_head,
        "[pan, tilt]",
        {"cells": ("camera", "cells"), "background": ("show", "background")},
    )
    PICTURE = (2 * PANEL, PANEL)

    def __init__(self, render_mode: str | None = None, frame_skip: int = 1, **settings: Any) -> None:
        spec = self.READ.world(settings)
        super().__init__(render_mode, frame_skip, spec.tick_us)
        self.world: HeadWorld = HeadWorld(spec)
        self._ready(self.world)
        self.ticks = 0
        lens = spec.camera
        self._lsb = np.array([c.lsb for c in ANALOG])
        self._spikes = np.zeros(lens.cells**2, np.uint8)
        self._events = np.zeros((2, lens.height, lens.width), np.uint8)
        self._late: deque[NDArray[np.void]] = deque()
        self._recent: deque[NDArray[np.void]] = deque(maxlen=SHOWN_US // spec.tick_us)
        self._terms = np.zeros(len(TERMS))
        self._away_s, self._lost = 0.0, False
        far = (self._lsb * 32768).astype(np.float32)
        self.observation_space = spaces.Dict(  # type: ignore[assignment]
            {
                "joints": spaces.Box(-far, far),
                "effort": spaces.Box(-MOST_NM, MOST_NM, (2,), np.float32),
                "spikes": spaces.Box(0, min(MOST_EVENTS, MAX_SPIKES * frame_skip), self._spikes.shape, np.uint8),
                "events": spaces.Box(0, MOST_EVENTS, self._events.shape, np.uint8),
            }
        )

    def _begin(self, seed: int, index: int) -> Observation:
        world = self.world
        world.reset(draw_sight(world.spec, seed, index))
        self.ticks = world.ticks
        self.sensed = world.body.empty_sensed()
        self._command.effort[:] = 0
        self._late.clear()
        self._recent.clear()
        self._late.extend([world.events[:0].copy()] * (world.spec.delay_ms * 1000 // world.spec.tick_us))
        self._away_s, self._lost = 0.0, False
        self._clear()
        return self._observe()

    def _force(self, joint: int, asked: float) -> float:  # noqa: ARG002 - both motors are alike
        return MOST_NM * asked

    def action_of(self, command: Command) -> NDArray[np.float32]:
        """The action whose step applies exactly `command`, as long as that is within 0.2 N m."""
        channels = self.world.body.effort
        return np.array([int(e) * c.lsb / MOST_NM for e, c in zip(command.effort, channels, strict=True)], np.float32)

    def _clear(self) -> None:
        self._terms[:] = 0.0
        self._spikes[:] = 0
        self._events[:] = 0

    def _judge(self, t_us: int, over: bool) -> None:  # noqa: ARG002 - the tick's length is all that counts
        for address in self.sensed.spikes[: self.sensed.count].tolist():
            if self._spikes[address] < MOST_EVENTS:
                self._spikes[address] += 1
        self._late.append(self.world.events.copy())
        self._recent.append(self._late[-1])
        add_events(self._late.popleft(), self._events)
        if over:
            return
        truth, dt = self.world.truth, self.world.spec.tick_us * 1e-6
        off_deg = math.degrees(float(truth["error_rad"]))
        self._terms[0] += 2.0 * math.exp(-off_deg / FINE_DEG) * dt
        self._terms[1] += math.exp(-off_deg / NEAR_DEG) * dt
        self._terms[2] -= 0.2 * sum((nm / MOST_NM) ** 2 for nm in self._effort()) * dt
        self._away_s = 0.0 if truth["visible"] else self._away_s + dt
        if self._away_s >= LOST_S - 1e-9:
            self._lost = True
            self._terms[3] += LOST_REWARD

    def _observe(self) -> Observation:
        return {
            "joints": (self.sensed.analog * self._lsb).astype(np.float32),
            "effort": np.array(self._effort(), np.float32),
            "spikes": self._spikes.copy(),
            "events": self._events.copy(),
        }

    def _earned(self) -> float:
        return float(self._terms.sum())

    def _is_lost(self) -> bool:
        return self._lost

    def _info(self) -> dict[str, Any]:
        truth = self.world.truth
        return {
            **self._when(),
            "reward_terms": dict(zip(TERMS, self._terms.tolist(), strict=True)),
            "truth": {
                "error_rad": float(truth["error_rad"]),
                "target_rad": (float(truth["target_pan_rad"]), float(truth["target_tilt_rad"])),
                "target_rad_per_s": float(truth["target_rad_per_s"]),
                "visible": bool(truth["visible"]),
                "lost": self._lost,
            },
        }

    def _picture(self) -> NDArray[np.uint8]:
        lens = self.world.spec.camera
        grey = np.zeros((lens.height, lens.width), np.uint8)
        picture(self.world.renderer.luminance, grey)
        shown = np.full((lens.height, lens.width, 3), FLOOR_RGB, np.uint8)
        for events in self._recent:
            shown[events["y"], events["x"]] = np.where(events["on"][:, None], ON_RGB, OFF_RGB)
        return np.concatenate([_fit(np.repeat(grey[:, :, None], 3, 2)), _fit(shown)], axis=1)


def _fit(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A picture as large as fits a panel, each pixel a block, in the middle of it."""
    tall, wide = image.shape[:2]
    most = max(tall, wide)
    at = np.arange(PANEL) * most // PANEL
    panel = np.full((PANEL, PANEL, 3), FLOOR_RGB, np.uint8)
    rows, columns = at - (most - tall) // 2, at - (most - wide) // 2
    inside = ((rows >= 0) & (rows < tall))[:, None] & ((columns >= 0) & (columns < wide))[None, :]
    scaled = image[rows.clip(0, tall - 1)[:, None], columns.clip(0, wide - 1)[None, :]]
    panel[inside] = scaled[inside]
    return panel
