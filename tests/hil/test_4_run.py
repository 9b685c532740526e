"""A simulated grasp with learning on: the target and the controller here, compared to the bit; its state saved."""

from __future__ import annotations

import numpy as np

from controller.image import IMAGE
from scenarios.load import load
from scenarios.parity import parity

from .conftest import Target


def test_a_held_object_is_held_with_the_same_bits(target: Target, ticks: int) -> None:
    _, there = target.deployed()
    found = parity(load("grasp"), there, ticks)
    assert found.difference is None
    record = there.image
    assert record["ledger"][0, 2] > 1000
    assert there.state_hash() == found.crc
    there.reset()  # by RESET, or by loading anew where no copy is kept
    there.close()
    _, again = target.deployed()
    assert again.state_hash() != found.crc
    again.remote.load(record.tobytes())
    assert again.state_hash() == found.crc
    again.close()


def test_parameters_are_read_and_set_by_name_and_learning_stops_when_frozen(target: Target) -> None:
    here, there = target.deployed()
    remote = there.remote
    assert remote.get("margin") == here.image["margin"][0]
    remote.set("margin", 300)
    remote.freeze(True)
    record = np.frombuffer(remote.save(), IMAGE)
    assert (record["margin"][0], record["learning"][0], remote.get("learning")) == (300, 0, 0)
    there.close()
