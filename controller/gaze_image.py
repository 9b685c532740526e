"""The record of a gaze network: everything that its future depends on, its size set by the cells of its camera."""

from __future__ import annotations

from functools import cache

import numpy as np

from sensors.signals import MAX_SPIKES

from .gaze_joint import SENT
from .gaze_outline import SIDE

ADAPT = 128
"""Neurons that learn the effort of each of the two joints."""


@cache
def gaze_image(cells: int) -> np.dtype[np.void]:
    """The aligned record for a camera of cells x cells addresses. Angles are in U = 1e-4 rad, fine ones in U / 256."""
    return np.dtype(
        [
            ("tick", "<u4"),
            ("key", "<u4"),  # of the rounding noise
            ("learning", "<i4"),
            ("integrates", "<i4"),  # one integrator a joint in place of the populations' weights
            ("window", "<i4"),  # U, radius of attention
            ("alpha", "<i4"),  # share of a vote's offset that position takes, 1/4096
            ("beta", "<i4"),  # that speed takes, per tick, 1/65536
            ("memory_shift", "<i4"),  # of the outline, votes as a power of two
            ("surest", "<i4"),  # that it may become of its target
            ("settle_shift", "<i4"),  # votes of which the middle is the mean, likewise
            ("stiff", "<i4"),  # acceleration per offset, U / 65536 per tick and tick, of 1 U
            ("damp", "<i4"),  # that per speed, 1/65536
            ("late", "<i4"),  # ticks, age of what is sensed
            ("sight", "<i4"),  # ticks, age of events beyond that
            ("lead", "<i4"),  # ticks that a command acts later still
            ("response", "<i4", 2),  # what 1 LSB of effort adds to a joint's rate in a tick, U / 65536 per tick, 1/4096
            ("least", "<i4", 2),  # that it may be; the most is 16 times as much
            ("noise", "<i4", 2),  # effort LSB squared, below which a change of effort teaches little of it
            ("rate", "<i4", 2),  # of the joints as last sensed, U / 65536 per tick
            ("gained", "<i4", 2),  # of that, in the tick before
            ("sent", "<i2", (2, SENT)),  # what accelerated the joints, effort LSB
            ("most", "<i4"),  # effort
            ("slew", "<i4"),  # of that, per tick
            ("tremor", "<i4"),  # U
            ("patience", "<i4"),  # ticks without a vote after which it trembles
            ("column", "<i2", cells),  # U to the left of the optical axis
            ("row", "<i2", cells),  # U above it
            ("map_v", "<i4", cells * cells),
            ("map_current", "<i4", cells * cells),
            ("map_fired", "u1", cells * cells),
            ("voter", "<i4", MAX_SPIKES),  # neurons of the map that fired
            ("moved", "<i4", 2),  # sums of their votes, see `gaze_sight.vote`
            ("off", "<i4", 2),
            ("near", "<i4", 2),
            ("outline", "<i4", (SIDE, SIDE)),
            ("frame", "<i4", 2),  # direction of the outline's frame, U / 256
            ("middle", "<i4", 2),  # of the outline in its frame, U / 256
            ("fresh", "<i4"),  # votes since the middle was last looked for
            ("met", "<i4"),  # votes that it is the mean of
            ("where", "<i4", 2),  # direction of the target, U / 256
            ("speed", "<i4", 2),  # of that, U / 65536 per tick
            ("surety", "<i4"),  # 0 nothing seen .. 4096 sure
            ("quiet", "<i4"),  # ticks since a vote
            ("adapt_encoder", "i1", (2, ADAPT, 2)),
            ("adapt_bias", "<i4", (2, ADAPT)),
            ("adapt_alive", "u1", ADAPT),
            ("adapt_v", "<i4", (2, ADAPT)),
            ("adapt_fired", "u1", (2, ADAPT)),
            ("adapt_trace", "<i2", (2, ADAPT)),
            ("adapt_weight", "<i4", (2, ADAPT)),
            ("integral", "<i8", 2),  # effort, 32 fractional bits
            ("adapt_current", "<i4", ADAPT),
            ("effort", "<i2", 2),
            ("ledger", "<i8", 4),  # neuron updates, synaptic events, learning updates, spikes
        ],
        align=True,
    )


LEARNED = ("adapt_weight", "response")
