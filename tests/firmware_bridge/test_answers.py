"""What a host makes of a device that keeps the frames of the wire and nothing else of it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.framing import Parser, encode
from firmware_bridge.remote import RemoteBrain
from sensors.errors import UserError
from sensors.signals import MAX_SPIKES
from sim.bullet import GRIPPER

from .terminal import device

ANSWERS = {
    protocol.STEP: protocol.COMMAND,
    protocol.SAVE: protocol.PIECE,
    protocol.STATUS: protocol.REPORT,
    protocol.STATS: protocol.COUNTERS,
    protocol.STATE_HASH: protocol.HASH,
    protocol.GET: protocol.VALUE,
    protocol.HEARTBEAT: protocol.ALIVE,
    protocol.RESET: protocol.DONE,
}
ASKS: tuple[Callable[[RemoteBrain], object], ...] = (
    lambda brain: brain.step(GRIPPER.empty_sensed()),
    RemoteBrain.save,
    RemoteBrain.status,
    RemoteBrain.counters,
    RemoteBrain.state_hash,
    lambda brain: brain.get("margin"),
    RemoteBrain.ticks,
    RemoteBrain.reset,
)
WELCOME = protocol.WELCOME.pack(
    protocol.MAGIC, protocol.PROTOCOL_ID, 0, 0, b"nonsense", 1, 0, 0, 400,
    len(GRIPPER.analog), len(GRIPPER.goal), len(GRIPPER.effort), MAX_SPIKES, GRIPPER.addresses, 3,
)  # fmt: skip


class Babbler:
    """Answers with the right number, mostly the right code, and a payload of noise; greets whole or cut short."""

    def __init__(self, seed: int, greets: bool) -> None:
        self._rng = np.random.default_rng(seed)
        self._greets = greets
        self._parser = Parser()

    def hear(self, data: bytes) -> bytes:
        return b"".join(self._answer(f.sequence, f.code, f.payload) for f in self._parser.feed(data))

    def _answer(self, sequence: int, code: int, payload: bytes) -> bytes:
        if code == protocol.HELLO.code:
            welcome = WELCOME[:8] + payload[8:12] + WELCOME[12:]
            size = len(welcome) if self._greets else int(self._rng.integers(8, len(welcome)))
            return encode(0, protocol.WELCOME.code, welcome[:size])
        right = next(answer.code for asked, answer in ANSWERS.items() if asked.code == code)
        other = int(self._rng.choice([m.code for m in protocol.MESSAGES]))
        size = int(self._rng.integers(60))
        return encode(sequence, right if self._rng.random() < 0.7 else other, self._rng.bytes(size))


def told(ask: Callable[[], object]) -> str:
    """The line that it raises, empty if it raises none; anything but a UserError fails."""
    try:
        ask()
    except UserError as error:
        return str(error)
    return ""


def test_whatever_a_device_answers_the_host_says_one_line_at_worst() -> None:
    said = []
    with device(Babbler(12, greets=True).hear) as url:
        for _ in range(20):
            brain = RemoteBrain(url, GRIPPER, patience_s=0.2)
            said += [told(lambda ask=ask, brain=brain: ask(brain)) for ask in ASKS]  # type: ignore[misc]
            brain.close()
    assert all(line.startswith(url) and "\n" not in line for line in said if line)
    assert sum("sends what is no answer: " in line for line in said) > 60
    assert sum("speaks another language" in line for line in said) > 10


def test_a_greeting_that_is_cut_short_is_told() -> None:
    with (
        device(Babbler(1, greets=False).hear) as url,
        pytest.raises(UserError, match=r"sends what is no answer: WELCOME of \d+ bytes; flash"),
    ):
        RemoteBrain(url, GRIPPER, patience_s=0.2)
