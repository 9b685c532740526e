// A brain for tests of the wire: two leaky integrators and a count, so that a step lost, repeated or reordered, or one
// spike missing, leaves a trace in every later effort and in the hash. It obeys the laws of nothing alive.
#include "../../firmware_bridge/mcu/host/sitl.h"

typedef struct {
    int32_t learning, unused;
    uint32_t ticks;
    int32_t level[2], learned;
} leaky_t;

static uint16_t leaky_step(void *record, const sensed_t *s, int16_t *effort, wire_thought_t *thought) {
    leaky_t *l = record;
    int32_t sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        sum += 1 + s->spikes[i];
    }
    l->level[0] += ((s->analog[0] + s->analog[7] - l->level[0]) >> 2) + sum;
    l->level[1] += ((s->goal[1] - l->level[1]) >> 3) + (int32_t)s->count;
    if (l->learning) {
        l->learned = (l->learned + l->level[0] + 7) & 0xffff;
    }
    l->ticks++;
    effort[0] = (int16_t)((l->level[0] + l->learned) % 32768);
    effort[1] = (int16_t)(l->level[1] % 32768);
    *thought = (wire_thought_t){.flags = 3, .compliance = l->level[0], .grip_target = effort[0], .load_ahead = sum};
    return (uint16_t)s->count;
}

// Lets effort 0 fall by 4096 a tick and holds effort 1.
static bool leaky_stale(void *record, int16_t *effort) {
    (void)record;
    effort[0] = (int16_t)(effort[0] > 4096 ? effort[0] - 4096 : effort[0] < -4096 ? effort[0] + 4096 : 0);
    return effort[0] == 0;
}

static uint32_t leaky_cycles(void) {
    static uint32_t calls;
    return 1000 * calls++;
}

static const parameter_t PARAMETERS[WIRE_PARAMETERS] = {{offsetof(leaky_t, learning), 0, 1},
                                                        {offsetof(leaky_t, unused), -9, 9}};

const brain_t *sitl_brain(void) {
    static leaky_t state, initial;
    static const brain_t brain = {
        .target = "sitl", .build = 0x1ea4, .layout = 0x1ea4, .analog = 8, .goal = 2, .effort = 2, .addresses = 86,
        .neurons = 3, .record = &state, .initial = &initial, .size = sizeof state, .built_in = true,
        .parameters = PARAMETERS, .step = leaky_step, .stale = leaky_stale, .cycles = NULL,
    };
    state.learning = initial.learning = 1;
    return &brain;
}

// The same where memory is short, with a counter of cycles: empty until a record is loaded.
const brain_t *small_brain(void) {
    static leaky_t state;
    static const brain_t brain = {
        .target = "a target's name!", .build = 1, .layout = 2, .analog = 8, .goal = 2, .effort = 2, .addresses = 86,
        .neurons = 3, .record = &state, .size = sizeof state, .parameters = PARAMETERS, .step = leaky_step,
        .stale = leaky_stale, .cycles = leaky_cycles,
    };
    return &brain;
}

uint32_t pace_of(const dispatcher_t *d) { return d->pace_us; } // which the loops around a dispatcher read
