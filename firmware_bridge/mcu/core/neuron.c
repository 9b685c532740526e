#include "neuron.h"

int32_t lif_population(int32_t *v, const int32_t *current, size_t n, int leak_shift, int32_t threshold,
                       const uint8_t *alive, uint8_t *fired) {
    int32_t spikes = 0;
    for (size_t i = 0; i < n; i++) {
        const bool fires = lif_step(&v[i], current[i], leak_shift, threshold);
        fired[i] = fires && alive[i] != 0;
        spikes += fired[i];
    }
    return spikes;
}

void trace_population(int16_t *trace, const uint8_t *fired, size_t n, int decay_shift, int32_t step) {
    for (size_t i = 0; i < n; i++) {
        trace[i] = trace_step(trace[i], fired[i] != 0, decay_shift, step);
    }
}

void encode(const int16_t *x, size_t d, const int8_t *encoder, const int32_t *bias, int shift, int32_t *current,
            size_t n) {
    for (size_t i = 0; i < n; i++) {
        int32_t total = 0;
        for (size_t k = 0; k < d; k++) {
            total += (int32_t)encoder[i * d + k] * x[k];
        }
        current[i] = bias[i] + (total >> shift);
    }
}
