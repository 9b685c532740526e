// The processor's own registers, ARMv6-M and ARMv7-M Architecture Reference Manuals.
#ifndef GANGLION_CORTEX_M_H
#define GANGLION_CORTEX_M_H

#include <stdbool.h>
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define SYST_CSR REGISTER(0xe000e010u)
#define SYST_RVR REGISTER(0xe000e014u)
#define SYST_CVR REGISTER(0xe000e018u)
#define NVIC_ISER(n) REGISTER(0xe000e100u + 4u * (n))
#define SCB_AIRCR REGISTER(0xe000ed0cu)
#define SCB_DEMCR REGISTER(0xe000edfcu)
#define DWT_CTRL REGISTER(0xe0001000u)
#define DWT_CYCCNT REGISTER(0xe0001004u)

static inline void interrupts_off(void) { __asm volatile("cpsid i" ::: "memory"); }
static inline void interrupts_on(void) { __asm volatile("cpsie i" ::: "memory"); }
static inline void wait_for_interrupt(void) { __asm volatile("dsb\n wfi" ::: "memory"); }

static inline void interrupt_enable(uint32_t number) { NVIC_ISER(number / 32) = UINT32_C(1) << (number % 32); }

// Begins to count; an interrupt every millisecond wakes the processor. systick.c has these, or the board.
void clock_start(uint32_t hz);

// The interrupt of SysTick.
void clock_tick(void);

// Milliseconds since clock_start, modulo 2^32.
uint32_t clock_ms(void);

// Cycles of the processor, modulo 2^32, from the DWT where it counts and from SysTick elsewhere.
uint32_t clock_cycles(void);

#endif
