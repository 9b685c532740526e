// Printed from firmware_bridge/protocol.py by `python -m firmware_bridge.codegen`; change it there.
#ifndef GANGLION_PROTOCOL_H
#define GANGLION_PROTOCOL_H

#include <stdint.h>

#if !defined(__BYTE_ORDER__) || __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the wire is little-endian, and so must be the target"
#endif

#define WIRE_PROTOCOL_ID 0x4ed74bdfu
#define WIRE_MAGIC 0x4c474e47u
#define WIRE_PAYLOAD_MAX 240u
#define WIRE_PIECE_MAX 232u
#define WIRE_ANALOG_MAX 32u
#define WIRE_GOAL_MAX 8u
#define WIRE_EFFORT_MAX 16u
#define WIRE_ADDRESS_MAX 256u
#define WIRE_BAUD 921600u
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
    WIRE_LOAD = 0x08,
    WIRE_COMMIT = 0x09,
    WIRE_SAVE = 0x0a,
    WIRE_PIECE = 0x8a,
    WIRE_GET = 0x0b,
    WIRE_SET = 0x0c,
    WIRE_VALUE = 0x8b,
    WIRE_SUBSCRIBE = 0x0d,
    WIRE_STATUS = 0x0e,
    WIRE_REPORT = 0x8e,
    WIRE_PACE = 0x0f,
    WIRE_ACT = 0x10,
    WIRE_SENSED = 0x90,
    WIRE_NACK = 0xff,
};

enum {
    WIRE_NACK_GARBLED = 1, // a frame came with a bad CRC; send the request again
    WIRE_NACK_UNKNOWN = 2, // no such request
    WIRE_NACK_LENGTH = 3, // the payload has another length than the request asks for
    WIRE_NACK_SEQUENCE = 4, // neither the last sequence number nor the next one, or no session
    WIRE_NACK_CONFLICT = 5, // the last sequence number again, with other content
    WIRE_NACK_VALUE = 6, // a value out of its range
    WIRE_NACK_EMPTY = 7, // there is no record to start from; LOAD and COMMIT one
    WIRE_NACK_CHECKSUM = 8, // the record that was loaded has another CRC-32; load it again
};

// Indices of GET and SET; `image.h` has their places and ranges.
enum {
    WIRE_PARAMETER_LEARNING = 0,
    WIRE_PARAMETER_MARGIN = 1,
    WIRE_PARAMETER_PRIOR = 2,
    WIRE_PARAMETER_TOUCH_GRIP = 3,
    WIRE_PARAMETER_BOOST = 4,
    WIRE_PARAMETER_FEELER_WEIGHT = 5,
    WIRE_PARAMETER_EYE_WEIGHT = 6,
    WIRE_PARAMETER_DEAD_FROM = 7,
    WIRE_PARAMETERS = 8,
};

// What the brain thought in a tick, as controller.spec.PROBE; in COMMAND.
typedef struct __attribute__((packed)) {
    uint8_t flags;           // bit 0: the slip detector bursts, bit 1: it began in this tick
    int32_t compliance;      // learned grip force per load [1/2048]
    int32_t grip_target;     // asked of each finger [Body.effort's LSB]
    int32_t load_ahead;      // load foreseen [load channel's LSB]
} wire_thought_t;
_Static_assert(sizeof(wire_thought_t) == 13, "THOUGHT layout");

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
    uint32_t image;          // CRC-32 of the record that COMMIT made valid, 0 while there is none
    uint32_t layout;         // CRC-32 of the names, types and offsets of the brain's record
    uint32_t size;           // of the brain's record [bytes]
    uint8_t analog;          // of STEP [channels]
    uint8_t goal;            // of STEP [channels]
    uint8_t effort;          // of COMMAND [channels]
    uint8_t spikes;          // most that one STEP may carry [addresses]
    uint16_t addresses;      // 0 .. addresses-1 are legal [addresses]
    uint16_t neurons;        // of the brain [neurons]
} wire_welcome_t;
_Static_assert(sizeof(wire_welcome_t) == 54, "WELCOME layout");

// What the body should do, as the guard let it pass.
typedef struct __attribute__((packed)) {
    uint32_t cycles;         // of the processor for this tick; 0 where there is no counter [cycles]
    uint16_t spikes;         // of all neurons in this tick [spikes]
    // then effort, (effort,)<i2: one per actuator [Body.effort's LSB]
    // then thought, wire_thought_t: in every tick that SUBSCRIBE asked for, see Thought
} wire_command_t;
_Static_assert(sizeof(wire_command_t) == 6, "COMMAND layout");

// Stop or resume learning: SET of the parameter learning. Answer: DONE.
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

// A piece of the record that the brain shall start from. Answer: DONE.
typedef struct __attribute__((packed)) {
    uint32_t offset;         // a multiple of 4; from the first piece to COMMIT the brain is empty [bytes]
    // then bytes, u1[]: to the end of the payload, a multiple of 4, at most PIECE_MAX
} wire_load_t;
_Static_assert(sizeof(wire_load_t) == 4, "LOAD layout");

// Start from what was loaded, ticks = 0. Answer: DONE, or NACK CHECKSUM.
typedef struct __attribute__((packed)) {
    uint32_t crc;            // CRC-32 of the whole record
} wire_commit_t;
_Static_assert(sizeof(wire_commit_t) == 4, "COMMIT layout");

// Ask for a piece of the record as it is now. Answer: PIECE.
typedef struct __attribute__((packed)) {
    uint32_t offset;         // a multiple of 4 [bytes]
    uint8_t size;            // a multiple of 4, at most PIECE_MAX [bytes]
} wire_save_t;
_Static_assert(sizeof(wire_save_t) == 5, "SAVE layout");

// Ask for a parameter. Answer: VALUE.
typedef struct __attribute__((packed)) {
    uint8_t parameter;       // see Parameters
} wire_get_t;
_Static_assert(sizeof(wire_get_t) == 1, "GET layout");

// Change a parameter now, and for every RESET to come. Answer: VALUE.
typedef struct __attribute__((packed)) {
    uint8_t parameter;       // see Parameters
    int32_t value;           // within its range, else NACK VALUE
} wire_set_t;
_Static_assert(sizeof(wire_set_t) == 5, "SET layout");

// A parameter as it is.
typedef struct __attribute__((packed)) {
    uint8_t parameter;       // see Parameters
    int32_t value;           // 
} wire_value_t;
_Static_assert(sizeof(wire_value_t) == 5, "VALUE layout");

// Let COMMAND carry what the brain thought. Answer: DONE.
typedef struct __attribute__((packed)) {
    uint16_t every;          // when (ticks since RESET) % every == 0, the first tick being 1; 0 never [ticks]
} wire_subscribe_t;
_Static_assert(sizeof(wire_subscribe_t) == 2, "SUBSCRIBE layout");

// How it goes.
typedef struct __attribute__((packed)) {
    uint32_t ticks;          // since RESET [ticks]
    uint32_t cycles;         // of the last tick [cycles]
    uint32_t cycles_most;    // of any tick since RESET [cycles]
    uint32_t spikes;         // of all neurons since RESET, modulo 2**32 [spikes]
    uint32_t missed;         // that no STEP came in, since PACE [ticks]
    uint16_t silent;         // of the present silence, at most 65535 [ticks]
    uint16_t settled;        // of the last silence after which every effort was safe, 0 for none [ticks]
    uint8_t frozen;          // 1 while learning is stopped
    uint8_t loaded;          // 1 when there is a record to step
    // then effort, (effort,)<i2: as they stand now [Body.effort's LSB]
} wire_report_t;
_Static_assert(sizeof(wire_report_t) == 26, "REPORT layout");

// Whether time passes by itself. Answer: DONE.
typedef struct __attribute__((packed)) {
    uint32_t tick_us;        // 0: lockstep, the brain waits for STEP; else efforts decay in ticks without one [us]
    uint16_t hold;           // for which the last efforts are held before they decay [ticks]
} wire_pace_t;
_Static_assert(sizeof(wire_pace_t) == 6, "PACE layout");

// Nothing was done. For GARBLED the sequence number is not known, and 0.
typedef struct __attribute__((packed)) {
    uint8_t code;            // why, see Refusals
    uint16_t expected;       // sequence number that would be new
} wire_nack_t;
_Static_assert(sizeof(wire_nack_t) == 3, "NACK layout");

#endif
