"""The link: nothing is done twice, nothing for garbage, and the next request is answered."""

from __future__ import annotations

import numpy as np

from firmware_bridge.framing import encode
from firmware_bridge.link import Link
from firmware_bridge.remote import RemoteBrain
from sim.bullet import GRIPPER
from tests.firmware_bridge.senses import anything

from .conftest import Target


def test_after_any_garbage_the_next_request_is_answered(target: Target) -> None:
    rng = np.random.default_rng(8)
    link = Link(target.url, 0.2)
    for size in (1, 7, 200, 400):
        link.send(rng.bytes(size) + b"\0" + encode(9, 2, rng.bytes(30))[:-3] + b"\0")
        while link.receive():
            pass
    link.close()
    brain = RemoteBrain(target.url, GRIPPER, timeout_s=0.2)
    before = brain.counters()
    assert brain.ticks() >= 0
    assert brain.counters()["steps"] == before["steps"]
    brain.close()


def test_over_a_bad_link_every_tick_is_computed_once(target: Target) -> None:
    here, there = target.deployed()
    there.close()
    faults = "lossy:drop=0.02,duplicate=0.02,flip=1e-3,seed=4"
    brain = RemoteBrain(f"{faults}:{target.url}", GRIPPER, timeout_s=0.05, patience_s=10.0)
    brain.load(here.image.tobytes())
    for sensed in anything(np.random.default_rng(9), 200):
        assert brain.step(sensed).effort.tolist() == here.step(sensed).effort.tolist()
    assert brain.state_hash() == here.state_hash()
    assert brain.effort.asked_again > 0
    brain.close()
