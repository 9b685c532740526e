// Frames on a byte stream: COBS, CRC-16/IBM-3740, a zero byte at the end and nowhere else. Mirrors framing.py.
// The caller owns all memory; nothing here blocks, allocates or keeps globals.
#ifndef GANGLION_FRAMING_H
#define GANGLION_FRAMING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../protocol.h"

enum {
    FRAMING_HEAD = 3,                                         // u16 sequence, u8 code
    FRAMING_CRC = 2,
    FRAMING_RAW_MAX = WIRE_PAYLOAD_MAX + FRAMING_HEAD + FRAMING_CRC,
    FRAMING_WIRE_MAX = FRAMING_RAW_MAX + 2,                   // one byte of COBS, the zero
};

_Static_assert(FRAMING_RAW_MAX <= 253, "one byte of COBS is enough");

typedef enum { RECEIVED_NOTHING, RECEIVED_FRAME, RECEIVED_GARBAGE } received_t;

// Zero-initialise. After RECEIVED_FRAME, sequence, code, payload and size hold the frame until the next push.
typedef struct {
    uint8_t bytes[FRAMING_WIRE_MAX];
    size_t used;
    bool overrun;
    uint16_t sequence;
    uint8_t code;
    const uint8_t *payload;
    size_t size;
} receiver_t;

uint16_t framing_crc(const uint8_t *bytes, size_t size);

// CRC-32 (IEEE 802.3, as zlib's) of `size` bytes, continuing from `crc`, 0 to begin with.
uint32_t framing_crc32(uint32_t crc, const uint8_t *bytes, size_t size);

// Takes the next byte. Empty frames are passed over silently; too long ones are garbage as a whole.
received_t receiver_push(receiver_t *receiver, uint8_t byte);

// Writes one frame with its ending zero into `wire`, FRAMING_WIRE_MAX bytes; size <= WIRE_PAYLOAD_MAX. Returns its length.
size_t framing_encode(uint8_t *wire, uint16_t sequence, uint8_t code, const uint8_t *payload, size_t size);

#endif
