"""Lifting: follow the height that is asked, but load an unknown object no faster than the grip can follow."""

from __future__ import annotations

from numba import int32, njit

TUG_START_TICKS = 40
MOVED = 2  # 0.04 mm of height in LSB
PROBE_TICKS = 64
CARRIED = 15  # 0.3 mm of height in LSB
PROBE_SPEED = 20  # 1.6 mm/s in 1/256 LSB per tick
RAISED = 500  # 10 mm
SPEED_MAX = 3200  # 0.25 m/s in 1/256 LSB per tick
SPEED_SLEW = 45  # 3.5 m/s^2
STIFFNESS = 6  # 3000 N/m in effort LSB per height LSB
FRICTION_NUMERATOR = 150  # 300 N s/m: 150 / 64 effort LSB per 1/256 height LSB per tick


@njit(cache=True)
def refer(s, goal, height, hold):  # type: ignore[no-untyped-def]
    """Advance the reference height: a tug at first, its rate in proportion to the load, then the goal itself.

    It pulls at the lightly gripped object until the hand moves: the pads slide, and load per grip is friction. That
    is learned while they slide on for a moment. Then it waits whenever grip is short of 1.08 times what the load needs.
    """
    if hold == 0:
        s.carried = s.raised = s.touch = s.probed = 0
    if goal > RAISED:
        s.raised = 1
    asked = goal << 8
    s.goal_speed += (((goal - s.goal) << 8) - s.goal_speed) >> 3
    s.goal = goal
    if s.carried == 0:
        load = max(s.load_mn >> 4, 0)
        need = (s.compliance * load) >> 12
        ready = s.touch > TUG_START_TICKS and 256 * (s.normal_mn >> 4) >= 276 * need
        if s.touch <= TUG_START_TICKS:
            s.foothold = height
        if s.probed == 0:
            wanted = int32(PROBE_SPEED) if s.touch > TUG_START_TICKS else int32(0)
            if height >= s.foothold + MOVED:
                s.probed = int32(1)
            elif s.touch > TUG_START_TICKS and not ready:  # it carries what the prior can: no need to make it slide
                s.probed = int32(PROBE_TICKS)
        elif s.probed < PROBE_TICKS:
            wanted = int32(PROBE_SPEED >> 1)
            s.probed += int32(1)
            s.foothold = height
        else:
            wanted = 12 + ((load * 22) >> 10) if ready else int32(0)
            if height > s.foothold + CARRIED and ready:
                s.carried = 1
        s.speed += (wanted - s.speed + 7) >> 3
    else:
        if s.raised == 0:
            asked = max(asked, 100 << 8)
        wanted = s.goal_speed + ((asked - s.height) >> 6)
        wanted = min(max(wanted, -SPEED_MAX), SPEED_MAX)
        s.speed += min(max(wanted - s.speed, -SPEED_SLEW), SPEED_SLEW)
    s.height += s.speed
    s.speed_slow += ((s.speed << 4) - s.speed_slow) >> 3


@njit(cache=True)
def lift_effort(s, height):  # type: ignore[no-untyped-def]
    """Effort in LSB: viscous feed-forward, proportional to the height error, and the load that is carried."""
    carried = (s.load_slow >> 8) // 10 if s.carried != 0 else int32(0)
    return ((s.speed * FRICTION_NUMERATOR) >> 6) + STIFFNESS * ((s.height >> 8) - height) + carried
