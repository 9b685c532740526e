// STM32F405, a Cortex-M4F (RM0090): 168 MHz from the internal oscillator, USART1 on PA9 and PA10, independent watchdog.
#include "../board.h"

#include "../../protocol.h"
#include "../cortex_m.h"

#define RCC(offset) REGISTER(0x40023800u + (offset))
#define RCC_CR RCC(0x00u)
#define RCC_PLLCFGR RCC(0x04u)
#define RCC_CFGR RCC(0x08u)
#define RCC_AHB1ENR RCC(0x30u)
#define RCC_APB2ENR RCC(0x44u)
#define FLASH_ACR REGISTER(0x40023c00u)
#define GPIOA(offset) REGISTER(0x40020000u + (offset))
#define USART(offset) REGISTER(0x40011000u + (offset))
#define USART_SR USART(0x00u)
#define USART_DR USART(0x04u)
#define USART_BRR USART(0x08u)
#define USART_CR1 USART(0x0cu)
#define IWDG(offset) REGISTER(0x40003000u + (offset))

enum { USART1 = 37, SR_ORE = 0x08, SR_RXNE = 0x20, SR_TXE = 0x80, PATIENCE = 100000 };

const char BOARD_NAME[] = "f405";
const uint32_t BOARD_HZ = 168000000;
static const uint32_t APB2_HZ = 84000000;

// Waits for a bit, but not for ever: an emulator's clock tree answers 0 and runs all the same.
static void await(volatile const uint32_t *place, uint32_t mask, uint32_t value) {
    for (int i = 0; i < PATIENCE && (*place & mask) != value; i++) {
    }
}

static void clocks(void) {
    FLASH_ACR = 0x705; // caches and prefetch, 5 wait states: 168 MHz at 3.3 V
    RCC_CR |= 1u; // the internal oscillator, 16 MHz
    await(&RCC_CR, 2u, 2u);
    RCC_PLLCFGR = 16u | 336u << 6 | 0u << 16 | 7u << 24; // 16 MHz / 16 * 336 / 2
    RCC_CR |= 1u << 24;
    await(&RCC_CR, 1u << 25, 1u << 25);
    RCC_CFGR = 5u << 10 | 4u << 13; // APB1 a quarter, APB2 half
    RCC_CFGR |= 2u;
    await(&RCC_CFGR, 0xcu, 0x8u);
}

bool board_start(void) {
    clocks();
    RCC_AHB1ENR |= 1u;      // GPIOA
    RCC_APB2ENR |= 1u << 4; // USART1
    (void)RCC_APB2ENR;      // the clock arrives two cycles later
    GPIOA(0x00u) = (GPIOA(0x00u) & ~(0xfu << 18)) | 0xau << 18;  // PA9, PA10: alternate function
    GPIOA(0x08u) |= 0xfu << 18;                                  // fast
    GPIOA(0x24u) = (GPIOA(0x24u) & ~(0xffu << 4)) | 0x77u << 4;  // AF7
    USART_BRR = (APB2_HZ + WIRE_BAUD / 2u) / WIRE_BAUD;
    USART_CR1 = 1u << 13 | 1u << 5 | 1u << 3 | 1u << 2; // on, interrupt on receive, send, receive
    interrupt_enable(USART1);
    IWDG(0x00u) = 0x5555; // unlock
    IWDG(0x04u) = 0;      // 32 kHz / 4
    IWDG(0x08u) = 800;    // 100 ms
    IWDG(0x00u) = 0xcccc; // start
    return true;
}

void board_write(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        while (!(USART_SR & SR_TXE)) {
        }
        USART_DR = bytes[i];
    }
}

void board_alive(void) { IWDG(0x00u) = 0xaaaa; }

void board_interrupt(void) {
    while (USART_SR & (SR_RXNE | SR_ORE)) {
        loop_received((uint8_t)USART_DR); // reading both ends an overrun as well
    }
}
