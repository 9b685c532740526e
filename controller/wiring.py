"""What a declared network needs beside `connections`: exponents, patchy synapses, lists of spikes, delays.

Each `add_` adds to int32 (N,) `current` and returns its synaptic events: weights that are not zero whose source spiked.
Spikes come as int32 `spikes`, of which the first `count` are addresses of sources. Sums are taken modulo 2^32; `limits`
sees to it at build that none comes near.
"""

from __future__ import annotations

from numba import int32

from .connections import compact
from .kernels import kernel


@kernel
def add_shifted(scratch, shift, current):  # type: ignore[no-untyped-def]
    """current += scratch >> shift, or << -shift if it is negative; scratch int32 (N,) is left cleared."""
    for i in range(current.size):
        moved = int32(scratch[i] >> shift) if shift >= 0 else int32(scratch[i] << -shift)
        current[i] = int32(current[i] + moved)
        scratch[i] = 0


@kernel
def count_fan(sources, count, fan):  # type: ignore[no-untyped-def]
    """Synaptic events of spikes: the sum of int32 fan, each source's weights that are not zero."""
    events = 0
    for k in range(count):
        events += fan[sources[k]]
    return events


@kernel
def count_inputs(x, fan):  # type: ignore[no-untyped-def]
    """Synaptic events of values: the sum of fan over inputs that are not zero."""
    events = 0
    for j in range(x.size):
        if x[j] != 0:
            events += fan[j]
    return events


@kernel
def add_patches(weight, height, width, stride, padding, spikes, count, exponent, fan, current):  # type: ignore[no-untyped-def]
    """Convolution on events: each spike adds the patch of weights that sees its pixel.

    weight: int8 (channels, kernel, kernel, filters). fan: int32 (channels, kernel, kernel), weights that are not zero.
    Source addresses are (channel, y, x) of height x width, targets (filter, y, x), both row-major.
    """
    kernel, filters = weight.shape[1], weight.shape[3]
    rows = (height + 2 * padding - kernel) // stride + 1
    columns = (width + 2 * padding - kernel) // stride + 1
    events = 0
    for k in range(count):
        channel, pixel = divmod(int32(spikes[k]), int32(height * width))
        y, x = divmod(pixel, int32(width))
        for ky in range(kernel):
            row, odd = divmod(int32(y + padding - ky), int32(stride))
            if odd == 0 and 0 <= row < rows:
                for kx in range(kernel):
                    column, odd = divmod(int32(x + padding - kx), int32(stride))
                    if odd == 0 and 0 <= column < columns:
                        at = row * columns + column
                        for f in range(filters):
                            to = f * rows * columns + at
                            current[to] = int32(current[to] + int32(int32(weight[channel, ky, kx, f]) << exponent))
                        events += fan[channel, ky, kx]
    return events


@kernel
def add_plastic(weight, shift, spikes, count, current):  # type: ignore[no-untyped-def]
    """current += weight[:, source] >> shift for each spike; weight int32 (N, M), a row per target."""
    for k in range(count):
        for i in range(current.size):
            current[i] = int32(current[i] + int32(weight[i, spikes[k]] >> shift))
    return count * current.size


@kernel
def list_spikes(fired, alive, spikes):  # type: ignore[no-untyped-def]
    """Silence the dead and list the others, as `connections.compact`; alive uint8 (N,), 0 where dead."""
    for i in range(fired.size):
        fired[i] = fired[i] & alive[i]
    return compact(fired, spikes)


@kernel
def list_events(addresses, sent, first, fired, spikes, count):  # type: ignore[no-untyped-def]
    """Take the address-events of this tick that lie in first .. first + N - 1, each once, whatever came `count` ago.

    addresses: of the body, the first `sent` valid. fired: uint8 (N,), cleared of the `count` old ones in `spikes`.
    Returns the new count.
    """
    for k in range(count):
        fired[spikes[k]] = 0
    count = 0
    for k in range(sent):
        at = int32(addresses[k]) - first
        if 0 <= at < fired.size and fired[at] == 0:
            fired[at] = 1
            spikes[count] = at
            count += 1
    return count


@kernel
def pass_later(ring, slot, fired, spikes):  # type: ignore[no-untyped-def]
    """Delay line: list what was put into uint8 (D, N) ring[slot] D ticks ago, and put in what fires now."""
    count = 0
    row = ring[slot]
    for i in range(row.size):
        spikes[count] = i
        count += row[i]
        row[i] = fired[i]
    return count
