"""The link: nothing is done twice, nothing for garbage, and the next request is answered."""

from __future__ import annotations

from time import perf_counter

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
    brain = RemoteBrain(target.url, GRIPPER, timeout_s=0.2, patience_s=10.0)
    before = brain.counters()
    assert brain.ticks() >= 0
    assert brain.counters()["steps"] == before["steps"]
    brain.close()


def test_over_a_bad_link_every_tick_is_computed_once(target: Target, ticks: int) -> None:
    here, there = target.deployed()
    there.close()
    faults = "lossy:drop=0.01,duplicate=0.01,flip=1e-3,seed=4"
    patience = (
        {"timeout_s": 0.002, "patience_s": 10.0} if target.where == "sitl" else {"timeout_s": 0.05, "patience_s": 10.0}
    )
    brain = RemoteBrain(f"{faults}:{target.url}", GRIPPER, **patience)
    brain.load(here.image.tobytes())
    before, took = brain.counters()["steps"], []
    for tick, sensed in enumerate(anything(np.random.default_rng(9), ticks)):
        began = perf_counter()
        effort = brain.step(sensed).effort.tolist()
        took.append(perf_counter() - began)
        assert effort == here.step(sensed).effort.tolist(), f"tick {tick}"
    assert brain.state_hash() == here.state_hash()
    counters = brain.counters()
    assert counters["steps"] - before == ticks
    assert brain.effort.asked_again > 0
    p50, p999 = (1e3 * float(np.percentile(took, q)) for q in (50, 99.9))
    late = float(np.mean(np.array(took) > 0.010))
    print(f"{ticks} ticks, {counters}, {brain.effort}, {p50:.2f} ms p50, {p999:.1f} ms p99.9, {late:.1e} over 10 ms")
    brain.close()
