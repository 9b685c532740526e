// nRF51822 of the first micro:bit, a Cortex-M0 (nRF51 Reference Manual 3.0): UART to the USB chip, watchdog, and TIMER0.
#include "../board.h"

#include "../../protocol.h"
#include "../cortex_m.h"

#define UART(offset) REGISTER(0x40002000u + (offset))
#define UART_SENT UART(0x11cu)
#define UART_CAME UART(0x108u)
#define TIMER(offset) REGISTER(0x40008000u + (offset))
#define TIMER_MS_OVER TIMER(0x140u)
#define WATCHDOG(offset) REGISTER(0x40010000u + (offset))

enum { UART0 = 2, TIMER0 = 8, TX_PIN = 24, RX_PIN = 25 };

const char BOARD_NAME[] = "microbit";
const uint32_t BOARD_HZ = 16000000;

bool board_start(void) {
    UART(0x50cu) = TX_PIN;
    UART(0x514u) = RX_PIN;
    UART(0x524u) = 0x0ebed000u; // 921600 baud
    UART(0x500u) = 4;           // on
    UART(0x304u) = 1u << 2;     // interrupt on receive
    UART(0x000u) = 1;           // receive
    UART(0x008u) = 1;           // send
    interrupt_enable(UART0);
    WATCHDOG(0x504u) = 3277; // 100 ms of 32768 Hz
    WATCHDOG(0x508u) = 1;
    WATCHDOG(0x000u) = 1;
    return true;
}

void board_write(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        UART_SENT = 0;
        UART(0x51cu) = bytes[i];
        while (!UART_SENT) {
        }
    }
}

void board_alive(void) { WATCHDOG(0x600u) = 0x6e524635u; }

static volatile uint32_t milliseconds;

void board_interrupt(void) {
    if (TIMER_MS_OVER) {
        TIMER_MS_OVER = 0;
        milliseconds = milliseconds + 1;
    }
    while (UART_CAME) {
        UART_CAME = 0;
        loop_received((uint8_t)UART(0x518u));
    }
}

void clock_start(uint32_t hz) {
    TIMER(0x508u) = 3;             // 32 bits
    TIMER(0x510u) = 0;             // 16 MHz
    TIMER(0x540u) = hz / 1000u;    // compare 0
    TIMER(0x200u) = 1;             // which clears it
    TIMER(0x304u) = 1u << 16;      // and interrupts
    interrupt_enable(TIMER0);
    TIMER(0x000u) = 1;
}

void clock_tick(void) {} // there is no SysTick

uint32_t clock_ms(void) { return milliseconds; }

uint32_t clock_cycles(void) {
    uint32_t before, passed;
    do {
        before = milliseconds;
        TIMER(0x044u) = 1; // capture 1
        passed = TIMER(0x544u);
    } while (before != milliseconds);
    return before * (BOARD_HZ / 1000u) + passed;
}
