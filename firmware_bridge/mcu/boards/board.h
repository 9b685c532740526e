// What a board must offer to the message loop of main.c, and what that offers to the board.
#ifndef GANGLION_BOARD_H
#define GANGLION_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char BOARD_NAME[];      // at most 16 characters
extern const uint32_t BOARD_HZ;      // of the processor, and of SysTick

// Clocks, UART at WIRE_BAUD with its receive interrupt, watchdog. Returns false if the hardware does not come up.
bool board_start(void);

// Sends, waiting for the UART as long as it takes at its baud rate.
void board_write(const uint8_t *bytes, size_t size);

// Tells the watchdog that the loop still goes round, at least once a millisecond.
void board_alive(void);

// Any interrupt of a peripheral; there is one, of the UART. Calls loop_received for each byte.
void board_interrupt(void);

// Keeps a byte for the loop; one too many is lost, which its frame's CRC will tell.
void loop_received(uint8_t byte);

#endif
