"""A conversation with one target: greeting it, asking until it answers, taking it up again after an unplug."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np

from sensors.errors import UserError

from . import protocol
from .framing import Frame, encode
from .link import Link
from .lossy import LinkLostError
from .protocol import MAGIC, PROTOCOL_ID, REFUSALS
from .table import Message

_GARBLED = bytes(code for code, (name, _) in REFUSALS.items() if name == "GARBLED")


@dataclass(slots=True)
class Effort:
    """What it took to be understood: requests asked again, answers that came too late or twice, reconnections."""

    asked_again: int = 0
    stale: int = 0
    reconnected: int = 0


class RefusedError(UserError):
    """The target answered that it will not: `name` is that of the refusal in `protocol.REFUSALS`."""

    def __init__(self, sentence: str, name: str) -> None:
        super().__init__(sentence)
        self.name = name

    def __reduce__(self) -> tuple[type[RefusedError], tuple[str, str]]:
        return type(self), (str(self), self.name)


class TargetLostError(UserError):
    """The target is gone, silent, or was restarted: the run cannot go on, by no fault of the request."""


class Waking:
    """The link's clock without the time in which this program was stopped, which is no silence of the target.

    Args:
        longest_s: of one wait; a step of more than twice that, and of a second, is left out.
    """

    def __init__(self, longest_s: float) -> None:
        self._most_s = max(1.0, 2 * longest_s)
        self._last_s = Link.now_s()
        self._left_out_s = 0.0

    def now_s(self) -> float:
        """Seconds since some beginning."""
        now_s = Link.now_s()
        if now_s - self._last_s > self._most_s:
            self._left_out_s += now_s - self._last_s
        self._last_s = now_s
        return now_s - self._left_out_s


class Session:
    """The target behind a URL, greeted.

    Args:
        url: any that `link.open_port` opens.
        timeout_s: silence after which a request is sent again; the target carries it out once.
        patience_s: how long one request, or an unplugged device, is waited for.
        read_s: longest wait of one `poll`, timeout_s if not given.

    Attributes:
        pad: length whose multiples requests are filled up to with zeros, which no frame minds: a UART with a FIFO then
            tells of them at once.
        url: as opened. welcome: what the target said of itself. effort: what the link cost so far.

    Raises (each method): UserError if the target cannot be reached, is another, or was restarted in mid-session.
    """

    def __init__(self, url: str, timeout_s: float = 0.02, patience_s: float = 2.0, read_s: float | None = None) -> None:
        self.url = url
        self.effort = Effort()
        self._timeout_s, self._patience_s = timeout_s, patience_s
        self._session = int.from_bytes(os.urandom(4), "little")
        self._before = self._sequence = 0
        self._lost = False
        self.pad = 1
        self._link = Link(url, timeout_s if read_s is None else read_s)
        self._clock = Waking(timeout_s if read_s is None else read_s)
        try:
            self.welcome = self._hello()
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
        asked_s = self._clock.now_s()
        until = asked_s + self._patience_s
        while (now_s := self._clock.now_s()) < until:
            frames = self._link.receive()
            for frame in frames or ():
                if frame.code == protocol.WELCOME.code:
                    welcome = self._known(frame.payload)
                    if welcome["session"] == self._session:
                        return welcome
            if not frames and now_s > asked_s + self._timeout_s:
                asked_s = now_s
                self._link.send(hello)
        url, came = self.url, self._link.received
        if came:
            raise UserError(
                f"{url} sends {came} bytes and no answer; is it a Ganglion target, at {protocol.BAUD} baud?"
            )
        raise UserError(f"{url} is silent for {self._patience_s:g} s; is it the right port, and the firmware on it?")

    def _known(self, payload: bytes) -> np.void:
        magic, theirs = np.frombuffer(payload.ljust(8, b"\0")[:8], "<u4").tolist()
        if magic != MAGIC:
            raise UserError(f"{self.url} answers with something else; name the port of a Ganglion target")
        if theirs != PROTOCOL_ID:
            raise UserError(
                f"{self.url} speaks protocol {theirs:08x}, this host {PROTOCOL_ID:08x}; "
                "flash the firmware of this version"
            )
        if not protocol.WELCOME.fits(payload):
            raise self.nonsense(f"WELCOME of {len(payload)} bytes")
        return protocol.WELCOME.unpack(payload)

    def nonsense(self, what: str) -> UserError:
        """The error that an answer of another shape than the protocol's is."""
        return UserError(f"{self.url} sends what is no answer: {what}; flash the firmware of this version")

    def ask(self, message: Message, payload: bytes, answer: Message) -> bytes:
        """Ask until it is answered; the target carries the request out once."""
        self.begin(message, payload)
        while (came := self.poll(answer)) is None:
            pass
        return came

    def begin(self, message: Message, payload: bytes) -> None:
        """Send a request; `poll` until it is answered before the next."""
        self._before, self._sequence = self._sequence, self._sequence % 0xFFFF + 1
        self._message, self._request = message, self._padded(encode(self._sequence, message.code, payload))
        self._asked_s = self._clock.now_s()
        self._until_s = self._asked_s + self._patience_s
        self._asked_before = self.effort.asked_again
        self._lost = not self._send(self._request)

    def poll(self, answer: Message) -> bytes | None:
        """The payload of the answer, None if the next read of the link did not bring it; asks again when it is time."""
        if self._lost:
            if not self._come_back():
                raise TargetLostError(
                    f"{self.url} is gone and not back within {self._patience_s:g} s; plug it in again"
                )
            self._until_s = self._clock.now_s() + self._patience_s
        try:
            frames = self._link.receive()
        except LinkLostError:
            self._lost = True
            return None
        self._lost, again = False, frames is None
        for frame in frames or ():
            if frame.sequence == self._sequence:
                if frame.code == answer.code:
                    if not answer.fits(frame.payload):
                        raise self.nonsense(f"{answer.name} of {len(frame.payload)} bytes")
                    return frame.payload
                self._refused(frame, self._message)
            elif frame.code == protocol.NACK.code and frame.sequence == 0 and frame.payload[:1] == _GARBLED:
                again = True
            else:
                self.effort.stale += 1
        now_s = self._clock.now_s()
        if now_s > self._until_s:
            raise TargetLostError(f"{self.url} is silent for {self._patience_s:g} s; is the target alive?")
        if again or now_s > self._asked_s + self._timeout_s:
            self.effort.asked_again += 1
            self._asked_s = now_s
            self._lost = not self._send(b"\0" + self._request)
        return None

    def _padded(self, frame: bytes) -> bytes:
        return frame + bytes(-len(frame) % self.pad)

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
                raise TargetLostError(f"{self.url} was restarted and has forgotten what it learned; begin the run anew")
            return True
        return False

    def _refused(self, frame: Frame, message: Message) -> None:
        """Raise what a refusal means. Its number was not used up, so the next request has it again."""
        code = frame.payload[0] if frame.code == protocol.NACK.code and frame.payload else 0
        name, says = REFUSALS.get(code, (f"answer {frame.code:#x}", "it speaks another language"))
        if name == "SEQUENCE":
            raise TargetLostError(f"{self.url} was restarted and has forgotten what it learned; begin the run anew")
        self._sequence = self._before  # what is refused does not count: the target still expects this number
        if self.effort.asked_again > self._asked_before:  # the refusals of the repeats are not those of what comes next
            while self._link.receive():
                pass
        raise RefusedError(f"{self.url} refuses {message.name}: {name}, {says}", name)

    def now_s(self) -> float:
        """The clock that deadlines are measured on."""
        return self._link.now_s()

    def close(self) -> None:
        """Give the device back; the target keeps what it has learned."""
        self._link.close()
