from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from sensors.errors import UserError
from sensors.filters import BackgroundActivity, Pool, Refractory
from sensors.signals import EVENT, MAX_SPIKES, Sensed

from .streams import in_packets, stream


def packet(*rows: tuple[int, int, int, bool]) -> np.ndarray:
    return np.array([*rows], EVENT)


def fresh() -> Sensed:
    return Sensed(0, np.zeros(MAX_SPIKES, np.uint16), 0, 0, np.zeros(0, np.int16), np.zeros(0, np.int16))


def spikes(pool: Pool, events: np.ndarray) -> list[int]:
    sensed = fresh()
    pool.route(events, events.size, sensed)
    return sensed.spikes[: sensed.count].tolist()


def test_a_neighbours_recent_event_supports_and_an_old_or_own_one_does_not():
    keep = BackgroundActivity(10, 10, 1000)
    events = packet(
        (5000, 4, 4, True),  # nobody near
        (5100, 5, 5, True),  # announced 100 us before
        (5150, 8, 1, True),  # nobody near
        (5200, 8, 1, True),  # only itself
        (6100, 6, 6, True),  # exactly the window: too old
        (6200, 0, 9, True),
        (6250, 0, 8, False),  # at the border, other polarity
    )
    assert keep.events[: keep.filter(events, events.size)]["t"].tolist() == [5100, 6250]


def test_the_background_filter_agrees_with_the_definition_on_a_random_stream():
    rng = np.random.default_rng(3)
    n, window = 3000, 700
    events = np.zeros(n, EVENT)
    events["t"] = 10_000 + np.cumsum(rng.integers(0, 10, n))
    events["x"], events["y"] = rng.integers(0, 12, n), rng.integers(0, 9, n)
    last: dict[tuple[int, int], int] = {}
    expected = []
    for t, x, y, _ in events.tolist():
        near = [last.get((x + i, y + j), 0) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
        if t - max(near) < window:
            expected.append((t, x, y))
        last[x, y] = t
    keep = BackgroundActivity(12, 9, window)
    kept = keep.events[: keep.filter(events, n)]
    assert [(t, x, y) for t, x, y, _ in kept.tolist()] == expected


@pytest.mark.parametrize("seed", [1, 2])
def test_the_background_filter_equals_dv_processings_event_for_event(seed):
    dv = pytest.importorskip(
        "dv_processing", reason="dv-processing is not installed: pip install 'ganglion[inivation]'"
    )
    width, height, window = 60, 40, 1500
    events = stream(seed, 20_000, width, height, 5)
    events["t"] = np.maximum.accumulate(events["t"])  # its store takes no time that steps back
    store = dv.EventStore()
    for t, x, y, p in events.tolist():
        store.push_back(t, x, y, p)
    judge = dv.noise.BackgroundActivityNoiseFilter((width, height), timedelta(microseconds=window))
    judge.accept(store)
    theirs = judge.generateEvents()
    passed = in_packets(BackgroundActivity(width, height, window), events)
    assert 2_000 < len(passed) < 18_000, "the stream must make both happen"
    assert [e[0] for e in passed] == theirs.timestamps().tolist()
    assert [[e[1], e[2]] for e in passed] == theirs.coordinates().tolist()
    assert [e[3] for e in passed] == theirs.polarities().astype(bool).tolist()


@pytest.mark.parametrize("in_place", [False, True])
def test_a_pixel_rests_after_each_event_that_passed(in_place):
    events = stream(9, 5000, 12, 9)
    last: dict[tuple[int, int], int] = {}
    expected = []
    for event in events.tolist():
        t, x, y, _ = event
        if t - last.get((x, y), -(2**62)) >= 3000:
            last[x, y] = t
            expected.append(event)
    assert 500 < len(expected) < 4500
    assert in_packets(Refractory(12, 9, 3000), events, in_place) == expected


def test_filters_refuse_events_outside_the_sensor_and_packets_beyond_their_capacity():
    events = packet((1, 3, 3, True), (2, 12, 3, True))
    for keep in (BackgroundActivity(12, 9, 100), Refractory(12, 9, 100)):
        with pytest.raises(UserError, match=r"event 1 .*x=12 y=3, outside 12 x 9"):
            keep.filter(events, 2)
    with pytest.raises(UserError, match="packet of 2 events, the filter holds 1"):
        Refractory(20, 9, 100, capacity=1).filter(events, 2)


def test_a_cell_speaks_once_a_tick_when_its_count_is_full():
    pool = Pool((10, 20, 8, 4), rows=2, columns=4, threshold=3, leak_shift=0, first=100)
    full = packet(*[(1, 12, 22, True)] * 7)
    assert spikes(pool, full) == [100 + 1 * 4 + 1]
    assert spikes(pool, full[:2]) == []
    assert spikes(pool, full[:2]) == [], "without memory a cell forgets between ticks"
    outside = packet(*[(1, 18, 22, True)] * 3, *[(1, 9, 22, True)] * 3, *[(1, 12, 24, True)] * 3)
    assert spikes(pool, outside) == []


def test_a_leaky_cell_adds_up_over_ticks_and_forgets_what_is_rare():
    one, none = packet((1, 0, 0, True)), packet()
    pool = Pool((0, 0, 1, 1), 1, 1, threshold=3, leak_shift=4)
    assert [bool(spikes(pool, one)) for _ in range(4)] == [False, False, False, True]
    for _ in range(20):
        assert spikes(pool, one) == []
        for _ in range(40):
            assert spikes(pool, none) == []


def test_polarities_have_addresses_of_their_own_if_asked():
    pool = Pool((0, 0, 2, 2), 1, 2, threshold=1, leak_shift=0, by_polarity=True)
    assert pool.size == 4
    assert spikes(pool, packet((1, 0, 0, False), (2, 1, 1, True))) == [0, 3]


def test_addresses_without_room_are_counted():
    pool = Pool((0, 0, 64, 1), 1, 64, threshold=1, leak_shift=0)
    events = packet(*[(1, x, 0, True) for x in range(64)])
    sensed = fresh()
    pool.route(events, events.size, sensed)
    assert (sensed.count, sensed.overflow) == (MAX_SPIKES, 64 - MAX_SPIKES)


def test_what_is_left_out_for_want_of_room_is_spread_over_the_picture():
    pool = Pool((0, 0, 192, 1), 1, 192, threshold=1, leak_shift=0)
    kept = spikes(pool, packet(*[(1, x, 0, True) for x in range(192)]))
    assert len(kept) == MAX_SPIKES
    assert set(np.diff(kept)) == {192 // MAX_SPIKES}, "every fourth"


def test_the_fovea_is_heard_first_where_there_is_no_room_for_all():
    pool = Pool((0, 0, 16, 16), 16, 16, threshold=1, leak_shift=0, fovea_pixels=3.0)
    everywhere = packet(*[(1, x, y, True) for y in range(16) for x in range(16)])
    kept = spikes(pool, everywhere)
    near = {16 * y + x for y in range(16) for x in range(16) if np.hypot(x - 7.5, y - 7.5) <= 3.0}
    assert near < set(kept)
    assert len(kept) == MAX_SPIKES
    around = sorted(set(kept) - near)
    assert around[0] < 32, "the rest from all over the picture"
    assert around[-1] > 224, "the rest from all over the picture"
    few = packet((1, 0, 0, True), (1, 8, 8, True))
    assert sorted(spikes(pool, few)) == [0, 136], "nothing is left out where there is room"


def test_settings_that_make_no_sense_are_refused():
    for wrong in ({"rows": 9}, {"threshold": 0}, {"leak_shift": 16}):
        with pytest.raises(UserError):
            Pool((0, 0, 8, 8), **{"rows": 2, "columns": 2, "threshold": 1, "leak_shift": 0, **wrong})
