// Throws random and mutated frames at the dispatcher: fuzz COUNT SEED. Exits 0 if the brain advanced only for requests
// whose CRC was good and whose number was new, as counted here, independently of the dispatcher's own counters.
#include "../../firmware_bridge/mcu/host/sitl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t state;

static uint32_t draw(void) { // xorshift32, Marsaglia 2003
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state;
}

static unsigned long called;
static uint16_t (*real_step)(void *, const sensed_t *, int16_t *, wire_thought_t *);

static uint16_t counted_step(void *record, const sensed_t *sensed, int16_t *effort, wire_thought_t *thought) {
    called++;
    return real_step(record, sensed, effort, thought);
}

static uint32_t hash(const brain_t *brain) { return framing_crc32(0, brain->record, brain->size); }

static dispatcher_t d;
static uint8_t last_code;
static size_t last_size;

static void push_all(const uint8_t *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        const uint8_t *answer = NULL;
        const size_t length = dispatcher_push(&d, bytes[i], &answer);
        if (length > 0) {
            static receiver_t host;
            for (size_t k = 0; k < length; k++) {
                if (receiver_push(&host, answer[k]) == RECEIVED_FRAME) {
                    last_code = host.code;
                    last_size = host.size;
                } else if (k == length - 1) {
                    fprintf(stderr, "an answer is no frame\n");
                    exit(1);
                }
            }
        }
    }
}

static size_t head_of(uint8_t code) {
    return code == WIRE_SAVE ? sizeof(wire_save_t) : code == WIRE_SET ? sizeof(wire_set_t)
         : code == WIRE_PACE ? sizeof(wire_pace_t) : code == WIRE_SUBSCRIBE ? sizeof(wire_subscribe_t)
         : code == WIRE_COMMIT ? sizeof(wire_commit_t) : code == WIRE_FREEZE || code == WIRE_GET;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "fuzz COUNT SEED\n");
        return 2;
    }
    const unsigned long count = strtoul(argv[1], NULL, 10);
    state = (uint32_t)strtoul(argv[2], NULL, 10) * 2654435761u | 1u;
    brain_t brain = *sitl_brain();
    real_step = brain.step;
    brain.step = counted_step;
    dispatcher_start(&d, &brain);
    unsigned long intact = 0, bad = 0;
    uint8_t noise[2 * FRAMING_WIRE_MAX], wire[FRAMING_WIRE_MAX], payload[WIRE_PAYLOAD_MAX];
    for (unsigned long n = 0; n < count; n++) {
        const uint32_t sort = draw() % 8;
        const unsigned long before = called;
        const uint32_t frames = d.counters.frames;
        size_t size;
        if (draw() % 4 == 0) {
            dispatcher_tick(&d); // time passes, which is no frame's doing
        }
        const uint32_t hash_before = hash(&brain);
        if (sort == 0) { // noise, with its own zeros
            size = draw() % sizeof noise;
            const uint8_t least = draw() % 2; // 1: without zeros, so that it can be longer than any frame
            for (size_t i = 0; i < size; i++) {
                noise[i] = (uint8_t)(draw() | least);
            }
            push_all(noise, size);
            push_all((const uint8_t *)"", 1);
            bad++;
        } else {
            size_t length = draw() % 70;
            for (size_t i = 0; i < length; i++) {
                payload[i] = (uint8_t)(draw() & draw());
            }
            static const uint8_t codes[] = {WIRE_STEP, WIRE_STEP, WIRE_STEP, WIRE_HELLO, WIRE_FREEZE, WIRE_STATS, 0x55,
                                            WIRE_STATE_HASH, WIRE_HEARTBEAT, WIRE_RESET, WIRE_LOAD, WIRE_COMMIT,
                                            WIRE_COMMIT, WIRE_SAVE, WIRE_GET, WIRE_SET, WIRE_SUBSCRIBE, WIRE_STATUS,
                                            WIRE_PACE, WIRE_STEP, WIRE_STEP, WIRE_STEP, WIRE_STEP};
            const uint8_t code = codes[draw() % sizeof codes];
            if (code == WIRE_STEP && draw() % 4) {
                const size_t listed = draw() % 20;
                length = 21 + listed;
                payload[20] = (uint8_t)listed;
                for (size_t i = 21; i < length; i++) {
                    payload[i] = (uint8_t)(payload[i] % (draw() % 8 ? 86 : 255));
                }
            } else if (code == WIRE_HELLO && draw() % 4) {
                const wire_hello_t hello = {WIRE_MAGIC, WIRE_PROTOCOL_ID, draw() % 3};
                memcpy(payload, &hello, length = sizeof hello);
            } else if (code == WIRE_LOAD && draw() % 2) { // zeros, which any brain may start from
                const wire_load_t at = {draw() % (brain.size + 8)};
                memset(payload, 0, length);
                memcpy(payload, &at, sizeof at);
            } else if (code == WIRE_COMMIT && draw() % 4) {
                const wire_commit_t commit = {framing_crc32(0, brain.initial, brain.size)};
                memcpy(payload, &commit, length = sizeof commit);
            } else if (code != WIRE_STEP && code != WIRE_HELLO && code != WIRE_LOAD) {
                length = draw() % 8 ? head_of(code) : length;
            } else if (code == WIRE_LOAD) {
                length = 4 * (length / 4) + 1; // never loaded: a record of noise may not be stepped
            }
            const uint16_t number = (uint16_t)(draw() % 4 ? d.last + 1u : draw());
            size = framing_encode(wire, number, code, payload, length);
            if (sort < 4) { // a good frame
                const int is_new = d.in_session && number == (d.last == 0xffff ? 1 : d.last + 1) && code == WIRE_STEP;
                const unsigned long bound = is_new ? 1 : 0;
                push_all(wire, size);
                if (called - before > bound) {
                    fprintf(stderr, "frame %lu: stepped for a request that was not new\n", n);
                    return 1;
                }
                intact++;
                if (called != before) {
                    push_all(wire, size); // again: the same answer, nothing done
                    const int same = called == before + 1 && last_code == WIRE_COMMAND && (last_size == 10 || last_size == 10 + sizeof(wire_thought_t));
                    payload[0] ^= 1; // again, with other content: refused
                    push_all(wire, framing_encode(wire, number, code, payload, length));
                    if (!same || called != before + 1 || last_code != WIRE_NACK) {
                        fprintf(stderr, "frame %lu: a repeated request was carried out again\n", n);
                        return 1;
                    }
                }
                continue;
            }
            const uint32_t flips = 1 + draw() % 3;
            for (uint32_t k = 0; k < flips; k++) {
                wire[draw() % size] ^= (uint8_t)(1u << draw() % 8);
            }
            push_all(wire, sort == 7 ? draw() % size : size); // or cut short
            push_all((const uint8_t *)"", 1);
            bad++;
        }
        // Flips may cancel out, and one noise in 65536 has a good CRC; without one nothing may have happened.
        if (d.counters.frames == frames && (called != before || hash(&brain) != hash_before)) {
            fprintf(stderr, "frame %lu: something was done for a frame that is not whole\n", n);
            return 1;
        }
    }
    printf("%lu frames: %lu intact, %lu bad, %lu steps, %u garbled\n", count, intact, bad, called, d.counters.garbled);
    return called == d.counters.steps && called > count / 50 ? 0 : 1;
}
