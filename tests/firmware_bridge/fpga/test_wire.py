"""The wire's target end in the FPGA: what it refuses, what it keeps, and the same through its UART, bit by bit."""

from __future__ import annotations

import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge import protocol
from firmware_bridge.deployed import DeployedNetwork
from firmware_bridge.fpga import simulator
from firmware_bridge.framing import encode
from firmware_bridge.link import Link
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.session import RefusedError
from firmware_bridge.sitl import Sitl
from sim.bullet import GRIPPER
from tests.firmware_bridge.senses import anything

CODES = {name: code for code, (name, _) in protocol.REFUSALS.items()}
TAIL = bytes(2 * (len(GRIPPER.analog) + len(GRIPPER.goal)))


def brain_of(chip: Sitl) -> RemoteBrain:
    return RemoteBrain(chip.url, GRIPPER, timeout_s=2.0, patience_s=20.0)


def answers(link: Link, *frames: bytes) -> list[tuple[int, int, bytes]]:
    """Sequence, code and payload of what comes back for each frame, one at a time."""
    found = []
    for frame in frames:
        link.send(frame)
        while not (got := link.receive()):
            pass
        found += [(f.sequence, f.code, f.payload) for f in got]
    return found


def nack(number: int, name: str, expected: int) -> tuple[int, int, bytes]:
    return number, protocol.NACK.code, protocol.NACK.pack(CODES[name], expected)


def test_every_kind_of_wrong_request_is_refused_by_name(chip: Sitl) -> None:
    brain = brain_of(chip)
    brain.load(Network(Reflex(), GRIPPER).image.tobytes())
    last = -(-protocol_size() // protocol.PIECE_MAX) + 1
    brain.close()
    link = Link(chip.url, 2.0)
    n = last + 1
    m = protocol
    wrong = (
        (encode(n, 0x7E, b""), "UNKNOWN"),
        (encode(n, m.FREEZE.code, b""), "LENGTH"),
        (encode(n, m.FREEZE.code, b"\2"), "VALUE"),
        (encode(n, m.STEP.code, TAIL), "LENGTH"),
        (encode(n, m.STEP.code, TAIL + b"\1"), "VALUE"),
        (encode(n, m.STEP.code, TAIL + bytes((1, GRIPPER.addresses))), "VALUE"),
        (encode(n, m.STEP.code, TAIL + bytes((49, *range(49)))), "VALUE"),
        (encode(n, m.STEP.code, TAIL + b"\x80" + b"\xff" * 11), "VALUE"),
        (encode(n, m.SAVE.code, m.SAVE.pack(2, 4)), "VALUE"),
        (encode(n, m.SAVE.code, m.SAVE.pack(protocol_size(), 4)), "VALUE"),
        (encode(n, m.LOAD.code, m.LOAD.pack(protocol_size() - 4) + bytes(8)), "VALUE"),
        (encode(n, m.GET.code, m.GET.pack(len(m.PARAMETERS))), "VALUE"),
        (encode(n, m.SET.code, m.SET.pack(1, 1025)), "VALUE"),
        (encode(n, m.SET.code, m.SET.pack(1, 255)), "VALUE"),
        (encode(n, m.RESET.code, b""), "EMPTY"),
        (encode(n, m.COMMIT.code, m.COMMIT.pack(1)), "CHECKSUM"),
        (encode(n + 1, m.HEARTBEAT.code, b""), "SEQUENCE"),
        (encode(last, m.HEARTBEAT.code, b""), "CONFLICT"),
    )
    found = answers(link, *(frame for frame, _ in wrong))
    numbers = [n] * (len(wrong) - 2) + [n + 1, last]
    assert found == [nack(number, name, n) for number, (_, name) in zip(numbers, wrong, strict=True)]
    ((_, code, alive),) = answers(link, encode(n, m.HEARTBEAT.code, b""))
    assert (code, alive) == (m.ALIVE.code, bytes(4))
    link.close()


def protocol_size() -> int:
    return Network(Reflex(), GRIPPER).image.itemsize


def test_a_refused_step_leaves_no_trace_and_a_repeated_one_is_done_once(chip: Sitl) -> None:
    network = Network(Reflex(), GRIPPER)
    brain = brain_of(chip)
    brain.load(network.image.tobytes())
    addresses = int(brain.welcome["addresses"])
    brain.close()
    size = -(-protocol_size() // protocol.PIECE_MAX) + 1
    link = Link(chip.url, 2.0)
    bad = encode(size + 1, protocol.STEP.code, TAIL + bytes((3, 1, 50, GRIPPER.addresses)))
    assert answers(link, bad) == [nack(size + 1, "VALUE", size + 1)]
    sensed = next(iter(anything(np.random.default_rng(5), 1)))
    good = encode(size + 1, protocol.STEP.code, protocol.pack_step(sensed, addresses))
    first, again = answers(link, good, good)
    assert first == again
    network.step(sensed)
    ((_, _, crc),) = answers(link, encode(size + 2, protocol.STATE_HASH.code, b""))
    assert crc == protocol.HASH.pack(network.state_hash(), 1)
    link.close()


def test_garbage_of_every_length_is_answered_as_such_and_changes_nothing(chip: Sitl) -> None:
    rng = np.random.default_rng(7)
    link = Link(chip.url, 2.0)
    for size in (1, 2, 5, 100, 246, 247, 400):
        (found,) = answers(link, bytes(rng.integers(1, 256, size, np.uint8)) + b"\0")
        assert found == nack(0, "GARBLED", 1)
    link.close()
    brain = brain_of(chip)
    assert brain.counters() == {"frames": 2, "garbled": 7, "repeated": 0, "refused": 0, "steps": 0}
    brain.close()


def test_a_record_that_the_narrow_memories_cannot_hold_is_refused_at_commit(chip: Sitl) -> None:
    brain = brain_of(chip)
    for field, value in (("friction_v", 40_000), ("ahead_bias", -40_000), ("friction_alive", 2)):
        record = Network(Reflex(), GRIPPER).image
        record[field][0, 7] = value
        with pytest.raises(RefusedError, match="CHECKSUM"):
            brain.load(record.tobytes())
        with pytest.raises(RefusedError, match="EMPTY"):
            brain.state_hash()
    brain.load(Network(Reflex(), GRIPPER).image.tobytes())
    brain.close()


def test_the_whole_record_comes_back_as_it_was_loaded_whatever_it_holds(chip: Sitl) -> None:
    rng = np.random.default_rng(6)
    record = Network(Reflex(), GRIPPER).image
    s = record[0]
    for name in ("friction_v", "ahead_v", "sense_v", "friction_bias", "ahead_bias", "current"):
        s[name] = rng.integers(-32768, 32768, s[name].shape)
    for name in ("friction_trace", "ahead_trace", "ahead_late"):
        s[name] = rng.integers(0, 32768, s[name].shape)
    for name in ("friction_encoder", "ahead_encoder"):
        s[name] = rng.integers(-128, 128, s[name].shape)
    for name in ("friction_weight", "ahead_weight", "peak", "load_slow", "height"):
        s[name] = rng.integers(-(2**31), 2**31, s[name].shape)
    for name in ("fired", "friction_alive", "ahead_alive", "sense_alive", "doomed"):
        s[name] = rng.integers(0, 2, s[name].shape)
    s["ledger"] = (2**40 + 3, -(2**40), 2**47 - 1, -1)
    s["key"], s["tick"], s["effort"] = 2**32 - 5, 2**32 - 2, (-1, -32768)
    brain = brain_of(chip)
    brain.load(record.tobytes())
    assert brain.save() == record.tobytes()
    assert brain.state_hash() == zlib.crc32(record.tobytes())
    brain.close()
    again = brain_of(chip)
    assert int(again.welcome["image"]) == zlib.crc32(record.tobytes())
    again.close()


def test_parameters_are_set_and_learning_is_stopped(chip: Sitl) -> None:
    brain = brain_of(chip)
    brain.load(Network(Reflex(), GRIPPER).image.tobytes())
    for parameter in protocol.PARAMETERS:
        for value in (parameter.low, parameter.high):
            brain.set(parameter.name, value)
            assert brain.get(parameter.name) == value
    brain.freeze(True)
    assert brain.get("learning") == 0
    assert int(brain.status()[0]["frozen"]) == 1
    brain.close()


def test_without_senses_efforts_decay_by_the_chip_s_own_clock(chip: Sitl) -> None:
    record = Network(Reflex(), GRIPPER).image
    record["effort"] = 16000, 3000
    brain = brain_of(chip)
    brain.load(record.tobytes())
    brain.pace(1000, 5)
    report, effort = brain.status()
    while int(report["settled"]) == 0:
        report, effort = brain.status()
    assert int(report["settled"]) == 13
    assert effort.tolist() == [0, 3000]
    brain.pace(0, 0)
    brain.close()


def test_through_its_uart_bit_by_bit_the_chip_computes_the_same(tmp_path: Path) -> None:
    lacking = simulator.missing()
    if lacking:
        pytest.skip(lacking)
    simulator.write_memories(tmp_path, "verilator", simulator.CLOCK_MHZ)
    program = Path(shutil.copy2(simulator.verilate(tmp_path, bits=True), tmp_path / "serve"))
    here = Network(Reflex(), GRIPPER)
    with Sitl(program) as running:
        there = DeployedNetwork(Network(Reflex(), GRIPPER), running.url, GRIPPER, timeout_s=5.0, patience_s=30.0)
        there.reset()
        for sensed in anything(np.random.default_rng(2), 20):
            assert here.step(sensed).effort.tolist() == there.step(sensed).effort.tolist()
        assert there.state_hash() == here.state_hash()
        assert there.remote.effort.asked_again == 0
        there.close()
