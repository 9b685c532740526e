"""Connections over plain arrays: how inputs and spikes become the int32 (or int16) currents of the neurons behind them.

Each function adds to `current`, which the population clears when it has used it. Sums are taken modulo the width of
`current`; whoever builds a network checks the fan-in (`fan_in_most`), so that none wraps. numba would compute int32
with int32 in 64 bits: every intermediate is wrapped, for speed and so that C and Verilog have the same.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numba import int32, uint32, uint64
from numpy.typing import NDArray

from .kernels import kernel
from .pairs import add_tile, tile_neurons
from .prefetch import prefetch

BLOCK: Final = 4
TILE_INPUTS, TILE_INPUTS_LEAST = 32, 8
"""Rows of a tile at a time, lines of more evict one another from the first cache; and from how many on it pays."""
ROWS_AHEAD, STRETCH = 2, 64
"""`sparse` asks for memory two rows early, by stretches of 64 synapses: a line of weights, two of targets."""
FIRST_BYTE: Final = 0x0001020304050607
"""Times 2^(8 j), its highest byte is j: the place of the lowest byte that is 1 in a word of flags."""


def fan_in_most(x_most: int, weight_most: int, bits: int = 32) -> int:
    """How many inputs of magnitude x_most a sum of weights up to weight_most takes without leaving `bits` bits."""
    return ((1 << (bits - 1)) - 1) // max(x_most * weight_most, 1)


@kernel
def dense(x, weight, current):  # type: ignore[no-untyped-def]
    """current += x . weight, all to all; the same sums by an instruction for pairs of inputs where there is one.

    x: int16 (D,). weight: int8 (D, N), a row per input. current: int32 (N,). D is a multiple of 4 (`pad_inputs`), and
    at most `fan_in_most(32768, 127)` = 516 for inputs of full range.
    """
    tile, neurons = tile_neurons(), current.size
    if tile == 0 or neurons < tile or x.size < TILE_INPUTS_LEAST:
        _dense_rows(x, weight, current)
        return
    over = neurons % tile
    for begin in range(0, x.size, TILE_INPUTS):
        pairs = min(TILE_INPUTS, x.size - begin) // 2
        for first in range(0, neurons - over, tile):
            add_tile(x, weight, current, begin, pairs, first, first)
        if over != 0:
            add_tile(x, weight, current, begin, pairs, neurons - tile, neurons - over)


@kernel
def _dense_rows(x, weight, current):  # type: ignore[no-untyped-def]
    """`dense` on any processor, four inputs at a time."""
    for d in range(0, x.size, BLOCK):
        a, b, e, f = weight[d], weight[d + 1], weight[d + 2], weight[d + 3]
        xa, xb, xe, xf = int32(x[d]), int32(x[d + 1]), int32(x[d + 2]), int32(x[d + 3])
        for i in range(current.size):
            left = int32(int32(int32(a[i]) * xa) + int32(int32(b[i]) * xb))
            right = int32(int32(int32(e[i]) * xe) + int32(int32(f[i]) * xf))
            current[i] = int32(current[i] + int32(left + right))


@kernel
def dense_few(x, weight, current):  # type: ignore[no-untyped-def]
    """`dense` for few neurons and many inputs: weight int8 (N, D), a row per neuron; D need not be a multiple of 4."""
    for i in range(current.size):
        row = weight[i]
        total = int32(0)
        for d in range(x.size):
            total = int32(total + int32(int32(row[d]) * int32(x[d])))
        current[i] = int32(current[i] + total)


@kernel
def columns(addresses, count, weight, current):  # type: ignore[no-untyped-def]
    """current += the weights of every input that spiked: the same matrix as `dense`, at the cost of the spikes alone.

    addresses: uint16 or int32, the first `count` are used; the same one counts as often as it comes. weight: int8
    (inputs, N), a row per input. current: int32 (N,). Returns the synaptic events.
    """
    k = 0
    while k + 1 < count:
        a, b = weight[addresses[k]], weight[addresses[k + 1]]
        for i in range(current.size):
            current[i] = int32(current[i] + int32(int32(a[i]) + int32(b[i])))
        k += 2
    if k < count:
        a = weight[addresses[k]]
        for i in range(current.size):
            current[i] = int32(current[i] + int32(a[i]))
    return count * current.size


@kernel
def sparse(addresses, count, start, target, weight, exponent, current):  # type: ignore[no-untyped-def]
    """current[target] += weight << exponent over the synapses of every input that spiked (compressed rows by source).

    addresses: as in `columns`; start: int32 or uint32 (inputs + 1,), those of input s are start[s] .. start[s + 1] - 1;
    target: uint16, uint32 or int32 (synapses,), 0 .. N - 1; weight: int8 (synapses,); current: int32 (N,). Returns
    the synaptic events.
    """
    events = 0
    for k in range(count):
        source, later = uint64(addresses[k]), uint64(addresses[min(k + ROWS_AHEAD, count - 1)])
        first, last = uint64(start[source]), uint64(start[source + uint64(1)])
        targets, weights = target[first:last], weight[first:last]
        ahead, size = uint64(start[later]), targets.size
        whole = size - size % STRETCH
        for stretch in range(0, whole, STRETCH):
            at = uint64(ahead + uint64(stretch))
            prefetch(target, at)
            prefetch(target, uint64(at + uint64(STRETCH // 2)))
            prefetch(weight, at)
            for j in range(stretch, stretch + STRETCH):
                i = uint32(targets[j])  # unsigned, so that no index is counted from the end
                current[i] = int32(current[i] + int32(int32(weights[j]) << exponent))
        for j in range(whole, size):
            i = uint32(targets[j])
            current[i] = int32(current[i] + int32(int32(weights[j]) << exponent))
        events += size
    return events


@kernel
def convolve(xs, ys, ps, count, patch, stride, pad, current):  # type: ignore[no-untyped-def]
    """Convolution on address-events: each event adds its patch of the kernel where the kernel reaches it.

    xs, ys: uint16, column and row; ps: uint8 or bool, polarity; the first `count` of each are used, all within the
    input. patch: int16 (2, K, stride, J * F) from `patches`. pad: 0..K - 1, rows and columns of zeros around the input.
    current: int16 or int32 (H, W * F), rows of the output with its channels innermost. Returns the synaptic events.

    Equal to the cross-correlation of the events' count image that other frameworks call Conv2d, without a bias.
    """
    rows, width = current.shape
    size, reach = patch.shape[1], patch.shape[3]
    channels = reach // ((size + stride - 1) // stride)
    there, adds = current.reshape(-1), patch.reshape(-1)
    wide = uint32(stride)  # unsigned division is the short one, and unsigned indices are not counted from the end
    events = 0
    for k in range(count):
        x, y, p = uint32(int(xs[k]) + pad), uint32(int(ys[k]) + pad), int(ps[k])
        column, row = uint32(x // wide), int(uint32(y // wide))
        phase, tap = int(uint32(x - uint32(column * wide))), int(y) - row * stride
        right = (int(column) + 1) * channels
        left = right - reach
        cut, stop = max(-left, 0), min(right, width) - left
        if stop <= cut:
            continue
        length = uint64(stop - cut)
        while tap < size and row >= 0:
            if row < rows:
                to = uint64(row * width + left + cut)
                of = uint64(((p * size + tap) * stride + phase) * reach + cut)
                for j in range(length):
                    there[uint64(to + uint64(j))] += adds[uint64(of + uint64(j))]
                events += stop - cut
            row -= 1
            tap += stride
    return events


@kernel
def pool(addresses, count, place, pooled):  # type: ignore[no-untyped-def]
    """Sum-pooling, cropping or any other map of addresses: pooled[place[address]] += 1 for every spike.

    place: uint16 or uint32 (inputs,), from `pool_places`; a spike without a place is sent to a cell nobody reads.
    pooled: int16 or int32 (cells,), counts.
    """
    for k in range(count):
        pooled[place[uint64(addresses[k])]] += 1
    return count


@kernel
def compact(fired, addresses):  # type: ignore[no-untyped-def]
    """Addresses of the neurons that fired, ascending; returns their number.

    fired: uint8 (N,), 0 or 1, aligned to 8 bytes, N a multiple of 8; looked at eight at a time. addresses: uint16 or
    int32 (N,), written.
    """
    words = fired.view(np.uint64)
    count = 0
    for i in range(words.size):
        word = words[i]
        while word != 0:
            low = uint64(word & uint64(uint64(~word) + uint64(1)))
            addresses[count] = 8 * i + int(uint64(low * uint64(FIRST_BYTE)) >> uint64(56))
            count += 1
            word = uint64(word ^ low)
    return count


def pad_inputs(weight: NDArray[np.int8]) -> NDArray[np.int8]:
    """Rows of zeros appended to weight (D, N), so that `dense` finds a multiple of 4; x then needs as many zeros."""
    return np.pad(weight, ((0, -len(weight) % BLOCK), (0, 0)))


def patches(kernel: NDArray[np.integer], stride: int) -> NDArray[np.int16]:
    """What one event adds to a row of the output, for `convolve`: int16 (2, K, stride, J * F).

    kernel: (F, 2, K, K) as Conv2d stores it: channel, polarity, row, column. Of phase x % stride an event reaches
    J = ceil(K / stride) columns, the last one first in the kernel; entries beyond the kernel are 0.
    """
    channels, polarities, size, _ = kernel.shape
    steps = -(-size // stride)
    out = np.zeros((polarities, size, stride, steps, channels), np.int16)
    for phase in range(stride):
        for step, column in enumerate(range(phase, size, stride)):
            out[:, :, phase, steps - 1 - step] = kernel[:, :, :, column].transpose(1, 2, 0)
    return out.reshape(polarities, size, stride, steps * channels)


def pool_places(height: int, width: int, channels: int, size: int) -> NDArray[np.uint32]:
    """Cell of each address of a (height, width, channels) map under size x size sum-pooling, as PyTorch's AvgPool2d.

    Rows and columns that fill no whole cell are dropped: their place is the extra last cell.
    """
    rows, columns_ = height // size, width // size
    y, x, c = np.mgrid[:height, :width, :channels]
    place = ((y // size) * columns_ + x // size) * channels + c
    inside = (y // size < rows) & (x // size < columns_)
    return np.where(inside, place, rows * columns_ * channels).reshape(-1).astype(np.uint32)
