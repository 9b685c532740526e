// The firmware: bytes to the dispatcher, answers to the UART, time to the dispatcher while the host wants it to pass.
#include "../core/controller.h"
#include "board.h"
#include "cortex_m.h"

enum { RING = 512 }; // a power of two, longer than any frame

static volatile uint8_t ring[RING];
static volatile uint32_t ring_in, ring_out;

void loop_received(uint8_t byte) {
    if (ring_in - ring_out < RING) {
        ring[ring_in % RING] = byte;
        ring_in = ring_in + 1;
    }
}

static image_t record;
#ifndef SHORT_OF_MEMORY
static image_t initial;
#define INITIAL &initial
#else
#define INITIAL 0
#endif

int main(void) {
    static dispatcher_t dispatcher;
    static brain_t brain;
    brain = controller_brain(&record, INITIAL, BOARD_NAME, BUILD_ID);
    brain.cycles = clock_cycles;
    dispatcher_start(&dispatcher, &brain);
    while (!board_start()) {
    }
    clock_start(BOARD_HZ);
    interrupts_on();
    uint32_t seen_ms = clock_ms(), waited_us = 0;
    for (;;) {
        while (ring_out != ring_in) {
            const uint8_t byte = ring[ring_out % RING], *answer;
            ring_out = ring_out + 1;
            const size_t size = dispatcher_push(&dispatcher, byte, &answer);
            if (size != 0) {
                board_write(answer, size);
            }
        }
        for (; seen_ms != clock_ms(); seen_ms++) {
            board_alive();
            waited_us = dispatcher.pace_us != 0 ? waited_us + 1000u : 0;
            for (; dispatcher.pace_us != 0 && waited_us >= dispatcher.pace_us; waited_us -= dispatcher.pace_us) {
                dispatcher_tick(&dispatcher);
            }
        }
        interrupts_off(); // so that none is missed between the look and the sleep; a pending one ends the sleep
        if (ring_out == ring_in && seen_ms == clock_ms()) {
            wait_for_interrupt();
        }
        interrupts_on();
    }
}
