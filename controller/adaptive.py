"""The adaptive LIF neuron: one whose threshold each of its own spikes raises, and time lets sink again."""

from __future__ import annotations

from numba import int32, njit

V_MIN, V_MAX = -32768, 32767
FRACTION = 12
"""Fractional bits of the adaptation; a decay shift of at most as many lets the threshold come back entirely."""
ADAPTATION_MAX = (V_MAX << FRACTION) + (1 << FRACTION) - 1


@njit(cache=True, inline="always")
def adaptive_step(v, adaptation, current, leak_shift, sink_shift, threshold, bump):  # type: ignore[no-untyped-def]
    """Advance one neuron by one tick: a LIF (`neuron.lif_step`) that fires at threshold + (adaptation >> 12).

    v' = sat16(v - (v >> leak_shift) + current), less the level it fired at; adaptation' = min(adaptation -
    (adaptation >> sink_shift) + (bump << 12 if it fired), ADAPTATION_MAX). The spike of this tick counts from the next.

    Args:
        v: membrane state, int16 range.
        adaptation: rise of the threshold, 12 fractional bits, 0..ADAPTATION_MAX.
        current: summed synaptic input of this tick, -2^24..2^24.
        leak_shift: time constant of the membrane, 2^leak_shift ticks, 1..15.
        sink_shift: that of the adaptation, 1..12.
        threshold: firing level at rest, 1..32767. With its rise it may pass 32767: the neuron then waits.
        bump: rise per spike, 0..32767.

    Returns:
        v', adaptation', fired.

    Source: the ALIF neuron of Bellec et al. 2020, Nat. Commun. 11:3625: A = v_th + beta a, a' = rho a + z. Here the
    bump scales z instead of beta a, and reset subtracts A instead of v_th: less would leave a residue that makes up
    for the raised threshold, and a neuron that leaks little would not tire.
    """
    v = int32(int32(v - int32(v >> leak_shift)) + int32(current))
    v = min(max(v, int32(V_MIN)), int32(V_MAX))
    level = int32(threshold + int32(adaptation >> FRACTION))
    fired = v >= level
    adaptation = int32(adaptation - int32(adaptation >> sink_shift))
    raised = min(int32(adaptation + int32(bump << FRACTION)), int32(ADAPTATION_MAX))
    return (int32(v - level) if fired else v), (raised if fired else adaptation), fired


@njit(cache=True)
def adaptive_population(v, adaptation, current, leak_shift, sink_shift, threshold, bump, fired):  # type: ignore[no-untyped-def]
    """`adaptive_step` for int32 (N,) v, adaptation, current; writes uint8 (N,) fired. Returns the number of spikes."""
    leak_shift, sink_shift, threshold, bump = int32(leak_shift), int32(sink_shift), int32(threshold), int32(bump)
    spikes = int32(0)
    for i in range(v.size):
        v[i], adaptation[i], fires = adaptive_step(
            v[i], adaptation[i], current[i], leak_shift, sink_shift, threshold, bump
        )
        fired[i] = fires
        spikes = int32(spikes + int32(fires))
    return spikes
