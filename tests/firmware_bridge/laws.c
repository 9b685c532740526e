// The inline laws under names that ctypes can find.
#include "../../firmware_bridge/mcu/core/neuron.h"

int lif_step_c(int32_t *v, int32_t current, int leak_shift, int32_t threshold) {
    return lif_step(v, current, leak_shift, threshold);
}

int16_t trace_step_c(int16_t trace, int fired, int decay_shift, int32_t step) {
    return trace_step(trace, fired != 0, decay_shift, step);
}
