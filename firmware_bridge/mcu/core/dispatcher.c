#include "dispatcher.h"

#include <string.h>

static uint16_t next_sequence(uint16_t sequence) {
    return (uint16_t)(sequence == 0xffffu ? 1u : sequence + 1u); // 0 is HELLO's
}

static size_t refuse(dispatcher_t *d, uint16_t sequence, uint8_t code, const uint8_t **answer) {
    const wire_nack_t nack = {.code = code, .expected = next_sequence(d->last)};
    if (code != WIRE_NACK_GARBLED) {
        d->counters.refused++;
    }
    *answer = d->aside;
    return framing_encode(d->aside, sequence, WIRE_NACK, (const uint8_t *)&nack, sizeof nack);
}

static size_t welcome(dispatcher_t *d, const receiver_t *r, const uint8_t **answer) {
    wire_hello_t hello;
    if (r->size != sizeof hello) {
        return refuse(d, r->sequence, WIRE_NACK_LENGTH, answer);
    }
    memcpy(&hello, r->payload, sizeof hello);
    if (hello.magic != WIRE_MAGIC) {
        return refuse(d, r->sequence, WIRE_NACK_VALUE, answer);
    }
    if (hello.protocol == WIRE_PROTOCOL_ID && (!d->in_session || hello.session != d->session)) {
        d->in_session = true;
        d->session = hello.session;
        d->last = 0;
    }
    const brain_t *b = d->brain;
    wire_welcome_t me = {
        .magic = WIRE_MAGIC, .protocol = WIRE_PROTOCOL_ID, .session = hello.session, .sequence = d->last,
        .build = b->build, .image = b->image, .analog = b->analog, .goal = b->goal, .effort = b->effort,
        .spikes = WIRE_MAX_SPIKES, .addresses = b->addresses, .neurons = b->neurons,
    };
    memcpy(me.target, b->target, sizeof me.target);
    *answer = d->aside;
    return framing_encode(d->aside, r->sequence, WIRE_WELCOME, (const uint8_t *)&me, sizeof me);
}

static bool unpack_spikes(const uint8_t *bytes, size_t size, uint16_t addresses, sensed_t *sensed) {
    if (size == 0) {
        return false;
    }
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

// Carries out STEP; returns the size of COMMAND in `payload`, or 0 with *why set.
static size_t step(dispatcher_t *d, const receiver_t *r, uint8_t *payload, uint8_t *why) {
    const brain_t *b = d->brain;
    const size_t analog = 2u * b->analog, goal = 2u * b->goal;
    sensed_t sensed;
    if (r->size < analog + goal + 1) {
        *why = WIRE_NACK_LENGTH;
        return 0;
    }
    memcpy(sensed.analog, r->payload, analog);
    memcpy(sensed.goal, r->payload + analog, goal);
    if (!unpack_spikes(r->payload + analog + goal, r->size - analog - goal, b->addresses, &sensed)) {
        *why = WIRE_NACK_VALUE;
        return 0;
    }
    int16_t effort[WIRE_EFFORT_MAX];
    const uint32_t before = b->cycles ? b->cycles() : 0;
    const uint16_t spikes = b->step(b->self, &sensed, effort);
    const wire_command_t command = {.cycles = b->cycles ? b->cycles() - before : 0, .spikes = spikes};
    d->ticks++;
    d->counters.steps++;
    memcpy(payload, &command, sizeof command);
    memcpy(payload + sizeof command, effort, 2u * b->effort);
    return sizeof command + 2u * b->effort;
}

// Carries out one new request; returns the code of its answer, or 0 with *why set.
static uint8_t carry_out(dispatcher_t *d, const receiver_t *r, uint8_t *payload, size_t *size, uint8_t *why) {
    const brain_t *b = d->brain;
    *size = 0;
    *why = WIRE_NACK_LENGTH;
    switch (r->code) {
    case WIRE_STEP:
        *size = step(d, r, payload, why);
        return *size != 0 ? WIRE_COMMAND : 0;
    case WIRE_FREEZE:
        if (r->size != sizeof(wire_freeze_t)) {
            return 0;
        }
        if (r->payload[0] > 1) {
            *why = WIRE_NACK_VALUE;
            return 0;
        }
        b->freeze(b->self, r->payload[0] == 1);
        return WIRE_DONE;
    case WIRE_RESET:
    case WIRE_STATE_HASH:
    case WIRE_HEARTBEAT:
    case WIRE_STATS:
        if (r->size != 0) {
            return 0;
        }
        break;
    default:
        *why = WIRE_NACK_UNKNOWN;
        return 0;
    }
    if (r->code == WIRE_RESET) {
        b->reset(b->self);
        d->ticks = 0;
        return WIRE_DONE;
    }
    if (r->code == WIRE_STATE_HASH) {
        const wire_hash_t hash = {.crc = b->hash(b->self), .ticks = d->ticks};
        memcpy(payload, &hash, *size = sizeof hash);
        return WIRE_HASH;
    }
    if (r->code == WIRE_HEARTBEAT) {
        const wire_alive_t alive = {.ticks = d->ticks};
        memcpy(payload, &alive, *size = sizeof alive);
        return WIRE_ALIVE;
    }
    memcpy(payload, &d->counters, *size = sizeof d->counters);
    return WIRE_COUNTERS;
}

static size_t answer_frame(dispatcher_t *d, const uint8_t **answer) {
    const receiver_t *r = &d->receiver;
    if (r->code == WIRE_HELLO) {
        return welcome(d, r, answer);
    }
    const uint32_t request = framing_crc32(framing_crc32(0, &r->code, 1), r->payload, r->size);
    if (d->in_session && d->last != 0 && r->sequence == d->last) {
        if (request != d->last_request) {
            return refuse(d, r->sequence, WIRE_NACK_CONFLICT, answer);
        }
        d->counters.repeated++;
        *answer = d->reply;
        return d->reply_size;
    }
    if (!d->in_session || r->sequence != next_sequence(d->last)) {
        return refuse(d, r->sequence, WIRE_NACK_SEQUENCE, answer);
    }
    uint8_t payload[WIRE_PAYLOAD_MAX], why;
    size_t size;
    const uint8_t code = carry_out(d, r, payload, &size, &why);
    if (code == 0) {
        return refuse(d, r->sequence, why, answer);
    }
    d->last = r->sequence;
    d->last_request = request;
    d->reply_size = framing_encode(d->reply, r->sequence, code, payload, size);
    *answer = d->reply;
    return d->reply_size;
}

size_t dispatcher_push(dispatcher_t *d, uint8_t byte, const uint8_t **answer) {
    switch (receiver_push(&d->receiver, byte)) {
    case RECEIVED_FRAME:
        d->counters.frames++;
        return answer_frame(d, answer);
    case RECEIVED_GARBAGE:
        d->counters.garbled++;
        return refuse(d, 0, WIRE_NACK_GARBLED, answer);
    case RECEIVED_NOTHING:
    default:
        return 0;
    }
}
