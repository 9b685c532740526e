"""RemoteBrain: a brain on a target, in lockstep; the loop cannot tell it from one that computes here."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from sensors.errors import UserError
from sensors.signals import MAX_SPIKES, Body, Command, Sensed

from . import protocol
from .framing import Frame, encode
from .link import Link
from .lossy import LinkLostError
from .protocol import MAGIC, PROTOCOL_ID, REFUSALS, Message

_GARBLED = bytes(code for code, (name, _) in REFUSALS.items() if name == "GARBLED")


@dataclass(slots=True)
class Effort:
    """What it took to be understood: requests asked again, answers that came too late or twice, reconnections."""

    asked_again: int = 0
    stale: int = 0
    reconnected: int = 0


class RemoteBrain:
    """The brain behind a URL.

    Args:
        url: any that `link.open_port` opens. body: what the brain must fit.
        timeout_s: silence after which a request is sent again; the target carries it out once.
        patience_s: how long one request, or an unplugged device, is waited for.

    Attributes:
        welcome: what the target said of itself. effort: what the link cost so far.
        cycles, spikes: of the last tick, as the target counted them.

    Raises (each method): UserError if the target cannot be reached, is another, or was restarted in mid-session.
    """

    def __init__(self, url: str, body: Body, timeout_s: float = 0.02, patience_s: float = 2.0) -> None:
        if body.addresses > protocol.ADDRESS_MAX:
            raise UserError(
                f"{body.addresses} spike addresses, the wire carries {protocol.ADDRESS_MAX}; pool the sensors"
            )
        self.effort = Effort()
        self.cycles = self.spikes = 0
        self._patience_s = patience_s
        self._body = body
        self._session = int.from_bytes(os.urandom(4), "little")
        self._before = self._sequence = 0
        self._command = body.idle()
        self._link = Link(url, timeout_s)
        try:
            self.welcome = self._hello()
            self._fits()
        except LinkLostError as error:
            self._link.close()
            raise UserError(f"{url} went away while it was greeted ({error}); plug it in again") from None
        except BaseException:
            self._link.close()
            raise

    def _hello(self) -> np.void:
        payload = protocol.HELLO.pack(MAGIC, PROTOCOL_ID, self._session)
        hello = b"\0" + encode(0, protocol.HELLO.code, payload)
        self._link.send(hello)
        until = self._link.now_s() + self._patience_s
        while self._link.now_s() < until:
            frames = self._link.receive()
            for frame in frames or ():
                if frame.code == protocol.WELCOME.code:
                    welcome = self._known(frame.payload)
                    if welcome["session"] == self._session:
                        return welcome
            if frames is None:
                self._link.send(hello)
        url, came = self._link.url, self._link.received
        if came:
            raise UserError(
                f"{url} sends {came} bytes and no answer; is it a Ganglion target, at {protocol.BAUD} baud?"
            )
        raise UserError(f"{url} is silent for {self._patience_s:g} s; is it the right port, and the firmware on it?")

    def _known(self, payload: bytes) -> np.void:
        magic, theirs = np.frombuffer(payload.ljust(8, b"\0")[:8], "<u4").tolist()
        if magic != MAGIC:
            raise UserError(f"{self._link.url} answers with something else; name the port of a Ganglion target")
        if theirs != PROTOCOL_ID:
            raise UserError(
                f"{self._link.url} speaks protocol {theirs:08x}, this host {PROTOCOL_ID:08x}; "
                "flash the firmware of this version"
            )
        return protocol.WELCOME.unpack(payload)

    def _fits(self) -> None:
        body, it = self._body, self.welcome
        wants = (len(body.analog), len(body.goal), len(body.effort), MAX_SPIKES)
        has = tuple(int(it[name]) for name in ("analog", "goal", "effort", "spikes"))
        if has != wants or it["addresses"] < body.addresses:
            raise UserError(
                f"{self._link.url} was built for (analog, goal, effort, spikes) {has} and {it['addresses']} addresses, "
                f"this body has {wants} and {body.addresses}; build the firmware for this scenario"
            )

    def _ask(self, message: Message, payload: bytes, answer: Message) -> bytes:
        """Ask until it is answered; the target carries the request out once."""
        self._before, self._sequence = self._sequence, self._sequence % 0xFFFF + 1
        request = encode(self._sequence, message.code, payload)
        until = self._link.now_s() + self._patience_s
        lost = not self._send(request)
        while not lost or self._come_back():
            if lost:
                until = self._link.now_s() + self._patience_s
            try:
                frames = self._link.receive()
            except LinkLostError:
                lost = True
                continue
            lost, again = False, frames is None
            for frame in frames or ():
                if frame.sequence == self._sequence:
                    if frame.code == answer.code:
                        return frame.payload
                    self._refused(frame, message)
                elif frame.code == protocol.NACK.code and frame.sequence == 0 and frame.payload[:1] == _GARBLED:
                    again = True
                else:
                    self.effort.stale += 1
            if self._link.now_s() > until:
                raise UserError(f"{self._link.url} is silent for {self._patience_s:g} s; is the target alive?")
            if again:
                self.effort.asked_again += 1
                lost = not self._send(b"\0" + request)
        raise UserError(f"{self._link.url} is gone and not back within {self._patience_s:g} s; plug it in again")

    def _send(self, data: bytes) -> bool:
        try:
            self._link.send(data)
        except LinkLostError:
            return False
        return True

    def _come_back(self) -> bool:
        """Open the device again and take the session up where it was; the request is repeated on the next silence."""
        while self._link.reopen(self._patience_s):
            self.effort.reconnected += 1
            try:
                last = int(self._hello()["sequence"])
            except LinkLostError:
                continue
            if last not in (self._before, self._sequence):
                raise UserError(f"{self._link.url} was restarted and has forgotten what it learned; begin the run anew")
            return True
        return False

    def _refused(self, frame: Frame, message: Message) -> None:
        code = frame.payload[0] if frame.code == protocol.NACK.code and frame.payload else 0
        name, says = REFUSALS.get(code, (f"answer {frame.code:#x}", "it speaks another language"))
        if name == "SEQUENCE":
            raise UserError(f"{self._link.url} was restarted and has forgotten what it learned; begin the run anew")
        raise UserError(f"{self._link.url} refuses {message.name}: {name}, {says}")

    def step(self, sensed: Sensed) -> Command:
        """One tick on the target. The returned command is overwritten by the next call."""
        payload = protocol.pack_step(sensed, int(self.welcome["addresses"]))
        answer = self._ask(protocol.STEP, payload, protocol.COMMAND)
        self.cycles, self.spikes = protocol.unpack_command(answer, self._command.effort)
        return self._command

    def state_hash(self) -> int:
        """CRC-32 of the brain's whole state."""
        return int(protocol.HASH.unpack(self._ask(protocol.STATE_HASH, b"", protocol.HASH))["crc"])

    def reset(self) -> None:
        """Return the brain to the state before its first tick."""
        self._ask(protocol.RESET, b"", protocol.DONE)

    def freeze(self, frozen: bool) -> None:
        """Stop learning, or resume it."""
        self._ask(protocol.FREEZE, protocol.FREEZE.pack(int(frozen)), protocol.DONE)

    def ticks(self) -> int:
        """Ask whether the target is there; returns its ticks since the last reset."""
        return int(protocol.ALIVE.unpack(self._ask(protocol.HEARTBEAT, b"", protocol.ALIVE))["ticks"])

    def counters(self) -> dict[str, int]:
        """What the target has seen on the link since power-on, by the names of COUNTERS."""
        record = protocol.COUNTERS.unpack(self._ask(protocol.STATS, b"", protocol.COUNTERS))
        return {f.name: int(record[f.name]) for f in protocol.COUNTERS.fields}

    def close(self) -> None:
        """Give the device back; the target keeps what it has learned."""
        self._link.close()
