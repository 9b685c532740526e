"""The Gymnasium environment: it keeps the interface's promises, shows what was sensed, and scores by the truth."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from sensors.errors import UserError
from sensors.signals import EVENT, Command
from sim.client import pybullet
from sim.env import GraspEnv
from sim.episode import draw_episode
from sim.event_image import add_events
from sim.spec import Trial

ID = "sim.env:ganglion/Grasp-v0"
SHORT = {"settle_s": 0.2, "lift_s": 0.2, "hold_s": 0.1, "shake_s": 0.2, "lower_s": 0.2}
IDLE = np.zeros(2, np.float32)
Observation = dict[str, np.ndarray]


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a fresh interpreter with warnings as errors, without a display unless one is given."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY", "MPLBACKEND")}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        env={**kept, **environment}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def differing(a: Observation, b: Observation) -> list[str]:
    """Keys under which two observations differ in a single bit."""
    assert a.keys() == b.keys()
    return [k for k in a if a[k].dtype != b[k].dtype or not np.array_equal(a[k], b[k])]


@pytest.fixture
def env() -> Iterator[GraspEnv]:
    made = gymnasium.make(ID)
    inner = made.unwrapped
    assert isinstance(inner, GraspEnv)
    yield inner
    made.close()


def test_naming_the_module_in_the_id_is_all_it_takes() -> None:
    code = f"import gymnasium; env = gymnasium.make('{ID}'); env.reset(seed=1); env.close(); print(env.spec.id)"
    done = python(code)
    assert (done.returncode, done.stdout, done.stderr) == (0, "ganglion/Grasp-v0\n", "")


def test_the_entry_point_registers_the_environment_under_its_namespace() -> None:
    (point,) = importlib.metadata.entry_points(group="gymnasium.envs", name="ganglion")
    point.load()()
    assert gymnasium.spec("ganglion/Grasp-v0").entry_point == "sim.env:GraspEnv"


def test_gymnasium_is_imported_as_quickly_as_without_us() -> None:
    heavy = "{m for m in ('pybullet', 'numba', 'matplotlib', 'sim.bullet') if m in sys.modules}"
    done = python(f"import sys, gymnasium; print('sim' in sys.modules); import sim.env; print({heavy})")
    assert (done.stdout, done.stderr) == ("False\nset()\n", "")


@pytest.mark.parametrize(
    "settings", [{"render_mode": "rgb_array"}, {"camera": True}, {"robot": "panda"}, {"skin": False, "frame_skip": 7}]
)
def test_the_checker_of_gymnasium_is_silent(settings: dict[str, Any]) -> None:
    env = gymnasium.make(ID, **settings).unwrapped
    check_env(env, skip_render_check=True)  # which would open a window
    env.close()


@pytest.mark.slow
def test_the_checker_is_silent_about_pictures_and_windows_too(display: str) -> None:
    code = f"""
import gymnasium
from gymnasium.utils.env_checker import check_env
check_env(gymnasium.make('{ID}').unwrapped)
env = gymnasium.make('{ID}', render_mode='human', frame_skip=20)
env.reset(seed=1)
for _ in range(20):
    env.step(env.action_space.sample())
env.close()
"""
    done = python(code, DISPLAY=display)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_window_without_a_display_is_refused_in_one_line() -> None:
    done = python(f"import gymnasium; gymnasium.make('{ID}', render_mode='human')")
    assert "sensors.errors.UserError: render_mode = 'human' cannot open a window here" in done.stderr.splitlines()[-1]
    assert done.stderr.splitlines()[-1].endswith("use render_mode='rgb_array'")


def test_a_seed_begins_a_sequence_that_resets_go_on_with(env: GraspEnv) -> None:
    def episodes() -> list[Any]:
        env.reset(seed=7)
        first = env.world.plant.episode
        env.reset()
        second = env.world.plant.episode
        env.reset(options={"episode": 30})
        env.reset()
        return [first, second, env.world.plant.episode]

    expected = [draw_episode(Trial(), 7, k) for k in (0, 1, 31)]
    assert episodes() == expected == episodes()


def test_without_a_seed_one_is_drawn_and_told() -> None:
    seeds = set()
    for _ in range(3):
        env = gymnasium.make(ID)
        _, info = env.reset()
        _, after = env.reset()
        assert (after["seed"], after["episode_index"]) == (info["seed"], 1)
        seeds.add(info["seed"])
        env.close()
    assert len(seeds) == 3


def drive(env: GraspEnv, steps: int) -> list[Observation]:
    """Close on the object gently, `steps` single ticks."""
    return [env.step(env.action_of(Command(np.array([0, 300], np.int16))))[0] for _ in range(steps)]


def test_what_is_seen_is_what_was_sensed_a_delay_ago() -> None:
    seen = {}
    for delay in (0, 7):
        env = GraspEnv(delay_ms=delay, camera={"enabled": True, "width": 64, "height": 64})
        env.reset(seed=3)
        seen[delay] = drive(env, 400)
        env.close()
    assert seen[0][-1]["taxels"].max() > 20
    for now, late in zip(seen[0], seen[7][7:], strict=False):
        for key in ("joints", "forces", "rim", "taxels", "spikes", "events"):
            assert np.array_equal(now[key], late[key]), key
    assert sum(int(o["spikes"].sum()) for o in seen[0]) > 10
    assert sum(int(o["events"].sum()) for o in seen[0]) > 500


def test_a_long_step_is_short_ones_added_up() -> None:
    camera = {"enabled": True, "width": 64, "height": 64}
    env = GraspEnv(camera=camera)
    action = env.action_of(Command(np.array([0, 300], np.int16)))
    env.reset(seed=3)
    singles = [env.step(action) for _ in range(250)]
    env.close()
    env = GraspEnv(frame_skip=50, camera=camera)
    env.reset(seed=3)
    for k in range(5):
        seen, reward, *_, info = env.step(action)
        part = singles[50 * k : 50 * (k + 1)]
        for key in ("joints", "forces", "taxels", "goal"):
            assert np.array_equal(seen[key], part[-1][0][key])
        for key in ("spikes", "events"):
            assert np.array_equal(seen[key], sum(s[0][key].astype(int) for s in part).clip(max=255))
        assert reward == pytest.approx(sum(s[1] for s in part))
        assert reward == pytest.approx(sum(info["reward_terms"].values()))
        assert info["truth"] == part[-1][4]["truth"]
    env.close()


def test_an_event_image_counts_each_polarity_until_it_is_full() -> None:
    events = np.zeros(303, EVENT)
    events["x"], events["y"], events["on"] = 2, 1, True
    events["x"][300:], events["on"][300:] = 3, False
    image = np.zeros((2, 4, 5), np.uint8)
    add_events(events, image)
    assert image[1, 1, 2] == 255
    assert image[0, 1, 3] == 3
    assert image.astype(int).sum() == 258


def test_every_effort_within_the_limits_has_an_action(env: GraspEnv) -> None:
    for actuator, most in ((0, 16000), (1, 32000)):
        for effort in range(-most, most + 1, 7):
            asked = np.zeros(2, np.int16)
            asked[actuator] = effort
            action = env.action_of(Command(asked)).astype(float)
            lsb, full = env.world.body.effort[actuator], 160.0
            assert lsb.to_int(full * action[actuator] * abs(action[actuator])) == effort
            assert abs(action[actuator]) <= 1.0


def test_actions_outside_the_box_are_clipped_and_senseless_ones_refused(env: GraspEnv) -> None:
    env.reset(seed=1)
    seen, *_ = env.step(np.array([-3.0, 9.0], np.float32))
    assert seen["effort"].tolist() == [-160.0, 160.0]
    for wrong in (np.array([np.nan, 0.0]), np.zeros(3)):
        with pytest.raises(UserError, match="is not two finite numbers"):
            env.step(wrong)


def test_a_hand_that_never_closes_drops_and_one_that_squeezes_crushes(env: GraspEnv) -> None:
    ends = {}
    for name, action in (("dropped", IDLE), ("crushed", np.array([0.0, 1.0], np.float32))):
        env.reset(seed=1)
        over = cut = False
        while not (over or cut):
            _, reward, over, cut, info = env.step(action)
        assert (over, cut) == (True, False)
        assert info["truth"]["outcome"] == name
        assert info["truth"][name]
        assert info["reward_terms"]["end"] == -10.0
        assert reward < -9.0
        ends[name] = info["t_us"]
        after = env.step(action)
        assert (after[1], after[2], after[4]["truth"]["outcome"]) == (0.0, True, name)
    assert ends["dropped"] == 1_919_000
    assert ends["crushed"] < 300_000


def test_an_episode_is_cut_when_its_script_is_over() -> None:
    env = GraspEnv(trial={**SHORT, "lift_height_m": 0.02}, frame_skip=10)
    env.reset(seed=2)
    held = env.action_of(Command(np.array([0, 400], np.int16)))
    steps, over, cut = 0, False, False
    while not (over or cut):
        _, _, over, cut, info = env.step(held)
        steps += 1
    assert cut == (info["t_us"] >= 1_300_000)
    assert steps <= 130
    env.close()


def trajectory(
    steps: int, actions: np.ndarray, seed: int, **settings: Any
) -> list[tuple[Observation, float, bool, bool]]:
    """One environment, reset in the step after its episode ended, as gymnasium's vectors do."""
    env = gymnasium.make(ID, **settings)
    seen: list[tuple[Observation, float, bool, bool]] = [(env.reset(seed=seed)[0], 0.0, False, False)]
    for k in range(steps):
        if seen[-1][2] or seen[-1][3]:
            seen.append((env.reset()[0], 0.0, False, False))
        else:
            seen.append(env.step(actions[k])[:4])  # type: ignore[arg-type]
    env.close()
    return seen


@pytest.mark.parametrize(
    ("mode", "context"),
    [("sync", None), ("async", "fork"), pytest.param("async", "spawn", marks=pytest.mark.slow)],
)
def test_vectors_of_environments_go_the_same_ways_as_single_ones(mode: Any, context: str | None) -> None:
    steps, settings = 40, {"frame_skip": 40, "trial": SHORT, "camera": {"enabled": True, "width": 64, "height": 64}}
    actions = np.random.default_rng(0).uniform(-0.2, 0.25, (steps, 2, 2)).astype(np.float32)
    alone = [trajectory(steps, actions[:, i], 5 + i, **settings) for i in range(2)]
    assert sum(s[2] for t in alone for s in t) >= 2, "no episode ended: resets were not compared"
    with warnings.catch_warnings():
        # From Python 3.12 on any fork of a process with threads, such as numpy's, warns.
        warnings.filterwarnings("ignore", message=".*multi-threaded.*fork", category=DeprecationWarning)
        vector = gymnasium.make_vec(
            ID, num_envs=2, vectorization_mode=mode, vector_kwargs={"context": context} if context else None, **settings
        )
        seen, _ = vector.reset(seed=5)
    for k in range(steps + 1):
        if k:
            seen, reward, over, cut, _ = vector.step(actions[k - 1])
            assert [(t[k][1], t[k][2], t[k][3]) for t in alone] == list(zip(reward, over, cut, strict=True))
        for i in range(2):
            assert differing({key: v[i] for key, v in seen.items()}, alone[i][k][0]) == [], (k, i)
    vector.close()


def test_the_picture_shows_the_object_where_it_is() -> None:
    env = GraspEnv(render_mode="rgb_array", frame_skip=10)

    def rows() -> np.ndarray:
        picture = env.render()
        assert picture is not None
        assert (picture.shape, picture.dtype) == ((360, 480, 3), np.uint8)
        orange = (picture[..., 0] > picture[..., 2].astype(int) + 60) & (picture[..., 0] > 120)
        return np.flatnonzero(orange.any(axis=1))

    env.reset(seed=1000)
    before = rows()
    assert before.size > 10
    while env.world.truth["height_m"] < 0.05:
        env.step(env.action_of(Command(np.array([1500, 2000], np.int16))))
    assert env.world.truth["contacts"] == 2
    assert rows().mean() < before.mean() - 20
    env.close()


def test_looking_changes_nothing() -> None:
    seen = []
    for mode in (None, "rgb_array"):
        env = GraspEnv(render_mode=mode, frame_skip=20)
        env.reset(seed=4)
        for _ in range(10):
            last = env.step(np.array([0.0, 0.15], np.float32))[0]
            if mode:
                env.render()
        seen.append(last)
        env.close()
    assert differing(*seen) == []


def test_resets_neither_leak_memory_nor_servers() -> None:
    from pathlib import Path

    def rss_kb() -> int:
        text = Path("/proc/self/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0])

    if not sys.platform.startswith("linux"):
        pytest.skip("reads /proc")
    env = GraspEnv()
    env.reset(seed=1)
    for _ in range(10):
        env.reset()
    before = rss_kb()
    for _ in range(50):
        env.reset()
        env.step(IDLE)
    assert rss_kb() - before < 2000
    server = env.world.plant._client.server
    env.close()
    env.close()
    assert pybullet.getConnectionInfo(server)["isConnected"] == 0


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"delay": 5}, "ganglion/Grasp-v0: delay is not a setting; did you mean delay_ms?"),
        ({"delay_ms": 50}, "delay_ms = 50 is not legal; expected int <= 40"),
        ({"delay_ms": "fast"}, "delay_ms = 'fast' is not legal; expected int"),
        ({"taxels": 9}, "skin.taxels = 9 is not legal; expected int <= 8"),
        ({"taxels": 4, "skin": {"taxels": 8}}, "taxels is given twice, also in skin; give it once"),
        ({"delay_ms": 4, "world": {"delay_ms": 5}}, "delay_ms is given twice, also in world; give it once"),
        ({"world": 7}, "world = 7 is not a dict"),
        ({"world": {"robto": "column"}}, "robto is not a setting; did you mean robot?"),
        ({"skin": {"taxel": 4}}, "skin.taxel is not a setting; did you mean skin.taxels?"),
        ({"trial": {"mass_kg": (2.0, 1.0)}}, "trial.mass_kg = [2.0, 1.0] is not a range; expected 0 < low <= high"),
        ({"trial": {"mass_kg": (1.0,)}}, "trial.mass_kg = (1.0,) is not legal"),
        ({"force_noise": float("nan")}, "force_noise = nan"),
        ({"tick_us": 2000}, "tick_us = 2000, but the skin's afferents tick at 1000"),
        ({"frame_skip": 0}, "frame_skip = 0 is not a whole number from 1 to 1000"),
        ({"frame_skip": 2.0}, "frame_skip = 2.0 is not a whole number"),
        ({"render_mode": "rgb"}, "render_mode = 'rgb' is not human, rgb_array or None"),
    ],
)
def test_a_mistake_in_the_settings_is_told_in_one_line(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError) as told:
        GraspEnv(**settings)
    assert said in str(told.value)
    assert "\n" not in str(told.value)


def test_settings_reach_the_world_however_they_are_given() -> None:
    for settings in ({"taxels": 4}, {"skin": {"taxels": 4}}, {"world": {"skin": {"taxels": 4}}}):
        env = GraspEnv(**settings)
        assert env.observation_space["taxels"].shape == (2, 4, 4, 3)
        env.close()
    env = GraspEnv(skin=False)
    assert "taxels" not in env.observation_space.spaces
    env.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"episdoe": 1}, "episdoe is not a setting; did you mean episode?"),
        ({"episode": -1}, "episode = -1 is not a whole number from 0 up"),
        ({"episode": 1.5}, "episode = 1.5 is not a whole number from 0 up"),
    ],
)
def test_a_mistake_in_the_reset_is_told_in_one_line(env: GraspEnv, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UserError, match=said):
        env.reset(options=options)
