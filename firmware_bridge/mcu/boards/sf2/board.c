// Microchip SmartFusion2 on the Emcraft kit, a Cortex-M3 (UG0331): MMUART_0, a 16550 with FIFOs of 16 bytes, and watchdog.
#include "../board.h"

#include "../../protocol.h"
#include "../cortex_m.h"

#define UART(n) REGISTER(0x40000000u + 4u * (n))
#define UART_DATA UART(0u)
#define UART_IER UART(1u)
#define UART_FCR UART(2u)
#define UART_LCR UART(3u)
#define UART_MCR UART(4u)
#define UART_LSR UART(5u)
#define WATCHDOG_REFRESH REGISTER(0x40005008u)

enum { MMUART_0 = 10, LSR_DATA = 1, LSR_THR_EMPTY = 0x20 };

const char BOARD_NAME[] = "sf2";
const uint32_t BOARD_HZ = 142000000;
static const uint32_t PERIPHERAL_HZ = 71000000;

bool board_start(void) {
    const uint32_t divisor = (PERIPHERAL_HZ / 16u + WIRE_BAUD / 2u) / WIRE_BAUD;
    UART_LCR = 0x83; // 8N1, divisor
    UART(0u) = divisor & 0xffu;
    UART(1u) = divisor >> 8;
    UART_LCR = 0x03;
    UART_FCR = 0xc7; // FIFOs on and emptied, interrupt at 14 bytes or when the line falls silent
    UART_MCR = 0x00;
    UART_IER = 0x01;
    interrupt_enable(MMUART_0);
    return true;
}

void board_write(const uint8_t *bytes, size_t size) {
    while (size != 0) {
        while (!(UART_LSR & LSR_THR_EMPTY)) {
        }
        for (int room = 16; room != 0 && size != 0; room--, size--) {
            UART_DATA = *bytes++;
        }
    }
}

void board_alive(void) { WATCHDOG_REFRESH = 0xac15de42u; }

void board_interrupt(void) {
    while (UART_LSR & LSR_DATA) {
        loop_received((uint8_t)UART_DATA);
    }
}
