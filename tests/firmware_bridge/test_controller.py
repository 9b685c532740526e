"""The controller in C against the one in Python: every bit of the record after every tick, learning on."""

from __future__ import annotations

import ctypes
import runpy
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from controller import stale
from controller.network import Network
from controller.spec import Reflex
from sensors.signals import MAX_SPIKES, Sensed
from sim.bullet import GRIPPER

from .senses import WEIGHTS, anything, doomed, extremes

TWIN = Path(__file__).parents[1] / "controller" / "twin.py"


class Seen(ctypes.Structure):
    """sensed_t of dispatcher.h."""

    _fields_ = (
        ("analog", ctypes.c_int16 * 32),
        ("goal", ctypes.c_int16 * 8),
        ("spikes", ctypes.c_uint8 * MAX_SPIKES),
        ("count", ctypes.c_size_t),
    )


def seen(sensed: Sensed) -> Seen:
    spikes = sensed.spikes[: sensed.count].tolist()
    return Seen(tuple(sensed.analog.tolist()), tuple(sensed.goal.tolist()), tuple(spikes), sensed.count)


def address(record: NDArray[np.void]) -> ctypes.c_void_p:
    return ctypes.c_void_p(record.ctypes.data)


def assert_same(core: ctypes.CDLL, network: Network, senses: Iterable[Sensed]) -> NDArray[np.void]:
    """Step both over `senses` from the network's record, which must stay the same; returns it."""
    there, thought = network.image.copy(), ctypes.create_string_buffer(13)
    core.controller_tick.restype = ctypes.c_uint16
    for tick, sensed in enumerate(senses):
        network.step(sensed)
        spikes = core.controller_tick(address(there), ctypes.byref(seen(sensed)), thought)
        if there.tobytes() != network.image.tobytes():
            names = [n for n in there.dtype.names or () if there[n].tobytes() != network.image[n].tobytes()]
            pytest.fail(f"tick {tick}: C and Python differ in {names}")
        probe = network.probe[0]
        flags, *values = np.frombuffer(thought.raw, "u1,<i4,<i4,<i4")[0].item()
        assert [spikes, *values] == [probe[n] for n in ("spikes", "compliance", "grip_target", "load_ahead")]
        assert flags == probe["slip"] + 2 * probe["started"]
    return there


def test_random_senses_leave_the_same_record_for_ten_thousand_ticks(core: ctypes.CDLL) -> None:
    network = doomed(Network(Reflex(boost=1.0), GRIPPER), 0.2, 3000)
    record = assert_same(core, network, anything(np.random.default_rng(1), 10_000))
    assert record["ledger"][0, 2] > 100_000
    assert np.count_nonzero(record["friction_weight"]) > 50
    assert np.count_nonzero(record["ahead_weight"]) > 50


def test_saturating_senses_leave_the_same_record_for_ten_thousand_ticks(core: ctypes.CDLL) -> None:
    network = Network(Reflex(margin=4.0, boost=8.0, prior_friction=0.1, skin_weight=8.0, eye_weight=8.0), GRIPPER)
    record = assert_same(core, network, extremes(np.random.default_rng(2), 10_000))
    assert record["ledger"][0, 2] > 100_000


def test_a_record_full_of_extremes_goes_the_same_way(core: ctypes.CDLL) -> None:
    rng = np.random.default_rng(3)
    for _ in range(40):
        network = Network(Reflex(), GRIPPER)
        s = network.image[0]
        for name in ("friction_weight", "ahead_weight"):
            s[name] = rng.choice(WEIGHTS, s[name].shape)
        for name in ("friction_trace", "ahead_trace", "ahead_late"):
            s[name] = rng.choice((0, 32767), s[name].shape)
        for name in ("normal_mn", "load_mn", "load_slow", "innate_late", "speed_slow", "goal_speed"):
            s[name] = rng.choice((-(2**27), 2**27))
        s["carried"], s["touch"], s["probed"], s["slipping"] = 1, 500, 64, 1
        assert_same(core, network, extremes(rng, 10))


def test_a_grasp_is_the_same_with_learning_on(core: ctypes.CDLL) -> None:
    senses = runpy.run_path(str(TWIN))["senses"]
    record = assert_same(core, Network(Reflex(), GRIPPER), senses(5, 5000))
    assert record["carried"][0] == 1
    assert record["ledger"][0, 2] > 100_000


def test_without_senses_the_grip_stays_and_lifting_ends_as_in_python_within_twenty_ticks(core: ctypes.CDLL) -> None:
    core.controller_stale.restype = ctypes.c_bool
    for lift in (16000, -16000, 1, 0, 1999):
        here = Network(Reflex(), GRIPPER).image
        here["effort"] = lift, 3000
        there, ticks, safe = here.copy(), 0, False
        while not safe:
            safe = stale.stale_tick(here)
            assert core.controller_stale(address(there)) == safe
            assert there.tobytes() == here.tobytes()
            ticks += 1
        assert here["effort"][0].tolist() == [0, 3000]
        assert ticks + stale.HOLD_TICKS <= 20
