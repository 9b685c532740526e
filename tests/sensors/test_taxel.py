"""The afferents: sustained pressure, its changes and the flutter of sliding each speak through their own fibre."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from sensors.izhikevich import V_PEAK, V_REST
from sensors.taxel import KINDS, RA, SA, VIBRATION, Afferents, common_scale, izhikevich_step, log2_q4

N = 8


def press(taxels: int, peak_mn: float) -> NDArray[np.int16]:
    """A round contact on both pads whose strongest taxel reads `peak_mn`."""
    at = np.arange(taxels) - (taxels - 1) / 2
    hill = np.exp(-(at[:, None] ** 2 + at**2) / (2 * (taxels / 5) ** 2))
    readings = np.zeros((2, taxels, taxels, 3), np.int16)
    readings[..., 0] = np.rint(peak_mn * hill / hill.max())
    return readings


def counts(afferents: Afferents, readings: list[NDArray[np.int16]]) -> NDArray[np.int64]:
    """Events (ticks, kind, off/on) of a series of readings."""
    made = np.zeros((len(readings), KINDS, 2), int)
    for tick, now in enumerate(readings):
        events = afferents.events[: afferents.sense(now, 1000 * tick)]
        np.add.at(made[tick], (events["y"] // afferents.taxels, events["on"].astype(int)), 1)
    return made


def test_sustained_pressure_is_told_for_as_long_as_it_lasts_and_the_more_the_harder() -> None:
    rates = []
    for peak_mn in (50, 200, 800, 3200):
        made = counts(Afferents(N), [press(N, peak_mn)] * 1000)[:, SA].sum(1)
        assert made[750:].sum() == pytest.approx(made[500:750].sum(), rel=0.15)
        rates.append(made[500:].sum())
    assert rates == sorted(rates)
    assert rates[0] > 0
    assert rates[-1] > 1.5 * rates[0]


def test_a_harder_press_speaks_faster_in_the_same_taxel() -> None:
    def rate(peak_mn: int) -> int:
        afferents, spikes = Afferents(4), 0
        readings = np.full((2, 4, 4, 3), peak_mn, np.int16)
        for tick in range(1000):
            events = afferents.events[: afferents.sense(readings, 1000 * tick)]
            spikes += ((events["y"] // 4 == SA) & (events["x"] == 0) & (events["y"] % 4 == 0)).sum()
        return spikes

    rates = [rate(p) for p in (30, 100, 300, 1000, 3000, 10000)]
    assert rates == sorted(rates)
    assert 5 < rates[2] < rates[-1] < 200, rates


def test_an_untouched_skin_is_silent_even_with_a_little_noise() -> None:
    rng = np.random.default_rng(2)
    noise = [np.rint(rng.normal(0, 2, (2, N, N, 3))).astype(np.int16) for _ in range(1000)]
    made = counts(Afferents(N), noise)
    assert made[:, SA].sum() == 0
    assert made[:, RA].sum() == 0


@pytest.mark.parametrize(("noise_n", "noise_ratio"), [(0.02, 0.005), (0.002, 0.03)])
def test_a_skin_that_is_known_to_be_noisy_is_not_taken_for_one_that_slides(noise_n: float, noise_ratio: float) -> None:
    rng, steady = np.random.default_rng(2), press(N, 400).astype(float)
    drawn = rng.normal(size=(2, 600, 2, N, N, 3))
    noise = 1000 * noise_n * drawn[0] + noise_ratio * steady * drawn[1]
    readings = list(np.rint(steady + noise).astype(np.int16))
    known = counts(Afferents(N, noise_n=noise_n, noise_ratio=noise_ratio), readings)[300:, VIBRATION].sum()
    unknown = counts(Afferents(N), readings)[300:, VIBRATION].sum()
    assert unknown > 1000
    assert known < unknown / 4


def test_changes_are_told_at_loading_and_unloading_only() -> None:
    readings = [press(N, p) for p in np.r_[np.zeros(100), [600] * 400, np.zeros(300)]]
    made = counts(Afferents(N), readings)[:, RA]
    loading, holding, unloading, after = made[100:160], made[160:500], made[500:560], made[560:]
    assert loading[:, 1].sum() >= 10
    assert loading[:, 0].sum() == 0
    assert unloading[:, 0].sum() >= 10
    assert unloading[:, 1].sum() == 0
    assert holding.sum() == after.sum() == made[:100].sum() == 0


def test_flutter_of_single_taxels_is_told_and_a_beat_of_the_whole_pad_is_not() -> None:
    rng = np.random.default_rng(4)
    steady = press(N, 400)

    def rate(amplitude: float, common: bool) -> int:
        readings = []
        for tick in range(600):
            wave = np.sin(2 * np.pi * (tick / 12.5 + (0 if common else phase))) * amplitude
            now = steady.copy()
            now[..., 0] = np.rint(steady[..., 0] * (1 + wave))
            readings.append(now)
        return int(counts(Afferents(N), readings)[200:, VIBRATION].sum())

    phase = rng.random((2, N, N))
    assert rate(0.0, common=False) == 0
    assert rate(0.1, common=False) > 1000
    assert rate(0.1, common=True) < rate(0.1, common=False) / 20


@given(st.sampled_from((4, 8)), st.integers(0, 2**32 - 1))
def test_events_lie_in_the_frame_of_the_sensor_and_carry_the_tick(taxels: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    afferents = Afferents(taxels)
    for tick in range(1, 15):
        readings = rng.integers(-32768, 32768, (2, taxels, taxels, 3)).astype(np.int16)
        events = afferents.events[: afferents.sense(readings, 1000 * tick)]
        assert (events["t"] == 1000 * tick).all()
        assert (events["x"] < 2 * taxels).all()
        assert (events["y"] < KINDS * taxels).all()
        assert max(map(abs, afferents.rim)) <= 16384


def test_an_event_names_its_taxel() -> None:
    afferents = Afferents(N)
    readings = np.zeros((2, N, N, 3), np.int16)
    readings[1, 6, 2, 0] = 900
    seen = set()
    for tick in range(200):
        events = afferents.events[: afferents.sense(readings, 1000 * tick)]
        seen |= {(int(e["x"]), int(e["y"])) for e in events if e["y"] < 2 * N}
    assert seen == {(N + 2, SA * N + 6), (N + 2, RA * N + 6)}


def test_events_beyond_the_capacity_are_counted_and_change_nothing_else() -> None:
    rng = np.random.default_rng(5)
    small, large = Afferents(N, capacity=10), Afferents(N)
    for tick in range(200):
        readings = rng.integers(0, 4000, (2, N, N, 3)).astype(np.int16)
        small.sense(readings, tick)
        large.sense(readings, tick)
        assert small.count + small.lost == large.count
        assert large.lost == 0
        np.testing.assert_array_equal(small.events[: small.count], large.events[: small.count])
        assert small.rim == large.rim


def test_reset_returns_to_the_first_tick() -> None:
    afferents = Afferents(N)
    readings = [press(N, p) for p in np.linspace(0, 900, 100)]
    first = counts(afferents, readings)
    afferents.reset()
    assert afferents.rim == (0, 0)
    np.testing.assert_array_equal(counts(afferents, readings), first)


def test_the_rim_is_lightly_pressed_and_keeps_its_ratio() -> None:
    afferents = Afferents(N)
    readings = press(N, 1000)
    readings[..., 2] = -(readings[..., 0] // 4)  # the core carries a quarter
    light = (readings[..., 0] > 0) & (readings[..., 0] < 400)
    readings[..., 2][light] = -(readings[..., 0][light] // 2)  # the rim a half
    for tick in range(100):
        afferents.sense(readings, tick)
    normal, shear = afferents.rim
    assert shear / normal == pytest.approx(0.5, abs=0.02)


@given(st.integers(-(2**24), 2**24), st.integers(-(2**24), 2**24))
def test_a_common_scale_keeps_the_ratio_and_fits_the_wire(first: int, second: int) -> None:
    a, b = common_scale.py_func(first, second)
    if first == second == 0:
        assert (a, b) == (0, 0)
        return
    assert 8192 <= max(abs(a), abs(b)) <= 16384
    assert abs(a * second - b * first) <= abs(first) + abs(second)  # each at most one LSB off


@given(st.integers(1, 2**31 - 1))
def test_the_logarithm_is_within_mitchells_bound(value: int) -> None:
    assert -0.0861 * 16 - 1 < log2_q4.py_func(value) - 16 * np.log2(value) <= 1e-9
    assert log2_q4.py_func(value) == log2_q4(value)
    assert log2_q4.py_func(value) <= log2_q4.py_func(value + 1)


def spikes_of(current: int, ticks: int = 2000) -> int:
    v, u, spikes = V_REST, (51 * V_REST) >> 8, 0
    for _ in range(ticks):
        v, u, fired = izhikevich_step.py_func(v, u, current)
        spikes += fired
    return spikes


def published(current: float, ticks: int = 2000) -> int:
    v, u, spikes = -65.0, -13.0, 0
    for _ in range(ticks):
        v = v + 0.04 * v * v + 5 * v + 140 - u + current
        u = u + 0.02 * (0.2 * v - u)
        if v >= 30:
            v, u, spikes = -65.0, u + 8, spikes + 1
        v = max(v, -90.0)
    return spikes


def test_the_integer_neuron_fires_like_the_published_one() -> None:
    assert spikes_of(0) == 0
    for current in (6, 10, 20, 40, 80):
        assert spikes_of(256 * current) == pytest.approx(published(current), rel=0.15), current


@given(st.integers(-(90 << 8), V_PEAK), st.integers(-30000, 30000), st.integers(0, 65535))
def test_the_membrane_of_an_afferent_stays_in_range(v: int, u: int, current: int) -> None:
    after, _, fired = izhikevich_step.py_func(v, u, current)
    assert -(90 << 8) <= after < V_PEAK
    assert not fired or after == V_REST


def test_sensing_keeps_no_memory() -> None:
    afferents, readings = Afferents(N), press(N, 500)
    afferents.sense(readings, 0)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    for tick in range(1000):
        afferents.sense(readings, tick)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert grown < 2000, grown
