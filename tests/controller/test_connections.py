"""Connections: each fast kernel is its slow twin, which sums one synapse at a time in integers without a width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from controller import connections
from controller.neuron import lif_narrow, lif_population


def naive(x: list[int], weight: list[list[int]], current: list[int]) -> list[int]:
    """One synapse at a time."""
    out = list(current)
    for value, row in zip(x, weight, strict=True):
        for i, w in enumerate(row):
            out[i] += value * w
    return out


def drawn(seed: int, inputs: int, neurons: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    rng = np.random.default_rng(seed)
    weight = rng.integers(-127, 128, (inputs, neurons)).astype(np.int8)
    return weight, rng.integers(-(2**20), 2**20, neurons).astype(np.int32)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 70), st.integers(1, 200))
def test_every_input_adds_its_row_times_its_value(seed: int, inputs: int, neurons: int) -> None:
    weight, current = drawn(seed, inputs, neurons)
    x = np.random.default_rng(seed + 1).integers(-32768, 32768, inputs).astype(np.int16)
    expected = naive(x.tolist(), weight.tolist(), current.tolist())
    padded = connections.pad_inputs(weight)
    connections.dense(np.pad(x, (0, len(padded) - inputs)), padded, current)
    assert current.tolist() == expected
    connections.dense_few(-x, np.ascontiguousarray(weight.T), current)  # -32768 stays itself, so it is left out
    if not (x == -32768).any():
        assert np.array_equal(current, drawn(seed, inputs, neurons)[1])


def test_the_widest_fan_in_that_is_allowed_does_not_wrap_and_one_block_more_does() -> None:
    most = connections.fan_in_most(32768, 128)
    x, weight = np.full(most + 1, -32768, np.int16), np.full((most + 1, 3), -128, np.int8)
    for inputs, wraps in ((most, False), (most + 1, True)):
        current, rows = np.zeros(3, np.int32), connections.pad_inputs(weight[:inputs])
        connections.dense(np.pad(x[:inputs], (0, len(rows) - inputs)), rows, current)
        assert (current.tolist() != [inputs << 22] * 3) is wraps


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.lists(st.integers(0, 29), max_size=40), st.sampled_from([np.uint16, np.int32]))
def test_every_spike_adds_the_row_of_its_source(seed: int, spikes: list[int], dtype: type) -> None:
    weight, current = drawn(seed, 30, 37)
    times = [spikes.count(source) for source in range(30)]
    expected = naive(times, weight.tolist(), current.tolist())
    addresses = np.array([*spikes, 0], dtype)
    assert connections.columns(addresses, len(spikes), weight, current) == 37 * len(spikes)
    assert current.tolist() == expected


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.lists(st.integers(0, 29), max_size=40), st.integers(0, 12),
       st.sampled_from([(np.uint16, np.uint32), (np.uint32, np.uint32), (np.int32, np.int32)]))  # fmt: skip
def test_sparse_rows_are_a_matrix_with_holes(
    seed: int, spikes: list[int], exponent: int, dtypes: tuple[type, type]
) -> None:
    rng = np.random.default_rng(seed)
    weight, current = drawn(seed, 30, 150)  # rows of one stretch of 64, and of none
    weight[rng.random(weight.shape) < np.where(np.arange(30) % 2, 0.8, 0.4)[:, None]] = 0
    source, target = np.nonzero(weight)
    start = np.searchsorted(source, np.arange(31)).astype(dtypes[1])
    times = [spikes.count(s) for s in range(30)]
    expected = naive(times, (weight.astype(int) << exponent).tolist(), current.tolist())
    addresses, target = np.array([*spikes, 0], np.uint16), target.astype(dtypes[0])
    events = connections.sparse(addresses, len(spikes), start, target, weight[source, target], exponent, current)
    assert current.tolist() == expected
    assert events == sum(np.count_nonzero(weight[s]) for s in spikes)


def correlated(image: NDArray[np.int64], kernel: NDArray[np.int64], stride: int, pad: int) -> NDArray[np.int64]:
    """Conv2d of an event count image (2, H, W), one output at a time; (rows, columns, F)."""
    channels, _, size, _ = kernel.shape
    wide = np.pad(image, ((0, 0), (pad, pad), (pad, pad)))
    rows, columns = ((n - size) // stride + 1 for n in wide.shape[1:])
    out = np.zeros((rows, columns, channels), np.int64)
    for r in range(rows):
        for c in range(columns):
            window = wide[:, r * stride : r * stride + size, c * stride : c * stride + size]
            out[r, c] = (kernel * window).sum((1, 2, 3))
    return out


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**31), st.integers(1, 7), st.integers(1, 4), st.integers(0, 6), st.integers(1, 9),
       st.sampled_from([np.int16, np.int32]))  # fmt: skip
def test_convolution_on_events_is_that_of_their_image(
    seed: int, size: int, stride: int, pad: int, channels: int, dtype: type
) -> None:
    pad = min(pad, size - 1)
    rng = np.random.default_rng(seed)
    height, width = rng.integers(size, 24, 2).tolist()
    kernel = rng.integers(-127, 128, (channels, 2, size, size))
    x, y, p = (rng.integers(0, most, 60) for most in (width, height, 2))
    image = np.zeros((2, height, width), np.int64)
    np.add.at(image, (p, y, x), 1)
    expected = correlated(image, kernel, stride, pad)
    current = np.zeros((len(expected), expected[0].size), dtype)
    patch = connections.patches(kernel, stride)
    events = connections.convolve(
        x.astype(np.uint16), y.astype(np.uint16), p.astype(np.uint8), 60, patch, stride, pad, current
    )
    assert np.array_equal(current.reshape(expected.shape), expected)
    assert 0 <= events <= 60 * patch[0, 0, 0].size * -(-size // stride)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 20), st.integers(1, 20), st.integers(1, 4), st.integers(1, 5))
def test_pooling_sums_whole_cells_and_drops_the_rest(
    seed: int, height: int, width: int, channels: int, size: int
) -> None:
    fired = np.random.default_rng(seed).integers(0, 2, (height, width, channels))
    rows, columns = height // size, width // size
    whole = fired[: rows * size, : columns * size].reshape(rows, size, columns, size, channels).sum((1, 3))
    place = connections.pool_places(height, width, channels, size)
    pooled = np.zeros(whole.size + 1, np.int16)
    addresses = np.flatnonzero(fired).astype(np.uint16)
    assert connections.pool(addresses, len(addresses), place, pooled) == fired.sum()
    assert np.array_equal(pooled[:-1], whole.reshape(-1))


@settings(deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 40), st.floats(0, 1), st.sampled_from([np.uint16, np.int32]))
def test_addresses_of_spikes_come_in_order_and_none_is_lost(seed: int, words: int, share: float, dtype: type) -> None:
    fired = (np.random.default_rng(seed).random(8 * words) < share).astype(np.uint8)
    addresses = np.zeros(fired.size, dtype)
    count = connections.compact(fired, addresses)
    assert addresses[:count].tolist() == np.flatnonzero(fired).tolist()


@pytest.mark.parametrize("leak_shift", [2, 3, 8, 15])
def test_narrow_neurons_are_wide_ones_from_every_membrane(leak_shift: int) -> None:
    rng = np.random.default_rng(leak_shift)
    v = np.arange(-32768, 32768).astype(np.int16)
    wide, alive = v.astype(np.int32), (rng.random(v.size) < 0.9).astype(np.uint8)
    fired, expected = np.zeros((2, v.size), np.uint8)
    for threshold in (1, 9000, 32767):
        current = rng.integers(-32768, 32768, v.size).astype(np.int16)
        lif_population(wide, current.astype(np.int32), leak_shift, threshold, alive, expected)
        lif_narrow(v, current, leak_shift, threshold, alive, fired)
        assert np.array_equal(v, wide)
        assert np.array_equal(fired, expected)
        assert not current.any()
