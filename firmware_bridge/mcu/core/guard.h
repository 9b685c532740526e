// The last word before the motors. Whatever the brain asks for, the joint sees no more than its limits and never a step
// above slew per tick, and moves to a safe effort once commands stop. Mirrors controller/guard.py; guard.hex judges.
#ifndef GANGLION_GUARD_H
#define GANGLION_GUARD_H

#include <stddef.h>
#include <stdint.h>

// Clamps asked to low..high, then lets it move at most slew from last. low <= high, slew: 1..32767.
int16_t guard_step(int16_t last, int32_t asked, int16_t low, int16_t high, int16_t slew);

// Effort when no command came this tick: moves from last toward safe by at most fall, 1..32767.
int16_t stale_step(int16_t last, int16_t safe, int16_t fall);

// guard_step for each of n efforts, in place.
void guard_efforts(int16_t *last, const int32_t *asked, const int16_t *low, const int16_t *high, const int16_t *slew,
                   size_t n);

#endif
