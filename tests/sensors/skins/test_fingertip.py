from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from sensors.skins.device import PRESETS, Device
from sensors.skins.fingertip import Fingertip
from sensors.taxel import RA, SA, VIBRATION

MATRIX = Device("matrix+cobs", 4, 6, mn_per_unit=2.0, touch=20.0, rate_hz=1000.0, learn_s=0.2, drift_s=2.0)
PERIOD_US = 1000


def times(count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) * PERIOD_US


def readings(count: int, device: Device = MATRIX, seed: int = 1) -> np.ndarray:
    """A skin at rest, every taxel at its own level, with noise."""
    rng = np.random.default_rng(seed)
    rest = rng.uniform(100, 900, device.values)
    return (rest + rng.normal(0, 1.0, (count, device.values))).astype(np.float32)


def test_an_untouched_skin_says_nothing_though_its_taxels_read_all_sorts_of_levels():
    tip = Fingertip(MATRIX)
    assert tip.feel(readings(1000), times(1000)).size == 0
    assert not tip.baseline.learning
    assert not tip.baseline.touched


def test_a_press_is_told_where_and_when_it_is_and_its_end_too():
    frames = readings(1500)
    frames[500:1000, 2 * 6 + 4] += 400
    tip = Fingertip(MATRIX)
    events = tip.feel(frames, times(1500)).copy()
    assert tip.size == (6, 12)
    assert set(zip(events["x"].tolist(), (events["y"] % 4).tolist(), strict=True)) == {(4, 2)}
    kind = events["y"] // 4
    sustained, change = events[kind == SA], events[kind == RA]
    assert 500_000 <= sustained["t"].min() < 560_000
    assert sustained["t"].max() < 1_050_000
    assert change[change["p"]]["t"].max() < 700_000, "loading only when it begins"
    assert change[~change["p"]]["t"].min() >= 1_000_000, "unloading only when it ends"
    assert sustained.size > 10


def test_a_noisy_skin_is_found_to_be_so_and_does_not_flutter_when_pressed():
    frames = readings(3000)
    rest = frames.mean(0)
    frames = (rest + 30.0 * (frames - rest)).astype(np.float32)
    frames[1500:] += 400
    tip = Fingertip(replace(MATRIX, touch=150.0))
    events = tip.feel(frames, times(3000))
    assert tip.baseline.noise == pytest.approx(30.0, rel=0.05)
    vibration = events[(events["y"] // 4 == VIBRATION) & (events["t"] > 1_800_000)]
    quiet = Fingertip(replace(MATRIX, touch=150.0))
    quiet.feel(readings(1000), times(1000))
    told = quiet.feel(frames[1500:], times(1500) + 1_000_000)
    assert vibration.size < np.count_nonzero((told["y"] // 4 == VIBRATION) & (told["t"] > 1_300_000)) / 4


def test_packets_do_not_matter():
    frames = readings(1200)
    frames[400:800, 5] += np.linspace(0, 500, 400)
    whole = Fingertip(MATRIX).feel(frames, times(1200)).tolist()
    tip = Fingertip(MATRIX)
    parts = [e for at in range(0, 1200, 7) for e in tip.feel(frames[at : at + 7], times(1200)[at : at + 7]).tolist()]
    assert parts == whole
    assert len(whole) > 10


def test_slow_drift_is_followed_and_a_touch_is_not():
    count = 8000
    frames = readings(count)
    frames += (np.arange(count) / 1000 * 3.0)[:, None]  # 3 counts a second of the 10 that touch / drift_s allows
    tip = Fingertip(MATRIX)
    tip.feel(frames, times(count))
    assert not tip.baseline.touched
    assert abs(frames[-1] - frames[0]).max() > MATRIX.touch / 4
    assert abs(tip.baseline.deviation).max() < MATRIX.touch / 2
    level = tip.baseline.level.copy()
    pressed = np.repeat(frames[-1:], 3000, axis=0)
    pressed[:, 3] += 300
    tip.feel(pressed, times(3000) + count * PERIOD_US)
    assert tip.baseline.touched
    assert (tip.baseline.level == level).all()


def test_a_magnetic_skin_presses_with_the_length_of_the_change_and_shears_with_its_parts():
    device = replace(PRESETS["anyskin"], learn_s=0.1)
    frames = readings(400, device)
    frames[200:, 3 * 2 : 3 * 3] += (300, -400, 1200)  # the third chip, to the right of the middle
    tip = Fingertip(device)
    events = tip.feel(frames, times(400))
    normal, x, y = tip.pressed[0, 1, 2]
    assert (normal, x, y) == (pytest.approx(2600, abs=30), pytest.approx(600, abs=15), pytest.approx(-800, abs=15))
    assert set(events["x"].tolist()) == {2}
    assert set((events["y"] % 3).tolist()) == {1}


def test_readings_beyond_the_range_saturate():
    frames = readings(400)
    frames[300:, 0] = 1e9
    frames[300:, 1] = -1e9
    tip = Fingertip(MATRIX)
    tip.feel(frames, times(400))
    assert tip.pressed[0, 0, 0, 0] == 32767
    assert tip.pressed[0, 0, 1, 0] == -32767
