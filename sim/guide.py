"""The kernels of the arm's own controller: where its hand is, and the torques that let it glide along its line."""

from __future__ import annotations

import math

from numba import njit

JOINTS = 7
LINE = 5 * JOINTS + JOINTS * JOINTS
PAD_UP_M = 0.0485
"""Centre of a pad along its finger; the finger's own shape would touch with one point only."""
TIP_M = 0.0584 + PAD_UP_M
"""From the hand's frame to the middle between the pads."""


@njit(cache=True)
def _carry(rotation, position, by_rotation, by_position, to_rotation, to_position):  # type: ignore[no-untyped-def]
    """Frame `by`, given in frame (rotation, position), in the world."""
    for i in range(3):
        to_position[i] = position[i]
        for k in range(3):
            to_position[i] += rotation[i, k] * by_position[k]
        for j in range(3):
            total = 0.0
            for k in range(3):
                total += rotation[i, k] * by_rotation[k, j]
            to_rotation[i, j] = total


@njit(cache=True)
def place(q, fixed_rotation, fixed_position, rotation, position):  # type: ignore[no-untyped-def]
    """Frames of base, seven links and hand (9, 3, 3) and (9, 3) from the joints' angles; the base's is there already.

    fixed_*: (8, 3, 3), (8, 3), each joint's place in the frame of the link before, the last the hand's.
    """
    for joint in range(JOINTS + 1):
        at = joint + 1
        _carry(
            rotation[joint], position[joint], fixed_rotation[joint], fixed_position[joint], rotation[at], position[at]
        )
        if joint < JOINTS:
            c = math.cos(q[joint])
            s = math.sin(q[joint])
            for i in range(3):
                x = rotation[at, i, 0]
                y = rotation[at, i, 1]
                rotation[at, i, 0] = x * c + y * s
                rotation[at, i, 1] = y * c - x * s


@njit(cache=True)
def follow(  # type: ignore[no-untyped-def]
    table, lowest_m, step_m, state, height_m, speed_m_per_s, lift_n, stiffness, damping, work, most_nm, torque_nm
):
    """Joint torques, at most `most_nm`, that lift with `lift_n` along the line and hold the arm on it.

    table: (rows, LINE), see `arm.Line`. state: as in `feel`. work: (LINE + 14,).
    stiffness 1/s^2, damping 1/s: of the errors across the line.

    torque = g + c h'^2 + M (t lift / (t' M t) + t_h h'^2 + P (stiffness e + damping e')), where t = dq/dh, e is the
    distance from the line's posture at this height and P takes out what would push along the line: the operational
    space control of Khatib 1987 (IEEE J. Robot. Autom. 3:43, section 4) for a line instead of a full pose.
    """
    at = min(max((height_m - lowest_m) / step_m, 0.0), table.shape[0] - 1.0)
    row = min(int(at), table.shape[0] - 2)
    share = at - row
    for i in range(table.shape[1]):
        work[i] = table[row, i] + share * (table[row + 1, i] - table[row, i])
    n = JOINTS
    posture, tangent, bend = work[0:n], work[n : 2 * n], work[2 * n : 3 * n]
    weight, swing, mass = work[3 * n : 4 * n], work[4 * n : 5 * n], work[5 * n : 5 * n + n * n]
    along, push = work[table.shape[1] : table.shape[1] + n], work[table.shape[1] + n : table.shape[1] + 2 * n]
    inertia = 0.0
    for i in range(n):
        along[i] = 0.0
        for j in range(n):
            along[i] += mass[n * i + j] * tangent[j]
        inertia += tangent[i] * along[i]
    back = 0.0
    for i in range(n):
        push[i] = stiffness * (posture[i] - state[i]) + damping * (tangent[i] * speed_m_per_s - state[9 + i])
        back += along[i] * push[i]
    forward = (lift_n - back) / inertia
    square = speed_m_per_s * speed_m_per_s
    for i in range(n):
        push[i] += tangent[i] * forward + bend[i] * square
    for i in range(n):
        total = weight[i] + swing[i] * square
        for j in range(n):
            total += mass[n * i + j] * push[j]
        torque_nm[i] = min(max(total, -most_nm[i]), most_nm[i])


@njit(cache=True)
def feel(state, fixed_rotation, fixed_position, rotation, position, first, out):  # type: ignore[no-untyped-def]
    """Where the pads are and how they move.

    state: (18,) positions, then velocities, of seven joints and two fingers (positive when open). first: 1.0 if the
    left finger is pad 0, else -1.0. out: (21,) centres of pads 0 and 1, their velocities, angular velocity of the hand,
    place and velocity of the tip, 3 each.
    """
    place(state, fixed_rotation, fixed_position, rotation, position)
    turn, tip, speed = out[12:15], out[15:18], out[18:21]
    turn[:] = 0.0
    speed[:] = 0.0
    for i in range(3):
        tip[i] = position[8, i] + TIP_M * rotation[8, i, 2]
    for joint in range(JOINTS):
        rate = state[9 + joint]
        wx, wy, wz = (
            rotation[joint + 1, 0, 2] * rate,
            rotation[joint + 1, 1, 2] * rate,
            rotation[joint + 1, 2, 2] * rate,
        )
        x, y, z = tip[0] - position[joint + 1, 0], tip[1] - position[joint + 1, 1], tip[2] - position[joint + 1, 2]
        turn[0] += wx
        turn[1] += wy
        turn[2] += wz
        speed[0] += wy * z - wz * y
        speed[1] += wz * x - wx * z
        speed[2] += wx * y - wy * x
    for pad in range(2):
        left = (pad == 0) == (first > 0)
        side = 1.0 if left else -1.0
        at = side * (state[7] if left else state[8])
        rate = side * (state[16] if left else state[17])
        x, y, z = rotation[8, 0, 1], rotation[8, 1, 1], rotation[8, 2, 1]
        out[3 * pad] = tip[0] + at * x
        out[3 * pad + 1] = tip[1] + at * y
        out[3 * pad + 2] = tip[2] + at * z
        out[6 + 3 * pad] = speed[0] + rate * x + at * (turn[1] * z - turn[2] * y)
        out[7 + 3 * pad] = speed[1] + rate * y + at * (turn[2] * x - turn[0] * z)
        out[8 + 3 * pad] = speed[2] + rate * z + at * (turn[0] * y - turn[1] * x)
