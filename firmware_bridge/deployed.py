"""DeployedNetwork: the spiking controller on a target, with the record, the probe and the hash of the one here."""

from __future__ import annotations

import dataclasses
import zlib

import numpy as np
from numpy.typing import NDArray

from controller import image as images
from controller.damage import strike
from controller.image import IMAGE
from controller.network import Network
from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed

from .boards import BOARDS
from .fpga.build import FPGAS, SIMULATED, identity
from .identity import build_id
from .remote import RemoteBrain
from .session import RefusedError
from .window import Window


class DeployedNetwork:
    """A Network that computes elsewhere; its first `reset` carries the record over.

    Args:
        network: as built for the scenario; it is the source of the record and is not stepped.
        url: of the target. body: what the network drives. timeout_s, patience_s, read_s: as of `Session`.

    Attributes:
        remote: the brain behind the link. probe: PROBE (1,), what it thought in the last tick.
        window: where other processes see how it does, if anywhere.

    Raises:
        UserError: the target is another, or of another build; as `RemoteBrain` otherwise.
    """

    def __init__(
        self,
        network: Network,
        url: str,
        body: Body,
        timeout_s: float = 0.05,
        patience_s: float = 5.0,
        read_s: float | None = None,
    ) -> None:
        self._network = network
        self.window: Window | None = None
        self.remote = RemoteBrain(url, body, timeout_s, patience_s, read_s)
        self.probe = self.remote.probe
        self._committed = int(self.remote.welcome["image"])
        try:
            assert_current(self.remote.welcome, url)
            board = BOARDS.get(target_name(self.remote.welcome))
            if board is not None:
                self.remote.pad(board.pad)
            self.remote.pace(0, 0)
            self.remote.subscribe(1)
        except BaseException:
            self.remote.close()
            raise

    def take_over(self, other: NDArray[np.void]) -> None:
        """Start from the learned weights of another record, IMAGE (1,)."""
        self._network.take_over(other)
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick; carries the record over if the target has another."""
        self._network.reset()
        record = self._network.image.tobytes()
        self.probe[:] = 0
        if self.window is not None:
            self.window.restart()
        if self._committed == zlib.crc32(record):
            try:
                self.remote.reset()
                return
            except RefusedError as refused:
                if refused.name != "EMPTY":  # it keeps no copy
                    raise
        self._committed = 0
        self.remote.load(record)
        self._committed = zlib.crc32(record)

    def step(self, sensed: Sensed) -> Command:
        """One tick on the target. The returned command is overwritten by the next call."""
        if self._network.due():
            self._strike()
        command = self.remote.step(sensed)
        if self.window is not None:
            self.window.tick(self.remote.cycles, self.remote.spikes, command)
        return command

    def _strike(self) -> None:
        """Damage the target's memory: its record comes here, is struck, and goes back."""
        record = self.image
        strike(record, self._network.damage)
        self._committed = 0
        self.remote.load(record.tobytes())

    def encode(self, record: NDArray[np.void]) -> bytes:
        """A record as the bytes of a state file."""
        return images.encode(record)

    def decode(self, data: bytes, source: str = "the brain state") -> NDArray[np.void]:
        """The record in the bytes of a state file; see `Network.decode`."""
        return self._network.decode(data, source)

    @property
    def image(self) -> NDArray[np.void]:
        """The record as it is on the target now, IMAGE (1,)."""
        return np.frombuffer(self.remote.save(), IMAGE).copy()

    def link(self) -> dict[str, object]:
        """What the target is and what the link to it cost so far, ready for JSON."""
        return {"target": target_name(self.remote.welcome), **dataclasses.asdict(self.remote.effort)}

    def state_hash(self) -> int:
        """CRC-32 of the whole state, learned weights included."""
        return self.remote.state_hash()

    def close(self) -> None:
        """Give the device back; the target keeps what it has learned."""
        self.remote.close()


def assert_current(welcome: np.void, url: str) -> None:
    """Raise UserError if the target's firmware or record is another than this program's."""
    name = target_name(welcome)
    cure = f"run `ganglion deploy grasp --to {name} {url}`" if name in (*BOARDS, *FPGAS) else "build it anew"
    if welcome["layout"] != images.LAYOUT:
        raise UserError(
            f"{name} at {url} holds a brain of layout {welcome['layout']:08x}, this program's is {images.LAYOUT:08x}; "
            f"{cure}"
        )
    own = build_of(name)
    if own is not None and welcome["build"] != own:
        raise UserError(f"{name} at {url} runs build {welcome['build']:08x}, this program's is {own:08x}; {cure}")


def build_of(name: str) -> int | None:
    """What a target of this program calls its build, by the name it gives itself; None for a name that is not ours."""
    if name == "sitl" or name in BOARDS:
        return build_id("mcu")
    return identity() if name in (SIMULATED, *FPGAS) else None


def target_name(welcome: np.void) -> str:
    """What a target calls itself."""
    return bytes(welcome["target"]).rstrip(b"\0").decode("ascii", "replace")
