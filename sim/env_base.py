"""What the Gymnasium environments share: seeds and episodes, ticks to a step, settings told wrong, pictures."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import gymnasium
import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed

from .env_settings import Reader

if TYPE_CHECKING:
    from .view import Picture, Window

Observation = dict[str, NDArray[Any]]
WINDOW_US = 40_000
"""Simulated time between two pictures in a window."""


class _World(Protocol):
    """What an environment needs of its world."""

    spec: Any
    body: Body

    def advance(self, t_us: int, command: Command) -> Sensed: ...

    def close(self) -> None: ...


class WorldEnv(gymnasium.Env[Observation, NDArray[np.float32]]):
    """An environment over a World. There is no second loop: a step is `advance` plus a score.

    Attributes:
        sensed: what a brain would have seen at the end of the last step. ticks: length of the episode.
        frame_skip: ticks to a step.
    """

    READ: ClassVar[Reader[Any]]
    PICTURE: ClassVar[tuple[int, int]]
    """Width and height of `render`, pixels."""
    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 1000}  # noqa: RUF012 (so the base declares it)
    world: _World
    ticks: int

    def __init__(self, render_mode: str | None, frame_skip: int, tick_us: int) -> None:
        self.frame_skip = self.READ.frame_skip(frame_skip)
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise UserError(f"{self.READ.id}: render_mode = {render_mode!r} is not human, rgb_array or None")
        self.render_mode = render_mode
        self.metadata = {**self.metadata, "render_fps": max(1, round(1e6 / (tick_us * self.frame_skip)))}
        self._window = self._open() if render_mode == "human" else None
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (2,), np.float32)
        self._episode_seed = self._next = -1
        self._tick = 0
        self._shown_us = 0

    def _ready(self, world: _World) -> None:
        """Take over the world, once it has been made."""
        self.world = world
        self._command = world.body.idle()
        self.sensed: Sensed = world.body.empty_sensed()

    @abstractmethod
    def _begin(self, seed: int, index: int) -> Observation:
        """Begin episode `index` of `seed`; what there is to see."""

    @abstractmethod
    def _force(self, joint: int, asked: float) -> float:
        """Effort of an actuator in its unit, of an action's part -1..1."""

    @abstractmethod
    def action_of(self, command: Command) -> NDArray[np.float32]:
        """The action whose step applies exactly `command`, as long as that is within reach of one."""

    @abstractmethod
    def _clear(self) -> None:
        """Begin a step: forget what was earned and seen in the last."""

    @abstractmethod
    def _judge(self, t_us: int, over: bool) -> None:
        """Take in the tick that has just passed; earns nothing if it was over before."""

    @abstractmethod
    def _observe(self) -> Observation:
        """What is seen at the end of a step."""

    @abstractmethod
    def _earned(self) -> float:
        """The reward of this step."""

    @abstractmethod
    def _is_lost(self) -> bool:
        """Whether the episode has ended before its time."""

    @abstractmethod
    def _info(self) -> dict[str, Any]: ...

    @abstractmethod
    def _picture(self) -> Picture:
        """uint8 (height, width, 3)."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin an episode; see the class for which one."""
        index = self.READ.options(options)
        super().reset(seed=seed)
        if seed is not None or self._episode_seed < 0:
            self._episode_seed = int(seed) if seed is not None else int(self.np_random.integers(1 << 31))
            self._next = 0
        index = self._next if index is None else index
        self._next = index + 1
        self._tick = self._shown_us = 0
        observation = self._begin(self._episode_seed, index)
        self._show()
        return observation, self._info()

    def step(self, action: NDArray[np.float32]) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Let `frame_skip` ticks pass under `action`; see the class for what comes back."""
        effort = self._command.effort
        for i, (asked, channel) in enumerate(zip(self.READ.action(action), self.world.body.effort, strict=True)):
            effort[i] = channel.to_int(self._force(i, asked))
        self._clear()
        was_over = self._over
        for _ in range(self.frame_skip):
            self._tick += 1
            t_us = self._tick * self.world.spec.tick_us
            self.sensed = self.world.advance(t_us, self._command)
            self._judge(t_us, was_over)
            if self._over and not was_over:
                break
        observation = self._observe()
        self._show()
        return observation, self._earned(), self._is_lost(), self._tick >= self.ticks, self._info()

    @property
    def _over(self) -> bool:
        return self._is_lost() or self._tick >= self.ticks

    def _effort(self) -> tuple[float, ...]:
        """What was last asked of the actuators, in their unit."""
        return tuple(int(e) * c.lsb for e, c in zip(self._command.effort, self.world.body.effort, strict=True))

    def _when(self) -> dict[str, Any]:
        """The part of `info` that says where in which episode this is."""
        return {
            "t_us": self._tick * self.world.spec.tick_us,
            "seed": self._episode_seed,
            "episode_index": self._next - 1,
        }

    def render(self) -> NDArray[np.uint8] | None:
        """Return the scene as uint8 (height, width, 3), or show it, as `render_mode` says; None without one."""
        if self.render_mode is None:
            name = self.READ.id
            gymnasium.logger.warn(f"{name}: render() without a render_mode; give gymnasium.make one, as 'rgb_array'")
            return None
        picture = self._picture()
        if self._window is None:
            return picture
        self._window.show(picture)
        return None

    def _show(self) -> None:
        """Keep the window, if there is one, up to date."""
        t_us = self._tick * self.world.spec.tick_us
        if self._window is not None and (self._tick == 0 or t_us >= self._shown_us + WINDOW_US):
            self._shown_us = t_us
            self.render()

    def close(self) -> None:
        """End the physics and the pictures; harmless if it was done."""
        self.world.close()
        if self._window is not None:
            self._window.close()

    def _open(self) -> Window:
        from .view import Window

        return Window(self.READ.id, self.PICTURE)
