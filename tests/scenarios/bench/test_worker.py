"""Contestants: they take turns, an absent one is skipped and named, and our own may not fail in silence."""

from __future__ import annotations

import pytest

from scenarios.bench.worker import Contestant, compete
from sensors.errors import UserError

OURS = Contestant("ours", "ours:w3_numba", (8, 3))


def test_an_absent_system_is_skipped_by_name_and_the_others_are_measured() -> None:
    absent = Contestant("absent", "peers_of_nobody:make", ())
    ours, skipped = compete([OURS, absent], 0.05, rounds=3)
    assert len(ours.cpu_us) == len(ours.wall_us) == 3
    assert 0 < ours.cpu < 1e5
    assert ours.facts["events_per_step"] > 0
    assert skipped.skipped == "scenarios.bench.peers_of_nobody is not installed"
    assert not skipped.cpu_us


def test_a_failure_of_our_own_ends_the_bench_with_its_reason() -> None:
    with pytest.raises(UserError, match=r"ours:w3_numba failed: .*argument"):
        compete([Contestant("ours", "ours:w3_numba", (1, 2, 3, 4))], 0.05)


def test_what_the_ledger_costs_is_measured_by_taking_it_out() -> None:
    size = (8, 16, 1)
    counted, bare = compete([Contestant("a", "declared:W1", size), Contestant("b", "uncounted:W1", size)], 0.05, 3)
    assert counted.facts["rate_hz"] > 0
    assert bare.facts["rate_hz"] == 0  # spikes are one of the counts
