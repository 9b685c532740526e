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

// A brain as the dispatcher calls it. `self` is handed to each function; dimensions do not change.
typedef struct {
    void *self;
    char target[16]; // padded with zeros
    uint32_t build, image;
    uint8_t analog, goal, effort;
    uint16_t addresses, neurons;
    uint16_t (*step)(void *self, const sensed_t *sensed, int16_t *effort); // returns the number of spikes
    void (*reset)(void *self);
    void (*freeze)(void *self, bool frozen);
    uint32_t (*hash)(void *self);
    uint32_t (*cycles)(void); // a free-running counter, or NULL
} brain_t;

// Zero-initialise, then set `brain`.
typedef struct {
    const brain_t *brain;
    receiver_t receiver;
    wire_counters_t counters;
    uint32_t ticks; // since RESET
    uint32_t session;
    bool in_session;
    uint16_t last;          // sequence number answered last, 0 for none
    uint32_t last_request;  // CRC-32 of its code and payload
    uint8_t reply[FRAMING_WIRE_MAX];
    size_t reply_size;
    uint8_t aside[FRAMING_WIRE_MAX]; // answers that must not replace the cached one
} dispatcher_t;

// Takes the next byte. Returns the length of an answer and points *answer at it, valid until the next push; 0 for none.
size_t dispatcher_push(dispatcher_t *dispatcher, uint8_t byte, const uint8_t **answer);

#endif
