"""The Loihi profile against recorded traces of Lava, and against a naive twin for parameters nobody chose."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.loihi import Loihi, decay_step, loihi_population, loihi_step, quantise, synapses
from sensors.errors import UserError

naive = runpy.run_path(str(Path(__file__).with_name("naive.py")))
int32 = st.integers(-(2**31), 2**31 - 1)


@settings(deadline=None)
@given(int32, st.integers(0, 4096))
def test_decay_in_32_bits_is_decay_without_a_width(x: int, keep: int) -> None:
    assert decay_step(np.int32(x), np.int32(keep)) == naive["toward_zero"](x, keep)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(-1, 1), st.integers(0, 8), st.integers(-8, 7), st.data())
def test_any_parameters_give_what_the_naive_twin_gives(seed: int, sign: int, bits: int, exponent: int, data) -> None:  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    n, inputs, steps = 5, 12, 40
    weight = rng.integers(-300, 300, (n, inputs))
    weight = abs(weight) * sign if sign else weight
    du, dv = data.draw(st.sampled_from((0, 1, 300, 4095))), data.draw(st.sampled_from((0, 1, 300, 4095, 4096)))
    vth = data.draw(st.integers(0, 2**17))
    bias = rng.integers(-(1 << data.draw(st.integers(1, 20))), 1 << data.draw(st.integers(1, 20)), n).astype(np.int32)
    spikes = (rng.random((steps, inputs)) < rng.random()).astype(np.uint8)
    ours = Loihi(weight, bits, exponent, du, dv, vth, bias).run(spikes)
    wanted = naive["run"](weight.tolist(), bits, exponent, du, dv, vth, bias.tolist(), spikes.tolist())
    for name, now, then in zip(("u", "v", "fired"), ours, wanted, strict=True):
        assert now.tolist() == then, name


@settings(max_examples=300, deadline=None)
@given(int32, st.integers(1 - 2**23, 2**23 - 1), st.integers(-(2**31), 2**31 - 1), int32, st.integers(0, 4095))
def test_sums_wrap_at_32_bits_wherever_inputs_lead(u: int, v: int, a: int, bias: int, keep: int) -> None:
    state = [np.array([x], np.int32) for x in (u, v, a, bias)]
    fired = np.zeros(1, np.uint8)
    loihi_population(*state, keep, 4000, 64 * 500, fired)
    wrapped = naive["int32"](naive["toward_zero"](u, keep) + 64 * a)
    if wrapped > 2**23:
        wrapped -= 2**24
    elif wrapped <= -(2**23):
        wrapped += 2**24
    after = naive["int32"](naive["toward_zero"](v, 4000) + wrapped + bias)
    after = min(max(after, 1 - 2**23), 2**23 - 1)
    assert state[0][0] == wrapped
    assert state[1][0] == (0 if after > 32000 else after)
    assert fired[0] == (after > 32000)


def test_a_spike_is_fired_above_the_threshold_not_at_it_and_leaves_the_current() -> None:
    assert loihi_step(0, 0, 1, 0, 4095, 4096, 64) == (64, 64, False)
    assert loihi_step(0, 0, 1, 1, 4095, 4096, 64) == (64, 0, True)


def test_a_current_wraps_once_and_a_membrane_saturates() -> None:
    assert loihi_step(1 << 23, 0, 1, 0, 4095, 4096, 1 << 23)[0] == (1 << 23) - 2048 + 64
    assert loihi_step(0, 0, 1 << 17, 0, 4095, 4096, 1 << 24)[0] == 1 << 23
    assert loihi_step(64, 0, 1 << 17, 0, 4096, 4096, 1 << 24)[0] == 64 - (1 << 23)
    assert loihi_step(0, 0, 1 << 19, 0, 4095, 4096, 1 << 24)[0] == (1 << 25) - (1 << 24)
    assert loihi_step(0, (1 << 23) - 1, 99, 99, 0, 4096, 1 << 24)[1] == (1 << 23) - 1
    assert loihi_step(0, 1 - (1 << 23), -99, -99, 0, 4096, 1 << 24)[1] == 1 - (1 << 23)


@pytest.mark.parametrize("bits", range(9))
def test_weights_are_stored_as_the_chip_stores_them(bits: int) -> None:
    for weight in (np.arange(-300, 301), np.arange(301), -np.arange(301), np.zeros(3, int)):
        assert quantise(weight, bits).tolist() == naive["stored"]([weight.tolist()], bits)[0]


def test_the_sum_is_shifted_not_the_weights_and_events_are_counted() -> None:
    a = np.zeros(2, np.int32)
    weight = np.array([[3, -3], [3, -3], [99, 99]], np.int16)
    assert synapses(weight, np.array([1, 1, 0], np.uint8), -2, a) == 4
    assert a.tolist() == [1, -2]


@pytest.mark.parametrize(("name", "value"), [("bits", 9), ("exponent", 16), ("du", 4096), ("dv", -1), ("vth", -1)])
def test_a_parameter_the_chip_does_not_have_is_refused(name: str, value: int) -> None:
    sound = {"bits": 8, "exponent": 0, "du": 0, "dv": 0, "vth": 0}
    weight, bias = np.ones((2, 3), np.int16), np.zeros(2, np.int32)
    with pytest.raises(UserError, match=f"{value} is out of range"):
        Loihi(weight, bias=bias, **sound | {name: value}).run(np.zeros((1, 3), np.uint8))
    with pytest.raises(UserError, match="does not fit"):
        Loihi(weight, bias=np.zeros(3, np.int32), **sound)
