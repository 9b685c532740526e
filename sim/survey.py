"""What a tick's contacts and motion amount to: arithmetic of `plant.Plant`, compiled, since it is done every tick."""

from __future__ import annotations

import math
import struct

from numba import njit

from .episode import GRAVITY_M_PER_S2
from .spec import MAX_CONTACTS

MOST_POINTS = 64
"""Contact points of one object that are looked at; Bullet keeps at most four for each body that it touches."""
POINT = struct.Struct("11d")
"""One contact point: other body, its link, y, z, normal force, first friction force, its direction's y, z, second."""
STATE = struct.Struct("23d")
"""Centre x, y, z of the left and right pad; their velocities' y, z; the hand's turn about x; the object's place x,
y, z, velocity y, z and turn x, y, z; the hand's height and speed; the object's mass and friction."""
HAND, LEFT, RIGHT, TICK_S, CRUSH_GAIN, ACCELERATION_GAIN, CRUSH_LIMIT_N, OBJECT_FROM_M = range(8)
"""Places in `fixed`: body and links of the gripper, and what does not change within an episode."""
SPEED, ACCELERATION, GRIP_N, HELD_FROM_M, NORMAL_N, LOAD_N = range(6)
"""Places in `memory`: what goes on from tick to tick, and the two totals of this one."""


@njit(cache=True, error_model="numpy")
def survey(points, found, state, fixed, memory, count, normal, point, motion, truths):  # type: ignore[no-untyped-def]
    """Sort the contact points `points` (found, 11) by pad and write contact arrays, `motion` (10,) and `truths` (1,).

    motion: shear u, v of the left and right pad, slide u, v of both, spin of both, as `spec.Contact` has them.
    """
    force, moment_u, moment_v = (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)
    shear_u, shear_v = (0.0, 0.0), (0.0, 0.0)
    count[0] = count[1] = 0
    on_table = False
    for i in range(found):
        at = points[i]
        fn = at[4]
        if fn <= 0.0:
            continue
        if at[0] != fixed[HAND]:
            on_table = True
            continue
        if at[1] == fixed[LEFT]:
            side = 0
        elif at[1] == fixed[RIGHT]:
            side = 1
        else:
            continue
        k = count[side]
        if k == MAX_CONTACTS:
            continue
        count[side] = k + 1
        u, v = at[2] - state[3 * side + 1], at[3] - state[3 * side + 2]
        normal[side, k] = fn
        point[side, k, 0] = u
        point[side, k, 1] = v
        along, up = at[5] * at[6] + at[8] * at[9], at[5] * at[7] + at[8] * at[10]
        if side == 0:
            force = (force[0] + fn, force[1])
            moment_u, moment_v = (moment_u[0] + fn * u, moment_u[1]), (moment_v[0] + fn * v, moment_v[1])
            shear_u, shear_v = (shear_u[0] - along, shear_u[1]), (shear_v[0] - up, shear_v[1])
        else:
            force = (force[0], force[1] + fn)
            moment_u, moment_v = (moment_u[0], moment_u[1] + fn * u), (moment_v[0], moment_v[1] + fn * v)
            shear_u, shear_v = (shear_u[0], shear_u[1] - along), (shear_v[0], shear_v[1] - up)
    turn, px, py, pz = state[10], state[11], state[12], state[13]
    vy, vz, wx, wy, wz = state[14], state[15], state[16], state[17], state[18]
    fastest = 0.0
    for side in range(2):
        motion[2 * side], motion[2 * side + 1] = shear_u[side], shear_v[side]
        motion[4 + 2 * side] = motion[5 + 2 * side] = motion[8 + side] = 0.0
        if count[side]:
            # Velocity of the object's surface at the centre of pressure, less that of the pad.
            ax = state[3 * side] - px
            ay = state[3 * side + 1] + moment_u[side] / force[side] - py
            az = state[3 * side + 2] + moment_v[side] / force[side] - pz
            du = vy + wz * ax - wx * az - state[6 + 2 * side]
            dv = vz + wx * ay - wy * ax - state[7 + 2 * side]
            motion[4 + 2 * side], motion[5 + 2 * side] = du, dv
            motion[8 + side] = wx - turn
            fastest = max(fastest, math.sqrt(du * du + dv * dv))
    height, speed, mass, friction = state[19], state[20], state[21], state[22]
    rate = (speed - memory[SPEED]) / fixed[TICK_S]
    memory[ACCELERATION] += (rate - memory[ACCELERATION]) * fixed[ACCELERATION_GAIN]
    memory[SPEED] = speed
    memory[NORMAL_N] = 0.5 * (force[0] + force[1])
    memory[GRIP_N] += (memory[NORMAL_N] - memory[GRIP_N]) * fixed[CRUSH_GAIN]
    memory[LOAD_N] = load = -(shear_v[0] + shear_v[1])  # a hanging object pulls the pads down
    up = pz - fixed[OBJECT_FROM_M]
    sunk = height - up
    held = int(count[0] > 0) + int(count[1] > 0)
    if held == 2 and math.isnan(memory[HELD_FROM_M]):
        memory[HELD_FROM_M] = sunk
    carried = load if on_table else mass * (GRAVITY_M_PER_S2 + memory[ACCELERATION])
    truth = truths[0]
    truth.height_m = height
    truth.object_m = up
    truth.grip_n = memory[GRIP_N]
    truth.needed_n = max(carried, 0.0) / (2 * friction)
    truth.crush_limit_n = fixed[CRUSH_LIMIT_N]
    truth.load_n = load
    truth.slip_m_per_s = fastest
    truth.slip_m = 0.0 if math.isnan(memory[HELD_FROM_M]) else sunk - memory[HELD_FROM_M]
    truth.friction = friction
    truth.mass_kg = mass
    truth.contacts = held
    truth.on_table = on_table
