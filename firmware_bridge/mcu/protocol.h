// Printed from firmware_bridge/protocol.py by `python -m firmware_bridge.codegen`; change it there.
#ifndef GANGLION_PROTOCOL_H
#define GANGLION_PROTOCOL_H

#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian, and so must be the target"
#endif

#define WIRE_PROTOCOL_ID 0x60f664bbu
#define WIRE_MAGIC 0x4c474e47u
#define WIRE_PAYLOAD_MAX 240u
#define WIRE_ANALOG_MAX 32u
#define WIRE_GOAL_MAX 8u
#define WIRE_EFFORT_MAX 16u
#define WIRE_ADDRESS_MAX 256u
#define WIRE_MAX_SPIKES 48u
#define WIRE_BITMAP 0x80u

enum {
    WIRE_HELLO = 0x01,
    WIRE_WELCOME = 0x81,
    WIRE_STEP = 0x02,
    WIRE_COMMAND = 0x82,
    WIRE_RESET = 0x03,
    WIRE_FREEZE = 0x04,
    WIRE_DONE = 0x83,
    WIRE_STATE_HASH = 0x05,
    WIRE_HASH = 0x85,
    WIRE_HEARTBEAT = 0x06,
    WIRE_ALIVE = 0x86,
    WIRE_STATS = 0x07,
    WIRE_COUNTERS = 0x87,
    WIRE_NACK = 0xff,
};

enum {
    WIRE_NACK_GARBLED = 1, // a frame came with a bad CRC; send the request again
    WIRE_NACK_UNKNOWN = 2, // no such request
    WIRE_NACK_LENGTH = 3, // the payload has another length than the request asks for
    WIRE_NACK_SEQUENCE = 4, // neither the last sequence number nor the next one, or no session
    WIRE_NACK_CONFLICT = 5, // the last sequence number again, with other content
    WIRE_NACK_VALUE = 6, // a value out of its range
};

// Who are you? Begins a session, or takes it up again after the link was lost.
typedef struct __attribute__((packed)) {
    uint32_t magic;          // MAGIC; it and `protocol` stay where they are in every version
    uint32_t protocol;       // PROTOCOL_ID of the host
    uint32_t session;        // drawn by the host; the same number again continues, another begins at sequence 0
} wire_hello_t;
_Static_assert(sizeof(wire_hello_t) == 12, "HELLO layout");

// What this target is; every protocol is answered, to be named.
typedef struct __attribute__((packed)) {
    uint32_t magic;          // MAGIC
    uint32_t protocol;       // PROTOCOL_ID of the target
    uint32_t session;        // as in HELLO
    uint16_t sequence;       // last sequence number answered in this session, 0 for none
    char target[16];         // board, padded with zeros
    uint32_t build;          // identity of the firmware
    uint32_t image;          // CRC-32 of the brain's state before its first tick
    uint8_t analog;          // of STEP [channels]
    uint8_t goal;            // of STEP [channels]
    uint8_t effort;          // of COMMAND [channels]
    uint8_t spikes;          // most that one STEP may carry [addresses]
    uint16_t addresses;      // 0 .. addresses-1 are legal [addresses]
    uint16_t neurons;        // of the brain [neurons]
} wire_welcome_t;
_Static_assert(sizeof(wire_welcome_t) == 46, "WELCOME layout");

// What the body should do, as the guard let it pass.
typedef struct __attribute__((packed)) {
    uint32_t cycles;         // of the processor for this tick; 0 where there is no counter [cycles]
    uint16_t spikes;         // of all neurons in this tick [spikes]
    // then effort, (effort,)<i2: one per actuator [Body.effort's LSB]
} wire_command_t;
_Static_assert(sizeof(wire_command_t) == 6, "COMMAND layout");

// Stop or resume learning. Answer: DONE.
typedef struct __attribute__((packed)) {
    uint8_t frozen;          // 1 stop, 0 resume
} wire_freeze_t;
_Static_assert(sizeof(wire_freeze_t) == 1, "FREEZE layout");

// The state of the brain in one number.
typedef struct __attribute__((packed)) {
    uint32_t crc;            // CRC-32 of the brain's record
    uint32_t ticks;          // since RESET [ticks]
} wire_hash_t;
_Static_assert(sizeof(wire_hash_t) == 8, "HASH layout");

// Yes.
typedef struct __attribute__((packed)) {
    uint32_t ticks;          // since RESET [ticks]
} wire_alive_t;
_Static_assert(sizeof(wire_alive_t) == 4, "ALIVE layout");

// What the target has seen on the link; each wraps at 2**32.
typedef struct __attribute__((packed)) {
    uint32_t frames;         // with a good CRC [frames]
    uint32_t garbled;        // with a bad CRC, bad COBS, or too long or short [frames]
    uint32_t repeated;       // answered from the cache [frames]
    uint32_t refused;        // answered by NACK for their content or sequence [frames]
    uint32_t steps;          // that the brain was advanced [ticks]
} wire_counters_t;
_Static_assert(sizeof(wire_counters_t) == 20, "COUNTERS layout");

// Nothing was done. For GARBLED the sequence number is not known, and 0.
typedef struct __attribute__((packed)) {
    uint8_t code;            // why, see Refusals
    uint16_t expected;       // sequence number that would be new
} wire_nack_t;
_Static_assert(sizeof(wire_nack_t) == 3, "NACK layout");

#endif
