// The laws of the integer neurons. Mirrors controller/neuron.py bit for bit; tests/golden/lif.hex and trace.hex judge.
#ifndef GANGLION_NEURON_H
#define GANGLION_NEURON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

_Static_assert((-3 >> 1) == -2, "the laws need >> to round toward minus infinity");

enum { V_MIN = -32768, V_MAX = 32767, TRACE_MAX = 32767 };

static inline int32_t clamp32(int32_t x, int32_t low, int32_t high) {
    return x < low ? low : x > high ? high : x;
}

// *v' = sat16(v - (v >> leak_shift) + current); fires and subtracts at threshold.
// v: int16 range. current: -2^24..2^24. leak_shift: 1..15. threshold: 1..32767.
static inline bool lif_step(int32_t *v, int32_t current, int leak_shift, int32_t threshold) {
    const int32_t next = clamp32(*v - (*v >> leak_shift) + current, V_MIN, V_MAX);
    const bool fired = next >= threshold;
    *v = fired ? next - threshold : next;
    return fired;
}

// a' = min(a - (a >> decay_shift) + step * fired, 32767). a: 0..32767. decay_shift: 1..14. step: 1..32767.
static inline int16_t trace_step(int16_t trace, bool fired, int decay_shift, int32_t step) {
    const int32_t next = trace - (trace >> decay_shift) + (fired ? step : 0);
    return (int16_t)(next > TRACE_MAX ? TRACE_MAX : next);
}

// lif_step for each of n neurons; those with alive[i] == 0 never fire. Returns the number of spikes.
int32_t lif_population(int32_t *v, const int32_t *current, size_t n, int leak_shift, int32_t threshold,
                       const uint8_t *alive, uint8_t *fired);

// trace_step for each of n traces.
void trace_population(int16_t *trace, const uint8_t *fired, size_t n, int decay_shift, int32_t step);

// current[i] = bias[i] + (encoder[i] . x >> shift); encoder is n rows of d, d <= 511 so that the sum fits 32 bits.
void encode(const int16_t *x, size_t d, const int8_t *encoder, const int32_t *bias, int shift, int32_t *current, size_t n);

#endif
