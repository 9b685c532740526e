#include "requests.h"

#include "record.h"

#include <string.h>

// A request's function: reads d->receiver, writes the answer; returns 0 for done or the code of a refusal.
typedef uint8_t (*request_t)(dispatcher_t *d, uint8_t *payload, size_t *size);

// size: of the bytes, at least 1.
static bool unpack_spikes(const uint8_t *bytes, size_t size, uint16_t addresses, sensed_t *sensed) {
    const size_t bitmap = (bytes[0] & WIRE_BITMAP) ? (addresses + 7u) / 8u : 0u;
    const size_t listed = bytes[0] & ~WIRE_BITMAP & 0xffu;
    if (size != 1 + bitmap + listed) {
        return false;
    }
    sensed->count = 0;
    for (size_t a = 0; a < 8 * bitmap; a++) {
        if (bytes[1 + a / 8] >> (a % 8) & 1) {
            if (a >= addresses || sensed->count == WIRE_MAX_SPIKES) {
                return false;
            }
            sensed->spikes[sensed->count++] = (uint8_t)a;
        }
    }
    for (size_t i = 0; i < listed; i++) {
        const uint8_t a = bytes[1 + bitmap + i];
        if (a >= addresses || sensed->count == WIRE_MAX_SPIKES) {
            return false;
        }
        sensed->spikes[sensed->count++] = a;
    }
    return true;
}

static uint8_t step(dispatcher_t *d, uint8_t *payload, size_t *size) {
    const brain_t *b = d->brain;
    const receiver_t *r = &d->receiver;
    const size_t analog = 2u * b->analog, goal = 2u * b->goal;
    sensed_t sensed;
    if (r->size < analog + goal + 1) {
        return WIRE_NACK_LENGTH;
    }
    memcpy(sensed.analog, r->payload, analog);
    memcpy(sensed.goal, r->payload + analog, goal);
    if (!unpack_spikes(r->payload + analog + goal, r->size - analog - goal, b->addresses, &sensed)) {
        return WIRE_NACK_VALUE;
    }
    wire_thought_t thought = {0};
    const uint32_t before = b->cycles ? b->cycles() : 0;
    const uint16_t spikes = b->step(b->record, &sensed, d->effort, &thought);
    const uint32_t cycles = b->cycles ? b->cycles() - before : 0;
    d->counters.steps++;
    d->report.ticks++;
    d->report.cycles = cycles;
    d->report.cycles_most = cycles > d->report.cycles_most ? cycles : d->report.cycles_most;
    d->report.spikes += spikes;
    d->report.silent = 0;
    d->stepped = true;
    const wire_command_t command = {.cycles = cycles, .spikes = spikes};
    const size_t effort = 2u * b->effort;
    memcpy(payload, &command, sizeof command);
    memcpy(payload + sizeof command, d->effort, effort);
    *size = sizeof command + effort;
    if (d->every != 0 && d->report.ticks % d->every == 0) {
        memcpy(payload + *size, &thought, sizeof thought);
        *size += sizeof thought;
    }
    return 0;
}

static uint8_t heartbeat(dispatcher_t *d, uint8_t *payload, size_t *size) {
    const wire_alive_t alive = {.ticks = d->report.ticks};
    memcpy(payload, &alive, *size = sizeof alive);
    return 0;
}

static uint8_t stats(dispatcher_t *d, uint8_t *payload, size_t *size) {
    memcpy(payload, &d->counters, *size = sizeof d->counters);
    return 0;
}

static uint8_t subscribe(dispatcher_t *d, uint8_t *payload, size_t *size) {
    (void)payload, (void)size;
    memcpy(&d->every, d->receiver.payload, sizeof d->every);
    return 0;
}

static uint8_t status(dispatcher_t *d, uint8_t *payload, size_t *size) {
    wire_report_t report = d->report;
    const brain_t *b = d->brain;
    int32_t learning;
    memcpy(&learning, (const uint8_t *)b->record + b->parameters[WIRE_PARAMETER_LEARNING].offset, sizeof learning);
    report.frozen = learning == 0;
    report.loaded = d->loaded;
    memcpy(payload, &report, sizeof report);
    memcpy(payload + sizeof report, d->effort, 2u * b->effort);
    *size = sizeof report + 2u * b->effort;
    return 0;
}

static uint8_t pace(dispatcher_t *d, uint8_t *payload, size_t *size) {
    (void)payload, (void)size;
    wire_pace_t asked;
    memcpy(&asked, d->receiver.payload, sizeof asked);
    d->pace_us = asked.tick_us;
    d->hold = asked.hold;
    d->report.missed = 0;
    d->report.silent = d->report.settled = 0;
    d->stepped = true; // the first tick has not passed yet
    return 0;
}

enum { TAIL = 1, NEEDS_RECORD = 2 };

static const struct {
    uint8_t code, answer, head, rules;
    request_t carry_out;
} REQUESTS[] = {
    {WIRE_STEP, WIRE_COMMAND, 0, TAIL | NEEDS_RECORD, step},
    {WIRE_RESET, WIRE_DONE, 0, NEEDS_RECORD, record_reset},
    {WIRE_FREEZE, WIRE_DONE, sizeof(wire_freeze_t), NEEDS_RECORD, record_freeze},
    {WIRE_STATE_HASH, WIRE_HASH, 0, NEEDS_RECORD, record_hash},
    {WIRE_HEARTBEAT, WIRE_ALIVE, 0, 0, heartbeat},
    {WIRE_STATS, WIRE_COUNTERS, 0, 0, stats},
    {WIRE_LOAD, WIRE_DONE, sizeof(wire_load_t), TAIL, record_load},
    {WIRE_COMMIT, WIRE_DONE, sizeof(wire_commit_t), 0, record_commit},
    {WIRE_SAVE, WIRE_PIECE, sizeof(wire_save_t), NEEDS_RECORD, record_save},
    {WIRE_GET, WIRE_VALUE, sizeof(wire_get_t), NEEDS_RECORD, record_get},
    {WIRE_SET, WIRE_VALUE, sizeof(wire_set_t), NEEDS_RECORD, record_set},
    {WIRE_SUBSCRIBE, WIRE_DONE, sizeof(wire_subscribe_t), 0, subscribe},
    {WIRE_STATUS, WIRE_REPORT, 0, 0, status},
    {WIRE_PACE, WIRE_DONE, sizeof(wire_pace_t), 0, pace},
};

uint8_t request_carry_out(dispatcher_t *d, uint8_t *payload, size_t *size, uint8_t *why) {
    *size = 0;
    for (size_t i = 0; i < sizeof REQUESTS / sizeof REQUESTS[0]; i++) {
        if (REQUESTS[i].code != d->receiver.code) {
            continue;
        }
        const bool tail = (REQUESTS[i].rules & TAIL) != 0;
        if (tail ? d->receiver.size < REQUESTS[i].head : d->receiver.size != REQUESTS[i].head) {
            *why = WIRE_NACK_LENGTH;
        } else if ((REQUESTS[i].rules & NEEDS_RECORD) != 0 && !d->loaded) {
            *why = WIRE_NACK_EMPTY;
        } else {
            *why = REQUESTS[i].carry_out(d, payload, size);
        }
        return *why == 0 ? REQUESTS[i].answer : 0;
    }
    *why = WIRE_NACK_UNKNOWN;
    return 0;
}
