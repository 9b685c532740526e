from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.pixel import EventPixels, fast_log
from sensors.spec import Pixel

PLAIN = Pixel(threshold=0.2, threshold_sigma=0.0, refractory_us=0, leak_hz=0.0, shot_noise_hz=0.0, bandwidth_hz=0.0)
WIDTH, HEIGHT = 40, 30


def play(pixels: EventPixels, frames: list[np.ndarray], tick_us: int = 1000) -> np.ndarray:
    """All events of `frames`, one every tick from t = 0."""
    parts = []
    for k, frame in enumerate(frames):
        n = pixels.observe(frame, k * tick_us)
        parts.append(pixels.events[:n].copy())
    return np.concatenate(parts)


def wander(seed: int, frames: int, step: float = 0.08) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    log = np.cumsum(rng.normal(0.0, step, (frames, HEIGHT, WIDTH)), axis=0) - 1.0
    return [np.exp(frame).astype(np.float32) for frame in log]


def edge(at: float) -> np.ndarray:
    """Dark left of `at` pixels, bright right of it, the pixel between in proportion."""
    covered = np.clip(np.arange(WIDTH) + 1.0 - at, 0.0, 1.0)
    return np.tile(0.2 + 0.6 * covered, (HEIGHT, 1)).astype(np.float32)


def test_the_logarithm_is_as_good_as_it_says():
    values = np.exp(np.random.default_rng(1).uniform(-13.8, 3.0, 4000)).astype(np.float32)
    for value in values[:1000]:
        exact = np.log(np.float64(value))
        assert abs(np.float64(fast_log(value)) - exact) <= 2e-7 + 1.2e-7 * abs(exact)


def test_events_rebuild_the_log_intensity_to_within_one_threshold():
    frames = wander(2, 200)
    pixels = EventPixels(PLAIN, WIDTH, HEIGHT, 5)
    level = np.log(frames[0].astype(float))
    for k, frame in enumerate(frames):
        for t, x, y, on in pixels.events[: pixels.observe(frame, k * 1000)].tolist():
            assert (k - 1) * 1000 < t <= k * 1000
            level[y, x] += 0.2 if on else -0.2
        assert np.abs(level - np.log(frame.astype(float))).max() < 0.2 + 2e-3
    assert pixels.overflow == 0


def test_thresholds_differ_between_pixels_and_belong_to_the_chip():
    spec = Pixel(0.2, 0.03, 0, 0.0, 0.0, 0.0)
    first, other = EventPixels(spec, 64, 64, 1), EventPixels(spec, 64, 64, 2)
    dark, ramp = np.full((64, 64), 0.1, np.float32), np.full((64, 64), 0.1 * np.exp(0.2), np.float32)

    def fired(pixels: EventPixels, seed: int) -> np.ndarray:
        pixels.reset(seed)
        pixels.observe(dark, 0)
        n = pixels.observe(ramp, 1000)
        image = np.zeros((64, 64), bool)
        image[pixels.events["y"][:n], pixels.events["x"][:n]] = True
        return image

    assert 0.45 < fired(first, 1).mean() < 0.55, "half of the pixels have less than the mean threshold"
    assert (fired(first, 1) == fired(first, 9)).all()
    assert (fired(first, 1) != fired(other, 1)).any()


def test_a_moving_edge_makes_events_along_it_of_its_sign_and_at_the_time_it_passes():
    pixels = EventPixels(PLAIN, WIDTH, HEIGHT, 1)
    speed = 0.5  # pixels per tick, towards brighter columns: they darken
    events = play(pixels, [edge(5.0 + speed * k) for k in range(41)])
    assert not events["p"].any()
    assert set(events["y"].tolist()) == set(range(HEIGHT))
    assert set(events["x"].tolist()) == set(range(5, 25))
    begins = (events["x"] - 5.0) / speed * 1000
    late = events["t"] - begins
    assert late.min() > 0
    assert late.max() <= 2000 + 1, "each pixel speaks while the edge crosses it"
    steps = int(np.log(0.8 / 0.2) / 0.2)
    assert events.size == HEIGHT * 20 * steps
    back = play(EventPixels(PLAIN, WIDTH, HEIGHT, 1), [edge(25.0 - speed * k) for k in range(41)])
    assert back["p"].all()
    assert back.size == events.size


def test_events_come_in_order_of_time():
    for tick_us in (1000, 7000):
        times = play(EventPixels(PLAIN, WIDTH, HEIGHT, 1), wander(4, 40, 0.3), tick_us)["t"]
        assert times.size > 1000
        assert (np.diff(times.astype(np.int64)) >= 0).all()


def test_a_pixel_is_silent_for_its_dead_time_and_misses_what_happens_in_it():
    spec = Pixel(0.2, 0.0, 1500, 0.0, 0.0, 0.0)
    frames = wander(6, 300, 0.2)
    events = play(EventPixels(spec, WIDTH, HEIGHT, 1), frames)
    last: dict[tuple[int, int], int] = {}
    gaps = []
    for t, x, y, _ in events.tolist():
        if (x, y) in last:
            gaps.append(t - last[x, y])
        last[x, y] = t
    assert min(gaps) >= 1500
    assert events.size < 0.8 * play(EventPixels(PLAIN, WIDTH, HEIGHT, 1), frames).size


@pytest.mark.parametrize("skipping", [True, False])
def test_leak_makes_on_events_at_its_rate_from_the_start(skipping: bool):
    spec = Pixel(0.2, 0.02, 500, 2.0, 0.0, 0.0)
    pixels = EventPixels(spec, WIDTH, HEIGHT, 8)
    pixels.skipping = skipping
    still = np.full((HEIGHT, WIDTH), 0.4, np.float32)
    events = play(pixels, [still] * 2001)
    expected = 2.0 * WIDTH * HEIGHT * 2.0
    assert events["p"].all()
    assert abs(events.size - expected) < 0.02 * expected
    halves = np.count_nonzero(events["t"] < 1_000_000)
    assert abs(halves - expected / 2) < 0.05 * expected


@pytest.mark.parametrize(("light", "share"), [(1e-4, 1.0), (0.5, 0.625), (1.0, 0.25)])
def test_shot_noise_has_its_rate_less_in_bright_light_and_both_signs(light: float, share: float):
    spec = Pixel(0.2, 0.02, 500, 0.0, 4.0, 300.0)
    events = play(EventPixels(spec, WIDTH, HEIGHT, 3), [np.full((HEIGHT, WIDTH), light, np.float32)] * 2001)
    expected = 4.0 * share * WIDTH * HEIGHT * 2.0
    assert abs(events.size - expected) < 5 * np.sqrt(expected) + 0.005 * expected
    assert abs(events["p"].mean() - 0.5) < 0.04
    silent = 1.0 - len(set(zip(events["x"].tolist(), events["y"].tolist(), strict=True))) / (WIDTH * HEIGHT)
    assert abs(silent - np.exp(-8.0 * share)) < 0.05, "noise spares or prefers some pixels"


def test_a_dim_pixel_follows_more_slowly_than_a_bright_one():
    spec = Pixel(0.2, 0.0, 0, 0.0, 0.0, 100.0)
    times = []
    for light in (0.02, 0.4):
        before, after = (np.full((HEIGHT, WIDTH), v, np.float32) for v in (light, 2.0 * light))
        events = play(EventPixels(spec, WIDTH, HEIGHT, 1), [before] + [after] * 60)
        assert events.size == 3 * WIDTH * HEIGHT
        times.append(events["t"].max())
    assert times[0] > 2 * times[1]


def test_rows_in_which_nothing_can_happen_are_skipped_without_changing_an_event():
    rng = np.random.default_rng(12)
    frames = [np.full((HEIGHT, WIDTH), 0.5, np.float32)]
    for k in range(1500):
        frame = frames[-1].copy()
        if k % 37 == 0:
            frame[rng.integers(HEIGHT)] *= np.float32(rng.uniform(0.6, 1.6))
        frames.append(frame)
    streams = []
    for skipping in (True, False):
        pixels = EventPixels(Pixel(0.2, 0.02, 1700, 1.0, 2.0, 150.0), WIDTH, HEIGHT, 3)
        pixels.skipping = skipping
        streams.append(play(pixels, frames))
    assert streams[0].size > 3000
    assert (streams[0] == streams[1]).all()


def test_the_same_seed_gives_the_same_events_also_after_a_reset():
    frames = wander(9, 60)
    pixels = EventPixels(Pixel(), WIDTH, HEIGHT, 21)
    streams = []
    for seed in (5, 5, 6):
        pixels.reset(seed)
        streams.append(play(pixels, frames))
    assert (streams[0] == streams[1]).all()
    assert streams[0].size != streams[2].size or (streams[0] != streams[2]).any()


def test_events_that_do_not_fit_are_counted_and_the_pixels_go_on():
    small, large = EventPixels(PLAIN, WIDTH, HEIGHT, 1, capacity=50), EventPixels(PLAIN, WIDTH, HEIGHT, 1)
    frames = wander(3, 20)
    kept, every = play(small, frames), play(large, frames)
    assert small.overflow == every.size - kept.size > 0


def test_nothing_is_allocated_per_frame():
    pixels = EventPixels(Pixel(), WIDTH, HEIGHT, 1)
    frames = wander(1, 10)
    for k in range(20):
        pixels.observe(frames[k % 10], k * 1000)
    tracemalloc.start()
    before = tracemalloc.take_snapshot()
    for k in range(20, 1020):
        pixels.observe(frames[k % 10], k * 1000)
    grown = [s for s in tracemalloc.take_snapshot().compare_to(before, "filename") if "pixel.py" in str(s.traceback)]
    tracemalloc.stop()
    assert sum(s.size_diff for s in grown) < 512


def test_frames_that_do_not_fit_are_refused_in_one_line():
    pixels = EventPixels(PLAIN, WIDTH, HEIGHT, 1)
    with pytest.raises(UserError, match="render at the sensor's size"):
        pixels.observe(np.ones((HEIGHT, WIDTH)), 0)
    pixels.observe(np.ones((HEIGHT, WIDTH), np.float32), 1000)
    with pytest.raises(UserError, match="does not follow"):
        pixels.observe(np.ones((HEIGHT, WIDTH), np.float32), 1000)
