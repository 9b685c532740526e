"""RemoteBrain: a brain on a target, in lockstep; the loop cannot tell it from one that computes here."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from controller.spec import PROBE
from sensors.errors import UserError
from sensors.signals import MAX_SPIKES, Body, Command, Sensed

from . import protocol
from .protocol import PARAMETERS, PIECE_MAX
from .session import Effort, Session

_INDEX = {p.name: index for index, p in enumerate(PARAMETERS)}


class RemoteBrain:
    """The brain behind a URL.

    Args:
        url: any that `link.open_port` opens. body: what the brain must fit.
        timeout_s, patience_s, read_s: as of `Session`.

    Attributes:
        welcome: what the target said of itself. effort: what the link cost so far.
        cycles, spikes: of the last tick, as the target counted them.
        probe: PROBE (1,), what it thought in the last tick, as far as `subscribe` asked for it.

    Raises (each method): UserError if the target cannot be reached, is another, or was restarted in mid-session.
    """

    def __init__(
        self, url: str, body: Body, timeout_s: float = 0.02, patience_s: float = 2.0, read_s: float | None = None
    ) -> None:
        if body.addresses > protocol.ADDRESS_MAX:
            raise UserError(
                f"{body.addresses} spike addresses, the wire carries {protocol.ADDRESS_MAX}; pool the sensors"
            )
        self.cycles = self.spikes = 0
        self.probe = np.zeros(1, PROBE)
        self._body = body
        self._command = body.idle()
        self._session = Session(url, timeout_s, patience_s, read_s)
        self.welcome = self._session.welcome
        self._addresses = int(self.welcome["addresses"])
        try:
            self._fits()
        except UserError:
            self.close()
            raise

    @property
    def effort(self) -> Effort:
        """What the link cost so far."""
        return self._session.effort

    def pad(self, size: int) -> None:
        """Fill requests up to multiples of `size` bytes, see `Session`."""
        self._session.pad = size

    def _fits(self) -> None:
        body, it = self._body, self.welcome
        wants = (len(body.analog), len(body.goal), len(body.effort), MAX_SPIKES)
        has = tuple(int(it[name]) for name in ("analog", "goal", "effort", "spikes"))
        if has != wants or it["addresses"] < body.addresses:
            raise UserError(
                f"{self._session.url} was built for (analog, goal, effort, spikes) {has} and {it['addresses']} "
                f"addresses, this body has {wants} and {body.addresses}; build the firmware for this scenario"
            )

    def step(self, sensed: Sensed) -> Command:
        """One tick on the target. The returned command is overwritten by the next call."""
        self.begin_step(sensed)
        while (command := self.poll_step()) is None:
            pass
        return command

    def begin_step(self, sensed: Sensed) -> None:
        """Ask for a tick; nothing else may be asked until `poll_step` has brought its command."""
        self._session.begin(protocol.STEP, protocol.pack_step(sensed, self._addresses))

    def poll_step(self) -> Command | None:
        """The command of the tick that was asked for, None if it has not come within one read of the link."""
        answer = self._session.poll(protocol.COMMAND)
        if answer is None:
            return None
        try:
            self.cycles, self.spikes, thought = protocol.unpack_command(answer, self._command.effort)
        except ValueError as error:
            raise self._session.nonsense(str(error)) from None
        if thought:
            protocol.unpack_thought(thought, self.spikes, self.probe)
        return self._command

    def state_hash(self) -> int:
        """CRC-32 of the brain's whole state."""
        answer = self._session.ask(protocol.STATE_HASH, b"", protocol.HASH)
        return int(protocol.HASH.unpack(answer)["crc"])

    def reset(self) -> None:
        """Return the brain to the state before its first tick."""
        self._session.ask(protocol.RESET, b"", protocol.DONE)

    def load(self, record: bytes) -> None:
        """Replace the brain's whole record and start from it; whatever fails, no half of it is ever stepped.

        Raises:
            UserError: also if the target's record has another size.
        """
        size = int(self.welcome["size"])
        if len(record) != size:
            raise UserError(
                f"{self._session.url} holds a brain of {size} bytes, this one has {len(record)}; "
                "build the firmware for this scenario"
            )
        for at in range(0, size, PIECE_MAX):
            piece = protocol.LOAD.pack(at) + record[at : at + PIECE_MAX]
            self._session.ask(protocol.LOAD, piece, protocol.DONE)
        self._session.ask(protocol.COMMIT, protocol.COMMIT.pack(zlib.crc32(record)), protocol.DONE)

    def save(self) -> bytes:
        """The brain's whole record as it is now."""
        size = int(self.welcome["size"])
        record = b""
        while len(record) < size:
            length = min(PIECE_MAX, size - len(record))
            piece = self._session.ask(protocol.SAVE, protocol.SAVE.pack(len(record), length), protocol.PIECE)
            if len(piece) != length:
                raise self._session.nonsense(f"PIECE of {len(piece)} bytes where {length} belong")
            record += piece
        return record

    def get(self, name: str) -> int:
        """The parameter of that name, one of `protocol.PARAMETERS`."""
        answer = self._session.ask(protocol.GET, protocol.GET.pack(_index(name)), protocol.VALUE)
        return int(protocol.VALUE.unpack(answer)["value"])

    def set(self, name: str, value: int) -> None:
        """Change a parameter. Raises UserError for an unknown name or a value out of its range, with both."""
        p = PARAMETERS[_index(name)]
        if not p.low <= value <= p.high:
            raise UserError(f"{name} = {value} is out of range; expected {p.low} to {p.high} ({p.unit or 'a weight'})")
        self._session.ask(protocol.SET, protocol.SET.pack(_index(name), value), protocol.VALUE)

    def freeze(self, frozen: bool) -> None:
        """Stop learning, or resume it, over every reset to come."""
        self._session.ask(protocol.FREEZE, protocol.FREEZE.pack(int(frozen)), protocol.DONE)

    def subscribe(self, every: int) -> None:
        """Let every so many ticks' answer fill `probe`; 0 none."""
        self._session.ask(protocol.SUBSCRIBE, protocol.SUBSCRIBE.pack(every), protocol.DONE)

    def pace(self, tick_us: int, hold: int) -> None:
        """Let time pass on the target: after `hold` ticks without a step efforts decay. tick_us 0: lockstep."""
        self._session.ask(protocol.PACE, protocol.PACE.pack(tick_us, hold), protocol.DONE)

    def status(self) -> tuple[np.void, NDArray[np.int16]]:
        """The fields of REPORT, and the efforts as they stand, int16 (E,)."""
        answer = self._session.ask(protocol.STATUS, b"", protocol.REPORT)
        size, whole = protocol.REPORT.dtype.itemsize, protocol.REPORT.dtype.itemsize + 2 * len(self._body.effort)
        if len(answer) != whole:
            raise self._session.nonsense(f"REPORT of {len(answer)} bytes where {whole} belong")
        return protocol.REPORT.unpack(answer[:size]), np.frombuffer(answer[size:], "<i2")

    def now_s(self) -> float:
        """The clock that deadlines are measured on."""
        return self._session.now_s()

    def ticks(self) -> int:
        """Ask whether the target is there; returns its ticks since the last reset."""
        return int(protocol.ALIVE.unpack(self._session.ask(protocol.HEARTBEAT, b"", protocol.ALIVE))["ticks"])

    def counters(self) -> dict[str, int]:
        """What the target has seen on the link since power-on, by the names of COUNTERS."""
        record = protocol.COUNTERS.unpack(self._session.ask(protocol.STATS, b"", protocol.COUNTERS))
        return {f.name: int(record[f.name]) for f in protocol.COUNTERS.fields}

    def close(self) -> None:
        """Give the device back; the target keeps what it has learned."""
        self._session.close()


def _index(name: str) -> int:
    if name not in _INDEX:
        raise UserError(f"there is no parameter {name!r}; there are {', '.join(_INDEX)}")
    return _INDEX[name]
