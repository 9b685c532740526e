#include "record.h"

#include <string.h>

static uint8_t *initial(const dispatcher_t *d) {
    return d->brain->initial ? d->brain->initial : d->brain->record;
}

static uint8_t *parameter(const dispatcher_t *d, uint8_t *record, size_t index) {
    return record + d->brain->parameters[index].offset;
}

static void restart(dispatcher_t *d) {
    const brain_t *b = d->brain;
    if (b->initial) {
        memcpy(b->record, b->initial, b->size);
    }
    memset(d->effort, 0, sizeof d->effort);
    d->report = (wire_report_t){.missed = d->report.missed};
}

uint8_t record_reset(dispatcher_t *d, uint8_t *payload, size_t *size) {
    (void)payload, (void)size;
    if (!d->brain->initial) {
        return WIRE_NACK_EMPTY;
    }
    restart(d);
    return 0;
}

static uint8_t set_value(dispatcher_t *d, uint8_t index, int32_t value, wire_value_t *answer) {
    if (index >= WIRE_PARAMETERS) {
        return WIRE_NACK_VALUE;
    }
    const brain_t *b = d->brain;
    if (value < b->parameters[index].low || value > b->parameters[index].high) {
        return WIRE_NACK_VALUE;
    }
    memcpy(parameter(d, b->record, index), &value, sizeof value);
    if (b->initial) {
        memcpy(parameter(d, b->initial, index), &value, sizeof value);
        d->image = framing_crc32(0, b->initial, b->size);
    }
    *answer = (wire_value_t){.parameter = index, .value = value};
    return 0;
}

uint8_t record_freeze(dispatcher_t *d, uint8_t *payload, size_t *size) {
    (void)payload, (void)size;
    wire_value_t ignored;
    const uint8_t frozen = d->receiver.payload[0];
    return set_value(d, WIRE_PARAMETER_LEARNING, frozen > 1 ? -1 : !frozen, &ignored);
}

uint8_t record_set(dispatcher_t *d, uint8_t *payload, size_t *size) {
    wire_set_t asked;
    wire_value_t value;
    memcpy(&asked, d->receiver.payload, sizeof asked);
    const uint8_t why = set_value(d, asked.parameter, asked.value, &value);
    if (why == 0) {
        memcpy(payload, &value, *size = sizeof value);
    }
    return why;
}

uint8_t record_get(dispatcher_t *d, uint8_t *payload, size_t *size) {
    wire_value_t value = {.parameter = d->receiver.payload[0]};
    if (value.parameter >= WIRE_PARAMETERS) {
        return WIRE_NACK_VALUE;
    }
    memcpy(&value.value, parameter(d, d->brain->record, value.parameter), sizeof value.value);
    memcpy(payload, &value, *size = sizeof value);
    return 0;
}

uint8_t record_hash(dispatcher_t *d, uint8_t *payload, size_t *size) {
    const brain_t *b = d->brain;
    const wire_hash_t hash = {.crc = framing_crc32(0, b->record, b->size), .ticks = d->report.ticks};
    memcpy(payload, &hash, *size = sizeof hash);
    return 0;
}

uint8_t record_load(dispatcher_t *d, uint8_t *payload, size_t *size) {
    (void)payload, (void)size;
    const receiver_t *r = &d->receiver;
    wire_load_t at;
    const size_t piece = r->size - sizeof at; // the table says that it is not negative
    memcpy(&at, r->payload, sizeof at);
    if (piece == 0 || piece > WIRE_PIECE_MAX) {
        return WIRE_NACK_LENGTH;
    }
    if ((at.offset | piece) % 4 != 0 || at.offset > d->brain->size || piece > d->brain->size - at.offset) {
        return WIRE_NACK_VALUE;
    }
    d->loaded = false;
    d->image = 0;
    memcpy(initial(d) + at.offset, r->payload + sizeof at, piece);
    return 0;
}

uint8_t record_commit(dispatcher_t *d, uint8_t *payload, size_t *size) {
    (void)payload, (void)size;
    wire_commit_t asked;
    memcpy(&asked, d->receiver.payload, sizeof asked);
    if (framing_crc32(0, initial(d), d->brain->size) != asked.crc) {
        return WIRE_NACK_CHECKSUM;
    }
    d->loaded = true;
    d->image = asked.crc;
    restart(d);
    return 0;
}

uint8_t record_save(dispatcher_t *d, uint8_t *payload, size_t *size) {
    wire_save_t asked;
    memcpy(&asked, d->receiver.payload, sizeof asked);
    const uint32_t whole = d->brain->size;
    if ((asked.offset | asked.size) % 4 != 0 || asked.size == 0 || asked.size > WIRE_PIECE_MAX ||
        asked.offset > whole || asked.size > whole - asked.offset) {
        return WIRE_NACK_VALUE;
    }
    memcpy(payload, (const uint8_t *)d->brain->record + asked.offset, *size = asked.size);
    return 0;
}
