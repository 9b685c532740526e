"""The picture is what optics says it is, and what is not cast again is what casting it would give."""

from __future__ import annotations

import math
import tracemalloc

import numpy as np
import pytest

from sensors.errors import UserError
from sim.camera import GRAIN_M, Renderer, picture
from sim.plant import look_at
from sim.spec import BOX, CYLINDER, PRIMITIVE, SPHERE

EYE, AHEAD = np.zeros(3), np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]])
SIZE, FOV = 128, 40.0
PIXELS_PER_SLOPE = SIZE / (2 * math.tan(math.radians(FOV / 2)))


def thing(
    kind: int, y: float, half: tuple[float, float, float], albedo: float = 0.5, texture: float = 0.0
) -> np.ndarray:
    """A primitive straight ahead of a camera that looks along +y."""
    row = np.zeros(1, PRIMITIVE)
    row[0] = (kind, (0, y, 0), np.eye(3), half, albedo, texture, 0.004)
    return row


def turned(rng: np.random.Generator) -> np.ndarray:
    q, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    return q if np.linalg.det(q) > 0 else q[:, [1, 0, 2]]


def crowd(rng: np.random.Generator, n: int) -> np.ndarray:
    rows = np.zeros(n, PRIMITIVE)
    for i in range(n):
        kind = int(rng.integers(3))
        a, b, c = rng.uniform(0.01, 0.04, 3)
        half = {BOX: (a, b, c), CYLINDER: (a, a, c), SPHERE: (a, a, a)}[kind]
        where = (rng.uniform(-0.1, 0.1), rng.uniform(0.2, 0.5), rng.uniform(-0.1, 0.1))
        rows[i] = (kind, where, turned(rng), half, rng.uniform(0.2, 0.9), rng.choice((0.0, 0.5)), 0.006)
    return rows


def test_a_sphere_is_a_disc_of_the_size_that_optics_gives() -> None:
    radius, far = 0.03, 0.2
    camera = Renderer(SIZE, SIZE, FOV, sky=0.0)
    seen = camera.render(thing(SPHERE, far, (radius,) * 3), EYE, AHEAD) > 0
    expected = radius / math.sqrt(far**2 - radius**2) * PIXELS_PER_SLOPE
    assert math.sqrt(np.count_nonzero(seen) / math.pi) == pytest.approx(expected, abs=1.0)
    y, x = np.nonzero(seen)
    assert (x.mean(), y.mean()) == pytest.approx((SIZE / 2 - 0.5,) * 2, abs=0.05)


@pytest.mark.parametrize("kind", [BOX, CYLINDER])
def test_a_box_and_an_upright_cylinder_are_as_wide_and_high_as_optics_gives(kind: int) -> None:
    half, far = (0.02, 0.02, 0.03), 0.3
    seen = Renderer(SIZE, SIZE, FOV, sky=0.0).render(thing(kind, far, half), EYE, AHEAD) > 0
    near = far - half[1] if kind == BOX else math.sqrt(far**2 - half[0] ** 2)
    assert np.count_nonzero(seen[SIZE // 2]) == pytest.approx(2 * half[0] / near * PIXELS_PER_SLOPE, abs=2)
    assert np.count_nonzero(seen[:, SIZE // 2]) == pytest.approx(
        2 * half[2] / (far - half[1]) * PIXELS_PER_SLOPE, abs=2
    )


def test_up_and_right_in_the_world_are_up_and_right_in_the_picture() -> None:
    for axis, corner in ((0, (slice(None), slice(SIZE // 2, None))), (2, (slice(0, SIZE // 2), slice(None)))):
        row = thing(SPHERE, 0.3, (0.01,) * 3)
        row["position"][0, axis] = 0.05
        seen = Renderer(SIZE, SIZE, FOV, sky=0.0).render(row, EYE, look_at(EYE, np.array((0.0, 1.0, 0.0)))) > 0
        assert seen.any()
        assert np.count_nonzero(seen[corner]) == np.count_nonzero(seen)


@pytest.mark.parametrize("kinds", [(BOX, SPHERE), (SPHERE, CYLINDER), (CYLINDER, BOX), (BOX, BOX)])
@pytest.mark.parametrize("near_first", [True, False])
def test_what_is_nearer_hides_what_is_farther_in_whatever_order_they_come(
    kinds: tuple[int, int], near_first: bool
) -> None:
    near, far = thing(kinds[0], 0.3, (0.02,) * 3, 0.9), thing(kinds[1], 0.45, (0.05,) * 3, 0.2)
    rows = np.concatenate((near, far) if near_first else (far, near))
    both = Renderer(SIZE, SIZE, FOV).render(rows, EYE, AHEAD)
    alone = Renderer(SIZE, SIZE, FOV).render(near, EYE, AHEAD)
    behind = Renderer(SIZE, SIZE, FOV).render(far, EYE, AHEAD)
    middle = slice(SIZE // 2 - 4, SIZE // 2 + 4)
    assert (both[middle, middle] == alone[middle, middle]).all()
    assert (both[middle, middle] != behind[middle, middle]).all()


def test_an_edge_that_moves_by_part_of_a_pixel_moves_light_in_proportion() -> None:
    camera = Renderer(SIZE, SIZE, FOV, sky=0.0, ambient=1.0)
    pixel_m = (0.3 - 0.01) / PIXELS_PER_SLOPE
    row = thing(BOX, 0.3, (0.03, 0.01, 0.03))
    sums = []
    for k in range(9):
        row["half"][0, 0] = 0.03 + pixel_m * k / 8
        sums.append(camera.render(row, EYE, AHEAD)[SIZE // 2].sum(dtype=float))
    assert np.diff(sums) == pytest.approx(np.full(8, 2 * 0.5 / 8), abs=2e-3)


@pytest.mark.parametrize("size", [(128, 128), (346, 260)])
def test_while_the_camera_rides_what_is_kept_is_what_casting_everything_gives(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(5)
    for _ in range(6):
        rows = crowd(rng, 12)
        camera, fresh = Renderer(*size, FOV), Renderer(*size, FOV)
        position, rotation = EYE.copy(), AHEAD.copy()
        for step in range(12):
            movers = rng.random(rows.size) < 0.3
            rows["position"][movers] += rng.normal(0, rng.choice((1e-4, 5e-3)), (np.count_nonzero(movers), 3))
            for i in np.flatnonzero(movers)[:1]:
                rows["rotation"][i] = turned(rng)
            if step % 4 == 3:  # the camera rides with some of them
                shift = rng.normal(0, 2e-3, 3)
                position += shift
                rows["position"][: rows.size // 2] += shift
            part = camera.render(rows, position, rotation)
            fresh.forget()
            whole = fresh.render(rows, position, rotation)
            # What rides along stands still to the last bit of a sum only, so this is not for equality.
            assert np.abs(part - whole).max() < 0.02
            differs = part != whole
            assert differs.mean() < 2e-2
        assert camera.cast < fresh.cast


def test_what_moves_alone_is_cast_to_the_same_bits() -> None:
    rng = np.random.default_rng(9)
    for _ in range(10):
        rows = crowd(rng, 10)
        camera, fresh = Renderer(SIZE, SIZE, FOV), Renderer(SIZE, SIZE, FOV)
        for _ in range(15):
            i = rng.integers(rows.size)
            rows["position"][i] += rng.choice((-1.0, 1.0), 3) * rng.uniform(2 * GRAIN_M, 4e-3, 3)
            part = camera.render(rows, EYE, AHEAD)
            fresh.forget()
            assert (part == fresh.render(rows, EYE, AHEAD)).all()
        assert camera.cast < SIZE * SIZE / 2


def test_a_column_beside_which_the_camera_rises_is_not_cast_again_and_looks_the_same() -> None:
    rows = np.concatenate([thing(BOX, 0.3, (0.02, 0.02, 0.5)), thing(SPHERE, 0.2, (0.02,) * 3, texture=0.5)])
    camera, fresh = Renderer(SIZE, SIZE, FOV), Renderer(SIZE, SIZE, FOV)
    position = EYE.copy()
    camera.render(rows, position, AHEAD)
    for _ in range(20):
        position[2] += 1e-3
        rows["position"][1, 2] += 1e-3  # the sphere rides with the camera
        part = camera.render(rows, position, AHEAD)
        assert camera.cast == 0
        fresh.forget()
        assert (part == fresh.render(rows, position, AHEAD)).all()
    position[2] += 0.5  # past its upper end
    camera.render(rows, position, AHEAD)
    assert camera.cast > 0


def test_a_floor_that_ends_below_the_view_is_not_cast() -> None:
    floor = np.concatenate([thing(BOX, 0.0, (0.6, 0.6, 0.05)), thing(BOX, 0.2, (0.02, 0.02, 0.02))])
    camera = Renderer(SIZE, SIZE, 30.0)
    high = np.array([0.0, -0.16, 0.4])
    floor["position"][0] = (0.0, 0.0, -0.05)
    floor["position"][1] = (0.0, 0.2, 0.4)
    camera.render(floor, high, AHEAD)
    for _ in range(5):
        floor["position"][0, 2] -= 1e-3
        camera.render(floor, high, AHEAD)
        assert camera.cast == 0


def test_a_scene_at_rest_costs_nothing_and_trembling_below_the_grain_is_rest() -> None:
    rows = crowd(np.random.default_rng(2), 8)
    camera = Renderer(SIZE, SIZE, FOV)
    first = camera.render(rows, EYE, AHEAD).copy()
    assert camera.cast == SIZE * SIZE
    rows["position"] += 0.9 * GRAIN_M
    assert (camera.render(rows, EYE, AHEAD) == first).all()
    assert camera.cast == 0
    rows["position"] += 0.2 * GRAIN_M
    camera.render(rows, EYE, AHEAD)
    assert camera.cast > 0


def test_slow_motion_is_followed_and_not_swallowed() -> None:
    row = thing(SPHERE, 0.2, (0.03,) * 3, texture=0.5)
    camera = Renderer(SIZE, SIZE, FOV)
    camera.render(row, EYE, AHEAD)
    for _ in range(500):
        row["position"][0, 2] -= 1e-6
        slow = camera.render(row, EYE, AHEAD)
    exact = Renderer(SIZE, SIZE, FOV).render(row, EYE, AHEAD)
    assert np.abs(slow - exact).max() < 0.03


def test_a_pattern_keeps_its_mean_and_fades_when_it_is_finer_than_the_pixels() -> None:
    for kind in (BOX, CYLINDER, SPHERE):
        row = thing(kind, 0.3, (0.05,) * 3, texture=0.5)
        camera = Renderer(SIZE, SIZE, FOV)
        plain = row.copy()
        plain["texture"] = 0.0
        middle = (slice(SIZE // 2 - 12, SIZE // 2 + 12),) * 2
        bare = camera.render(plain, EYE, AHEAD)[middle].copy()
        spread = []
        for pitch, error in ((0.006, 0.2), (0.0004, 0.02)):
            row["pitch"] = pitch
            ratio = camera.render(row, EYE, AHEAD)[middle] / bare
            assert ratio.mean() == pytest.approx(1.0, abs=error)
            spread.append(ratio.std())
        assert spread[0] > 0.3
        assert spread[1] < 0.05


@pytest.mark.parametrize("kind", [BOX, CYLINDER, SPHERE])
@pytest.mark.parametrize("pitch", [0.0, math.nan])
def test_a_pattern_of_no_size_is_no_pattern(kind: int, pitch: float) -> None:
    plain = thing(kind, 0.3, (0.05,) * 3)
    strange = thing(kind, 0.3, (0.05,) * 3, texture=0.5)
    strange["pitch"] = pitch
    expected = Renderer(SIZE, SIZE, FOV).render(plain, EYE, AHEAD)
    assert (Renderer(SIZE, SIZE, FOV).render(strange, EYE, AHEAD) == expected).all()


def test_nothing_is_allocated_per_frame() -> None:
    rows = crowd(np.random.default_rng(3), 9)
    camera = Renderer(SIZE, SIZE, FOV)
    camera.render(rows, EYE, AHEAD)
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    for k in range(300):
        rows["position"][0, 0] += 1e-4 if k % 2 else -1e-4
        camera.render(rows, EYE, AHEAD)
    after = tracemalloc.take_snapshot()
    tracemalloc.stop()
    grown = [
        s for s in after.compare_to(before, "filename") if "camera.py" in str(s.traceback) and "test" not in str(s)
    ]
    assert sum(s.size_diff for s in grown) < 512


def test_a_picture_has_the_gamma_of_a_display() -> None:
    out = np.zeros((1, 4), np.uint8)
    picture(np.array([[0.0, 0.25, 1.0, 2.0]], np.float32), out)
    assert out.tolist() == [[0, 128, 255, 255]]


def test_a_crowded_scene_and_an_impossible_lens_are_refused() -> None:
    with pytest.raises(UserError, match="the camera draws"):
        Renderer(64, 64, FOV).render(np.zeros(99, PRIMITIVE), EYE, AHEAD)
    with pytest.raises(UserError, match="field of view"):
        Renderer(64, 64, 179.0)
