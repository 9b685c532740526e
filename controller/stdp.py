"""Spike-timing dependent plasticity, alone and gated by reward: who fires before is strengthened, after weakened."""

from __future__ import annotations

import numpy as np
from numba import int32, njit

from .neuron import trace_step
from .plasticity import dither
from .rounding import noise_start, nudged, rounded

ELIGIBILITY_MAX = 32767

RULE = np.dtype(
    [
        ("tick", "<u4"),
        ("key", "<u4"),  # of the rounding noise
        ("learning", "<i4"),  # 0 freezes weights and eligibility; spike traces follow the activity all the same
        ("potentiation", "<i4"),  # 0..32767
        ("depression", "<i4"),  # 0..32767
        ("rate_shift", "<i4"),  # 1..16
        ("low", "<i4"),  # weights lie in low..high, within +-(2^30 - 1)
        ("high", "<i4"),
        ("pre_shift", "<i4"),  # time constant of the presynaptic trace, 2^pre_shift ticks, 1..14
        ("post_shift", "<i4"),
        ("trace_bump", "<i4"),  # what a spike adds to its trace, 1..32767
        ("credit_shift", "<i4"),  # time constant of the eligibility, 2^credit_shift ticks, 1..16
        ("reward_shift", "<i4"),  # 1..16
    ],
    align=True,
)
"""Parameters and clock of one plastic connection; the last two only for reward."""


@njit(cache=True, inline="always")
def pairing(pre_fired, post_fired, pre_trace, post_trace, potentiation, depression):  # type: ignore[no-untyped-def]
    """What pairs of spikes are worth: potentiation * pre_trace if post fired, less depression * post_trace if pre did.

    Traces 0..32767 are those before this tick's spikes, so a coincidence pairs with earlier spikes only.

    Source: Morrison, Diesmann and Gerstner 2008, Biol. Cybern. 98:459, pair-based, all-to-all, additive, by traces.
    """
    gain = int32(potentiation * pre_trace) if post_fired else int32(0)
    loss = int32(depression * post_trace) if pre_fired else int32(0)
    return int32(gain - loss)


@njit(cache=True, inline="always")
def stdp_step(weight, pairs, rate_shift, low, high, noise):  # type: ignore[no-untyped-def]
    """Move one weight by its pairs: w' = w + rounded(pairs / 2^rate_shift) within low..high; `pairs` from `pairing`."""
    return nudged(weight, pairs, rate_shift, low, high, noise)


@njit(cache=True, inline="always")
def eligibility_step(eligibility, pairs, rate_shift, credit_shift, noise, forgetting):  # type: ignore[no-untyped-def]
    """Advance a synapse's credit: e' = sat16(e - rounded(e / 2^credit_shift) + rounded(pairs / 2^rate_shift)).

    eligibility: -32767..32767. noise, forgetting: 0..65535, two draws. Decay is rounded as learning is, so that small
    credit fades to zero from both sides instead of stopping at 2^credit_shift - 1 or -1.

    Source: Izhikevich 2007, Cereb. Cortex 17:2443 (dc/dt = -c/tau_c + STDP).
    """
    kept = int32(eligibility - rounded(eligibility, credit_shift, forgetting))
    return min(max(int32(kept + rounded(pairs, rate_shift, noise)), int32(-ELIGIBILITY_MAX)), int32(ELIGIBILITY_MAX))


@njit(cache=True, inline="always")
def reward_step(weight, eligibility, reward, reward_shift, low, high, noise):  # type: ignore[no-untyped-def]
    """Pay one synapse: w' = w + rounded(reward * eligibility / 2^reward_shift) within low..high; reward -32767..32767.

    Source: Izhikevich 2007, Cereb. Cortex 17:2443 (ds/dt = c d), with the reward itself for the dopamine d.
    """
    return nudged(weight, int32(reward * eligibility), reward_shift, low, high, noise)


@njit(cache=True)
def _follow(rule, pre_trace, post_trace, pre_fired, post_fired):  # type: ignore[no-untyped-def]
    for i in range(pre_trace.size):
        pre_trace[i] = trace_step(int32(pre_trace[i]), pre_fired[i], rule.pre_shift, rule.trace_bump)
    for i in range(post_trace.size):
        post_trace[i] = trace_step(int32(post_trace[i]), post_fired[i], rule.post_shift, rule.trace_bump)
    rule.tick += np.uint32(1)


@njit(cache=True)
def stdp_tick(rules, weight, pre_trace, post_trace, pre_fired, post_fired, active):  # type: ignore[no-untyped-def]
    """Advance one connection by one tick of spikes; returns the number of weights that were looked at.

    rules: RULE (1,). weight: int32 (post, pre). pre_trace, post_trace: int16. pre_fired, post_fired: uint8. active:
    int32 (pre,), scratch. Only rows of neurons that fired and columns of inputs that fired are touched.
    """
    rule = rules[0]
    updates = 0
    if rule.learning != 0:
        start = noise_start(rule.key, rule.tick, 0)
        gain, loss, shift = int32(rule.potentiation), int32(rule.depression), int32(rule.rate_shift)
        count = 0
        for i in range(pre_fired.size):
            active[count] = i
            count += pre_fired[i] != 0
        for row in range(post_fired.size):
            first = row * pre_fired.size
            late = int32(post_trace[row])
            if post_fired[row]:
                for i in range(pre_fired.size):
                    pairs = pairing(pre_fired[i] != 0, True, int32(pre_trace[i]), late, gain, loss)
                    noise = dither(start, first + i)
                    weight[row, i] = stdp_step(weight[row, i], pairs, shift, rule.low, rule.high, noise)
                updates += pre_fired.size
            elif late != 0:
                for k in range(count):
                    i = active[k]
                    pairs = pairing(True, False, int32(pre_trace[i]), late, gain, loss)
                    noise = dither(start, first + i)
                    weight[row, i] = stdp_step(weight[row, i], pairs, shift, rule.low, rule.high, noise)
                updates += count
    _follow(rule, pre_trace, post_trace, pre_fired, post_fired)
    return updates


@njit(cache=True)
def rewarded_tick(rules, weight, eligibility, pre_trace, post_trace, pre_fired, post_fired, reward):  # type: ignore[no-untyped-def]
    """As `stdp_tick`, but pairs go to int16 (post, pre) eligibility, which `reward` (one number) turns into weight.

    Every synapse is touched in every tick. Returns the number of weights and eligibilities that were looked at.
    """
    rule = rules[0]
    updates = 0
    if rule.learning != 0:
        earn, forget, pay = (
            noise_start(rule.key, rule.tick, 0),
            noise_start(rule.key, rule.tick, 1),
            noise_start(rule.key, rule.tick, 2),
        )
        gain, loss, shift = int32(rule.potentiation), int32(rule.depression), int32(rule.rate_shift)
        credit_shift, reward_shift = int32(rule.credit_shift), int32(rule.reward_shift)
        low, high = int32(rule.low), int32(rule.high)
        reward = int32(min(max(reward, -32767), 32767))
        for row in range(post_fired.size):
            first = row * pre_fired.size
            late, fired = int32(post_trace[row]), post_fired[row] != 0
            for i in range(pre_fired.size):
                pairs = pairing(pre_fired[i] != 0, fired, int32(pre_trace[i]), late, gain, loss)
                eligibility[row, i] = eligibility_step(
                    int32(eligibility[row, i]),
                    pairs,
                    shift,
                    credit_shift,
                    dither(earn, first + i),
                    dither(forget, first + i),
                )
            if reward != 0:
                for i in range(pre_fired.size):
                    weight[row, i] = reward_step(
                        weight[row, i],
                        int32(eligibility[row, i]),
                        reward,
                        reward_shift,
                        low,
                        high,
                        dither(pay, first + i),
                    )
        updates = weight.size * (2 if reward != 0 else 1)
    _follow(rule, pre_trace, post_trace, pre_fired, post_fired)
    return updates
