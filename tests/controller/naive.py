"""The Loihi profile once more, from its description alone: plain Python, one neuron at a time, nothing shared."""

from __future__ import annotations

from collections.abc import Sequence


def toward_zero(x: int, keep: int) -> int:
    return abs(x) * keep // 4096 * (1 if x >= 0 else -1)


def int32(x: int) -> int:
    x %= 2**32
    return x - 2**32 if x >= 2**31 else x


def stored(weights: Sequence[Sequence[int]], bits: int) -> list[list[int]]:
    everything = [w for row in weights for w in row]
    if min(everything) >= 0:
        step, sign, low = 2 ** (8 - bits), 1, 0
    elif max(everything) <= 0:
        step, sign, low = 2 ** (8 - bits), -1, 0
    else:
        step, sign, low = 2 ** (9 - bits), 1, -256
    return [[sign * (min(max(sign * w, low), 255) // step * step) for w in row] for row in weights]


def run(
    weights: Sequence[Sequence[int]], bits: int, exponent: int, du: int, dv: int, vth: int, bias: Sequence[int],
    spikes: Sequence[Sequence[int]],
) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:  # fmt: skip
    """u, v, fired of every step and neuron."""
    weights = stored(weights, bits)
    neurons = range(len(weights))
    u, v = [0 for _ in neurons], [0 for _ in neurons]
    before: Sequence[int] = [0 for _ in spikes[0]]
    history: tuple[list[list[int]], list[list[int]], list[list[int]]] = ([], [], [])
    for now in spikes:
        fired = [0 for _ in neurons]
        for n in neurons:
            total = sum(w for w, s in zip(weights[n], before, strict=True) if s)
            a = total * 2**exponent if exponent >= 0 else total // 2**-exponent
            u[n] = int32(toward_zero(u[n], 4096 - (du + 1)) + 64 * a)
            if u[n] > 2**23:
                u[n] -= 2**24
            elif u[n] <= -(2**23):
                u[n] += 2**24
            v[n] = int32(toward_zero(v[n], 4096 - dv) + u[n] + bias[n])
            v[n] = min(max(v[n], 1 - 2**23), 2**23 - 1)
            if v[n] > 64 * vth:
                v[n], fired[n] = 0, 1
        for kept, state in zip(history, (u, v, fired), strict=True):
            kept.append(list(state))
        before = now
    return history
