// Arm MPS2 FPGA board with AN386, a Cortex-M4 (Arm DAI 0386): CMSDK UART0, which has no FIFO, and CMSDK watchdog.
#include "../board.h"

#include "../../protocol.h"
#include "../cortex_m.h"

#define UART(offset) REGISTER(0x40004000u + (offset))
#define UART_DATA UART(0x00u)
#define UART_STATE UART(0x04u)
#define UART_CTRL UART(0x08u)
#define UART_INTERRUPT UART(0x0cu)
#define UART_BAUDDIV UART(0x10u)
#define WATCHDOG(offset) REGISTER(0x40008000u + (offset))

enum { UART0_RECEIVED = 0, TX_FULL = 1, RX_FULL = 2, WATCHDOG_MS = 1000 };

const char BOARD_NAME[] = "mps2-an386";
const uint32_t BOARD_HZ = 25000000;

bool board_start(void) {
    UART_BAUDDIV = BOARD_HZ / WIRE_BAUD;
    UART_CTRL = 1u | 2u | 8u; // send, receive, interrupt on receive
    interrupt_enable(UART0_RECEIVED);
    WATCHDOG(0xc00u) = 0x1acce551u; // unlock
    WATCHDOG(0x00u) = WATCHDOG_MS * (BOARD_HZ / 1000u);
    WATCHDOG(0x08u) = 3; // count, and reset at the second time that it ends: an emulator may not run for a while
    return true;
}

void board_write(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        while (UART_STATE & TX_FULL) {
        }
        UART_DATA = bytes[i];
    }
}

void board_alive(void) { WATCHDOG(0x0cu) = 1; }

void board_interrupt(void) {
    UART_INTERRUPT = 2;
    while (UART_STATE & RX_FULL) {
        loop_received((uint8_t)UART_DATA);
    }
}
