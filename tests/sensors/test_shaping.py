from __future__ import annotations

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.shaping import Coalesce, Crop, Downsample, Flip, Polarity, Rate
from sensors.signals import EVENT

from .streams import in_packets, stream

W, H = 30, 20
EVENTS = stream(5, 4000, W, H)
both_ways = pytest.mark.parametrize("in_place", [False, True])


@both_ways
def test_a_crop_keeps_a_region_and_moves_its_corner_to_the_origin(in_place):
    keep = Crop(W, H, (3, 4, 10, 5))
    assert keep.out_size == (10, 5)
    expected = [(t, x - 3, y - 4, p) for t, x, y, p in EVENTS.tolist() if 3 <= x < 13 and 4 <= y < 9]
    assert in_packets(keep, EVENTS, in_place) == expected


@both_ways
def test_flips_mirror_and_polarities_are_chosen(in_place):
    events = EVENTS.tolist()
    assert in_packets(Flip(W, H, "x"), EVENTS, in_place) == [(t, W - 1 - x, y, p) for t, x, y, p in events]
    assert in_packets(Flip(W, H, "xy"), EVENTS, in_place) == [(t, W - 1 - x, H - 1 - y, p) for t, x, y, p in events]
    assert in_packets(Polarity(W, H, "on"), EVENTS, in_place) == [e for e in events if e[3]]
    assert in_packets(Polarity(W, H, "off"), EVENTS, in_place) == [e for e in events if not e[3]]
    assert in_packets(Polarity(W, H, "invert"), EVENTS, in_place) == [(*e[:3], not e[3]) for e in events]


@both_ways
@pytest.mark.parametrize(("factor", "least"), [(1, 1), (3, 1), (4, 3), (7, 2)])
def test_joined_pixels_fire_when_one_polarity_leads(factor, least, in_place):
    keep = Downsample(W, H, factor, least)
    charge: dict[tuple[int, int], int] = {}
    expected = []
    for t, x, y, p in EVENTS.tolist():
        cell = (x // factor, y // factor)
        charge[cell] = charge.get(cell, 0) + (1 if p else -1)
        if abs(charge[cell]) >= least:
            charge[cell] = 0
            expected.append((t, *cell, p))
    assert in_packets(keep, EVENTS, in_place) == expected
    assert max(e[1] for e in expected) < keep.out_size[0]
    assert max(e[2] for e in expected) < keep.out_size[1]


@both_ways
def test_of_a_step_one_event_of_a_pixel_and_polarity_passes(in_place):
    last: dict[tuple[int, int, bool], int] = {}
    expected = []
    for t, x, y, p in EVENTS.tolist():
        if last.get((x, y, p)) != t - t % 5000:
            last[x, y, p] = t - t % 5000
            expected.append((t - t % 5000, x, y, p))
    assert 100 < len(expected) < 3900
    assert in_packets(Coalesce(W, H, 5000), EVENTS, in_place) == expected


@both_ways
def test_the_rate_is_limited_over_any_time_and_bursts_pass_up_to_their_size(in_place):
    keep = Rate(W, H, 10_000, 50)
    passed = in_packets(keep, EVENTS, in_place)
    assert keep.dropped == EVENTS.size - len(passed)
    assert passed[:50] == EVENTS[:50].tolist()
    times = np.array([e[0] for e in passed], np.int64)
    for first in range(0, len(times), 37):
        assert len(times) - first <= 50 + (times[-1] - times[first]) * 0.01 + 1
    assert len(times) == pytest.approx(50 + (times[-1] - times[0]) * 0.01, abs=3)


def test_a_quiet_hour_does_not_overflow_the_rate():
    events = np.zeros(4, EVENT)
    events["t"] = [0, 1, 2**62, 2**62 + 1]
    assert len(in_packets(Rate(W, H, 1_000_000_000, 100_000_000), events)) == 4


def test_events_outside_the_sensor_are_an_error_and_never_a_write_outside_an_array():
    bad = EVENTS[:5].copy()
    bad["x"][3], bad["y"][3] = 65535, 65535
    for keep in (Flip(W, H, "x"), Downsample(W, H, 2), Coalesce(W, H, 10)):
        with pytest.raises(UserError, match=r"event 3 .*x=65535 y=65535, outside 30 x 20"):
            keep.filter(bad, 5)


def test_a_region_must_lie_in_the_sensor():
    for region in ((25, 0, 6, 5), (-1, 0, 3, 3), (0, 0, 0, 3)):
        with pytest.raises(UserError, match="crop"):
            Crop(W, H, region)
