// The laws of learning and the generator of its rounding noise. Mirrors controller/plasticity.py bit for bit;
// tests/golden/pes.hex and scramble.hex judge.
#ifndef GANGLION_PLASTICITY_H
#define GANGLION_PLASTICITY_H

#include <stddef.h>
#include <stdint.h>

#define WEIGHT_MAX ((INT32_C(1) << 30) - 1)
#define NARROW_MAX 32767
#define ERROR_MAX 32767

// Hashes a counter into a uniform number (lowbias32, C. Wellons 2018).
uint32_t scramble(uint32_t counter);

// Rounding noise of neuron `index`, 0..65535; `start` is the scramble of the tick.
uint16_t dither(uint32_t start, uint32_t index);

// w' = sat(w + floor((error * trace + (noise >> (16 - rate_shift))) / 2^rate_shift)).
// |weight| <= WEIGHT_MAX. error: int16 range. trace: 0..32767. rate_shift: 1..16. noise: 0..65535.
int32_t pes_step(int32_t weight, int32_t error, int32_t trace, int rate_shift, int32_t noise);

// Weights of 16 bits in words of 32, of which the upper half is not read: pes_step for each of n whose trace is not zero,
// kept within +-NARROW_MAX; any error, limited to +-ERROR_MAX. Returns their number.
int32_t pes_narrow(int32_t *weight, int32_t error, const int16_t *trace, size_t n, int rate_shift, uint32_t start);

// floor(sum(weight * trace) / 2^16) of such weights, n <= 65536; the sum is held in 64 bits.
int32_t read_narrow(const int32_t *weight, const int16_t *trace, size_t n);

#endif
