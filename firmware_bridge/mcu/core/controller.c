// One tick of the whole controller. Mirrors controller/network.py and stale.py.
#include "controller.h"

#include <string.h>

#include "guard.h"

// Logarithm to base 2 in 1/2048, linear between powers of two (Mitchell 1962); 0 for values below 1.
static int32_t log2_linear(int64_t value) {
    if (value < 1) {
        return 0;
    }
    int32_t exponent = 0;
    for (int64_t scaled = value; scaled > 1; scaled >>= 1) {
        exponent++;
    }
    return wrap32((exponent << 11) + ((value * 2048) >> exponent) - 2048);
}

static void silence_the_doomed(image_t *s) {
    for (size_t i = 0; i < FRICTION; i++) {
        s->friction_alive[i] = (uint8_t)(1 - s->doomed[i]);
    }
    for (size_t i = 0; i < AHEAD; i++) {
        s->ahead_alive[i] = (uint8_t)(1 - s->doomed[FRICTION + i]);
    }
    for (size_t i = 0; i < SENSES; i++) {
        s->sense_alive[i] = (uint8_t)(1 - s->doomed[FRICTION + AHEAD + i]);
    }
}

uint16_t controller_tick(image_t *s, const sensed_t *sensed, wire_thought_t *thought) {
    const int16_t *analog = sensed->analog, *goal = sensed->goal;
    s->tick++;
    if (s->dead_from != 0 && s->tick == s->dead_from) {
        silence_the_doomed(s);
    }
    const int32_t height = analog[2], normal = analog[4] * 5, load = analog[5] * 2;
    s->normal_mn = wrap32(s->normal_mn + (((int64_t)normal * 16 - s->normal_mn) >> 2));
    s->load_mn = wrap32(s->load_mn + (((int64_t)load * 16 - s->load_mn) >> 2));
    s->touch = (int32_t)(normal > 150 ? min64((int64_t)s->touch + 1, 1000) : max64((int64_t)s->touch - 4, 0));

    const slipped_t slipped = sense_slip(s, sensed->spikes, sensed->count, analog[3]);
    int32_t spikes = slipped.spikes;
    int16_t x[2];
    x[0] = wrap16(min64((int64_t)log2_linear(max64(s->normal_mn >> 4, 1)) * 2 - 32000, 32767) >> 3);
    x[1] = wrap16(clamp64((int64_t)analog[0] * 8 - 32768, -32768, 32767));
    spikes += learn_friction(s, analog[6], analog[7], x);
    refer(s, goal[1], height, goal[0]);
    x[0] = wrap16(clamp64((int64_t)s->speed * 8, -32768, 32767));
    x[1] = wrap16(clamp64(((int64_t)s->speed * 16 - s->speed_slow) * 8, -32768, 32767));
    int64_t swing;
    spikes += foresee(s, x, &swing);

    // In the tug what is carried is what is pulled with, which the hand knows before the skin does.
    const int64_t felt = s->load_mn >> 4;
    const int64_t ahead = max64(s->carried != 0 ? (s->load_slow >> 8) + swing
                                                : min64(s->effort[0] * 10, felt + (s->load_mn >> 6) + 40), 0);
    int64_t grip = OPEN_GRIP;
    if (goal[0] != 0) {
        grip = decide_grip(s, max64(felt, ahead));
    } else {
        s->grip = wrap32((int64_t)s->touch_grip * 256);
    }
    const int64_t lift = lift_effort(s, height);
    s->effort[0] = guard_step(s->effort[0], (int32_t)clamp64(lift, INT32_MIN, INT32_MAX), -LIFT_MAX, LIFT_MAX, LIFT_SLEW);
    s->effort[1] = guard_step(s->effort[1], (int32_t)grip, OPEN_GRIP, GRIP_MAX, GRIP_SLEW);
    s->ledger[0] += FRICTION + AHEAD + SENSES;
    s->ledger[3] += spikes;
    thought->flags = (uint8_t)((s->slipping != 0) | slipped.started << 1);
    thought->compliance = s->compliance;
    thought->grip_target = s->grip >> 8;
    thought->load_ahead = wrap32(ahead >> 1);
    return (uint16_t)spikes;
}

bool controller_stale(image_t *s) {
    s->effort[0] = stale_step(s->effort[0], 0, LIFT_FALL);
    return s->effort[0] == 0;
}

static uint16_t step(void *record, const sensed_t *sensed, int16_t *effort, wire_thought_t *thought) {
    image_t *s = record;
    const uint16_t spikes = controller_tick(s, sensed, thought);
    memcpy(effort, s->effort, sizeof s->effort);
    return spikes;
}

static bool stale(void *record, int16_t *effort) {
    image_t *s = record;
    const bool safe = controller_stale(s);
    memcpy(effort, s->effort, sizeof s->effort);
    return safe;
}

brain_t controller_brain(image_t *record, image_t *initial, const char *target, uint32_t build) {
    static const parameter_t parameters[WIRE_PARAMETERS] = IMAGE_PARAMETERS;
    brain_t brain = {
        .build = build, .layout = IMAGE_LAYOUT, .analog = ANALOG_CHANNELS, .goal = GOAL_CHANNELS,
        .effort = EFFORT_CHANNELS, .addresses = EYE_FIRST + EYE, .neurons = FRICTION + AHEAD + SENSES,
        .record = record, .initial = initial, .size = sizeof *record, .parameters = parameters, .step = step,
        .stale = stale,
    };
    for (size_t i = 0; i < sizeof brain.target && target[i] != '\0'; i++) {
        brain.target[i] = target[i];
    }
    return brain;
}
