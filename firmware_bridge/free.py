"""A brain that is not waited for: when it misses its deadline the last command is held, and then decays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from controller.network import Network
from controller.stale import HOLD_TICKS, LIFT_FALL
from sensors.signals import Body, Command, Sensed

from .deployed import DeployedNetwork

READ_S = 1e-4


class FreeNetwork(DeployedNetwork):
    """A DeployedNetwork whose `step` returns in time, with or without an answer.

    A request is asked until it is answered; ticks that pass meanwhile the target does not see. It holds its efforts and
    lets them decay by the same rule, since time passes there as well.

    Args:
        tick_us: length of a tick. budget_s: longest that `step` waits.

    Attributes:
        missed: ticks without an answer in time. steps: all of them.
    """

    def __init__(self, network: Network, url: str, body: Body, tick_us: int, budget_s: float) -> None:
        self.missed = self.steps = 0
        self._silent = 0
        self._waiting = False
        self._tick_us, self._budget_s = tick_us, budget_s
        self._held = body.idle()
        super().__init__(network, url, body, read_s=READ_S)

    def reset(self) -> None:
        """As of `DeployedNetwork`; from then on time passes on the target."""
        self._settle()
        super().reset()
        self._held.effort[:] = 0
        self._silent = 0
        self.remote.pace(self._tick_us, HOLD_TICKS)

    def step(self, sensed: Sensed) -> Command:
        """The command as it stands at the deadline. It is overwritten by the next call."""
        until_s = self.remote.now_s() + self._budget_s
        self.steps += 1
        self._take_late(until_s)
        if not self._waiting:
            self.remote.begin_step(sensed)
            self._waiting = True
            self._take_late(until_s)
        if self._waiting:
            self._miss()
        else:
            self._silent = 0
        if self.window is not None:
            self.window.tick(self.remote.cycles, 0 if self._waiting else self.remote.spikes, self._held)
        return self._held

    def _take_late(self, until_s: float) -> None:
        """Wait for what was asked, no longer than until then."""
        while self._waiting:
            command = self.remote.poll_step()
            if command is not None:
                self._held.effort[:] = command.effort
                self._waiting = False
            elif self.remote.now_s() >= until_s:
                return

    def _miss(self) -> None:
        self.missed += 1
        self._silent += 1
        if self._silent > HOLD_TICKS:
            lift = int(self._held.effort[0])
            self._held.effort[0] = min(max(0, lift - LIFT_FALL), lift + LIFT_FALL)

    def _settle(self) -> None:
        """Let what was asked be answered, however late."""
        self._take_late(float("inf"))

    @property
    def image(self) -> NDArray[np.void]:
        """The record as it is on the target now, IMAGE (1,)."""
        self._settle()
        return super().image

    def state_hash(self) -> int:
        """CRC-32 of the whole state, learned weights included."""
        self._settle()
        return super().state_hash()

    def link(self) -> dict[str, object]:
        """Also how many ticks the brain missed."""
        return {**super().link(), "missed": self.missed, "of": self.steps}
