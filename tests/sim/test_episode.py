"""Objects are drawn from (seed, index) alone, within the trial's ranges; the script is smooth and in order."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from sim.episode import CRUSH_FLOOR_N, GRAVITY_M_PER_S2, MOST_SQUASH, Script, draw_episode
from sim.spec import BOX, CYLINDER, SPHERE, Episode, Trial

TRIAL = Trial()
MANY = [draw_episode(TRIAL, 1, index) for index in range(600)]


def test_an_episode_is_the_same_in_any_order() -> None:
    backwards = [draw_episode(TRIAL, 1, index) for index in reversed(range(50))]
    assert backwards[::-1] == MANY[:50]


def test_every_seed_and_index_has_an_object_of_its_own() -> None:
    masses = {draw_episode(TRIAL, seed, index).mass_kg for seed in range(20) for index in range(20)}
    assert len(masses) == 400


@pytest.mark.parametrize(
    ("name", "span"),
    [
        ("mass_kg", TRIAL.mass_kg),
        ("friction", TRIAL.friction),
        ("payload_ratio", TRIAL.payload_ratio),
        ("friction_ratio", TRIAL.friction_ratio),
    ],
)
def test_draws_fill_their_range_and_stay_inside(name: str, span: tuple[float, float]) -> None:
    values = np.array([getattr(episode, name) for episode in MANY])
    assert values.min() >= span[0]
    assert values.max() <= span[1]
    low, high = np.quantile(values, [0.02, 0.98])
    assert low < span[0] + 0.1 * (span[1] - span[0])
    assert high > span[1] - 0.15 * (span[1] - span[0])


def test_mass_is_log_uniform_and_friction_uniform() -> None:
    low, high = TRIAL.mass_kg
    assert np.median([e.mass_kg for e in MANY]) == pytest.approx(np.sqrt(low * high), rel=0.2)
    assert np.mean([e.friction for e in MANY]) == pytest.approx(np.mean(TRIAL.friction), rel=0.06)


def test_each_shape_is_drawn_about_as_often_and_has_its_own_half_sizes() -> None:
    for shape in (BOX, CYLINDER, SPHERE):
        of_shape = [e for e in MANY if e.shape == shape]
        assert 150 < len(of_shape) < 250
        halves = np.array([e.half_m for e in of_shape])
        assert halves.min() >= TRIAL.half_size_m[0]
        assert halves.max() <= TRIAL.half_size_m[1]
        assert (halves[:, 0] == halves[:, 1]).all() == (shape != BOX)
        assert (halves[:, 0] == halves[:, 2]).all() == (shape == SPHERE)


def needed_n(episode: Episode) -> float:
    return episode.mass_kg * GRAVITY_M_PER_S2 / (2 * episode.friction)


def test_an_object_bears_two_to_six_times_what_its_weight_needs() -> None:
    ratios = [(e.crush_limit_n - CRUSH_FLOOR_N) / needed_n(e) for e in MANY]
    assert min(ratios) >= 2.0 - 1e-9
    assert max(ratios) <= 6.0 + 1e-9
    assert np.median(ratios) == pytest.approx(np.sqrt(12), rel=0.08)


def test_no_object_is_so_soft_that_it_is_flat_before_it_is_crushed() -> None:
    for e in MANY:
        assert e.crush_limit_n / e.stiffness_n_per_m <= MOST_SQUASH * e.half_m[0] * (1 + 1e-9)
        assert e.stiffness_n_per_m >= TRIAL.stiffness_n_per_m[0]


def test_payload_and_friction_change_while_the_object_is_in_the_air() -> None:
    script = Script(TRIAL)
    for e in MANY:
        assert script.lift_to_s <= e.payload_s <= script.shake_to_s
        assert script.lift_to_s <= e.friction_s <= script.shake_to_s


def test_the_phases_follow_each_other_and_the_hand_opens_last() -> None:
    script = Script(TRIAL)
    times = (
        0.0,
        script.lift_from_s,
        script.lift_to_s,
        script.shake_from_s,
        script.shake_to_s,
        script.lower_from_s,
        script.lower_to_s,
        script.duration_s,
    )
    assert all(before < after for before, after in itertools.pairwise(times))
    assert script.goal(0.0) == (True, 0.0)
    assert script.goal(script.lift_to_s) == (True, pytest.approx(TRIAL.lift_height_m))
    assert script.goal(script.lower_to_s - 1e-6) == (True, pytest.approx(0.0, abs=1e-9))
    assert script.goal(script.lower_to_s) == (False, 0.0)
    assert script.goal(script.duration_s + 1.0) == (False, 0.0)


def test_the_goal_never_jerks_the_hand() -> None:
    script = Script(TRIAL)
    times = np.arange(0.0, script.duration_s, 1e-3)
    heights = np.array([script.goal(float(t))[1] for t in times])
    speed = np.diff(heights) / 1e-3
    assert abs(speed).max() < 0.25
    assert abs(np.diff(speed) / 1e-3).max() < 4.0


def test_the_shake_has_the_asked_rate_and_size() -> None:
    script = Script(TRIAL)
    crest = script.shake_from_s + 2.25 / TRIAL.shake_hz
    times = np.arange(crest, crest + 0.5, 1e-3)
    heights = np.array([script.goal(float(t))[1] for t in times]) - TRIAL.lift_height_m
    assert abs(heights).max() == pytest.approx(TRIAL.shake_amplitude_m, rel=0.01)
    assert np.count_nonzero(np.diff(np.sign(heights)) != 0) == 2 * TRIAL.shake_hz * 0.5


def test_a_trial_without_a_shake_is_still() -> None:
    script = Script(Trial(shake_s=0.0))
    assert script.goal(script.shake_from_s) == (True, pytest.approx(TRIAL.lift_height_m))
