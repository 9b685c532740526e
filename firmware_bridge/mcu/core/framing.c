#include "framing.h"

#include <string.h>

// A table of 16 costs 32 bytes of flash and two look-ups a byte.
static const uint16_t CRC_NIBBLE[16] = {
    0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
    0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
};

uint16_t framing_crc(const uint8_t *bytes, size_t size) {
    uint32_t crc = 0xffff;
    for (size_t i = 0; i < size; i++) {
        crc = ((crc << 4) & 0xffffu) ^ CRC_NIBBLE[(crc >> 12) ^ (bytes[i] >> 4)];
        crc = ((crc << 4) & 0xffffu) ^ CRC_NIBBLE[(crc >> 12) ^ (bytes[i] & 0x0fu)];
    }
    return (uint16_t)crc;
}

static const uint32_t CRC32_NIBBLE[16] = {
    0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
    0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
    0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
};

uint32_t framing_crc32(uint32_t crc, const uint8_t *bytes, size_t size) {
    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ CRC32_NIBBLE[crc & 15u];
        crc = (crc >> 4) ^ CRC32_NIBBLE[crc & 15u];
    }
    return ~crc;
}

// Decodes in place; returns false if a block reaches beyond the end. Reading is always ahead of writing.
static bool uncobs(uint8_t *bytes, size_t used, size_t *size) {
    size_t from = 0, to = 0;
    while (from < used) {
        const size_t block = bytes[from++];
        if (block - 1 > used - from) {
            return false;
        }
        memmove(bytes + to, bytes + from, block - 1);
        to += block - 1;
        from += block - 1;
        if (block < 0xff && from < used) {
            bytes[to++] = 0;
        }
    }
    *size = to;
    return true;
}

static received_t finish(receiver_t *r) {
    size_t size;
    if (!uncobs(r->bytes, r->used, &size) || size < FRAMING_HEAD + FRAMING_CRC) {
        return RECEIVED_GARBAGE;
    }
    size -= FRAMING_CRC;
    const uint32_t crc = (uint32_t)r->bytes[size] | (uint32_t)r->bytes[size + 1] << 8;
    if (crc != framing_crc(r->bytes, size)) {
        return RECEIVED_GARBAGE;
    }
    r->sequence = (uint16_t)(r->bytes[0] | r->bytes[1] << 8);
    r->code = r->bytes[2];
    r->payload = r->bytes + FRAMING_HEAD;
    r->size = size - FRAMING_HEAD;
    return RECEIVED_FRAME;
}

received_t receiver_push(receiver_t *r, uint8_t byte) {
    if (byte != 0) {
        if (r->used == FRAMING_WIRE_MAX - 1) {
            r->overrun = true;
        } else {
            r->bytes[r->used++] = byte;
        }
        return RECEIVED_NOTHING;
    }
    received_t received = RECEIVED_NOTHING;
    if (r->overrun) {
        received = RECEIVED_GARBAGE;
    } else if (r->used != 0) {
        received = finish(r);
    }
    r->used = 0;
    r->overrun = false;
    return received;
}

size_t framing_encode(uint8_t *wire, uint16_t sequence, uint8_t code, const uint8_t *payload, size_t size) {
    uint8_t raw[FRAMING_RAW_MAX];
    raw[0] = (uint8_t)(sequence & 0xffu);
    raw[1] = (uint8_t)(sequence >> 8);
    raw[2] = code;
    if (size != 0) {
        memcpy(raw + FRAMING_HEAD, payload, size);
    }
    size += FRAMING_HEAD;
    const uint16_t crc = framing_crc(raw, size);
    raw[size++] = (uint8_t)(crc & 0xffu);
    raw[size++] = (uint8_t)(crc >> 8);

    size_t block = 0, to = 1; // `block` is where the current block's length goes
    for (size_t i = 0; i < size; i++) {
        if (raw[i] == 0) {
            wire[block] = (uint8_t)(to - block);
            block = to++;
        } else {
            wire[to++] = raw[i];
        }
    }
    wire[block] = (uint8_t)(to - block);
    wire[to++] = 0;
    return to;
}
