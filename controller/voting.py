"""Three replicas of the grip controller that vote: majority of spikes within the tick, median of efforts at its end.

Each population's spikes are voted on before they are used, so traces, read-outs and learning of all replicas go on with
what two of three fired. Weights are each replica's own: what a wrong one reads out, the median of the efforts leaves
out. The guard of each replica continues from the efforts that were chosen.

Source: triple modular redundancy, von Neumann 1956, Probabilistic logics, Automata Studies, 43-98.
"""

from __future__ import annotations

from numba import int16, int32, njit

from .image import AHEAD, EYE, FEELERS, FRICTION, SENSES
from .network import Network, act, grip_context, listen, motion_context
from .reflex import decide_slip, excite, feel, fire_ahead, fire_friction, foresee, learn_friction
from .servo import refer

REPLICAS = 3


@njit(cache=True, inline="always")
def median(a, b, c):  # type: ignore[no-untyped-def]
    """The middle one of three."""
    return max(min(a, b), min(max(a, b), c))


@njit(cache=True)
def vote(states, start, stop):  # type: ignore[no-untyped-def]
    """Give flags start..stop-1 of `fired` in IMAGE (3,) `states` the majority's value; returns the sum of them."""
    a, b, c = states[0].fired, states[1].fired, states[2].fired
    total = int32(0)
    for i in range(start, stop):
        flag = (a[i] & b[i]) | (c[i] & (a[i] | b[i]))
        a[i] = b[i] = c[i] = flag
        total += int32(flag)
    return total


@njit(cache=True)
def voting_tick(state, spikes, count, analog, goal, x, probe):  # type: ignore[no-untyped-def]
    """`network.tick` on IMAGE (3,) `state`; writes each one's efforts, all the same, and `probe` (1,), the medians."""
    height, hold = int32(analog[2]), int32(goal[0])
    sense = FRICTION + AHEAD
    for r in range(REPLICAS):
        listen(state[r], analog)
        feel(state[r], spikes, count)
    felt = vote(state, sense, sense + FEELERS)
    seen = vote(state, sense + FEELERS, sense + FEELERS + EYE)
    for r in range(REPLICAS):
        excite(state[r], felt, seen, int32(analog[3]))
    bursting = vote(state, sense + FEELERS + EYE, sense + SENSES)
    started = False
    for r in range(REPLICAS):
        started = decide_slip(state[r], bursting)
        grip_context(state[r], analog, x)
        fire_friction(state[r], x)
    certain = vote(state, 0, FRICTION)
    for r in range(REPLICAS):
        learn_friction(state[r], int32(analog[6]), int32(analog[7]))
        refer(state[r], int32(goal[1]), height, hold)
        motion_context(state[r], x)
        fire_ahead(state[r], x)
    fired = vote(state, FRICTION, sense)
    a, b, c = state[0], state[1], state[2]
    foreseen = median(
        act(a, hold, height, foresee(a)), act(b, hold, height, foresee(b)), act(c, hold, height, foresee(c))
    )
    for e in range(a.effort.size):
        a.effort[e] = b.effort[e] = c.effort[e] = int16(median(a.effort[e], b.effort[e], c.effort[e]))
    spikes_made = felt + seen + bursting + certain + fired
    for r in range(REPLICAS):
        state[r].ledger[3] += spikes_made
    p = probe[0]
    p.slip = a.slipping != 0
    p.started = started
    p.compliance = median(a.compliance, b.compliance, c.compliance)
    p.grip_target = median(a.grip, b.grip, c.grip) >> 8
    p.load_ahead = foreseen >> 1
    p.spikes = spikes_made


class VotingNetwork(Network):
    """Three of the spiking controller as one brain; undamaged, it commands what a single one does."""

    replicas = REPLICAS
    _tick = staticmethod(voting_tick)
