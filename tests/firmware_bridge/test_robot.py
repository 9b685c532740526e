"""A body behind a serial port: the loop cannot tell it from the world it is."""

from __future__ import annotations

import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge import protocol
from firmware_bridge.framing import Parser, encode
from firmware_bridge.robot import RobotWorld
from sensors.address import NOWHERE, AddressMap
from sensors.errors import UserError
from sensors.senses import Sense
from sensors.signals import EVENT, GRIPPER_ANALOG, Body, Command, Region, Sensed
from sensors.stream import NO_TRIGGERS, Origin, Stream
from sim.bullet import GRIPPER, BulletWorld
from sim.episode import draw_episode
from sim.spec import Bullet

from .terminal import device


class SerialBody:
    """The simulated gripper as the firmware of a robot: HELLO and ACT on a pseudo-terminal, and nothing else."""

    def __init__(self) -> None:
        spec = Bullet()
        self.world = BulletWorld(spec)
        self.world.reset(draw_episode(spec.trial, 3, 0))
        self.tick = 0
        self.goals: list[list[int]] = []
        self._parser = Parser()
        self._last: tuple[int, bytes] = (0, b"")

    def hear(self, data: bytes) -> bytes:
        return b"".join(self._answer(f.sequence, f.code, f.payload) for f in self._parser.feed(data))

    def _answer(self, sequence: int, code: int, payload: bytes) -> bytes:
        if code == protocol.HELLO.code:
            session = int(protocol.HELLO.unpack(payload)["session"])
            said = protocol.WELCOME.pack(
                protocol.MAGIC, protocol.PROTOCOL_ID, session, 0, b"gripper", 1, 0, 0, 0,
                len(GRIPPER.analog), len(GRIPPER.goal), len(GRIPPER.effort), 48, GRIPPER.addresses, 0,
            )  # fmt: skip
            return encode(0, protocol.WELCOME.code, said)
        assert code == protocol.ACT.code
        if sequence != self._last[0]:
            self.tick += 1
            effort = np.frombuffer(payload, "<i2").astype(np.int16)
            sensed = self.world.advance(self.tick * 1000, Command(effort))
            self.goals.append(sensed.goal.tolist())
            self._last = (sequence, encode(sequence, protocol.SENSED.code, packed(sensed)))
        return self._last[1]


def packed(sensed: Sensed) -> bytes:
    spikes = protocol.pack_spikes(sensed.spikes, sensed.count, GRIPPER.addresses)
    return sensed.analog.astype("<i2").tobytes() + spikes


def test_a_brain_closes_the_loop_with_a_body_on_a_serial_port_as_with_the_world_itself() -> None:
    ticks, spec = 400, Bullet()
    direct, brain, commands = BulletWorld(spec), Network(Reflex(), GRIPPER), []
    direct.reset(draw_episode(spec.trial, 3, 0))
    command, goals = direct.idle, []
    for tick in range(1, ticks + 1):
        sensed = direct.advance(tick * 1000, command)
        goals.append(sensed.goal.tolist())
        command = brain.step(sensed)
        commands.append(command.effort.tolist())
    body, other = SerialBody(), Network(Reflex(), GRIPPER)
    with device(body.hear) as url:
        robot = RobotWorld(url, GRIPPER, lambda t_us: goals[t_us // 1000 - 1])
        command = robot.idle
        for tick in range(1, ticks + 1):
            command = other.step(robot.advance(tick * 1000, command))
            assert command.effort.tolist() == commands[tick - 1], f"tick {tick}"
        robot.close()
    assert other.state_hash() == brain.state_hash()
    assert robot.pace.ticks == ticks
    assert body.goals == goals


def test_a_skin_of_this_computer_adds_its_spikes_to_those_that_the_device_sends() -> None:
    first = GRIPPER.addresses
    body = Body(GRIPPER.analog, GRIPPER.goal, GRIPPER.effort, (*GRIPPER.regions, Region("touch", first, (2, 2))))
    table = np.full((2, 2, 2), NOWHERE, np.uint16)
    table[1] = first + np.arange(4).reshape(2, 2)
    events = np.array([(5, 1, 0, True), (6, 0, 1, True), (7, 0, 0, False)], EVENT)
    origin = Origin("test", iter([(events, NO_TRIGGERS)]))
    skin = Sense(Stream("a skin", origin, 2, 2, "asked"), None, AddressMap(table))
    with device(SerialBody().hear) as url:
        robot = RobotWorld(url, body, lambda _t: (0, 0), senses=[skin])
        seen: list[int] = []
        for tick in range(1, 200):
            sensed = robot.advance(tick * 1000, robot.idle)
            seen += [a for a in sensed.spikes[: sensed.count].tolist() if a >= first]
        robot.close()
    assert seen == [first + 1, first + 2], "each once, in the order of the stream"
    assert sensed.overflow == 0


def test_a_body_that_is_another_or_sends_nonsense_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    with device(SerialBody().hear) as url:
        with pytest.raises(UserError, match=r"has \(analog, effort\) \(8, 2\), this body \(3, 2\)"):
            RobotWorld(url, Body(GRIPPER_ANALOG[:3], GRIPPER.goal, GRIPPER.effort), lambda _t: (0, 0))
        robot = RobotWorld(url, GRIPPER, lambda _t: (0, 0))
        monkeypatch.setattr("tests.firmware_bridge.test_robot.packed", lambda _sensed: bytes(16) + b"\7\1")
        with pytest.raises(UserError, match="the robot sends what is no SENSED: spikes of form 0x7 in 1 bytes"):
            robot.advance(1000, robot.idle)
        robot.close()
