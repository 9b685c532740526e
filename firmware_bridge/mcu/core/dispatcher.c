#include "dispatcher.h"

#include "requests.h"

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
        .build = b->build, .image = d->image, .layout = b->layout, .size = b->size,
        .analog = b->analog, .goal = b->goal, .effort = b->effort, .spikes = WIRE_MAX_SPIKES, .addresses = b->addresses, .neurons = b->neurons,
    };
    memcpy(me.target, b->target, sizeof me.target);
    *answer = d->aside;
    return framing_encode(d->aside, r->sequence, WIRE_WELCOME, (const uint8_t *)&me, sizeof me);
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
    const uint8_t code = request_carry_out(d, payload, &size, &why);
    if (code == 0) {
        return refuse(d, r->sequence, why, answer);
    }
    d->last = r->sequence;
    d->last_request = request;
    d->reply_size = framing_encode(d->reply, r->sequence, code, payload, size);
    *answer = d->reply;
    return d->reply_size;
}

void dispatcher_start(dispatcher_t *d, const brain_t *brain) {
    memset(d, 0, sizeof *d);
    d->brain = brain;
    d->loaded = brain->built_in;
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

void dispatcher_tick(dispatcher_t *d) {
    wire_report_t *report = &d->report;
    if (!d->loaded || d->stepped) {
        d->stepped = false;
        return;
    }
    if (report->silent == 0) {
        d->safe = false;
    }
    report->missed++;
    report->silent = (uint16_t)(report->silent == 0xffffu ? 0xffffu : report->silent + 1u);
    if (report->silent > d->hold && !d->safe) {
        d->safe = d->brain->stale(d->brain->record, d->effort);
        report->settled = d->safe ? report->silent : report->settled;
    }
}
