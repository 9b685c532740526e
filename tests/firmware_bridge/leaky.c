// A brain for tests of the wire: two leaky integrators and a count, so that a step lost, repeated or reordered, or one
// spike missing, leaves a trace in every later effort and in the hash. It obeys the laws of nothing alive.
#include "../../firmware_bridge/mcu/host/sitl.h"

#include <string.h>

typedef struct {
    uint32_t ticks, frozen;
    int32_t level[2], learned;
} leaky_t;

static uint16_t leaky_step(void *self, const sensed_t *s, int16_t *effort) {
    leaky_t *l = self;
    int32_t sum = 0;
    for (size_t i = 0; i < s->count; i++) {
        sum += 1 + s->spikes[i];
    }
    l->level[0] += ((s->analog[0] + s->analog[7] - l->level[0]) >> 2) + sum;
    l->level[1] += ((s->goal[1] - l->level[1]) >> 3) + (int32_t)s->count;
    if (!l->frozen) {
        l->learned = (l->learned + l->level[0] + 7) & 0xffff;
    }
    l->ticks++;
    effort[0] = (int16_t)((l->level[0] + l->learned) % 32768);
    effort[1] = (int16_t)(l->level[1] % 32768);
    return (uint16_t)s->count;
}

static void leaky_reset(void *self) { memset(self, 0, sizeof(leaky_t)); }
static void leaky_freeze(void *self, bool frozen) { ((leaky_t *)self)->frozen = frozen; }
static uint32_t leaky_hash(void *self) { return framing_crc32(0, self, sizeof(leaky_t)); }

const brain_t *sitl_brain(void) {
    static leaky_t state;
    static const brain_t brain = {
        .self = &state, .target = "sitl", .build = 0x1ea4, .image = 0, .analog = 8, .goal = 2, .effort = 2,
        .addresses = 86, .neurons = 3, .step = leaky_step, .reset = leaky_reset, .freeze = leaky_freeze,
        .hash = leaky_hash, .cycles = NULL,
    };
    return &brain;
}
