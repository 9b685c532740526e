"""What every gripper owes its controller: forces as commanded, slip where Coulomb puts it, the same bits each time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

import numpy as np
import pytest
from msgspec.structs import replace as with_settings

from sim.episode import GRAVITY_M_PER_S2
from sim.plant import Plant
from sim.spec import BOX, CYLINDER, SPHERE, Bullet, Episode

NEVER_S = 1e6
GRIP_N = 12.0
ROBOTS = ("column", "panda")


def thing(shape: int = BOX, mass_kg: float = 0.3, friction: float = 0.5, half_m: float = 0.025) -> Episode:
    """An object that nothing befalls."""
    return Episode(
        seed=0, index=0, shape=shape, half_m=(half_m, half_m, half_m), mass_kg=mass_kg, friction=friction,
        stiffness_n_per_m=1e5, crush_limit_n=1e3, payload_ratio=1.0, payload_s=NEVER_S, friction_ratio=1.0,
        friction_s=NEVER_S, wavelength_m=1.5e-4, albedo=0.5, yaw_rad=0.0,
    )  # fmt: skip


class Hand:
    """A plant with a servo for its height: viscous feed-forward, 3000 N/m, and the load that it carries."""

    def __init__(self, robot: str) -> None:
        self.robot = robot
        self.plant = Plant(with_settings(Bullet(), robot=robot))
        self.t_us = 0

    def reset(self, episode: Episode) -> None:
        self.plant.reset(episode)
        self.t_us = 0
        self._goal_m = 0.0

    def tick(self, grip_n: float, goal_m: float) -> None:
        self.t_us += 1000
        speed = (goal_m - self._goal_m) / 1e-3
        self._goal_m = goal_m
        lift_n = 300.0 * speed + 3000.0 * (goal_m - self.plant.joints.height_m) + max(self.plant.load_n, 0.0)
        self.plant.advance(self.t_us, lift_n, grip_n)

    def lift(self, episode: Episode, grip_n: float, height_m: float = 0.04) -> None:
        """Close within 0.6 s, lift within 0.8 s, let it settle for 0.3 s."""
        self.reset(episode)
        for k in range(1700):
            self.tick(
                min(grip_n, 0.02 * (k + 1)) if k < 600 else grip_n, height_m * min(max((k - 600) / 800, 0.0), 1.0)
            )


@pytest.fixture(scope="module", params=ROBOTS)
def hand(request: pytest.FixtureRequest) -> Iterator[Hand]:
    made = Hand(request.param)
    yield made
    made.plant.close()


@pytest.mark.parametrize("shape", [BOX, CYLINDER, SPHERE])
def test_a_firmly_gripped_object_hangs_by_its_weight_and_is_pressed_as_commanded(hand: Hand, shape: int) -> None:
    hand.lift(thing(shape), GRIP_N)
    truth, plant = hand.plant.truth, hand.plant
    assert truth["contacts"] == 2
    assert not truth["on_table"]
    assert plant.normal_n == pytest.approx(GRIP_N, rel=0.02)
    assert plant.load_n == pytest.approx(0.3 * GRAVITY_M_PER_S2, rel=0.02)
    assert truth["object_m"] == pytest.approx(0.04, abs=1e-3)


@pytest.mark.parametrize("shape", [BOX, SPHERE])
@pytest.mark.parametrize("friction", [0.3, 0.8])
def test_slip_starts_where_coulomb_puts_it(hand: Hand, shape: int, friction: float) -> None:
    episode = thing(shape, friction=friction)
    least_n = episode.mass_kg * GRAVITY_M_PER_S2 / (2 * friction)
    grip_n = 1.5 * least_n
    hand.lift(episode, grip_n)
    while hand.plant.truth["slip_m_per_s"] < 2e-3:
        grip_n *= 0.9998
        hand.tick(grip_n, 0.04)
        assert grip_n > 0.8 * least_n, "it hangs by less than friction allows"
    assert 0.95 < hand.plant.normal_n / least_n < 1.05


def test_the_height_follows_the_goal_within_millimetres(hand: Hand) -> None:
    hand.lift(thing(mass_kg=1.0), 15.0)
    worst_m = 0.0
    for k in range(1000):
        goal_m = 0.04 + 0.004 * np.sin(2 * np.pi * 2.0 * k * 1e-3)
        hand.tick(15.0, goal_m)
        worst_m = max(worst_m, abs(hand.plant.joints.height_m - goal_m))
    assert worst_m < 3e-3
    for _ in range(300):
        hand.tick(15.0, 0.04)
    assert hand.plant.joints.height_m == pytest.approx(0.04, abs=3e-4)


def test_the_empty_hand_moves_at_the_speed_that_its_viscous_friction_allows(hand: Hand) -> None:
    hand.reset(thing())
    for k in range(400):
        hand.plant.advance(1000 * (k + 1), 30.0, -1.0)
    assert hand.plant.joints.height_m_per_s == pytest.approx(30.0 / 300.0, rel=0.01)


def test_an_object_too_heavy_for_the_grip_stays_behind(hand: Hand) -> None:
    hand.lift(thing(mass_kg=2.0, friction=0.2), 5.0)
    assert hand.plant.truth["object_m"] < 1e-3
    assert hand.plant.joints.height_m == pytest.approx(0.04, abs=2e-3)


def fingerprint(hand: Hand) -> int:
    crc = 0
    hand.reset(thing(CYLINDER))
    for k in range(1000):
        hand.tick(0.01 * k, 0.03 * min(max((k - 500) / 400, 0.0), 1.0))
        crc = zlib.crc32(hand.plant.truth.tobytes(), crc)
        crc = zlib.crc32(hand.plant.contact.point_m.tobytes() + hand.plant.contact.shear_n.tobytes(), crc)
    return crc


def test_an_episode_repeats_bit_for_bit_after_others_and_in_another_server(hand: Hand) -> None:
    first = fingerprint(hand)
    hand.lift(thing(BOX, half_m=0.03), 3.0)
    assert fingerprint(hand) == first
    other = Hand(hand.robot)
    try:
        assert fingerprint(other) == first
    finally:
        other.plant.close()


def test_the_scene_begins_with_object_and_pads_that_touch_it(hand: Hand) -> None:
    hand.lift(thing(BOX), GRIP_N)
    scene = hand.plant.scene()
    object_, left, right = scene[:3]
    assert object_["position"][2] == pytest.approx(0.16 + 0.04, abs=2e-3)
    for pad, side in ((left, -1.0), (right, 1.0)):
        face = abs(pad["rotation"] @ pad["half"])[0]
        assert pad["position"][0] - side * face == pytest.approx(side * 0.025, abs=1e-3)
        assert pad["position"][2] == pytest.approx(0.16 + 0.04, abs=2e-3)
    assert np.linalg.det(scene["rotation"]) == pytest.approx(1.0)
    assert (scene["half"] > 0).all()
