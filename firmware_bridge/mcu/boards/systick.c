// The clock where the processor has a SysTick.
#include "cortex_m.h"

static volatile uint32_t milliseconds;
static uint32_t period;
static bool dwt_counts;

void clock_tick(void) { milliseconds = milliseconds + 1; }

void clock_start(uint32_t hz) {
    period = hz / 1000u;
    SYST_RVR = period - 1u;
    SYST_CVR = 0;
    SYST_CSR = 7; // processor clock, interrupt, on
#if __ARM_ARCH >= 7
    SCB_DEMCR |= UINT32_C(1) << 24;
    DWT_CTRL |= 1u;
    const uint32_t before = DWT_CYCCNT;
    for (volatile int i = 0; i < 8; i++) {
    }
    dwt_counts = DWT_CYCCNT != before; // QEMU has none
#endif
}

uint32_t clock_ms(void) { return milliseconds; }

uint32_t clock_cycles(void) {
    if (dwt_counts) {
        return DWT_CYCCNT;
    }
    uint32_t before, left;
    do { // again, should a millisecond end between the readings
        before = milliseconds;
        left = SYST_CVR;
    } while (before != milliseconds);
    return before * period + (period - 1u - left);
}
