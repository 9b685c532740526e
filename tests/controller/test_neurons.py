"""Adaptive and Izhikevich neurons: what sets them apart, and that populations are their neurons."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adaptive import ADAPTATION_MAX, adaptive_population, adaptive_step
from controller.izhikevich import izhikevich_population
from controller.neuron import lif_step
from sensors.izhikevich import (
    BURSTING,
    CHATTERING,
    FAST,
    LOW_THRESHOLD,
    REGULAR,
    U_MOST,
    V_LEAST,
    V_PEAK,
    V_REST,
    Kind,
    izhikevich_step,
)  # fmt: skip

TICKS = Path(__file__).with_name("ticks.py")
KINDS = {"regular": REGULAR, "bursting": BURSTING, "chattering": CHATTERING, "fast": FAST, "low": LOW_THRESHOLD}
int16 = st.integers(-32768, 32767)


def adaptive_spikes(current: int, bump: int, ticks: int = 3000) -> list[int]:
    v, rise, spikes = 0, 0, []
    for tick in range(ticks):
        v, rise, fired = adaptive_step(v, rise, current, 15, 9, 4000, bump)
        if fired:
            spikes.append(tick)
    return spikes


def test_an_adaptive_neuron_tires_and_a_plain_one_does_not() -> None:
    tired, plain = adaptive_spikes(400, 600), adaptive_spikes(400, 0)
    assert np.diff(tired)[-1] > 2.5 * np.diff(tired)[0]
    assert np.ptp(np.diff(plain)) <= 2
    # Once tired, what sinks from spike to spike is one bump: rise * period / 2^9 = 600, and rise + 4000 = 400 * period.
    period = max(np.roots([400, -4000, -600 * 512]))
    assert np.diff(tired)[-20:].mean() == pytest.approx(period, rel=0.05)


def test_without_a_bump_an_adaptive_neuron_is_the_plain_law() -> None:
    rng, v, w, rise = np.random.default_rng(2), 0, 0, 0
    for current in rng.integers(-20000, 30000, 3000).tolist():
        v, rise, fired = adaptive_step(v, rise, current, 4, 6, 9000, 0)
        w, wanted = lif_step(w, current, 4, 9000)
        assert (v, fired, rise) == (w, wanted, 0)


@pytest.mark.parametrize("sink", [1, 6, 12])
def test_a_raised_threshold_comes_back_entirely(sink: int) -> None:
    rise = ADAPTATION_MAX
    for _ in range(20 << sink):
        _, rise, _ = adaptive_step(0, rise, 0, 5, sink, 30000, 0)
    assert rise >> 12 == 0


@settings(deadline=None)
@given(int16, st.integers(0, ADAPTATION_MAX), st.integers(-(1 << 24), 1 << 24), st.integers(1, 15), st.integers(1, 12),
       st.integers(1, 32767), st.integers(0, 32767))  # fmt: skip
def test_an_adaptive_neuron_is_its_formula_on_integers_without_a_width(
    v: int, rise: int, current: int, leak: int, sink: int, threshold: int, bump: int
) -> None:
    wide = min(max(v - v // 2**leak + current, -32768), 32767)
    level = threshold + rise // 4096
    fired = wide >= level
    sunk = rise - rise // 2**sink
    expected = (wide - level, min(sunk + bump * 4096, 2**27 - 1), True) if fired else (wide, sunk, False)
    assert adaptive_step(v, rise, current, leak, sink, threshold, bump) == expected


def float_rate(kind: Kind, current: float, ticks: int) -> int:
    a, b, c, d = (x / 256 for x in kind)
    v, u, spikes = -65.0, b * -65, 0
    for _ in range(ticks):
        v = v + 0.04 * v * v + 5 * v + 140 - u + current
        u = u + a * (b * v - u)
        if v >= 30:
            v, u, spikes = c, u + d, spikes + 1
        v = max(v, -90.0)
    return spikes


def spike_times(kind: Kind, current: int, ticks: int = 1500) -> list[int]:
    v, u, spikes = V_REST, kind.b * V_REST >> 8, []
    for tick in range(ticks):
        v, u, fired = izhikevich_step(v, u, current, *kind)
        if fired:
            spikes.append(tick)
    return spikes


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_fires_about_as_often_as_the_published_equations(name: str) -> None:
    for current in (8, 12, 25, 60):
        expected = float_rate(KINDS[name], current, 1500)
        assert len(spike_times(KINDS[name], 256 * current)) == pytest.approx(expected, rel=0.15, abs=2), current


def test_kinds_differ_as_their_names_say() -> None:
    regular, fast, chatter = (np.diff(spike_times(k, 10 << 8)) for k in (REGULAR, FAST, CHATTERING))
    assert regular[-1] > 1.2 * regular[0]  # adapts
    assert len(fast) > 1.5 * len(regular)
    assert chatter.max() > 4 * chatter.min()  # bursts: short intervals and long ones
    assert regular[5:].max() < 2 * regular[5:].min()


@settings(deadline=None)
@given(st.integers(V_LEAST, V_PEAK), st.integers(-U_MOST, U_MOST), st.integers(-65536, 65535), st.integers(1, 255),
       st.integers(0, 255), st.integers(V_LEAST, V_PEAK - 1), st.integers(0, 32767))  # fmt: skip
def test_an_izhikevich_neuron_is_its_formula_on_integers_without_a_width(
    v: int, u: int, current: int, a: int, b: int, c: int, d: int
) -> None:
    wide = v + v * v // 256 * 41 // 1024 + 5 * v + 140 * 256 - u + current
    recovery = u + a * (b * wide // 256 - u) // 256
    fired = wide >= V_PEAK
    recovery = min(max(recovery + d * fired, -U_MOST), U_MOST)
    assert izhikevich_step(v, u, current, a, b, c, d) == (c if fired else max(wide, V_LEAST), recovery, fired)


def test_populations_are_their_neurons() -> None:
    rng, n = np.random.default_rng(4), 300
    current, fired = rng.integers(-20000, 40000, n).astype(np.int32), np.zeros(n, np.uint8)
    v, rise = rng.integers(-32768, 32768, n).astype(np.int32), rng.integers(0, 1 << 25, n).astype(np.int32)
    wanted = [
        adaptive_step(*case, 5, 8, 9000, 700) for case in zip(v.tolist(), rise.tolist(), current.tolist(), strict=True)
    ]
    assert adaptive_population(v, rise, current, 5, 8, 9000, 700, fired) == fired.sum() > 0
    assert [*zip(v.tolist(), rise.tolist(), fired.tolist(), strict=True)] == wanted
    v, u = rng.integers(V_LEAST, V_PEAK, n).astype(np.int32), rng.integers(-20000, 20000, n).astype(np.int32)
    wanted = [izhikevich_step(*case, *FAST) for case in zip(v.tolist(), u.tolist(), current.tolist(), strict=True)]
    assert izhikevich_population(v, u, current, *FAST, fired) == fired.sum() > 0
    assert [*zip(v.tolist(), u.tolist(), fired.tolist(), strict=True)] == wanted


@pytest.mark.parametrize("ticks", [1000, pytest.param(10000, marks=pytest.mark.slow)])
def test_machine_code_and_plain_python_go_through_the_same_states(ticks: int) -> None:
    said = [
        subprocess.run(
            [sys.executable, TICKS, str(ticks)], capture_output=True, text=True, check=True,
            env=os.environ | {"NUMBA_DISABLE_JIT": off},
        ).stdout
        for off in ("0", "1")
    ]  # fmt: skip
    assert said[0] == said[1]
    assert set(said[0].split()[1:]) == set(runpy.run_path(str(TICKS))["state"]()), "some state never moved"
