// From power-on to main, and the vector table: the same for every Cortex-M.
#include "board.h"
#include "cortex_m.h"

extern uint32_t stack_top[], data_from[], data_begin[], data_end[], bss_begin[], bss_end[];
int main(void);

void reset_handler(void) {
    const uint32_t *from = data_from;
    for (uint32_t *to = data_begin; to < data_end; to++) {
        *to = *from++;
    }
    for (uint32_t *to = bss_begin; to < bss_end; to++) {
        *to = 0;
    }
    main();
}

// Nothing here may fault; if it does, the memory cannot be trusted, and the host is told by the session that is gone.
static void restart(void) {
    SCB_AIRCR = 0x05fa0004u;
    for (;;) {
    }
}

// The watchdog's warning: the loop may still go on, else its second word is a reset.
static void warned(void) {}

typedef void (*vector_t)(void);

__attribute__((section(".vectors"), used)) static const vector_t VECTORS[16 + 96] = {
    [0] = (vector_t)stack_top,
    [1] = reset_handler,
    [2] = warned,
    [3 ... 14] = restart,
    [15] = clock_tick,
    [16 ... 111] = board_interrupt,
};
