"""Populations of the Loihi profile's neuron whose parameters differ from neuron to neuron; the law is `loihi_step`."""

from __future__ import annotations

from numba import int32, njit

from .loihi import loihi_step


@njit(cache=True)
def cuba_population(u, v, a, bias, keep_u, keep_v, threshold, fired):  # type: ignore[no-untyped-def]
    """`loihi.loihi_step` for int32 (N,) arrays; writes u, v and uint8 (N,) fired. Returns the number of spikes."""
    spikes = int32(0)
    for i in range(u.size):
        u[i], v[i], fires = loihi_step(u[i], v[i], a[i], bias[i], keep_u[i], keep_v[i], threshold[i])
        fired[i] = fires
        spikes = int32(spikes + int32(fires))
    return spikes
