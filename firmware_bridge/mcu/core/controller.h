// The spiking grip controller, one tick at a time, on a record that the caller owns. Mirrors controller/: network.py,
// reflex.py, servo.py and stale.py, function by function, bit for bit; tests/firmware_bridge/test_controller.py judges.
//
// Like Python's, sums are of 64 bits and become 32 when they are stored.
#ifndef GANGLION_CONTROLLER_H
#define GANGLION_CONTROLLER_H

#include "../image.h"
#include "dispatcher.h"

typedef struct {
    bool started;
    int32_t spikes;
} slipped_t;

// One tick of the slip detector.
slipped_t sense_slip(image_t *s, const uint8_t *spikes, size_t count, int32_t rising);

// One tick of the friction population; x: log of the grip, opening. Returns its spikes.
int32_t learn_friction(image_t *s, int32_t rim_normal, int32_t rim_shear, const int16_t x[2]);

// One tick of the feed-forward population. Returns its spikes, and the foreseen swing of the load in mN.
int32_t foresee(image_t *s, const int16_t x[2], int64_t *swing);

// Grip for a load.
int64_t decide_grip(image_t *s, int64_t load_mn);

// Advances the reference height: a tug at first, then the goal.
void refer(image_t *s, int32_t goal, int32_t height, int32_t hold);

// Lifting effort that follows the reference height.
int64_t lift_effort(const image_t *s, int32_t height);

// One tick of all of it; writes s->effort and what it thought. Returns the spikes of all populations.
uint16_t controller_tick(image_t *s, const sensed_t *sensed, wire_thought_t *thought);

// A tick in which no senses came; returns whether every effort is safe.
bool controller_stale(image_t *s);

// Offers the controller to the dispatcher. initial: NULL where memory is short. target: at most 16 characters.
brain_t controller_brain(image_t *record, image_t *initial, const char *target, uint32_t build);

// The integers of controller/: stored with 32 bits, divided and shifted toward minus infinity.
static inline int32_t wrap32(int64_t x) { return (int32_t)(uint32_t)(uint64_t)x; }
static inline int16_t wrap16(int64_t x) { return (int16_t)(uint16_t)(uint64_t)x; }
static inline int64_t min64(int64_t a, int64_t b) { return a < b ? a : b; }
static inline int64_t max64(int64_t a, int64_t b) { return a > b ? a : b; }
static inline int64_t clamp64(int64_t x, int64_t low, int64_t high) { return min64(max64(x, low), high); }
static inline int64_t floor_divide(int64_t a, int32_t b) { return a / b - (a % b < 0); }

#endif
