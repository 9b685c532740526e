"""Populations of Izhikevich neurons; their law is that of the afferents, `sensors.izhikevich.izhikevich_step`."""

from __future__ import annotations

from numba import int32, njit

from sensors.izhikevich import izhikevich_step


@njit(cache=True)
def izhikevich_population(v, u, current, a, b, c, d, fired):  # type: ignore[no-untyped-def]
    """`izhikevich_step` for int32 (N,) v, u, current; writes uint8 (N,) fired. Returns the number of spikes.

    a, b, c, d: of the whole population, as in `sensors.izhikevich.Kind`.
    """
    a, b, c, d = int32(a), int32(b), int32(c), int32(d)
    spikes = int32(0)
    for i in range(v.size):
        v[i], u[i], fires = izhikevich_step(v[i], u[i], current[i], a, b, c, d)
        fired[i] = fires
        spikes = int32(spikes + int32(fires))
    return spikes
