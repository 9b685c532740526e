// Answers a host: one request at a time, each carried out once however often it arrives. See PROTOCOL.md.
//
// Learning is not idempotent, so a request that comes again is answered from the cache, and nothing is done for a frame
// with a bad CRC. The caller owns all memory; nothing here blocks, allocates or keeps globals.
#ifndef GANGLION_DISPATCHER_H
#define GANGLION_DISPATCHER_H

#include "framing.h"

// What a brain sees in one tick; the arrays are the dispatcher's.
typedef struct {
    int16_t analog[WIRE_ANALOG_MAX];
    int16_t goal[WIRE_GOAL_MAX];
    uint8_t spikes[WIRE_MAX_SPIKES]; // addresses, in no order, the same one more than once if it spoke more than once
    size_t count;
} sensed_t;

// Where a parameter lies in the record, an int32, and its range.
typedef struct {
    uint32_t offset;
    int32_t low, high;
} parameter_t;

// A brain as the dispatcher calls it; dimensions do not change.
typedef struct {
    char target[16];  // padded with zeros
    uint32_t build, layout;
    uint8_t analog, goal, effort;
    uint16_t addresses, neurons;
    void *record;     // all that its future depends on, `size` bytes, a multiple of 4, aligned to 8
    void *initial;    // as committed, likewise; NULL where memory is short: then RESET is refused
    uint32_t size;
    bool built_in;    // the record and `initial` are sound as they stand, without LOAD
    const parameter_t *parameters; // WIRE_PARAMETERS of them
    uint16_t (*step)(void *record, const sensed_t *sensed, int16_t *effort, wire_thought_t *thought); // returns spikes
    bool (*stale)(void *record, int16_t *effort); // a tick without command; returns whether every effort is safe
    uint32_t (*cycles)(void);                     // a free-running counter, or NULL
} brain_t;

// Begin with dispatcher_start.
typedef struct {
    const brain_t *brain;
    receiver_t receiver;
    wire_counters_t counters;
    wire_report_t report; // ticks, cycles, silence: what a monitor asks for
    bool loaded;
    uint32_t image;       // CRC-32 of `initial`
    uint16_t every;       // ticks between thoughts, 0 for none
    uint32_t pace_us;     // 0 in lockstep
    uint16_t hold;
    bool stepped, safe;
    int16_t effort[WIRE_EFFORT_MAX];
    uint32_t session;
    bool in_session;
    uint16_t last;          // sequence number answered last, 0 for none
    uint32_t last_request;  // CRC-32 of its code and payload
    uint8_t reply[FRAMING_WIRE_MAX];
    size_t reply_size;
    uint8_t aside[FRAMING_WIRE_MAX]; // answers that must not replace the cached one
} dispatcher_t;

void dispatcher_start(dispatcher_t *dispatcher, const brain_t *brain);

// Takes the next byte. Returns the length of an answer and points *answer at it, valid until the next push; 0 for none.
size_t dispatcher_push(dispatcher_t *dispatcher, uint8_t byte, const uint8_t **answer);

// Tells that `pace_us` have passed; to be called as often unless that is 0. Ticks without a STEP are counted, and once
// `hold` of them are over efforts decay.
void dispatcher_tick(dispatcher_t *dispatcher);

#endif
