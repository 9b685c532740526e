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
static uint16_t (*real_step)(void *, const sensed_t *, int16_t *);

static uint16_t counted_step(void *self, const sensed_t *sensed, int16_t *effort) {
    called++;
    return real_step(self, sensed, effort);
}

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
    d.brain = &brain;
    unsigned long intact = 0, bad = 0;
    uint8_t noise[2 * FRAMING_WIRE_MAX], wire[FRAMING_WIRE_MAX], payload[WIRE_PAYLOAD_MAX];
    for (unsigned long n = 0; n < count; n++) {
        const uint32_t sort = draw() % 8;
        const unsigned long before = called;
        const uint32_t frames = d.counters.frames, hash = brain.hash(brain.self);
        size_t size;
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
                                            WIRE_STATE_HASH, WIRE_HEARTBEAT, WIRE_RESET};
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
            } else if (code != WIRE_STEP && code != WIRE_HELLO) {
                length = draw() % 8 ? code == WIRE_FREEZE : length;
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
                    const int same = called == before + 1 && last_code == WIRE_COMMAND && last_size == 10;
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
        if (d.counters.frames == frames && (called != before || brain.hash(brain.self) != hash)) {
            fprintf(stderr, "frame %lu: something was done for a frame that is not whole\n", n);
            return 1;
        }
    }
    printf("%lu frames: %lu intact, %lu bad, %lu steps, %u garbled\n", count, intact, bad, called, d.counters.garbled);
    return called == d.counters.steps && called > count / 50 ? 0 : 1;
}
