"""The wire: what is printed from the table, what a tick costs on it, and that nothing is lost on the way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_bridge import codegen, framing, protocol
from sensors.signals import MAX_SPIKES
from sim.bullet import GRIPPER, BulletWorld
from sim.episode import draw_episode
from sim.spec import Bullet, Camera

addresses_of = st.integers(1, 256).flatmap(
    lambda n: st.tuples(st.just(n), st.lists(st.integers(0, n - 1), max_size=MAX_SPIKES))
)


def test_what_is_printed_from_the_table_is_current() -> None:
    assert codegen.stale() == [], f"run {codegen.COMMAND_LINE}"


def test_codes_are_unique_and_every_answer_is_marked() -> None:
    codes = [m.code for m in protocol.MESSAGES]
    assert len(set(codes)) == len(codes)
    assert all((m.code >= 0x80) == (m.sender == "target") for m in protocol.MESSAGES)


@given(addresses_of)
def test_spikes_arrive_whatever_their_number_and_as_often_as_they_were_sent(case: tuple[int, list[int]]) -> None:
    addresses, spikes = case
    array = np.zeros(MAX_SPIKES, np.uint16)
    array[: len(spikes)] = spikes
    packed = protocol.pack_spikes(array, len(spikes), addresses)
    assert sorted(protocol.unpack_spikes(packed, addresses)) == sorted(spikes)
    assert len(packed) <= 1 + len(spikes)
    assert len(packed) <= 1 + (addresses + 7) // 8 + len(spikes) - len(set(spikes))


@given(st.binary(max_size=60), st.integers(1, 256))
def test_spikes_that_nobody_packed_are_refused(data: bytes, addresses: int) -> None:
    try:
        spikes = protocol.unpack_spikes(data, addresses)
    except ValueError:
        return
    assert len(spikes) <= MAX_SPIKES
    assert all(0 <= a < addresses for a in spikes)


def test_a_message_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="5 bytes where 8 belong"):
        protocol.HASH.unpack(b"12345")
    with pytest.raises(ValueError, match="COMMAND of 6 bytes where 10"):
        protocol.unpack_command(b"123456", np.zeros(2, np.int16))


def step_bytes(count: int, payload: int) -> tuple[int, int]:
    """Bytes of a STEP and of its COMMAND on the wire: analog and goal, the form, `payload` for `count` spikes."""
    words = 2 * (len(GRIPPER.analog) + len(GRIPPER.goal))
    assert count <= MAX_SPIKES
    return framing.OVERHEAD + words + 1 + payload, framing.OVERHEAD + 6 + 2 * len(GRIPPER.effort)


def test_even_the_worst_tick_fits_a_millisecond_in_each_direction() -> None:
    there, back = step_bytes(MAX_SPIKES, MAX_SPIKES)
    per_ms = protocol.BAUD / 10 / 1000  # start bit, eight data bits, stop bit
    assert (there, back) == (76, 17)
    assert there <= per_ms
    assert back <= per_ms
    usual = sum(step_bytes(9, 9))
    assert usual / per_ms < 0.6  # one after the other, the tick's computing between them


@pytest.mark.parametrize("camera", [False, True])
def test_a_grasp_step_is_short_because_touch_is_sparse(camera: bool) -> None:
    spec = Bullet(camera=Camera(enabled=camera))
    world = BulletWorld(spec)
    world.reset(draw_episode(spec.trial, 1000, 0))
    command, sizes = world.idle, []
    for tick in range(1, 3001):  # it closes on the object and holds on, pressing the way a scripted hand would
        command.effort[1] = min(tick * 2, 1500)
        sensed = world.advance(tick * 1000, command)
        step = protocol.pack_step(sensed, GRIPPER.addresses)
        sizes.append(len(framing.encode(tick, protocol.STEP.code, step)))
    assert max(sizes) > min(sizes)
    assert np.percentile(sizes, 99) <= 42
