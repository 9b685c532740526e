"""A Gymnasium environment as a World, so that a spiking controller drives it through the one loop."""

from __future__ import annotations

from typing import Any

import gymnasium

from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed
from sim.env import GAZE_ID, ID
from sim.env_base import WorldEnv


class EnvWorld:
    """A World whose ticks are an environment's steps; call `reset` before the first `advance`.

    Commands and senses are bit for bit those of the world within: what a brain does here it does in `ganglion run`.

    Args:
        env: `ganglion/Grasp-v0` or `ganglion/Gaze-v0`, wrapped or not, with a frame_skip of 1; actions pass
            through its wrappers.

    Attributes:
        body, idle: as of any World. tick_us: length of a tick.
        reward: sum over the episode. info: of the last step. over: whether the object was lost.

    Raises:
        UserError: another environment, or a step of more than one tick.
    """

    def __init__(self, env: gymnasium.Env[Any, Any]) -> None:
        inner = env.unwrapped
        if not isinstance(inner, WorldEnv):
            raise UserError(f"{type(inner).__name__} is not {ID} or {GAZE_ID}; make one of these")
        if inner.frame_skip != 1:
            raise UserError(f"frame_skip = {inner.frame_skip}, but a brain steps every tick; make it with frame_skip=1")
        self._env, self._inner = env, inner
        self.body: Body = inner.world.body
        self.idle: Command = inner.world.body.idle()
        self.tick_us: int = inner.world.spec.tick_us
        self.reward = 0.0
        self.over = False
        self.info: dict[str, Any] = {}

    @property
    def ticks(self) -> int:
        """Length of the episode that `reset` began."""
        return self._inner.ticks

    def reset(self, seed: int, episode: int = 0) -> None:
        """Begin an episode: the object of `ganglion run --seed SEED` with that index."""
        _, self.info = self._env.reset(seed=seed, options={"episode": episode})
        self.reward, self.over = 0.0, False

    def advance(self, t_us: int, command: Command) -> Sensed:
        """Take one step under `command`; returns what the brain sees at `t_us`, the end of it.

        Raises:
            UserError: the environment is not at `t_us` then: it was not reset, or someone else steps it too.
        """
        _, reward, self.over, _, self.info = self._env.step(self._inner.action_of(command))
        self.reward += float(reward)
        if self.info["t_us"] != t_us:
            raise UserError(
                f"the environment is at {self.info['t_us']} us, the loop at {t_us} us; reset it before a run"
            )
        return self._inner.sensed
