#include "guard.h"

#include "neuron.h"

int16_t guard_step(int16_t last, int32_t asked, int16_t low, int16_t high, int16_t slew) {
    const int32_t wanted = clamp32(asked, low, high);
    return (int16_t)clamp32(wanted, last - slew, last + slew);
}

int16_t stale_step(int16_t last, int16_t safe, int16_t fall) {
    return (int16_t)clamp32(safe, last - fall, last + fall);
}

void guard_efforts(int16_t *last, const int32_t *asked, const int16_t *low, const int16_t *high, const int16_t *slew,
                   size_t n) {
    for (size_t i = 0; i < n; i++) {
        last[i] = guard_step(last[i], asked[i], low[i], high[i], slew[i]);
    }
}
