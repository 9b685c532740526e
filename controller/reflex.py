"""Slip, friction and grip: the spiking network that decides how hard to hold.

The quantity learned is compliance, 1/friction: each pad needs a grip of compliance * load / 2. Learning it needs no
division anywhere: at the rim of a contact, where bristles have let go, normal = compliance * shear.
"""

from __future__ import annotations

from numba import int16, int32, njit

from .guard import clamp
from .image import AHEAD, EYE, FEELERS, FRICTION, SENSES, SLIP
from .neuron import encode, lif_population, lif_step, trace_population
from .plasticity import pes_narrow, read_narrow, scramble
from .servo import PROBE_TICKS

THRESHOLD = 16384
LEAK_SHIFT = 5
TRACE_SHIFT = 5
TRACE_STEP = 512
SENSE_LEAK_SHIFT = 4
POOL_LEAK_SHIFT = 4
COMPLIANCE_MIN, COMPLIANCE_MAX = 1900, 20480
GRIP_MOST_MN = 170000  # a little over what the guard lets pass
BURST_ON, BURST_OFF = 500, 200
VOTE, POOL_REST = 600, 300
HELD, LOOSE = -2000, 500  # the least and the most that the pool hears of how well the object is held
DRIVE_MOST = 65535  # lifts any membrane to its limit
EYE_VOTES, EYE_TUG_VOTES = 3, 10  # the eye hardly ever speaks unless something slips, and in the tug least of all
RISES = 5  # 0.5 mm/s of the hand
PULLS = 12  # mN by which the load outruns its mean for each 0.1 mm/s of the hand, from which on the pads stick
EYE_FIRST = 38
SLIDES = 27  # of 32: the whole contact's shear per normal to the rim's, above which the whole is taken to slide
SLIP_RATE_SHIFT = 13  # what slip teaches, in proportion to compliance: slippery objects need larger steps
BELIEVE = 36  # of 32: likewise, above which the rim lags behind


@njit(cache=True)
def normalised(a, b):  # type: ignore[no-untyped-def]
    """Scale a > 0 and b by one power of two so that a lies in 8192..16383; b saturates at +-2^20."""
    while a >= 16384:
        a >>= 1
        b >>= 1
    while a < 8192:
        a <<= 1
        b <<= 1
    return a, clamp(b, -(1 << 20), 1 << 20)


@njit(cache=True)
def feel(s, spikes, count):  # type: ignore[no-untyped-def]
    """One tick of the feelers and eye cells; returns the spikes of both."""
    current = s.current
    for i in range(SENSES):
        current[i] = 0
    for k in range(count):
        address = int32(spikes[k])
        if address < FEELERS:
            current[address] += s.feeler_weight
        elif address >= EYE_FIRST and address < EYE_FIRST + EYE:
            current[FEELERS + address - EYE_FIRST] += s.eye_weight
    felt = seen = int32(0)
    for i in range(FEELERS + EYE):
        v, fires = lif_step(s.sense_v[i], current[i], SENSE_LEAK_SHIFT, THRESHOLD)
        s.sense_v[i] = max(v, -THRESHOLD)
        fires = fires and s.sense_alive[i] != 0
        s.fired[FRICTION + AHEAD + i] = fires
        felt += int32(fires) if i < FEELERS else int32(0)
        seen += int32(fires) if i >= FEELERS else int32(0)
    s.ledger[1] += count + (felt + seen) * SLIP
    return felt, seen


@njit(cache=True)
def excite(s, felt, seen, rising):  # type: ignore[no-untyped-def]
    """One tick of the pool of slip neurons; returns its spikes.

    In the hand it is held down in proportion to how far the load is from what the learned friction can carry. In the
    tug it is held down but for while the hand rises and the load does not, since pads that stick pull the load up.
    felt, seen: spikes of feelers and eye cells. rising: speed of the hand, 0.1 mm/s.
    """
    if s.carried == 0:
        slides = rising >= RISES and (s.load_mn >> 4) - (s.load_slow >> 8) < PULLS * rising
        drive = (LOOSE if slides else HELD) + VOTE * (felt + EYE_TUG_VOTES * seen) - POOL_REST
    else:
        need = int32((s.compliance * (s.load_mn >> 4)) >> 12)
        normal = max(s.normal_mn >> 4, 1)
        _, overload = normalised(normal, need - normal + (normal >> 4))
        drive = clamp((overload * 5) >> 4, HELD, LOOSE) + VOTE * (felt + EYE_VOTES * seen) - POOL_REST
    drive = min(drive, DRIVE_MOST) if s.touch >= 30 else int32(0)
    bursting = int32(0)
    for i in range(FEELERS + EYE, SENSES):
        rank = int32(i - FEELERS - EYE)
        v, fires = lif_step(s.sense_v[i], drive - 40 * rank, POOL_LEAK_SHIFT, THRESHOLD)
        s.sense_v[i] = max(v, -THRESHOLD >> 2)
        fires = fires and s.sense_alive[i] != 0
        s.fired[FRICTION + AHEAD + i] = fires
        bursting += int32(fires)
    return bursting


@njit(cache=True)
def decide_slip(s, bursting):  # type: ignore[no-untyped-def]
    """Slip begins and ends with hysteresis in the pool's rate; returns whether it began in this tick."""
    s.burst = s.burst - (s.burst >> 3) + 64 * bursting
    was = s.slipping
    if s.burst > BURST_ON:
        s.slipping = 1
    elif s.burst < BURST_OFF:
        s.slipping = 0
    return s.slipping != 0 and was == 0


@njit(cache=True, inline="always")
def believed(normal, lack):  # type: ignore[no-untyped-def]
    """What to learn of a lack of grip: a sixteenth beyond 3/8 of the grip, which no loss of friction explains."""
    return lack if 8 * lack <= 3 * normal else lack >> 4


@njit(cache=True)
def fire_friction(s, x):  # type: ignore[no-untyped-def]
    """One tick of the friction population's membranes; x int16 (2,): log of the grip, opening. Returns its spikes."""
    encode(x, s.friction_encoder, s.friction_bias, 8, s.current[:FRICTION])
    spikes = lif_population(
        s.friction_v, s.current[:FRICTION], LEAK_SHIFT, THRESHOLD, s.friction_alive, s.fired[:FRICTION]
    )
    s.ledger[1] += spikes * 2
    return spikes


@njit(cache=True)
def learn_friction(s, rim_normal, rim_shear):  # type: ignore[no-untyped-def]
    """What the friction population's spikes say and are taught: its read-out is the compliance, taught by sliding.

    In the tug the lightly held pads slide by some hundredths of
    a millimetre, and grip per load is compliance. If instead the object rises, being light, the rim's ratio stands in:
    its bristles carry the most for their pressure, so it shows that friction is no less. In the hand a burst of slip
    teaches from the totals, since the whole contact slides, and the rim may only lower the grip, by what exceeds an
    eighth.
    """
    trace_population(s.friction_trace, s.fired[:FRICTION], TRACE_SHIFT, TRACE_STEP)
    s.compliance = clamp(s.prior + read_narrow(s.friction_weight, s.friction_trace), COMPLIANCE_MIN, COMPLIANCE_MAX)
    load = s.load_mn >> 4
    normal = max(s.normal_mn >> 4, 1)
    error = int32(0)
    if s.touch >= 30 and load > 60:
        n, t = normalised(normal, load >> 1)
        whole, rim = t * (rim_normal >> 7), (n >> 7) * max(rim_shear, 0)
        lack = rim_normal - ((s.compliance * max(rim_shear, 0)) >> 11)
        if s.carried == 0:
            if 0 < s.probed < PROBE_TICKS:
                slides = 32 * (whole >> 5) >= SLIDES * (rim >> 5)
                error = 3 * (n - ((s.compliance * t) >> 11) if slides else lack)
        elif 32 * (whole >> 5) < BELIEVE * (rim >> 5):
            error = min(lack + (rim_normal >> 3), 0) >> 1
        if s.tick & 15 == 0:
            s.peak[1, 0], s.peak[1, 1] = s.peak[0, 0], s.peak[0, 1]
            s.peak[0, 0], s.peak[0, 1] = n, t
        elif (t >> 3) * (s.peak[0, 0] >> 3) > (s.peak[0, 1] >> 3) * (n >> 3):
            s.peak[0, 0], s.peak[0, 1] = n, t
        if s.slipping != 0 and s.carried != 0:
            # What it slides at is the most load per grip seen of late: once it sticks again the totals say less.
            first = believed(s.peak[0, 0], s.peak[0, 0] - ((s.compliance * s.peak[0, 1]) >> 11))
            last = believed(s.peak[1, 0], s.peak[1, 0] - ((s.compliance * s.peak[1, 1]) >> 11))
            error = max(error, (max(min(first, last), 0) * s.compliance) >> SLIP_RATE_SHIFT)
    updates = int32(0)
    if s.learning != 0 and error != 0:
        start = scramble(s.tick * 2 + s.key)
        updates = pes_narrow(s.friction_weight, error >> 1, s.friction_trace, 16, start)
    s.ledger[2] += updates


@njit(cache=True)
def fire_ahead(s, x):  # type: ignore[no-untyped-def]
    """One tick of the feed-forward population's membranes; x int16 (2,): the motion intended. Returns its spikes."""
    encode(x, s.ahead_encoder, s.ahead_bias, 8, s.current)
    fired = s.fired[FRICTION : FRICTION + AHEAD]
    spikes = lif_population(s.ahead_v, s.current, LEAK_SHIFT, THRESHOLD, s.ahead_alive, fired)
    if s.carried != 0:
        s.ledger[1] += spikes
    return spikes


@njit(cache=True)
def foresee(s):  # type: ignore[no-untyped-def]
    """What the feed-forward population's spikes say and are taught: how the load will swing, in mN.

    Errors are as old as the senses, so they are credited to a trace as old: an eligibility of the same lag.
    """
    fired = s.fired[FRICTION : FRICTION + AHEAD]
    trace_population(s.ahead_trace, fired, TRACE_SHIFT, TRACE_STEP)
    for i in range(AHEAD):
        s.ahead_late[i] += int16((int32(s.ahead_trace[i]) - int32(s.ahead_late[i])) >> 4)
    if s.carried == 0:
        s.load_slow += ((s.load_mn << 4) - s.load_slow) >> 4
        s.innate_late = 0
        return int32(0)
    weight = s.load_slow >> 8
    innate = (weight * ((s.speed << 4) - s.speed_slow)) >> 14
    s.innate_late += ((innate << 4) - s.innate_late) >> 4
    late = (s.innate_late >> 4) + read_narrow(s.ahead_weight, s.ahead_late)
    error = (s.load_mn >> 4) - weight - late
    s.load_slow += error << 1
    if s.learning != 0:
        start = scramble(s.tick * 2 + 1 + s.key)
        s.ledger[2] += pes_narrow(s.ahead_weight, error >> 4, s.ahead_late, 16, start)
    return innate + read_narrow(s.ahead_weight, s.ahead_trace)


@njit(cache=True)
def decide_grip(s, load_mn):  # type: ignore[no-untyped-def]
    """Grip for a load: margin * compliance * load / 2, raised while slip bursts; quick to rise, slow to fall."""
    need = (s.compliance * max(load_mn, 0)) >> 12
    if s.slipping != 0:
        s.boosted = min(s.boosted + 3, s.boost)
    else:
        s.boosted -= (s.boosted + 63) >> 6
    wanted = min((need * s.margin) >> 8, GRIP_MOST_MN)
    wanted = min(wanted + ((wanted * s.boosted) >> 8), GRIP_MOST_MN)
    target = max((wanted << 8) // 5, s.touch_grip << 8) if s.probed >= PROBE_TICKS else s.touch_grip << 8
    s.grip += (target - s.grip) >> (2 if target > s.grip else 7)
    return s.grip >> 8
