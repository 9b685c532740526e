"""The pan-tilt head as a Gymnasium environment: it keeps the interface's promises and scores by the truth."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sensors.errors import UserError
from sensors.signals import Command
from sim.env_gaze import MOST_NM, GazeEnv
from sim.gaze_spec import Head, Show
from sim.target import draw_sight

ID = "sim.env:ganglion/Gaze-v0"
IDLE = np.zeros(2, np.float32)


@pytest.fixture
def env() -> Iterator[GazeEnv]:
    made = gymnasium.make(ID)
    inner = made.unwrapped
    assert isinstance(inner, GazeEnv)
    yield inner
    made.close()


def look_at(sensed: dict[str, np.ndarray], target: tuple[float, float]) -> np.ndarray:
    """A torque toward a direction, by stiffness and damping."""
    pan, pan_rate, tilt, tilt_rate = (float(v) for v in sensed["joints"])
    nm = (12 * (target[0] - pan) - 0.06 * pan_rate, 3 * (target[1] - tilt) - 0.013 * tilt_rate)
    return np.clip(np.array(nm) / MOST_NM, -1, 1).astype(np.float32)


@pytest.mark.parametrize(
    "settings", [{}, {"render_mode": "rgb_array", "cells": 16}, {"background": 0.3, "frame_skip": 7, "delay_ms": 0}]
)
def test_the_checker_of_gymnasium_is_silent(settings: dict[str, Any]) -> None:
    env = gymnasium.make(ID, **settings).unwrapped
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(env, skip_render_check=True)
    env.close()


def test_a_seed_begins_a_sequence_that_resets_go_on_with(env: GazeEnv) -> None:
    def episodes() -> list[Any]:
        env.reset(seed=7)
        first = env.world.sight
        env.reset()
        second = env.world.sight
        env.reset(options={"episode": 30})
        env.reset()
        return [first, second, env.world.sight]

    expected = [draw_sight(Head(), 7, k) for k in (0, 1, 31)]
    assert episodes() == expected == episodes()
    _, info = env.reset(seed=9, options={"episode": 4})
    assert (info["seed"], info["episode_index"], info["t_us"]) == (9, 4, 0)


def test_the_same_seed_and_actions_give_the_same_bits() -> None:
    runs = []
    for _ in range(2):
        env = GazeEnv(frame_skip=20)
        env.reset(seed=3)
        env.action_space.seed(1)
        seen = [env.step(env.action_space.sample()) for _ in range(40)]
        runs.append([(o["joints"].tobytes(), o["spikes"].tobytes(), o["events"].tobytes(), r) for o, r, *_ in seen])
        env.close()
    assert runs[0] == runs[1]


def test_environments_of_a_vector_are_single_ones_with_seeds_in_a_row() -> None:
    show = {"moves": 1, "swing_s": 0.2}
    many = gymnasium.make_vec(ID, num_envs=2, vectorization_mode="sync", frame_skip=10, show=show)
    many.action_space.seed(5)
    seen, _ = many.reset(seed=20)
    actions = [many.action_space.sample() for _ in range(30)]
    together = [many.step(a) for a in actions]
    for k in range(2):
        env = gymnasium.make(ID, frame_skip=10, show=show)
        alone, _ = env.reset(seed=20 + k)
        assert np.array_equal(alone["joints"], seen["joints"][k])
        for action, (observed, reward, _, _, _) in zip(actions, together, strict=True):
            one, earned = env.step(action[k])[:2]
            for key in one:
                assert np.array_equal(one[key], observed[key][k]), key
            assert earned == reward[k]
        env.close()
    many.close()


def test_what_is_seen_is_what_was_sensed_a_delay_ago() -> None:
    seen = {}
    for delay in (0, 7):
        env = GazeEnv(delay_ms=delay)
        env.reset(seed=3)
        seen[delay] = [env.step(np.array([0.05, 0.02], np.float32))[0] for _ in range(200)]
        env.close()
    assert sum(int(o["events"].sum()) for o in seen[0]) > 500
    assert sum(int(o["spikes"].sum()) for o in seen[0]) > 50
    for now, late in zip(seen[0], seen[7][7:], strict=False):
        for key in ("joints", "spikes", "events"):
            assert np.array_equal(now[key], late[key]), key


def test_a_long_step_is_short_ones_added_up() -> None:
    action = np.array([0.05, 0.02], np.float32)
    env = GazeEnv()
    env.reset(seed=3)
    singles = [env.step(action) for _ in range(100)]
    env.close()
    env = GazeEnv(frame_skip=50)
    env.reset(seed=3)
    for k in range(2):
        seen, reward, *_, info = env.step(action)
        part = singles[50 * k : 50 * (k + 1)]
        assert np.array_equal(seen["joints"], part[-1][0]["joints"])
        for key in ("spikes", "events"):
            assert np.array_equal(seen[key], sum(o[key].astype(int) for o, *_ in part)), key
        assert reward == pytest.approx(sum(r for _, r, *_ in part))
        assert info["truth"] == part[-1][4]["truth"]
    env.close()


def test_the_reward_is_what_the_datasheet_says(env: GazeEnv) -> None:
    env.reset(seed=3)
    *_, reward, _, _, info = env.step(np.array([0.5, -0.25], np.float32))
    off = math.degrees(info["truth"]["error_rad"])
    expected = {
        "centre": 2e-3 * math.exp(-off),
        "near": 1e-3 * math.exp(-off / 10),
        "effort": -0.2e-3 * (0.25 + 0.0625),
        "end": 0.0,
    }
    assert info["reward_terms"] == pytest.approx(expected, rel=1e-4)
    assert reward == pytest.approx(sum(expected.values()), rel=1e-4)


def test_whoever_looks_at_the_object_earns_more_and_lives_to_the_end() -> None:
    earned = {}
    for gaze in ("follow", "rest"):
        env = GazeEnv(frame_skip=5, show={"moves": 2, "swing_s": 0.5})
        seen, info = env.reset(seed=12)
        total, over, cut = 0.0, False, False
        while not (over or cut):
            action = look_at(seen, info["truth"]["target_rad"]) if gaze == "follow" else IDLE
            seen, reward, over, cut, info = env.step(action)
            total += reward
        earned[gaze] = total
        if gaze == "follow":
            assert (over, cut) == (False, True)
            assert info["truth"]["visible"]
        env.close()
    assert earned["follow"] > 3 > earned["rest"] + 3, "the object goes away from who does not follow"


def test_an_object_that_stays_out_of_the_picture_ends_the_episode() -> None:
    env = GazeEnv(frame_skip=10)
    env.reset(seed=3)
    over = cut = False
    steps = 0
    while not (over or cut):
        _, reward, over, cut, info = env.step(np.array([1.0, 0.0], np.float32))
        steps += 1
    assert (over, cut, info["truth"]["lost"], info["truth"]["visible"]) == (True, False, True, False)
    assert info["reward_terms"]["end"] == -5.0
    assert reward < -4
    _, reward, over, *_ = env.step(IDLE)
    assert (reward, over) == (0.0, True), "earns nothing and repeats how it ended"
    env.close()


def test_an_action_that_repeats_a_command_repeats_it_to_the_bit(env: GazeEnv) -> None:
    env.reset(seed=1)
    for effort in ([12000, -12000], [1, -1], [333, 7], [0, 0]):
        env.step(env.action_of(Command(np.array(effort, np.int16))))
        assert env._command.effort.tolist() == effort


def test_the_picture_shows_the_object_and_the_events_of_the_last_moments() -> None:
    env = GazeEnv(render_mode="rgb_array")
    env.reset(seed=12)
    for _ in range(60):
        env.step(np.array([0.03, 0.01], np.float32))
    picture = env.render()
    assert picture is not None
    assert (picture.shape, picture.dtype) == ((256, 512, 3), np.uint8)
    assert np.ptp(picture[:, :256].astype(int).sum(2)) > 150, "a dark object before a bright sky"
    assert len(np.unique(picture[:, 256:].reshape(-1, 3), axis=0)) == 3, "on, off, nothing"
    env.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"delay": 5}, "ganglion/Gaze-v0: delay is not a setting; did you mean delay_ms?"),
        ({"cells": 9}, "camera.cells = 9 is not legal; expected 8 or 16 or 32 or 64"),
        ({"cells": 16, "camera": {"cells": 32}}, "cells is given twice, also in camera; give it once"),
        ({"show": {"size_deg": (5.0, 3.0)}}, "show.size_deg = [5.0, 3.0] is not a range; expected 0 < low <= high"),
        ({"frame_skip": 0}, "frame_skip = 0 is not a whole number from 1 to 1000"),
        ({"render_mode": "rgb"}, "render_mode = 'rgb' is not human, rgb_array or None"),
    ],
)
def test_a_mistake_in_the_settings_is_told_in_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as told:
        GazeEnv(**settings)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_a_mistake_in_an_action_is_told_in_one_line(env: GazeEnv) -> None:
    env.reset(seed=1)
    with pytest.raises(UserError, match=r"give \[pan, tilt\], each -1 to 1"):
        env.step(np.array([0.0, np.nan], np.float32))


def test_settings_reach_the_world_however_they_are_given() -> None:
    for settings in ({"background": 0.3}, {"show": {"background": 0.3}}, {"world": Head(show=Show(background=0.3))}):
        env = GazeEnv(**settings)
        assert env.world.spec.show.background == 0.3
        env.close()
