"""Thousands of random ticks of every population and learning rule: `ticks.py TICKS` prints a hash of all states.

Run with NUMBA_DISABLE_JIT=1 the same lines are plain Python.
"""

from __future__ import annotations

import sys
import zlib

import numpy as np
from numpy.typing import NDArray

from controller.adaptive import adaptive_population
from controller.delta import delta_population
from controller.homeostasis import homeostasis_population, own_threshold_population
from controller.izhikevich import izhikevich_population
from controller.loihi import loihi_population, synapses
from controller.plasticity import WEIGHT_MAX
from controller.rounding import noise_start
from controller.stdp import RULE, rewarded_tick, stdp_tick
from sensors.izhikevich import BURSTING, REGULAR

N, INPUTS = 5, 4


def rule(**changes: int) -> NDArray[np.void]:
    """A RULE record that Python reads by attribute as machine code does, with moderate parameters."""
    record = np.zeros(1, RULE).view(np.recarray)
    sound = {
        "key": 7, "learning": 1, "potentiation": 300, "depression": 330, "rate_shift": 4, "low": -WEIGHT_MAX,
        "high": WEIGHT_MAX, "pre_shift": 4, "post_shift": 5, "trace_bump": 2000, "credit_shift": 6, "reward_shift": 8,
    }  # fmt: skip
    for name, value in (sound | changes).items():
        record[name] = value
    return record


def state() -> dict[str, NDArray[np.generic]]:
    """Every array that the ticks change."""
    i32, i16, u8 = np.int32, np.int16, np.uint8
    arrays: dict[str, NDArray[np.generic]] = {
        name: np.zeros(N, i32)
        for name in ("loihi_u", "loihi_v", "loihi_a", "rise_v", "rise", "home_v", "izhikevich_v", "izhikevich_u")
    }
    arrays |= {name: np.zeros(N, u8) for name in ("loihi_fired", "rise_fired", "home_fired", "izhikevich_fired")}
    arrays |= {name: np.zeros((N, INPUTS), i32) for name in ("delta", "pair", "paid")}
    arrays |= {"threshold": np.full(N, 9000, i32), "credit": np.zeros((N, INPUTS), i16)}
    arrays |= {name: np.zeros(INPUTS, i16) for name in ("pair_pre", "paid_pre")}
    arrays |= {name: np.zeros(N, i16) for name in ("pair_post", "paid_post")}
    return arrays | {"pair_rule": rule(), "paid_rule": rule(key=2**32 - 3, low=0, high=1 << 20)}


def tick(arrays: dict[str, NDArray[np.generic]], weight: NDArray[np.int16], rng: np.random.Generator, now: int) -> None:
    """Advance everything by one tick of random input."""
    s = arrays
    spikes = (rng.random(INPUTS) < 0.2).astype(np.uint8)
    current = rng.integers(-30000, 60000, N).astype(np.int32)
    bias = rng.integers(-(1 << 16), 1 << 16, N).astype(np.int32)
    loihi_population(s["loihi_u"], s["loihi_v"], s["loihi_a"], bias, 3900, 4000, 1 << 17, s["loihi_fired"])
    synapses(weight, spikes, int(rng.integers(-3, 8)), s["loihi_a"])
    adaptive_population(s["rise_v"], s["rise"], current, 5, 7, 9000, 1500, s["rise_fired"])
    kind = REGULAR if now % 2 else BURSTING
    izhikevich_population(s["izhikevich_v"], s["izhikevich_u"], current >> 2, *kind, s["izhikevich_fired"])
    own_threshold_population(s["home_v"], current, 4, s["threshold"], s["home_fired"])
    start = noise_start(5, now, 3)
    homeostasis_population(s["threshold"], s["home_fired"], 3000, 8, 500, 30000, start, 1)
    error, x = rng.integers(-40000, 40000, N).astype(np.int32), rng.integers(-32768, 32768, INPUTS).astype(np.int16)
    delta_population(s["delta"], error, x, 8, start, 1)
    active = np.zeros(INPUTS, np.int32)
    stdp_tick(s["pair_rule"], s["pair"], s["pair_pre"], s["pair_post"], spikes, s["rise_fired"], active)
    reward = int(rng.integers(-32768, 32768)) if now % 3 == 0 else 0
    rewarded_tick(
        s["paid_rule"], s["paid"], s["credit"], s["paid_pre"], s["paid_post"], spikes, s["home_fired"], reward
    )


def main(ticks: int) -> None:
    """Print a hash of all states over all ticks, and the names of those that ever moved."""
    arrays, rng, crc = state(), np.random.default_rng(11), 0
    before, moved = {name: array.tobytes() for name, array in arrays.items()}, set[str]()
    weight = rng.integers(-256, 256, (INPUTS, N)).astype(np.int16)
    with np.errstate(over="ignore"):  # unsigned arithmetic modulo 2^32 is meant
        for now in range(ticks):
            tick(arrays, weight, rng, now)
            for name, array in arrays.items():
                crc = zlib.crc32(array.tobytes(), crc)
                if array.tobytes() != before[name]:
                    moved.add(name)
    print(f"{crc:08x}", *sorted(moved))


if __name__ == "__main__":
    main(int(sys.argv[1]))
