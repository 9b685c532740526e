"""The eye on the hand tells slip from holding and shaking, in few spikes, and seeing changes nothing that is seen."""

from __future__ import annotations

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.filter_spec import Pooling
from sensors.signals import MAX_SPIKES, Command
from sensors.spec import Pixel
from sim.bullet import EYE_COLUMNS, EYE_FIRST, EYE_ROWS, GRIPPER, BulletWorld
from sim.episode import draw_episode
from sim.eye import Eye, window
from sim.plant import Plant
from sim.spec import BOX, CYLINDER, SPHERE, Bullet, Camera, Trial

SEED = 7
CELLS = EYE_ROWS * EYE_COLUMNS
TRIAL = Trial()
OF_SHAPE = {
    shape: next(i for i in range(50) if draw_episode(TRIAL, SEED, i).shape == shape)
    for shape in (BOX, CYLINDER, SPHERE)
}
SMALLEST = min(range(60), key=lambda i: min(draw_episode(TRIAL, SEED, i).half_m))


@pytest.fixture(scope="module")
def plant():
    plant = Plant(Bullet())
    yield plant
    plant.close()


def look(plant: Plant, index: int, ticks: int, slip_m_per_s: float, lift_m_per_s: float) -> list[int]:
    """Spikes of the cells in each tick while the hand moves and the object slides in it."""
    plant.reset(draw_episode(TRIAL, SEED, index))
    eye = Eye(Camera(enabled=True), EYE_ROWS, EYE_COLUMNS, EYE_FIRST)
    eye.reset(np.random.default_rng(3))
    scene, (position, rotation) = plant.scene().copy(), plant.camera_pose("gripper")
    hand = slice(1, 6)  # pads, jaws, carriage: not the column behind
    start, hand_start = position.copy(), scene["position"][:6].copy()
    sensed, counts = GRIPPER.empty_sensed(), []
    for tick in range(ticks):
        up = lift_m_per_s * tick * 1e-3
        scene["position"][hand, 2] = hand_start[1:, 2] + up
        scene["position"][0, 2] = hand_start[0, 2] + up - slip_m_per_s * tick * 1e-3
        position[2] = start[2] + up
        eye.see(scene, position, rotation, tick * 1000)
        sensed.count = 0
        eye.route(sensed)
        counts.append(sensed.count)
        assert (sensed.spikes[: sensed.count] >= EYE_FIRST).all()
        assert len(set(sensed.spikes[: sensed.count].tolist())) == sensed.count <= CELLS
    return counts


@pytest.mark.parametrize("index", [*OF_SHAPE.values(), SMALLEST])
def test_a_slipping_object_is_seen_and_a_held_one_is_not_however_the_hand_moves(plant: Plant, index: int) -> None:
    for speed, within_ms in ((2e-3, 60), (5e-3, 24), (2e-2, 7)):  # 0.12 to 0.14 mm after a long rest
        assert sum(look(plant, index, within_ms + 1, speed, 0.0)) >= 4
    for lift in (0.0, 0.1):
        assert sum(look(plant, index, 301, 0.0, lift)) <= 10, "noise is a few spikes a second"


def test_the_cells_lie_between_the_pads_at_every_resolution() -> None:
    for size in ((64, 64), (128, 128), (346, 260)):
        x, y, width, height = window(0.16, *size)
        assert EYE_COLUMNS <= width < size[0] / 2
        assert EYE_ROWS <= height < size[1] / 2
        assert (2 * x + width, 2 * y + height) == pytest.approx(size, abs=1)


def test_filters_that_leave_the_cells_no_picture_are_refused() -> None:
    with pytest.raises(UserError, match="leave 4 x 4 pixels, its cells need 8 x 8; downsample or crop less"):
        Eye(Camera(enabled=True, filters=(Pooling(40),)), EYE_ROWS, EYE_COLUMNS, EYE_FIRST)


@pytest.mark.parametrize("height_m", [0.0, 0.06])
def test_the_cells_of_a_fixed_camera_follow_the_hand_and_are_deaf_while_it_moves(plant: Plant, height_m: float) -> None:
    plant.reset(draw_episode(TRIAL, SEED, OF_SHAPE[BOX]))
    eye = Eye(Camera(enabled=True, mount="fixed", width=346, height=260), EYE_ROWS, EYE_COLUMNS, EYE_FIRST)
    eye.reset(np.random.default_rng(3))
    scene, (position, rotation) = plant.scene().copy(), plant.camera_pose("fixed")
    scene["position"][:6, 2] += height_m
    sensed, spikes = GRIPPER.empty_sensed(), {0.0: 0, 0.1: 0}
    for tick in range(200):
        scene["position"][0, 2] -= 2e-5  # the object alone: it slides by 20 mm/s
        eye.see(scene, position, rotation, tick * 1000)
        for hand_m_per_s in spikes:
            sensed.count = 0
            eye.route(sensed, hand_m_per_s)
            spikes[hand_m_per_s] += sensed.count
    assert spikes[0.0] > 20
    assert spikes[0.1] == 0


def play(spec: Bullet, index: int, ticks: int) -> tuple[np.ndarray, list[list[int]], np.ndarray, BulletWorld]:
    """Truth, spikes and camera events under commands that close, lift and shake without any brain."""
    world = BulletWorld(spec)
    world.reset(draw_episode(spec.trial, SEED, index))
    truth, spikes, events = [], [], []
    command = Command(np.zeros(2, np.int16))
    for tick in range(1, ticks + 1):
        command.effort[:] = (0 if tick < 200 else 500 * np.sin(tick / 30), min(4 * tick, 300))
        sensed = world.advance(tick * 1000, command)
        truth.append(world.truth.copy())
        spikes.append(sensed.spikes[: sensed.count].tolist())
        events.append(world.camera_events.copy())
    world.close()
    return np.array(truth), spikes, np.concatenate(events), world


ON = Bullet(camera=Camera(enabled=True), delay_ms=0)


def test_looking_changes_neither_physics_nor_touch() -> None:
    index = OF_SHAPE[CYLINDER]
    seen, spikes, events, _ = play(ON, index, 500)
    unseen, felt, nothing, _ = play(Bullet(delay_ms=0), index, 500)
    assert (seen == unseen).all()
    assert [[a for a in tick if a < EYE_FIRST] for tick in spikes] == felt
    assert any(a >= EYE_FIRST for tick in spikes for a in tick)
    assert events.size > 100
    assert nothing.size == 0


def test_what_is_seen_comes_as_late_as_what_is_felt() -> None:
    _, now, _, _ = play(ON, 0, 400)
    _, late, _, _ = play(Bullet(camera=Camera(enabled=True), delay_ms=7), 0, 400)
    assert late[7:] == now[:-7]


def test_an_episode_looks_the_same_again_and_another_one_otherwise() -> None:
    _, _, first, world = play(ON, 1, 200)
    _, _, again, _ = play(ON, 1, 200)
    _, _, other, _ = play(ON, 2, 200)
    assert (first == again).all()
    assert first.size != other.size or (first != other).any()
    assert world.pixels is not None
    assert world.pixels.luminance.shape == (128, 128)
    times = first["t"].astype(np.int64)
    assert (np.diff(times) >= 0).all()
    assert times.min() > 0
    assert times.max() <= 200_000


@pytest.mark.parametrize("mount", ["gripper", "fixed"])
def test_large_and_fixed_cameras_see_the_hand_close(mount: str) -> None:
    quiet = Pixel(leak_hz=0.0, shot_noise_hz=0.0)
    camera = Camera(enabled=True, width=346, height=260, mount=mount, pixel=quiet)  # type: ignore[arg-type]
    _, spikes, events, _ = play(Bullet(camera=camera), 0, 150)
    assert events.size > 500
    assert events["x"].max() < 346
    assert events["y"].max() < 260
    assert max(len(tick) for tick in spikes) <= MAX_SPIKES


def test_the_eye_on_a_panda_sees_its_hand_and_what_it_holds() -> None:
    spec = Bullet(robot="panda", camera=Camera(enabled=True), delay_ms=0)
    _, spikes, events, world = play(spec, OF_SHAPE[CYLINDER], 600)
    assert world.pixels is not None
    picture = world.pixels.luminance
    assert np.isfinite(picture).all()
    assert 0.0 <= picture.min() < 0.3 < picture.max() <= 2.0
    assert 100 < events.size < 600 * 500
    assert (events["x"] < 128).all()
    assert (events["y"] < 128).all()
    assert any(a >= EYE_FIRST for tick in spikes for a in tick)
