from __future__ import annotations

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.pixels import AntiFlicker, HotPixels
from sensors.signals import EVENT

from .streams import in_packets, stream


def with_hot(seed: int, pixels: list[tuple[int, int]]) -> np.ndarray:
    """A second of noise in 20 x 15 pixels; the given ones fire every 2 ms as well."""
    noise = stream(seed, 3000, 20, 15, 666)
    extra = np.zeros(500 * len(pixels), EVENT)
    extra["t"] = 10_000 + np.tile(np.arange(500) * 2000, len(pixels))
    extra["x"], extra["y"] = np.repeat(np.array(pixels), 500, axis=0).T
    both = np.concatenate((noise, extra))
    return both[np.argsort(both["t"], kind="stable")]


@pytest.mark.parametrize("in_place", [False, True])
def test_hot_pixels_are_found_even_three_together_and_at_the_corner_and_nothing_else_is(in_place):
    hot = [(3, 4), (4, 4), (3, 5), (0, 0), (19, 14)]
    events = with_hot(1, hot)
    keep = HotPixels(20, 15, 500_000, 50, 3)
    passed = in_packets(keep, events, in_place)
    assert sorted(map(tuple, np.argwhere(keep.mask)[:, ::-1].tolist())) == sorted(hot)
    start = int(events["t"][0])
    assert passed == [e for e in events.tolist() if e[0] - start < 500_000 or (e[1], e[2]) not in hot]


def test_a_busy_edge_is_not_hot_since_its_neighbours_are_busy_too():
    edge = [(7, y) for y in range(15)] + [(8, y) for y in range(15)]
    keep = HotPixels(20, 15, 500_000, 50, 3)
    in_packets(keep, with_hot(2, edge))
    assert not keep.learning
    assert not keep.mask.any()


def test_a_mask_can_be_brought_along_and_must_fit():
    mask = np.zeros((15, 20), np.bool_)
    mask[4, 3] = True
    keep = HotPixels(20, 15, 500_000, 50, 3)
    keep.use(mask)
    events = with_hot(3, [(3, 4)])
    assert in_packets(keep, events) == [e for e in events.tolist() if (e[1], e[2]) != (3, 4)]
    with pytest.raises(UserError, match=r"\(20, 15\)"):
        keep.use(mask.T)


def lamp(period_us: float, count: int, jitter: int = 0) -> np.ndarray:
    """A pixel that brightens and darkens `count` times."""
    rng = np.random.default_rng(4)
    events = np.zeros(2 * count, EVENT)
    events["t"] = 50_000 + np.arange(2 * count) * period_us / 2 + rng.integers(0, jitter + 1, 2 * count)
    events["x"], events["y"], events["p"] = 5, 6, np.arange(2 * count) % 2 == 0
    return events


def test_a_lamp_is_silenced_after_six_periods_and_heard_again_when_it_has_stopped():
    events = lamp(10_000, 50)
    keep = AntiFlicker(10, 10, 80, 520)
    passed = in_packets(keep, events)
    assert 12 <= len(passed) <= 16
    late = events[:1].copy()
    late["t"] = events["t"][-1] + 200_000
    assert len(in_packets(keep, late)) == 1


def test_flicker_outside_the_band_and_irregular_light_pass():
    for events in (lamp(40_000, 50), lamp(1_000, 50), lamp(9_000, 50, jitter=4_000)):
        assert len(in_packets(AntiFlicker(10, 10, 80, 520), events)) > 0.9 * events.size


def test_the_flicker_filter_agrees_with_its_definition():
    events = np.concatenate([lamp(p, 40, 700) for p in (7_000, 11_000, 12_600, 30_000)])
    events["t"] = np.cumsum(np.diff(events["t"].astype(np.int64), prepend=0).clip(0, 15_000)).astype(np.uint64)
    shortest, longest, jitter, length = int(1e6 / 520), int(1e6 / 80), 1500, 6
    up = gap = seen = 0
    before = False
    expected = []
    for event in events.tolist():
        t, on = event[0], event[3]
        if on and not before:
            now = t - up
            seen = (
                min(seen + 1, length) if shortest <= now <= longest and abs(now - gap) <= jitter else max(seen - 1, 0)
            )
            up, gap = t, now
        elif t - up > longest + jitter:
            seen = 0
        before = on
        if seen < length:
            expected.append(event)
    assert 0.1 * events.size < len(expected) < 0.9 * events.size, "the stream must make both happen"
    assert in_packets(AntiFlicker(10, 10, 80, 520), events) == expected
