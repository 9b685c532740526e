"""The integer laws: their ranges, what they converge to, and that machine code, Python and golden files agree."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.adaptive import adaptive_step
from controller.delta import delta_step
from controller.guard import guard_efforts, guard_step, stale_step
from controller.homeostasis import homeostasis_step
from controller.loihi import loihi_step
from controller.neuron import encode, lif_population, lif_step, trace_population, trace_step
from controller.plasticity import WEIGHT_MAX, dither, pes_population, pes_step, read_out, scramble
from controller.rounding import noise_start
from controller.stdp import eligibility_step, pairing, reward_step, stdp_step
from sensors.izhikevich import izhikevich_step

GOLDEN = Path(__file__).parents[1] / "golden"
MAKE = runpy.run_path(str(GOLDEN / "make.py"))
LAWS = {
    "lif": lif_step, "trace": trace_step, "pes": pes_step, "guard": guard_step, "scramble": scramble,
    "loihi": loihi_step, "adaptive": adaptive_step, "izhikevich": izhikevich_step, "delta": delta_step,
    "pairing": pairing, "stdp": stdp_step, "eligibility": eligibility_step, "reward": reward_step,
    "homeostasis": homeostasis_step, "noise": noise_start,
}  # fmt: skip

int16 = st.integers(-32768, 32767)
step16 = st.integers(1, 32767)


def test_every_golden_file_has_its_law() -> None:
    assert set(LAWS) == set(MAKE["LAWS"]) == {file.stem for file in GOLDEN.glob("*.hex")}


@pytest.mark.parametrize("name", LAWS)
def test_the_golden_file_still_describes_the_law(name: str) -> None:
    lines = (GOLDEN / f"{name}.hex").read_text()
    assert lines == MAKE["text"](name), f"the law of {name}.hex changed; if intended, run tests/golden/make.py"
    assert lines.endswith("\n")
    assert len(lines.splitlines()) >= 400


@pytest.mark.parametrize("name", LAWS)
def test_machine_code_answers_what_python_answers(name: str) -> None:
    for arguments, expected in MAKE["cases"](name):
        result = LAWS[name](*arguments)
        answer = tuple(int(r) for r in (result if isinstance(result, tuple) else (result,)))
        assert answer == expected, f"{name}{arguments}"


@given(int16, st.integers(-(1 << 24), 1 << 24), st.integers(1, 15), step16)
def test_a_membrane_never_leaves_its_range(v: int, current: int, leak: int, threshold: int) -> None:
    after, fired = lif_step.py_func(v, current, leak, threshold)
    assert -32768 <= after <= 32767
    assert fired == (after + threshold * fired >= threshold)


def rate(current: int, ticks: int = 8000) -> float:
    v, spikes = 0, 0
    for _ in range(ticks):
        v, fired = lif_step.py_func(v, current, 15, 16384)
        spikes += fired
    return spikes / ticks


def test_a_neuron_fires_in_proportion_to_its_drive() -> None:
    # With a leak of 2^15 ticks hardly anything is lost: each spike costs one threshold of drive.
    for current in (200, 400, 800, 1600, 6400):
        assert rate(current) == pytest.approx(current / 16384, rel=0.05)


def test_a_neuron_below_its_rheobase_stays_silent() -> None:
    v = 0
    for _ in range(2000):
        v, fired = lif_step.py_func(v, 500, 5, 16384)
        assert not fired
    assert v == pytest.approx(500 << 5, rel=0.01)


@given(st.integers(0, 32767), st.booleans(), st.integers(1, 14), step16)
def test_a_trace_stays_in_range_and_grows_only_by_spikes(trace: int, fired: bool, shift: int, step: int) -> None:
    after = trace_step.py_func(trace, fired, shift, step)
    assert 0 <= after <= 32767
    assert fired or after <= trace


def test_a_trace_tells_the_rate_of_its_neuron() -> None:
    for period in (4, 10, 20):
        trace, total = 0, 0
        for tick in range(4000):
            trace = trace_step.py_func(trace, tick % period == 0, 5, 512)
            total += trace if tick >= 2000 else 0
        assert total / 2000 == pytest.approx(512 * 32 / period, abs=32)


def test_populations_are_their_neurons_and_the_dead_are_silent() -> None:
    rng = np.random.default_rng(3)
    v = rng.integers(-32768, 32768, 200).astype(np.int32)
    current = rng.integers(-20000, 40000, 200).astype(np.int32)
    alive = (rng.random(200) < 0.8).astype(np.uint8)
    fired, trace = np.zeros(200, np.uint8), rng.integers(0, 32768, 200).astype(np.int16)
    wanted = [lif_step.py_func(int(a), int(b), 5, 16384) for a, b in zip(v, current, strict=True)]
    spikes = lif_population(v, current, 5, 16384, alive, fired)
    assert v.tolist() == [w[0] for w in wanted]
    assert fired.tolist() == [int(w[1] and a) for w, a in zip(wanted, alive, strict=True)]
    assert spikes == fired.sum()
    before = trace.tolist()
    trace_population(trace, fired, 5, 512)
    assert trace.tolist() == [trace_step.py_func(a, f, 5, 512) for a, f in zip(before, fired.tolist(), strict=True)]


def test_a_population_code_is_bias_plus_projection_even_at_the_ends() -> None:
    encoder = np.array([[127, 127], [-128, -128], [3, -5]], np.int8)
    bias = np.array([10, -10, 0], np.int32)
    current = np.zeros(3, np.int32)
    for x in ([32767, 32767], [-32768, -32768], [-7, 1]):
        encode(np.array(x, np.int16), encoder, bias, 8, current)
        assert current.tolist() == (bias + ((encoder.astype(np.int64) @ np.array(x)) >> 8)).tolist()


def test_scramble_is_lowbias32_and_loses_no_seed() -> None:
    x = 12345  # the published function, spelled out on integers without a width
    x ^= x >> 16
    x = x * 0x7FEB352D % 2**32
    x ^= x >> 15
    x = x * 0x846CA68B % 2**32
    x ^= x >> 16
    assert int(scramble(12345)) == x
    assert int(scramble(0)) == 0
    # Each step has an inverse, so undoing it must bring every counter back.
    for counter in [*range(0, 2**32, 2**32 // 999), 2**32 - 1]:
        y = int(scramble(counter))
        y ^= y >> 16
        y = y * pow(0x846CA68B, -1, 2**32) % 2**32
        y ^= (y >> 15) ^ (y >> 30)
        y = y * pow(0x7FEB352D, -1, 2**32) % 2**32
        y ^= y >> 16
        assert y == counter


def test_one_flipped_bit_of_the_counter_flips_half_of_the_hash() -> None:
    flips = [(int(scramble(n)) ^ int(scramble(n ^ (1 << bit)))).bit_count() for n in range(1, 200) for bit in range(32)]
    assert np.mean(flips) == pytest.approx(16, abs=0.2)


def test_rounding_noise_is_uniform_over_ticks_and_over_neurons() -> None:
    over_ticks = np.array([dither(scramble(2 * tick + 77), 5) for tick in range(8000)])
    over_neurons = np.array([dither(scramble(123), i) for i in range(256)])
    assert over_ticks.min() >= 0
    assert over_ticks.max() <= 65535
    counts = np.histogram(over_ticks, 16, (0, 65536))[0]
    chi_square = ((counts - 500.0) ** 2 / 500.0).sum()
    assert chi_square < 37.7, counts  # 15 degrees of freedom, p = 0.001
    assert np.histogram(over_neurons, 16, (0, 65536))[0].tolist() == pytest.approx([16] * 16, abs=2)


@given(st.integers(-WEIGHT_MAX, WEIGHT_MAX), int16, st.integers(0, 32767), st.integers(1, 16), st.integers(0, 65535))
def test_a_weight_moves_by_the_exact_update_rounded_down_or_up(
    weight: int, error: int, trace: int, shift: int, noise: int
) -> None:
    after = pes_step.py_func(weight, error, trace, shift, noise)
    floor = (error * trace) >> shift
    ceiling = -((-error * trace) >> shift)
    assert after in [min(max(weight + s, -WEIGHT_MAX), WEIGHT_MAX) for s in (floor, ceiling)]


@pytest.mark.parametrize(("error", "trace"), [(3, 1500), (-3, 1500), (1, 100), (-1, 32767)])
def test_learning_is_exact_on_average_where_rounding_to_nearest_stalls(error: int, trace: int) -> None:
    ticks, shift = 65536, 16
    exact = error * trace * ticks / 2**shift
    stochastic = np.zeros(1, np.int32)
    activity = np.array([trace], np.int16)
    for tick in range(ticks):
        pes_population(stochastic, error, activity, shift, int(scramble(2 * tick + 9)))
    assert stochastic[0] == pytest.approx(exact, abs=4 * np.sqrt(ticks) / 2)
    nearest = (error * trace + (1 << (shift - 1))) >> shift
    if abs(error * trace) < 1 << (shift - 1):
        assert nearest == 0
        assert abs(stochastic[0]) > 0
    else:
        assert abs(nearest * ticks - exact) > 10 * abs(stochastic[0] - exact)


def test_over_every_value_of_the_noise_learning_is_exact() -> None:
    rng = np.random.default_rng(8)
    for shift in (1, 4, 9, 16):
        error, trace = int(rng.integers(-32768, 32768)), int(rng.integers(32768))
        values = range(0, 65536, 1 << (16 - shift))
        total = sum(pes_step.py_func(0, error, trace, shift, noise) for noise in values)
        assert total == error * trace * len(values) >> shift


def test_silent_neurons_do_not_learn_and_do_not_count() -> None:
    weight, trace = np.zeros(4, np.int32), np.array([0, 900, 0, 900], np.int16)
    assert pes_population(weight, 10**6, trace, 4, 1) == 2  # a wild error is limited to int16
    assert weight[0] == weight[2] == 0
    assert weight[1] == pytest.approx(32767 * 900 / 16, abs=1)


def test_a_read_out_sums_in_64_bits_and_saturates() -> None:
    weight, trace = np.full(512, WEIGHT_MAX, np.int32), np.full(512, 32767, np.int16)
    assert read_out(weight, trace) == 1 << 30
    assert read_out(-weight, trace) == -(1 << 30)
    assert read_out(np.array([-1], np.int32), np.array([1], np.int16)) == -1  # floor


@settings(max_examples=60)
@given(st.lists(st.none() | st.integers(-(2**31), 2**31 - 1), max_size=40), int16, int16, step16, int16)
def test_the_joint_never_sees_more_than_the_limits(
    asks: list[int | None], one: int, other: int, slew: int, safe: int
) -> None:
    low, high = sorted((one, other))
    last = safe = min(max(safe, low), high)
    for ask in asks:  # None: no command came this tick
        out = stale_step.py_func(last, safe, slew) if ask is None else guard_step.py_func(last, ask, low, high, slew)
        assert low <= out <= high
        assert abs(out - last) <= slew
        assert ask is not None or abs(out - safe) == max(abs(last - safe) - slew, 0)
        last = out


@given(int16, int16, int16, int16, step16)
def test_an_effort_out_of_range_returns_by_the_slew(last: int, asked: int, one: int, other: int, slew: int) -> None:
    low, high = sorted((one, other))
    out = guard_step.py_func(last, asked, low, high, slew)
    assert abs(out - last) <= slew
    assert low <= out <= high or abs(out - min(max(last, low), high)) < abs(last - min(max(last, low), high))


def test_all_actuators_are_guarded_in_place() -> None:
    last = np.array([0, 32767, -5], np.int16)
    asked = np.array([-(2**31), 2**31 - 1, 100], np.int32)
    low, high = np.array([-32768, -100, -10], np.int16), np.array([32767, 32767, 10], np.int16)
    guard_efforts(last, asked, low, high, np.array([32767, 1, 9], np.int16))
    assert last.tolist() == [-32767, 32767, 4]
