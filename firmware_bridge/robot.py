"""Worlds whose time is the wall clock's: a real body behind a serial port, and any other world made to keep time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.senses import Sense
from sensors.signals import Body, Command, Sensed, World

from . import protocol
from .link import Link
from .session import Session


class Pacemaker:
    """Lets ticks last as long as they should. One that comes late is counted, and time goes on from there.

    Attributes:
        missed: ticks that were late. ticks: all of them. worst_s: the latest one.
    """

    def __init__(self) -> None:
        self.missed = self.ticks = 0
        self.worst_s = 0.0
        self._began_s: float | None = None

    def restart(self) -> None:
        """Begin anew with the next tick; the counts go on."""
        self._began_s = None

    def wait(self, t_us: int) -> None:
        """Wait until `t_us` after the first tick's beginning."""
        now_s = Link.now_s()
        self.ticks += 1
        if self._began_s is None:
            self._began_s = now_s - t_us * 1e-6
            return
        late_s = now_s - (self._began_s + t_us * 1e-6)
        if late_s > 0:
            self.missed += 1
            self.worst_s = max(self.worst_s, late_s)
            self._began_s += late_s
        else:
            Link.wait_until(self._began_s + t_us * 1e-6)


class RealTime:
    """Any world, its ticks as long on the clock as in it; for the rest it is that world.

    Attributes:
        pace: the Pacemaker.
    """

    def __init__(self, world: World) -> None:
        self._world: Any = world
        self.pace = Pacemaker()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._world, name)

    def reset(self, episode: object) -> None:
        """Begin an episode."""
        self._world.reset(episode)
        self.pace.restart()

    def advance(self, t_us: int, command: Command) -> Sensed:
        """Wait until it is `t_us`, then as the world."""
        self.pace.wait(t_us)
        sensed: Sensed = self._world.advance(t_us, command)
        return sensed


class RobotWorld:
    """A body on a serial device that answers ACT with SENSED: sensors and actuators of a real robot.

    Args:
        url: of the device. body: what it senses and acts with. goal: int16 values by time, in the order of body.goal.
        senses: cameras and skins of this computer, whose spikes join those that the device sends.

    Attributes:
        pace: the Pacemaker, with the ticks that were missed. overflow is that of `senses` only, since the device
        tells none.

    Raises (each method): UserError if the device cannot be reached, is another, or went away.
    """

    def __init__(
        self,
        url: str,
        body: Body,
        goal: Callable[[int], Sequence[int]],
        patience_s: float = 2.0,
        senses: Sequence[Sense] = (),
    ) -> None:
        self.body, self.idle = body, body.idle()
        self.pace = Pacemaker()
        self._goal = goal
        self._senses = tuple(senses)
        self._sensed = body.empty_sensed()
        self._session = Session(url, 0.02, patience_s)
        said = self._session.welcome
        self._addresses = int(said["addresses"])
        has, wants = (int(said["analog"]), int(said["effort"])), (len(body.analog), len(body.effort))
        if has != wants:
            self._session.close()
            raise UserError(f"{url} has (analog, effort) {has}, this body {wants}; name the port of the robot")

    def advance(self, t_us: int, command: Command) -> Sensed:
        """Wait until it is `t_us`, apply the command, and return what is sensed then."""
        self.pace.wait(t_us)
        answer = self._session.ask(protocol.ACT, command.effort.astype("<i2").tobytes(), protocol.SENSED)
        self._sensed.t_us = t_us
        self._sensed.goal[:] = self._goal(t_us)
        unpack_sensed(answer, self._sensed, self._addresses)
        self._sensed.overflow = 0
        for sense in self._senses:
            sense.into(self._sensed)
        return self._sensed

    def close(self) -> None:
        """Give the device back; it holds its efforts, and lets them decay as it sees fit."""
        self._session.close()


def unpack_sensed(payload: bytes, sensed: Sensed, addresses: int) -> None:
    """Read SENSED into analog, spikes and count of `sensed`. Raises UserError if that is not what came."""
    size = 2 * sensed.analog.size
    try:
        spikes = protocol.unpack_spikes(payload[size:], addresses)
    except ValueError as error:
        raise UserError(f"the robot sends what is no SENSED: {error}; its firmware is for another body") from None
    sensed.analog[:] = np.frombuffer(payload, "<i2", sensed.analog.size)
    sensed.count = len(spikes)
    taken: NDArray[np.uint16] = sensed.spikes
    taken[: len(spikes)] = spikes
