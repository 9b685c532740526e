"""`ganglion/Grasp-v0`, and registering it and `ganglion/Gaze-v0` (`env_gaze.py`) with gymnasium.

gymnasium 1.0 and later read no entry points, so naming this module in the id is what registers the environments:
`gymnasium.make("sim.env:ganglion/Grasp-v0")`. pybullet and numba are imported when the first environment is made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from gymnasium.envs.registration import register as _register
from gymnasium.envs.registration import registry
from numpy.typing import NDArray

from sensors.signals import Command

from .env_base import Observation, WorldEnv
from .env_settings import Reader
from .episode import draw_episode
from .misfits import misfits
from .referee import TERMS, Referee
from .spec import Bullet

if TYPE_CHECKING:
    from .bullet import BulletWorld
    from .view import View

ID, GAZE_ID = "ganglion/Grasp-v0", "ganglion/Gaze-v0"
READ = Reader(ID, Bullet, misfits, "[lift, grip]", {"taxels": ("skin", "taxels")}, ("camera", "skin"))
MOST_N = (160.0, 160.0)
"""Efforts at full action, lift and grip: the column's limits; a Panda clips at 140 N."""


class GraspEnv(WorldEnv):
    """Grasp, lift, shake and put down an object that was never met before, without dropping or crushing it.

    Version 0. `gymnasium.make("sim.env:ganglion/Grasp-v0", **settings)`, or `make_vec` (sync and async).

    **Step.** `frame_skip` ticks (default 1) of 1 ms under one action; fewer if the object is lost in between.

    **Action.** Box(-1, 1, (2,), float32): [lift, grip]. Force = 160 N * a |a|, rounded to the actuator's LSB (0.01 and
    0.005 N); the square gives light objects resolution. lift: along the vertical axis, positive up; the gripper's own
    weight is balanced and the axis brakes with 300 N s/m. grip: of each finger, positive closes. What is outside the
    box is clipped; what is not finite is an error.

    **Observation.** Dict, of what was sensed `delay_ms` ago (goal and effort: now), with noise, never the truth:

    | key | dtype, shape | what, unit |
    |---|---|---|
    | joints | float32 (4,) | opening m, opening m/s, height m, height m/s |
    | forces | float32 (2,) | mean normal force of the pads N; load N, positive when the object pulls down |
    | rim | float32 (2,) | normal and shear of the lightly pressed taxels; only their ratio has a meaning |
    | effort | float32 (2,) | last lift N, last grip N |
    | goal | float32 (2,) | hold (1 grasp, 0 open); height m at which the gripper should be |
    | spikes | uint8 (86,) | spikes of each address of `sim.bullet.GRIPPER` in this step, at most 255 |
    | taxels | int16 (2, n, n, 3) | pad, row, column: normal, shear u, shear v in mN; with the skin only |
    | events | uint8 (2, H, W) | camera events of this step, off then on, at most 255; with the camera only |

    **Reward.** A sum of rates times the time they last, from the simulator's truth; `info["reward_terms"]` has each:

    * touch: 0.5/s for each pad on the object while it is to be held.
    * follow: 2/s * exp(-|gripper - goal| / 10 mm), likewise.
    * carry: 4/s * exp(-|object - goal| / 10 mm) between two pads and off the table.
    * slip: -0.05 for each mm the object's surface slides along the pads, counted up to 0.5 m/s.
    * force: -1/s * (grip / needed - 1.5), between 0 and -4/s; needed is what holds the object now or at rest.
    * release: 4/s once it is to be let go, while it stands on the table and no pad touches it.
    * end: -10 when it is dropped or crushed.

    **End.** terminated: crushed (pad force, filtered at 5 ms, above the object's limit, at any time) or dropped
    (between lift and lowering: no pad touches for 20 ms, or it slid 15 mm, or it was not lifted). truncated: the script
    is over (6.6 s by default). Steps after that go on simulating, earn nothing and repeat how it ended.

    **Reset.** `reset(seed=S)` begins episode 0 of seed S, every later `reset()` the next one; without any seed one is
    drawn from entropy. `reset(options={"episode": k})` goes to episode k, and on from there. Episode k of seed S is the
    object and the disturbances that `ganglion run` meets. Tune on seeds below 1000, report from 1000 up; environment i
    of `make_vec` reset with S has seed S + i.

    **Randomised by (S, k).** Shape (box, cylinder, sphere), size, mass 0.02-2 kg, friction 0.15-1, stiffness, crush
    limit, texture, yaw; payload +0-50 % and friction x0.75-1 at random times; the noise of every sensor.

    **Info.** t_us, seed, episode_index (ints), reward_terms, and `truth`: what only the simulator knows, for judging
    and never for a controller: outcome (open, held, dropped, crushed), held, dropped, crushed, slip_m, slip_m_per_s,
    grip_n, needed_n, grip_per_needed, object_m, contacts, on_table.

    **Settings.** Those of a scenario's [world], as `delay_ms=20`, `robot="column"`, `skin={"taxels": 4}`,
    `trial={"mass_kg": (0.1, 0.5)}`, or together as `world={...}` or `world=scenario.world`; `taxels=4`; `camera=True`
    (128 x 128) or `{...}`; `frame_skip`.

    **render_mode.** "rgb_array": uint8 (360, 480, 3), 0.3 s each. "human": a window, 25 pictures per simulated second,
    not paced to real time; it needs a display and a toolkit of matplotlib's, for example tkinter.

    **Known limits.** Everything is simulated; the gripper starts around the object; the time left is not observed.
    Rates were chosen by hand, and no learner was trained on them. A Panda gives 140 N at most, and the picture cuts its
    arm off.

    Raises:
        UserError: a setting, an option or an action is wrong; one line.
    """

    READ = READ
    PICTURE = (480, 360)

    def __init__(self, render_mode: str | None = None, frame_skip: int = 1, **settings: Any) -> None:
        spec = READ.world(settings)
        super().__init__(render_mode, frame_skip, spec.tick_us)
        from .bullet import BulletWorld
        from .observation import Observer

        self.world: BulletWorld = BulletWorld(spec)
        self._ready(self.world)
        self._view: View | None = None
        self.ticks = round(self.world.script.duration_s * 1e6 / spec.tick_us)
        self._observer = Observer(self.world, MOST_N, self.frame_skip)
        self._referee = Referee(self.world.script, spec.tick_us * 1e-6)
        self.observation_space = self._observer.space  # type: ignore[assignment]

    def _begin(self, seed: int, index: int) -> Observation:
        self.world.reset(draw_episode(self.world.spec.trial, seed, index))
        self._referee.reset()
        return self._observer.reset()

    def _force(self, joint: int, asked: float) -> float:
        return MOST_N[joint] * asked * abs(asked)

    def action_of(self, command: Command) -> NDArray[np.float32]:
        """The action whose step applies exactly `command`, as long as that is within MOST_N."""
        effort_n = [int(e) * c.lsb for e, c in zip(command.effort, self.world.body.effort, strict=True)]
        parts = [math.copysign(math.sqrt(abs(n) / most), n) for n, most in zip(effort_n, MOST_N, strict=True)]
        return np.array(parts, np.float32)

    def _clear(self) -> None:
        self._referee.clear()
        self._observer.clear()

    def _judge(self, t_us: int, over: bool) -> None:
        self._observer.tick(self.sensed)
        if not over:
            self._referee.judge(t_us * 1e-6, self.world.truth)

    def _observe(self) -> Observation:
        lift, grip = self._effort()
        return self._observer.observe(self.sensed, (lift, grip))

    def _earned(self) -> float:
        return float(self._referee.terms.sum())

    def _is_lost(self) -> bool:
        return self._referee.over

    def _info(self) -> dict[str, Any]:
        truth, referee = self.world.truth, self._referee
        grip_n = float(truth["grip_n"])
        return {
            **self._when(),
            "reward_terms": dict(zip(TERMS, referee.terms.tolist(), strict=True)),
            "truth": {
                "outcome": referee.outcome,
                "held": referee.outcome == "held",
                "dropped": referee.outcome == "dropped",
                "crushed": referee.outcome == "crushed",
                "slip_m": float(truth["slip_m"]),
                "slip_m_per_s": float(truth["slip_m_per_s"]),
                "grip_n": grip_n,
                "needed_n": referee.needed_n,
                "grip_per_needed": grip_n / referee.needed_n if referee.needed_n > 0 else 0.0,
                "object_m": float(truth["object_m"]),
                "contacts": int(truth["contacts"]),
                "on_table": bool(truth["on_table"]),
            },
        }

    def _picture(self) -> NDArray[np.uint8]:
        if self._view is None:
            from .view import View

            self._view = View(finer=1 if self._window is not None else 2)
        return self._view.picture(self.world.plant.scene())

    def close(self) -> None:
        """End the physics and the pictures; harmless if it was done."""
        super().close()
        if self._view is not None:
            self._view.close()


def register() -> None:
    """Make the environments known to gymnasium; harmless if they are."""
    for name, entry_point in ((ID, "sim.env:GraspEnv"), (GAZE_ID, "sim.env_gaze:GazeEnv")):
        if name not in registry:
            _register(name, entry_point=entry_point)


register()  # gymnasium imports the module that an id names, and expects that to be enough
