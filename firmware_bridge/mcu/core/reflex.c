// Slip, friction and grip. Mirrors controller/reflex.py.
#include "controller.h"
#include "neuron.h"
#include "plasticity.h"

// Scales *a > 0 and *b by one power of two so that *a lies in 8192..16383; *b saturates at +-2^20.
static void normalise(int64_t *a, int64_t *b) {
    while (*a >= 16384) {
        *a >>= 1;
        *b >>= 1;
    }
    while (*a < 8192) {
        *a *= 2;
        *b *= 2;
    }
    *b = clamp64(*b, -(1 << 20), 1 << 20);
}

static void excite(image_t *s, const uint8_t *spikes, size_t count) {
    for (size_t i = 0; i < SENSES; i++) {
        s->current[i] = 0;
    }
    for (size_t k = 0; k < count; k++) {
        const int address = spikes[k];
        if (address < FEELERS) {
            s->current[address] += s->feeler_weight;
        } else if (address >= EYE_FIRST && address < EYE_FIRST + EYE) {
            s->current[FEELERS + address - EYE_FIRST] += s->eye_weight;
        }
    }
}

// One sense neuron; its membrane stays at or above `floor`. Returns whether it fires.
static bool sense(image_t *s, size_t i, int32_t current, int leak_shift, int32_t floor) {
    int32_t v = s->sense_v[i];
    const bool fires = lif_step(&v, current, leak_shift, THRESHOLD) && s->sense_alive[i] != 0;
    s->sense_v[i] = v < floor ? floor : v;
    s->fired[FRICTION + AHEAD + i] = fires;
    return fires;
}

// What the pool hears in the tug: pads that stick pull the load up with the hand.
static int64_t heard_in_tug(const image_t *s, int32_t rising) {
    const int64_t pulled = (int64_t)(s->load_mn >> 4) - (s->load_slow >> 8);
    return rising >= RISES && pulled < PULLS * rising ? LOOSE : HELD;
}

// What it hears in the hand: how far the load is from what the learned friction can carry.
static int64_t heard_in_hand(const image_t *s) {
    const int64_t need = wrap32(((int64_t)s->compliance * (s->load_mn >> 4)) >> 12);
    int64_t normal = max64(s->normal_mn >> 4, 1), overload = need - normal + (normal >> 4);
    normalise(&normal, &overload);
    return clamp64((overload * 5) >> 4, HELD, LOOSE);
}

slipped_t sense_slip(image_t *s, const uint8_t *spikes, size_t count, int32_t rising) {
    excite(s, spikes, count);
    int32_t felt = 0, seen = 0, bursting = 0;
    for (size_t i = 0; i < FEELERS + EYE; i++) {
        const bool fires = sense(s, i, s->current[i], SENSE_LEAK_SHIFT, -THRESHOLD);
        *(i < FEELERS ? &felt : &seen) += fires;
    }
    const int64_t heard = s->carried == 0 ? heard_in_tug(s, rising) : heard_in_hand(s);
    const int32_t votes = felt + (s->carried == 0 ? EYE_TUG_VOTES : EYE_VOTES) * seen;
    const int64_t drive = s->touch >= 30 ? min64(heard + VOTE * votes - POOL_REST, DRIVE_MOST) : 0;
    for (size_t i = FEELERS + EYE; i < SENSES; i++) {
        const int32_t rank = (int32_t)(i - FEELERS - EYE);
        bursting += sense(s, i, (int32_t)drive - 40 * rank, POOL_LEAK_SHIFT, -(THRESHOLD >> 2));
    }
    s->burst = s->burst - (s->burst >> 3) + 64 * bursting;
    const int32_t was = s->slipping;
    if (s->burst > BURST_ON) {
        s->slipping = 1;
    } else if (s->burst < BURST_OFF) {
        s->slipping = 0;
    }
    s->ledger[1] += (int64_t)count + (int64_t)(felt + seen) * SLIP;
    return (slipped_t){s->slipping != 0 && was == 0, felt + seen + bursting};
}

// A lack of grip beyond what a loss of friction explains teaches a sixteenth of it.
static int64_t believed(int64_t normal, int64_t lack) {
    return 8 * lack <= 3 * normal ? lack : lack >> 4;
}

// What the whole contact's slide teaches while the object is lifted, or the rim before: the error of compliance.
static int64_t friction_error(image_t *s, int64_t load, int32_t rim_normal, int32_t rim_shear) {
    int64_t error = 0, n = max64(s->normal_mn >> 4, 1), t = load >> 1;
    normalise(&n, &t);
    const int64_t compliance = s->compliance, shear = max64(rim_shear, 0);
    const int64_t whole = t * (rim_normal >> 7), rim = (n >> 7) * shear;
    const int64_t lack = rim_normal - ((compliance * shear) >> 11);
    if (s->carried == 0) {
        if (0 < s->probed && s->probed < PROBE_TICKS) {
            const bool slides = 32 * (whole >> 5) >= SLIDES * (rim >> 5);
            error = 3 * (slides ? n - ((compliance * t) >> 11) : lack);
        }
    } else if (32 * (whole >> 5) < BELIEVE * (rim >> 5)) {
        error = min64(lack + (rim_normal >> 3), 0) >> 1;
    }
    int32_t(*peak)[2] = s->peak;
    if ((s->tick & 15) == 0) {
        peak[1][0] = peak[0][0];
        peak[1][1] = peak[0][1];
        peak[0][0] = (int32_t)n;
        peak[0][1] = (int32_t)t;
    } else if ((t >> 3) * (peak[0][0] >> 3) > (int64_t)(peak[0][1] >> 3) * (n >> 3)) {
        peak[0][0] = (int32_t)n;
        peak[0][1] = (int32_t)t;
    }
    if (s->slipping != 0 && s->carried != 0) {
        const int64_t first = believed(peak[0][0], peak[0][0] - ((compliance * peak[0][1]) >> 11));
        const int64_t last = believed(peak[1][0], peak[1][0] - ((compliance * peak[1][1]) >> 11));
        error = max64(error, (max64(min64(first, last), 0) * compliance) >> SLIP_RATE_SHIFT);
    }
    return error;
}

int32_t learn_friction(image_t *s, int32_t rim_normal, int32_t rim_shear, const int16_t x[2]) {
    encode(x, 2, s->friction_encoder[0], s->friction_bias, 8, s->current, FRICTION);
    const int32_t spikes =
        lif_population(s->friction_v, s->current, FRICTION, LEAK_SHIFT, THRESHOLD, s->friction_alive, s->fired);
    trace_population(s->friction_trace, s->fired, FRICTION, TRACE_SHIFT, TRACE_STEP);
    const int64_t decoded = (int64_t)s->prior + read_narrow(s->friction_weight, s->friction_trace, FRICTION);
    s->compliance = (int32_t)clamp64(decoded, COMPLIANCE_MIN, COMPLIANCE_MAX);
    const int32_t load = s->load_mn >> 4;
    const int64_t error = s->touch >= 30 && load > 60 ? friction_error(s, load, rim_normal, rim_shear) : 0;
    int32_t updates = 0;
    if (s->learning != 0 && error != 0) {
        const int32_t limited = (int32_t)clamp64(error >> 1, -ERROR_MAX, ERROR_MAX);
        updates = pes_narrow(s->friction_weight, limited, s->friction_trace, FRICTION, 16,
                                 scramble(s->tick * 2 + s->key));
    }
    s->ledger[1] += spikes * 2;
    s->ledger[2] += updates;
    return spikes;
}

int32_t foresee(image_t *s, const int16_t x[2], int64_t *swing) {
    uint8_t *fired = s->fired + FRICTION;
    encode(x, 2, s->ahead_encoder[0], s->ahead_bias, 8, s->current, AHEAD);
    const int32_t spikes =
        lif_population(s->ahead_v, s->current, AHEAD, LEAK_SHIFT, THRESHOLD, s->ahead_alive, fired);
    trace_population(s->ahead_trace, fired, AHEAD, TRACE_SHIFT, TRACE_STEP);
    for (size_t i = 0; i < AHEAD; i++) {
        s->ahead_late[i] = (int16_t)(s->ahead_late[i] + ((s->ahead_trace[i] - s->ahead_late[i]) >> 4));
    }
    if (s->carried == 0) {
        s->load_slow = wrap32(s->load_slow + (((int64_t)s->load_mn * 16 - s->load_slow) >> 4));
        s->innate_late = 0;
        *swing = 0;
        return spikes;
    }
    const int64_t weight = s->load_slow >> 8;
    const int64_t innate = (weight * ((int64_t)s->speed * 16 - s->speed_slow)) >> 14;
    s->innate_late = wrap32(s->innate_late + ((innate * 16 - s->innate_late) >> 4));
    const int64_t late = (int64_t)(s->innate_late >> 4) + read_narrow(s->ahead_weight, s->ahead_late, AHEAD);
    const int64_t error = (s->load_mn >> 4) - weight - late;
    s->load_slow = wrap32(s->load_slow + error * 2);
    if (s->learning != 0) {
        const int32_t limited = (int32_t)clamp64(error >> 4, -ERROR_MAX, ERROR_MAX);
        s->ledger[2] += pes_narrow(s->ahead_weight, limited, s->ahead_late, AHEAD, 16,
                                       scramble(s->tick * 2 + 1 + s->key));
    }
    *swing = innate + read_narrow(s->ahead_weight, s->ahead_trace, AHEAD);
    s->ledger[1] += spikes;
    return spikes;
}

int64_t decide_grip(image_t *s, int64_t load_mn) {
    const int64_t need = (s->compliance * max64(load_mn, 0)) >> 12;
    if (s->slipping != 0) {
        s->boosted = (int32_t)min64((int64_t)s->boosted + 3, s->boost);
    } else {
        s->boosted = wrap32(s->boosted - (((int64_t)s->boosted + 63) >> 6));
    }
    int64_t wanted = min64((need * s->margin) >> 8, GRIP_MOST_MN);
    wanted = min64(wanted + ((wanted * s->boosted) >> 8), GRIP_MOST_MN);
    const int64_t touch = (int64_t)s->touch_grip * 256;
    const int64_t target = s->probed >= PROBE_TICKS ? max64(floor_divide(wanted * 256, 5), touch) : touch;
    s->grip = wrap32(s->grip + ((target - s->grip) >> (target > s->grip ? 2 : 7)));
    return s->grip >> 8;
}
