// Lifting: a tug, then the height that is asked. Mirrors controller/servo.py.
#include "controller.h"

void refer(image_t *s, int32_t goal, int32_t height, int32_t hold) {
    if (hold == 0) {
        s->carried = s->raised = s->touch = s->probed = 0;
    }
    if (goal > RAISED) {
        s->raised = 1;
    }
    int64_t asked = (int64_t)goal * 256, wanted;
    s->goal_speed = wrap32(s->goal_speed + ((((int64_t)goal - s->goal) * 256 - s->goal_speed) >> 3));
    s->goal = goal;
    if (s->carried == 0) {
        const int64_t load = max64(s->load_mn >> 4, 0);
        const int64_t need = (s->compliance * load) >> 12;
        const bool tugs = s->touch > TUG_START_TICKS;
        const bool ready = tugs && 256 * (int64_t)(s->normal_mn >> 4) >= 276 * need;
        if (!tugs) {
            s->foothold = height;
        }
        if (s->probed == 0) {
            wanted = tugs ? PROBE_SPEED : 0;
            if (height >= (int64_t)s->foothold + MOVED) {
                s->probed = 1;
            } else if (tugs && !ready) {
                s->probed = PROBE_TICKS;
            }
        } else if (s->probed < PROBE_TICKS) {
            wanted = PROBE_SPEED >> 1;
            s->probed++;
            s->foothold = height;
        } else {
            wanted = ready ? 12 + ((load * 22) >> 10) : 0;
            if (height > (int64_t)s->foothold + CARRIED && ready) {
                s->carried = 1;
            }
        }
        s->speed = wrap32(s->speed + ((wanted - s->speed + 7) >> 3));
    } else {
        if (s->raised == 0) {
            asked = max64(asked, 100 * 256);
        }
        wanted = clamp64(s->goal_speed + ((asked - s->height) >> 6), -SPEED_MAX, SPEED_MAX);
        s->speed = wrap32(s->speed + clamp64(wanted - s->speed, -SPEED_SLEW, SPEED_SLEW));
    }
    s->height = wrap32((int64_t)s->height + s->speed);
    s->speed_slow = wrap32(s->speed_slow + (((int64_t)s->speed * 16 - s->speed_slow) >> 3));
}

int64_t lift_effort(const image_t *s, int32_t height) {
    const int64_t carried = s->carried != 0 ? floor_divide(s->load_slow >> 8, 10) : 0;
    return (((int64_t)s->speed * FRICTION_NUMERATOR) >> 6) + STIFFNESS * ((int64_t)(s->height >> 8) - height) + carried;
}
