#include "plasticity.h"

#include "neuron.h"

uint32_t scramble(uint32_t counter) {
    uint32_t x = counter;
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    return x ^ (x >> 16);
}

uint16_t dither(uint32_t start, uint32_t index) {
    return (uint16_t)((start + index * 0x9e3779b1u) >> 16);
}

int32_t pes_step(int32_t weight, int32_t error, int32_t trace, int rate_shift, int32_t noise) {
    // |error * trace| <= 2^30 and the noise is below 2^16, so the sum fits; so does weight + 2^29.
    const int32_t step = (error * trace + (noise >> (16 - rate_shift))) >> rate_shift;
    return clamp32(weight + step, -WEIGHT_MAX, WEIGHT_MAX);
}

int32_t pes_narrow(int32_t *weight, int32_t error, const int16_t *trace, size_t n, int rate_shift, uint32_t start) {
    const int32_t limited = clamp32(error, -ERROR_MAX, ERROR_MAX);
    int32_t updates = 0;
    for (size_t i = 0; i < n; i++) {
        if (trace[i] != 0) {
            const int32_t moved = pes_step((int16_t)weight[i], limited, trace[i], rate_shift, dither(start, (uint32_t)i));
            weight[i] = clamp32(moved, -NARROW_MAX, NARROW_MAX);
            updates++;
        }
    }
    return updates;
}

int32_t read_narrow(const int32_t *weight, const int16_t *trace, size_t n) {
    int64_t total = 0;
    for (size_t i = 0; i < n; i++) {
        total += (int16_t)weight[i] * trace[i];
    }
    return (int32_t)(total >> 16);
}
