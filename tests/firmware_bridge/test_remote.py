"""A brain behind a link, good or bad: the same efforts as here, each tick once; and what the user is told otherwise."""

from __future__ import annotations

import errno
import grp
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from controller.network import Network
from controller.spec import Reflex
from firmware_bridge import protocol
from firmware_bridge.framing import Frame, Parser, encode
from firmware_bridge.link import Link, _explain, _group
from firmware_bridge.remote import RemoteBrain
from firmware_bridge.sitl import Sitl
from sensors.errors import UserError
from sensors.signals import GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL, MAX_SPIKES, Body, Region, Sensed
from sim.bullet import GRIPPER

from .terminal import device

BODY = Body(GRIPPER_ANALOG, GRIPPER_GOAL, GRIPPER_EFFORT, (Region("all", 0, (86,)),))


class Leaky:
    """leaky.c in Python: what an undisturbed target must answer."""

    def __init__(self) -> None:
        self.level = [0, 0]
        self.learned = 0

    def copy(self) -> Leaky:
        other = Leaky()
        other.level, other.learned = list(self.level), self.learned
        return other

    def step(self, sensed: Sensed) -> tuple[int, int]:
        spikes = sensed.spikes[: sensed.count].tolist()
        a, g = sensed.analog.tolist(), sensed.goal.tolist()
        self.level[0] += ((a[0] + a[7] - self.level[0]) >> 2) + sum(1 + s for s in spikes)
        self.level[1] += ((g[1] - self.level[1]) >> 3) + len(spikes)
        self.learned = (self.learned + self.level[0] + 7) & 0xFFFF
        return tuple(np.fmod([self.level[0] + self.learned, self.level[1]], 32768).tolist())  # type: ignore[return-value]


def random_sensed(rng: np.random.Generator, sensed: Sensed) -> Sensed:
    """Overwrite `sensed` with anything a body could say."""
    sensed.analog[:] = rng.integers(-32768, 32768, sensed.analog.size)
    sensed.goal[:] = rng.integers(-32768, 32768, sensed.goal.size)
    sensed.count = int(rng.integers(MAX_SPIKES + 1))
    sensed.spikes[: sensed.count] = rng.integers(86, size=sensed.count)
    return sensed


def follow(brain: RemoteBrain, ticks: int, seed: int, twin: Leaky) -> None:
    """Step a target and its twin over random senses."""
    rng, sensed = np.random.default_rng(seed), BODY.empty_sensed()
    for tick in range(ticks):
        effort = brain.step(random_sensed(rng, sensed)).effort.tolist()
        assert effort == list(twin.step(sensed)), f"tick {tick}"


def test_a_target_answers_what_its_twin_answers(sitl: Sitl) -> None:
    brain = RemoteBrain(sitl.url, BODY)
    assert brain.welcome["target"] == b"sitl"
    follow(brain, 2000, 1, Leaky())
    assert brain.ticks() == brain.counters()["steps"] == 2000
    assert brain.effort.asked_again == 0
    before = brain.state_hash()
    brain.freeze(True)
    assert brain.state_hash() != before  # that it is frozen is state
    brain.freeze(False)
    assert brain.state_hash() == before
    brain.reset()
    assert brain.ticks() == 0
    follow(brain, 100, 2, Leaky())
    brain.close()


@pytest.mark.parametrize(
    "faults", ["drop=0.01,duplicate=0.01,flip=1e-3,delay=0.005", "stall=0.002,drop=0.002,unplug=0.002", "flip=0.01"]
)
def test_over_a_bad_link_nothing_is_stepped_twice_or_wrongly(sitl: Sitl, faults: str) -> None:
    brain = RemoteBrain(f"lossy:{faults},seed=3:{sitl.url}", BODY, timeout_s=0.004)
    follow(brain, 3000, 3, Leaky())
    disturbed = brain.state_hash()
    brain.close()
    again = RemoteBrain(sitl.url, BODY)
    assert again.counters()["steps"] == 3000
    assert brain.effort.asked_again > 10
    assert ("unplug" in faults) == (brain.effort.reconnected > 0)
    again.reset()
    follow(again, 3000, 3, Leaky())
    assert again.state_hash() == disturbed
    again.close()


@pytest.mark.slow
def test_a_hundred_thousand_frames_over_a_bad_link_recover_by_asking_few_times(sitl: Sitl) -> None:
    brain = RemoteBrain(f"lossy:drop=0.01,duplicate=0.01,flip=1e-3,seed=5:{sitl.url}", BODY, timeout_s=0.002)
    rng, sensed, twin, asked = np.random.default_rng(5), BODY.empty_sensed(), Leaky(), []
    for tick in range(50_000):  # a request and an answer each
        before = brain.effort.asked_again
        effort = brain.step(random_sensed(rng, sensed)).effort.tolist()
        asked.append(brain.effort.asked_again - before)
        assert effort == list(twin.step(sensed)), f"tick {tick}"
    counters = brain.counters()
    brain.close()
    print(f"{counters} {brain.effort} asked again {np.percentile(asked, [50, 99, 99.9])}, {max(asked)} at most")
    assert counters["steps"] == 50_000
    assert counters["frames"] + counters["garbled"] > 50_000
    assert np.percentile(asked, 99.9) <= 5  # of 2 ms each where nothing came, of none where garbage did


def test_a_request_is_carried_out_once_however_often_it_comes(sitl: Sitl) -> None:
    with port(sitl.url) as ask:
        hello = protocol.HELLO.pack(protocol.MAGIC, protocol.PROTOCOL_ID, 7)
        assert ask(encode(0, protocol.HELLO.code, hello))[0].code == protocol.WELCOME.code
        step = protocol.pack_step(BODY.empty_sensed(), 86)
        first = ask(encode(1, protocol.STEP.code, step))
        assert ask(encode(1, protocol.STEP.code, step)) == first
        other = encode(1, protocol.STEP.code, step[:-1] + b"\1\5")
        assert refusal(ask(other)) == "CONFLICT"
        assert refusal(ask(encode(3, protocol.STEP.code, step))) == "SEQUENCE"
        assert refusal(ask(encode(2, protocol.STEP.code, step[:9]))) == "LENGTH"
        assert refusal(ask(encode(2, protocol.STEP.code, step[:-1] + b"\1\x56"))) == "VALUE"  # address 86 of 86
        assert refusal(ask(encode(2, 0x55, b""))) == "UNKNOWN"
        assert refusal(ask(b"\x05nonsense\0")) == "GARBLED"
        alive = ask(encode(2, protocol.HEARTBEAT.code, b""))[0]
        assert protocol.ALIVE.unpack(alive.payload)["ticks"] == 1
        assert ask(encode(0, protocol.HELLO.code, hello))[0].code == protocol.WELCOME.code  # taken up again
        stats = protocol.COUNTERS.unpack(ask(encode(3, protocol.STATS.code, b""))[0].payload)
        assert (stats["steps"], stats["repeated"], stats["refused"], stats["garbled"]) == (1, 1, 5, 1)


def refusal(frames: list) -> str:
    assert [f.code for f in frames] == [protocol.NACK.code]
    return protocol.REFUSALS[frames[0].payload[0]][0]


@contextmanager
def port(url: str) -> Iterator:
    """Write bytes to a device and read the frames it answers with."""
    file = os.open(url, os.O_RDWR | os.O_NOCTTY)

    def ask(data: bytes) -> list:
        os.write(file, data)
        frames, parser = [], Parser()
        while not frames:
            frames = parser.feed(os.read(file, 512))
        return frames

    try:
        yield ask
    finally:
        os.close(file)


def told(url: str, body: Body = BODY) -> str:
    with pytest.raises(UserError) as caught:
        RemoteBrain(url, body, patience_s=0.2)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_a_wrong_port_is_told_in_one_line(tmp_path: Path) -> None:
    assert "there is no /dev/ttyNOWHERE; serial ports found:" in told("/dev/ttyNOWHERE")
    file = tmp_path / "file"
    file.write_text("no port")
    assert "is no serial port; name a device" in told(str(file))
    assert "does not open" in told("nonsense://x")
    assert "does not open" in told("socket://127.0.0.1:1")
    assert "lossy:drop=0.01,seed=3:/dev/ttyACM0" in told("lossy:drop=0.01")
    assert "'dorp=1'; it knows drop" in told("lossy:dorp=1:/dev/null")
    assert "not a probability" in told("lossy:drop=7:loop://")


def test_without_permission_the_group_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Root may open everything, so the refusal itself is made here; the group is that of a real file.
    denied = PermissionError(errno.EACCES, "denied")
    file = tmp_path / "port"
    file.touch()
    group = grp.getgrgid(file.stat().st_gid).gr_name
    assert _group(str(file)) == group
    monkeypatch.setattr("firmware_bridge.link._group", lambda _path: "dialout")
    assert "may not open /dev/x, which belongs to group dialout; sudo usermod -aG dialout " in _explain(
        "/dev/x", denied
    )
    monkeypatch.setattr("firmware_bridge.link._group", lambda _path: "root")
    assert "may not open /dev/x, which only root may; let a udev rule give it to a group" in _explain("/dev/x", denied)


def test_a_port_in_use_is_told(sitl: Sitl) -> None:
    brain = RemoteBrain(sitl.url, BODY)
    assert told(sitl.url) == f"{sitl.url} is in use by another program; close it there and try again"
    brain.close()


def test_another_device_is_told_from_a_silent_one_and_from_an_older_firmware() -> None:
    assert "no answer; is it a Ganglion target" in told("loop://")
    with device(lambda _heard: b"ok\r\n") as url:
        assert "no answer; is it a Ganglion target" in told(url)
    with device(lambda _heard: b"") as url:
        assert "is silent for 0.2 s; is it the right port" in told(url)
    older = protocol.MAGIC.to_bytes(4, "little") + (0x12345678).to_bytes(4, "little") + b"anything"
    with device(lambda _heard: encode(0, protocol.WELCOME.code, older)) as url:
        assert f"speaks protocol 12345678, this host {protocol.PROTOCOL_ID:08x}; flash" in told(url)


def test_firmware_for_another_body_is_refused(sitl: Sitl) -> None:
    other = Body(GRIPPER_ANALOG[:3], BODY.goal, BODY.effort, BODY.regions)
    line = told(sitl.url, other)
    assert "was built for (analog, goal, effort, spikes) (8, 2, 2, 48)" in line
    assert "this body has (3, 2, 2, 48)" in line


def test_a_target_that_dies_or_forgets_ends_the_run_with_a_clear_line(
    sitl: Sitl, program: Path, tmp_path: Path
) -> None:
    brain = RemoteBrain(sitl.url, BODY, patience_s=0.2)
    follow(brain, 10, 1, Leaky())
    with port_stolen(brain), pytest.raises(UserError, match="was restarted and has forgotten"):
        brain.step(BODY.empty_sensed())
    brain.close()
    plug = tmp_path / "port"
    plug.symlink_to(sitl.url)
    dying = RemoteBrain(str(plug), BODY, patience_s=0.2)
    plug.unlink()  # the number of a dead pseudo-terminal is soon another's
    sitl.kill()
    with pytest.raises(UserError, match=r"is gone and not back within 0.2 s|is silent for 0.2 s"):
        dying.step(BODY.empty_sensed())
    dying.close()
    assert program.exists()


def test_while_this_program_was_stopped_the_target_was_not_silent(sitl: Sitl, monkeypatch: pytest.MonkeyPatch) -> None:
    brain = RemoteBrain(sitl.url, BODY, patience_s=0.5)
    now_s, receive, stopped_s = Link.now_s, Link.receive, 0.0

    def stopped_for_an_hour(link: Link) -> list[Frame] | None:
        nonlocal stopped_s
        if stopped_s:
            return receive(link)
        stopped_s = 3600.0
        return []

    monkeypatch.setattr(Link, "now_s", staticmethod(lambda: now_s() + stopped_s))
    monkeypatch.setattr(Link, "receive", stopped_for_an_hour)
    follow(brain, 10, 1, Leaky())
    assert stopped_s
    brain.close()


@contextmanager
def port_stolen(brain: RemoteBrain) -> Iterator[None]:
    """Begin another session behind the brain's back, as a restart would."""
    url = brain._session.url
    with port(url) as ask:
        ask(encode(0, protocol.HELLO.code, protocol.HELLO.pack(protocol.MAGIC, protocol.PROTOCOL_ID, 99)))
    yield


def test_the_order_of_spikes_in_a_tick_which_the_wire_does_not_carry_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    one, other = Network(Reflex(), GRIPPER), Network(Reflex(), GRIPPER)
    for _ in range(300):
        sensed = random_sensed(rng, BODY.empty_sensed())
        one.step(sensed)
        sensed.spikes[: sensed.count] = rng.permutation(sensed.spikes[: sensed.count])
        other.step(sensed)
        assert one.state_hash() == other.state_hash()
