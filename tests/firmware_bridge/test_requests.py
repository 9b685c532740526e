"""What may be asked of a target beside a step: its record, its parameters, how it goes, and that time passes."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import pytest

from firmware_bridge import protocol
from firmware_bridge.framing import encode
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.sitl import Sitl
from sensors.errors import UserError

from .test_remote import BODY, Leaky, follow, port, refusal


@pytest.fixture
def brain(sitl: Sitl) -> Iterator[RemoteBrain]:
    remote = RemoteBrain(sitl.url, BODY)
    yield remote
    remote.close()


def test_a_record_that_was_saved_and_loaded_goes_on_as_if_nothing_had_happened(brain: RemoteBrain) -> None:
    twin = Leaky()
    follow(brain, 300, 1, twin)
    saved, crc = brain.save(), brain.state_hash()
    assert len(saved) == brain.welcome["size"]
    assert zlib.crc32(saved) == crc
    follow(brain, 50, 2, twin.copy())
    assert brain.state_hash() != crc
    brain.load(saved)
    assert (brain.state_hash(), brain.ticks()) == (crc, 0)
    follow(brain, 50, 2, twin.copy())
    brain.reset()
    assert brain.state_hash() == crc


def test_a_record_that_was_not_loaded_whole_is_never_stepped(sitl: Sitl) -> None:
    with port(sitl.url) as ask:
        hello = protocol.HELLO.pack(protocol.MAGIC, protocol.PROTOCOL_ID, 7)
        ask(encode(0, protocol.HELLO.code, hello))
        step = protocol.pack_step(BODY.empty_sensed(), 86)
        assert ask(encode(1, protocol.LOAD.code, protocol.LOAD.pack(8) + bytes(8)))[0].code == protocol.DONE.code
        assert refusal(ask(encode(2, protocol.STEP.code, step))) == "EMPTY"
        assert refusal(ask(encode(2, protocol.SAVE.code, protocol.SAVE.pack(0, 4)))) == "EMPTY"
        assert refusal(ask(encode(2, protocol.COMMIT.code, protocol.COMMIT.pack(1)))) == "CHECKSUM"
        assert refusal(ask(encode(2, protocol.STEP.code, step))) == "EMPTY"
        for offset, size in ((2, 4), (20, 8), (0, 3), (2**32 - 4, 8)):
            load = protocol.LOAD.pack(offset) + bytes(size)
            assert refusal(ask(encode(2, protocol.LOAD.code, load))) == "VALUE", (offset, size)
        assert refusal(ask(encode(2, protocol.LOAD.code, protocol.LOAD.pack(0)))) == "LENGTH"
        crc = protocol.COMMIT.pack(zlib.crc32(bytes(24)))  # all zeros, as the rest was
        assert refusal(ask(encode(2, protocol.COMMIT.code, crc))) == "CHECKSUM"  # learning was 1
        ask(encode(2, protocol.LOAD.code, protocol.LOAD.pack(0) + bytes(24)))
        assert ask(encode(3, protocol.COMMIT.code, crc))[0].code == protocol.DONE.code
        assert ask(encode(4, protocol.STEP.code, step))[0].code == protocol.COMMAND.code
        assert refusal(ask(encode(5, protocol.SAVE.code, protocol.SAVE.pack(24, 4)))) == "VALUE"


def test_parameters_are_read_and_set_by_name_within_their_range(brain: RemoteBrain) -> None:
    assert brain.get("learning") == 1
    before = brain.state_hash()
    brain.set("learning", 0)
    brain.reset()
    assert brain.get("learning") == 0
    assert brain.state_hash() != before
    with pytest.raises(UserError, match=r"margin = 2000 is out of range; expected 256 to 1024 \(1/256\)"):
        brain.set("margin", 2000)
    with pytest.raises(UserError, match="no parameter 'slip'; there are learning, margin,"):
        brain.get("slip")
    with pytest.raises(UserError, match="refuses SET: VALUE"):
        brain.set("margin", 300)  # the leaky brain's second one ends at 9
    assert brain.get("learning") == 0  # a refusal uses no number up


def test_what_it_thinks_comes_with_every_so_many_commands(brain: RemoteBrain) -> None:
    sensed = BODY.empty_sensed()
    sensed.analog[0] = 400
    brain.step(sensed)
    assert not brain.probe["slip"][0]
    brain.subscribe(3)
    said = []
    for _ in range(8):
        brain.probe[:] = 0
        brain.step(sensed)
        said.append(int(brain.probe["compliance"][0]))
    assert [value != 0 for value in said] == [False, True, False, False, True, False, False, True]
    assert brain.probe["slip"][0]
    assert brain.probe["started"][0]
    brain.step(sensed)
    assert brain.step(sensed).effort[0] != brain.step(sensed).effort[0] == brain.probe["grip_target"][0] != 0


def test_a_report_tells_ticks_spikes_and_efforts(brain: RemoteBrain) -> None:
    sensed = BODY.empty_sensed()
    sensed.count = 5
    efforts = [brain.step(sensed).effort.tolist() for _ in range(4)]
    report, effort = brain.status()
    assert (report["ticks"], report["spikes"], report["missed"], report["loaded"], report["frozen"]) == (4, 20, 0, 1, 0)
    assert effort.tolist() == efforts[-1]
    brain.freeze(True)
    assert brain.status()[0]["frozen"] == 1


def test_efforts_are_held_and_then_decay_when_steps_stay_away_and_only_when_time_passes(brain: RemoteBrain) -> None:
    sensed = BODY.empty_sensed()
    sensed.analog[0] = 30000
    for _ in range(6):
        last = brain.step(sensed).effort.tolist()
    assert abs(last[0]) > 4096
    for _ in range(20):
        assert brain.status()[1].tolist() == last
    brain.pace(1000, 5)
    brain.step(sensed)
    report = brain.status()[0]
    until = np.datetime64("now") + np.timedelta64(5, "s")
    while not report["settled"]:
        assert np.datetime64("now") < until, report
        report, effort = brain.status()
    assert effort[0] == 0
    assert 5 < report["settled"] <= 5 + 8
    assert report["missed"] >= report["settled"]
    brain.pace(0, 0)
    assert brain.step(sensed).effort[0] != 0
