"""Damage strikes what it says, when it says, otherwise in each trial; and three replicas outvote one that is struck."""

from __future__ import annotations

import runpy
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from controller.damage import WEIGHT_BITS, WEIGHTS, strike, struck
from controller.image import IMAGE
from controller.network import Network
from controller.spec import Damage, Reflex
from controller.voting import VotingNetwork
from sensors.errors import UserError
from sensors.signals import Sensed
from sim.bullet import GRIPPER

TICKS, FROM = 700, 400
SENSES = runpy.run_path(str(Path(__file__).with_name("twin.py")))["senses"]


def senses(seed: int = 5, ticks: int = TICKS) -> Iterable[Sensed]:
    return SENSES(seed, ticks)  # type: ignore[no-any-return]


def efforts(network: Network, seed: int = 5) -> NDArray[np.int16]:
    return np.array([network.step(s).effort.copy() for s in senses(seed)])


def learned() -> NDArray[np.void]:
    network = Network(Reflex(), GRIPPER)
    efforts(network)
    return network.image


def damaged(record: NDArray[np.void], damage: Damage, replica: int = 0) -> NDArray[np.void]:
    after = record.copy()
    strike(after, damage, replica)
    return after


def wrong_bits(a: NDArray[np.void], b: NDArray[np.void]) -> dict[str, NDArray[np.uint8]]:
    return {n: a[n].view(np.uint8) ^ b[n].view(np.uint8) for n in IMAGE.names or ()}


def test_only_the_bits_of_weights_flip_about_as_many_as_are_asked_for() -> None:
    before = learned()
    after = damaged(before, Damage(flipped=0.01))
    changed = {n for n, bits in wrong_bits(before, after).items() if bits.any()}
    assert changed == {*WEIGHTS, "dead_from"}
    assert sum(before[n].nbytes for n in WEIGHTS) * 8 == WEIGHT_BITS
    neurons, flips = struck(before, after)
    assert neurons == 0
    assert abs(flips - 0.01 * WEIGHT_BITS) < 5 * np.sqrt(0.01 * WEIGHT_BITS)


def test_all_bits_flip_and_all_neurons_die_if_that_is_asked_for() -> None:
    before = learned()
    assert struck(before, damaged(before, Damage(flipped=1.0, killed=1.0))) == (IMAGE["doomed"].itemsize, WEIGHT_BITS)


def test_more_damage_strikes_all_that_less_damage_struck() -> None:
    before = learned()
    little, much = (damaged(before, Damage(killed=k, flipped=f)) for k, f in ((0.1, 1e-3), (0.3, 1e-2)))
    assert (much["doomed"] >= little["doomed"]).all()
    assert much["doomed"].sum() > little["doomed"].sum() > 0
    less, more = wrong_bits(before, little), wrong_bits(before, much)
    assert all((less[n] & ~more[n] == 0).all() for n in WEIGHTS)


def test_trials_seeds_and_replicas_are_struck_differently_and_the_same_trial_alike() -> None:
    before, damage = learned(), Damage(killed=0.3)
    other = before.copy()
    other["tick"] += 1
    drawn = [
        damaged(before, damage)["doomed"],
        damaged(other, damage)["doomed"],
        damaged(before, Damage(killed=0.3, seed=2))["doomed"],
        damaged(before, damage, replica=1)["doomed"],
    ]
    assert all((a != b).any() for i, a in enumerate(drawn) for b in drawn[:i])
    assert (damaged(before, damage)["doomed"] == drawn[0]).all()


@pytest.mark.parametrize("replicas", [1, 3])
def test_nothing_happens_before_its_tick_and_the_same_again_after_a_reset(replicas: int) -> None:
    kind = Network if replicas == 1 else VotingNetwork
    whole = efforts(Network(Reflex(), GRIPPER))
    struck_network = kind(
        Reflex(replicas=replicas, damage=Damage(killed=0.5, flipped=0.01, from_tick=FROM)),  # type: ignore[arg-type]
        GRIPPER,
    )
    first = efforts(struck_network)
    state = struck_network.state_hash()
    assert (first[: FROM - 1] == whole[: FROM - 1]).all()
    assert (first[FROM - 1 :] != whole[FROM - 1 :]).any()
    struck_network.reset()
    assert (efforts(struck_network) == first).all()
    assert struck_network.state_hash() == state


def test_learning_may_end_with_the_damage() -> None:
    network = Network(Reflex(damage=Damage(learning=False, from_tick=FROM)), GRIPPER)
    updates = []
    for sensed in senses():
        network.step(sensed)
        updates.append(int(network.image["ledger"][0, 2]))
    assert updates[FROM - 2] > updates[FROM // 2]
    assert updates[-1] == updates[FROM - 2]


def test_three_replicas_command_what_one_commands() -> None:
    one, three = Network(Reflex(), GRIPPER), VotingNetwork(Reflex(replicas=3), GRIPPER)
    for sensed in senses(ticks=3000):
        assert one.step(sensed).effort.tolist() == three.step(sensed).effort.tolist()
        assert one.probe.tobytes() == three.probe.tobytes()
    assert all(record.tobytes() == one.image.tobytes() for record in three.image)


@pytest.mark.parametrize("broken", range(3))
def test_one_replica_may_lose_all_its_neurons_and_the_efforts_stay_the_same(broken: int) -> None:
    three, one = VotingNetwork(Reflex(replicas=3), GRIPPER), Network(Reflex(), GRIPPER)
    for tick, sensed in enumerate(senses(ticks=2000), 1):
        if tick == FROM:
            strike(three.image[broken : broken + 1], Damage(killed=1.0))
        assert one.step(sensed).effort.tolist() == three.step(sensed).effort.tolist(), tick


@pytest.mark.parametrize("broken", range(3))
def test_one_replica_may_have_any_weights_and_the_efforts_stay_the_same(broken: int) -> None:
    three, one = VotingNetwork(Reflex(replicas=3), GRIPPER), Network(Reflex(), GRIPPER)
    for tick, sensed in enumerate(senses(ticks=2000), 1):
        if tick == FROM:
            strike(three.image[broken : broken + 1], Damage(flipped=0.5))
        assert one.step(sensed).effort.tolist() == three.step(sensed).effort.tolist(), tick
    assert (three.image["friction_weight"][broken] != three.image["friction_weight"][broken - 1]).any()


def test_the_guard_holds_whatever_is_struck() -> None:
    for kind, replicas in ((Network, 1), (VotingNetwork, 3)):
        spec = Reflex(replicas=replicas, damage=Damage(killed=0.3, flipped=0.1, from_tick=FROM))  # type: ignore[arg-type]
        steps = np.abs(np.diff(efforts(kind(spec, GRIPPER)).astype(int), axis=0))
        assert (steps.max(axis=0) <= (2000, 800)).all()


def test_a_state_of_one_starts_three_and_a_state_of_three_does_not_start_one() -> None:
    one, three = Network(Reflex(), GRIPPER), VotingNetwork(Reflex(replicas=3), GRIPPER)
    efforts(one), efforts(three)
    fresh = VotingNetwork(Reflex(replicas=3), GRIPPER)
    fresh.take_over(fresh.decode(one.encode(one.image)))
    assert (fresh.image["friction_weight"] == one.image["friction_weight"]).all()
    with pytest.raises(UserError, match=r"of 3 replicas, this controller has 1; set controller.replicas=3"):
        one.decode(three.encode(three.image))
