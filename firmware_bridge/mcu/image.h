// Printed from controller/ by `python -m firmware_bridge.codegen`; change it there.
#ifndef GANGLION_IMAGE_H
#define GANGLION_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#define IMAGE_LAYOUT 0xfde5663eu

enum {
    ANALOG_CHANNELS = 8,
    GOAL_CHANNELS = 2,
    EFFORT_CHANNELS = 2,
    FRICTION = 160,
    AHEAD = 256,
    FEELERS = 32,
    EYE = 48,
    SLIP = 16,
    SENSES = 96,
    PROBE_TICKS = 64,
    THRESHOLD = 16384,
    LEAK_SHIFT = 5,
    TRACE_SHIFT = 5,
    TRACE_STEP = 512,
    SENSE_LEAK_SHIFT = 4,
    POOL_LEAK_SHIFT = 4,
    COMPLIANCE_MIN = 1900,
    COMPLIANCE_MAX = 20480,
    GRIP_MOST_MN = 170000,
    BURST_ON = 500,
    BURST_OFF = 200,
    VOTE = 600,
    POOL_REST = 300,
    HELD = -2000,
    LOOSE = 500,
    DRIVE_MOST = 65535,
    EYE_VOTES = 3,
    EYE_TUG_VOTES = 10,
    RISES = 5,
    PULLS = 12,
    EYE_FIRST = 38,
    SLIDES = 27,
    SLIP_RATE_SHIFT = 13,
    BELIEVE = 36,
    TUG_START_TICKS = 40,
    MOVED = 2,
    CARRIED = 15,
    PROBE_SPEED = 20,
    RAISED = 500,
    SPEED_MAX = 3200,
    SPEED_SLEW = 45,
    STIFFNESS = 6,
    FRICTION_NUMERATOR = 150,
    LIFT_MAX = 16000,
    GRIP_MAX = 32000,
    LIFT_SLEW = 2000,
    GRIP_SLEW = 800,
    OPEN_GRIP = -400,
    FEELER_WEIGHT = 17000,
    EYE_WEIGHT = 17000,
    HOLD_TICKS = 5,
    LIFT_FALL = 2000,
};

// All that the future of the controller depends on; see controller/image.py.
typedef struct {
    uint32_t tick;
    uint32_t key;
    int32_t learning;
    int32_t margin;
    int32_t prior;
    int32_t touch_grip;
    int32_t boost;
    int32_t feeler_weight;
    int32_t eye_weight;
    uint32_t dead_from;
    int8_t friction_encoder[160][2];
    int32_t friction_bias[160];
    int32_t friction_v[160];
    uint8_t friction_alive[160];
    int16_t friction_trace[160];
    int32_t friction_weight[160];
    int8_t ahead_encoder[256][2];
    int32_t ahead_bias[256];
    int32_t ahead_v[256];
    uint8_t ahead_alive[256];
    int16_t ahead_trace[256];
    int16_t ahead_late[256];
    int32_t ahead_weight[256];
    int32_t innate_late;
    int32_t sense_v[96];
    uint8_t sense_alive[96];
    uint8_t doomed[512];
    int32_t current[256];
    uint8_t fired[512];
    int32_t normal_mn;
    int32_t load_mn;
    int32_t load_slow;
    int32_t compliance;
    int32_t peak[2][2];
    int32_t burst;
    int32_t slipping;
    int32_t boosted;
    int32_t grip;
    int32_t touch;
    int32_t probed;
    int32_t foothold;
    int32_t carried;
    int32_t raised;
    int32_t height;
    int32_t speed;
    int32_t speed_slow;
    int32_t goal;
    int32_t goal_speed;
    int16_t effort[2];
    int64_t ledger[4];
} image_t;

_Static_assert(sizeof(image_t) == 10280, "the record has the size it has in controller/");
_Static_assert(offsetof(image_t, tick) == 0, "tick");
_Static_assert(offsetof(image_t, key) == 4, "key");
_Static_assert(offsetof(image_t, learning) == 8, "learning");
_Static_assert(offsetof(image_t, margin) == 12, "margin");
_Static_assert(offsetof(image_t, prior) == 16, "prior");
_Static_assert(offsetof(image_t, touch_grip) == 20, "touch_grip");
_Static_assert(offsetof(image_t, boost) == 24, "boost");
_Static_assert(offsetof(image_t, feeler_weight) == 28, "feeler_weight");
_Static_assert(offsetof(image_t, eye_weight) == 32, "eye_weight");
_Static_assert(offsetof(image_t, dead_from) == 36, "dead_from");
_Static_assert(offsetof(image_t, friction_encoder) == 40, "friction_encoder");
_Static_assert(offsetof(image_t, friction_bias) == 360, "friction_bias");
_Static_assert(offsetof(image_t, friction_v) == 1000, "friction_v");
_Static_assert(offsetof(image_t, friction_alive) == 1640, "friction_alive");
_Static_assert(offsetof(image_t, friction_trace) == 1800, "friction_trace");
_Static_assert(offsetof(image_t, friction_weight) == 2120, "friction_weight");
_Static_assert(offsetof(image_t, ahead_encoder) == 2760, "ahead_encoder");
_Static_assert(offsetof(image_t, ahead_bias) == 3272, "ahead_bias");
_Static_assert(offsetof(image_t, ahead_v) == 4296, "ahead_v");
_Static_assert(offsetof(image_t, ahead_alive) == 5320, "ahead_alive");
_Static_assert(offsetof(image_t, ahead_trace) == 5576, "ahead_trace");
_Static_assert(offsetof(image_t, ahead_late) == 6088, "ahead_late");
_Static_assert(offsetof(image_t, ahead_weight) == 6600, "ahead_weight");
_Static_assert(offsetof(image_t, innate_late) == 7624, "innate_late");
_Static_assert(offsetof(image_t, sense_v) == 7628, "sense_v");
_Static_assert(offsetof(image_t, sense_alive) == 8012, "sense_alive");
_Static_assert(offsetof(image_t, doomed) == 8108, "doomed");
_Static_assert(offsetof(image_t, current) == 8620, "current");
_Static_assert(offsetof(image_t, fired) == 9644, "fired");
_Static_assert(offsetof(image_t, normal_mn) == 10156, "normal_mn");
_Static_assert(offsetof(image_t, load_mn) == 10160, "load_mn");
_Static_assert(offsetof(image_t, load_slow) == 10164, "load_slow");
_Static_assert(offsetof(image_t, compliance) == 10168, "compliance");
_Static_assert(offsetof(image_t, peak) == 10172, "peak");
_Static_assert(offsetof(image_t, burst) == 10188, "burst");
_Static_assert(offsetof(image_t, slipping) == 10192, "slipping");
_Static_assert(offsetof(image_t, boosted) == 10196, "boosted");
_Static_assert(offsetof(image_t, grip) == 10200, "grip");
_Static_assert(offsetof(image_t, touch) == 10204, "touch");
_Static_assert(offsetof(image_t, probed) == 10208, "probed");
_Static_assert(offsetof(image_t, foothold) == 10212, "foothold");
_Static_assert(offsetof(image_t, carried) == 10216, "carried");
_Static_assert(offsetof(image_t, raised) == 10220, "raised");
_Static_assert(offsetof(image_t, height) == 10224, "height");
_Static_assert(offsetof(image_t, speed) == 10228, "speed");
_Static_assert(offsetof(image_t, speed_slow) == 10232, "speed_slow");
_Static_assert(offsetof(image_t, goal) == 10236, "goal");
_Static_assert(offsetof(image_t, goal_speed) == 10240, "goal_speed");
_Static_assert(offsetof(image_t, effort) == 10244, "effort");
_Static_assert(offsetof(image_t, ledger) == 10248, "ledger");

// Of each parameter its place, and its range; indices are WIRE_PARAMETER_...
#define IMAGE_PARAMETERS { \
    {offsetof(image_t, learning), 0, 1}, \
    {offsetof(image_t, margin), 256, 1024}, \
    {offsetof(image_t, prior), 2048, 20480}, \
    {offsetof(image_t, touch_grip), 20, 4000}, \
    {offsetof(image_t, boost), 0, 2048}, \
    {offsetof(image_t, feeler_weight), 0, 136000}, \
    {offsetof(image_t, eye_weight), 0, 136000}, \
    {offsetof(image_t, dead_from), 0, 1000000}, \
}

#endif
