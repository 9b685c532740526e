"""Kernels that carry spikes and values to currents: each adds to int32 (N,) `current` and returns its synaptic events.

A synaptic event is a weight that is not zero whose source spiked, or whose input is not zero. Spikes come as int32
`spikes`, of which the first `count` are addresses of sources. Sums are taken modulo 2^32; `limits` sees to it at build that
none comes near.
"""

from __future__ import annotations

from numba import int32, njit


@njit(cache=True)
def add_dense(weight, x, shift, fan, current):  # type: ignore[no-untyped-def]
    """current += (weight . x) >> shift; weight int8 (N, M), x int16 (M,), fan int32 (M,): weights not zero of an input."""
    events = 0
    for j in range(x.size):
        if x[j] != 0:
            events += fan[j]
    for i in range(current.size):
        total = int32(0)
        for j in range(x.size):
            total = int32(total + int32(int32(weight[i, j]) * int32(x[j])))
        current[i] = int32(current[i] + int32(total >> shift))
    return events


@njit(cache=True)
def add_columns(weight, spikes, count, exponent, fan, current):  # type: ignore[no-untyped-def]
    """current += weight[source] << exponent for each spike; weight int8 (M, N), a row per source, fan int32 (M,)."""
    events = 0
    for k in range(count):
        row = weight[spikes[k]]
        for i in range(current.size):
            current[i] = int32(current[i] + int32(int32(row[i]) << exponent))
        events += fan[spikes[k]]
    return events


@njit(cache=True)
def add_sparse(start, index, weight, spikes, count, exponent, current):  # type: ignore[no-untyped-def]
    """As `add_columns` for source m's synapses start[m] .. start[m + 1] - 1: target index int32 (S,), weight int8 (S,)."""
    events = 0
    for k in range(count):
        source = spikes[k]
        for s in range(start[source], start[source + 1]):
            i = index[s]
            current[i] = int32(current[i] + int32(int32(weight[s]) << exponent))
        events += start[source + 1] - start[source]
    return events


@njit(cache=True)
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


@njit(cache=True)
def add_plastic(weight, shift, spikes, count, current):  # type: ignore[no-untyped-def]
    """current += weight[:, source] >> shift for each spike; weight int32 (N, M), a row per target."""
    for k in range(count):
        for i in range(current.size):
            current[i] = int32(current[i] + int32(weight[i, spikes[k]] >> shift))
    return count * current.size


@njit(cache=True)
def list_spikes(fired, alive, spikes):  # type: ignore[no-untyped-def]
    """Silence the dead (alive 0) in uint8 (N,) fired; write the addresses of the others to int32 (N,). Returns how many."""
    count = 0
    for i in range(fired.size):
        fired[i] = fired[i] & alive[i]
        spikes[count] = i
        count += fired[i]
    return count


@njit(cache=True)
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


@njit(cache=True)
def pass_later(ring, slot, fired, spikes):  # type: ignore[no-untyped-def]
    """Delay line: list what was put into uint8 (D, N) ring[slot] D ticks ago, and put in what fires now."""
    count = 0
    row = ring[slot]
    for i in range(row.size):
        spikes[count] = i
        count += row[i]
        row[i] = fired[i]
    return count
