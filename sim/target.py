"""The object to look at and its way: drawn from a seed, and where it is at any time."""

from __future__ import annotations

import math

import numpy as np

from .gaze_spec import Head, Sight
from .spec import BOX, CYLINDER, SPHERE, Range

SETTLE_S = 0.8
"""Before it first moves; enough for any of the controllers to have found it."""
FIELD_RAD = (math.radians(28.0), math.radians(14.0))
"""How far to the sides, up and down it goes."""
START_RAD = math.radians(8.0)
SHORTEST_RAD = math.radians(8.0)
RAMP_S = 0.03
"""A move reaches its speed, and loses it, within this time."""
DISTANCE_M: Range = (0.9, 1.6)
ALBEDO: Range = (0.1, 0.4)
SWING_HZ: Range = (0.35, 0.9)
OFFSET_M: Range = (0.0, 0.012)


def draw_sight(head: Head, seed: int, index: int) -> Sight:
    """Draw episode `index` of `seed` (both >= 0): a pure function of its arguments."""
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, index, 4])))

    def uniform(span: Range) -> float:
        return float(rng.uniform(*span))

    show = head.show
    shape = (BOX, CYLINDER, SPHERE)[int(rng.integers(3))]
    distance = uniform(DISTANCE_M)
    reach = distance * math.tan(math.radians(uniform(show.size_deg) / 2))
    a, c = (reach * uniform((0.7, 1.0)) for _ in range(2))
    half = {BOX: (reach, a, c), CYLINDER: (a, a, reach), SPHERE: (reach, reach, reach)}[shape]
    start = here = (uniform((-START_RAD, START_RAD)), uniform((-START_RAD, START_RAD)))
    legs = []
    at = SETTLE_S
    for _ in range(show.moves):
        to = here
        while math.dist(here, to) < SHORTEST_RAD:
            to = (uniform((-FIELD_RAD[0], FIELD_RAD[0])), uniform((-FIELD_RAD[1], FIELD_RAD[1])))
        low, high = show.speed_deg_per_s
        speed = math.radians(math.exp(uniform((math.log(low), math.log(high)))))
        takes = math.dist(here, to) / speed + RAMP_S
        legs.append((at, at + takes, *to))
        at += takes + uniform(show.rest_s)
        here = to
    hz = (uniform(SWING_HZ), uniform(SWING_HZ))
    peak = math.radians(uniform(show.speed_deg_per_s))
    wide = [min(peak / (2 * math.pi * hz[k]), FIELD_RAD[k]) / (1, 2)[k] for k in range(2)]
    swing = (at, at + show.swing_s, _inwards(here[0], wide[0]), hz[0], _inwards(here[1], wide[1]), hz[1])
    return Sight(
        seed=seed,
        index=index,
        shape=shape,
        half_m=half,
        distance_m=distance,
        albedo=uniform(ALBEDO),
        roll_rad=uniform((0.0, math.pi)),
        start_rad=start,
        legs=tuple(legs),
        swing=swing,
        duration_s=math.ceil((at + show.swing_s) * 1000) / 1000,
        motor_ratio=(uniform(show.motor_ratio), uniform(show.motor_ratio)),
        payload_ratio=uniform(show.payload_ratio),
        offset_m=uniform(OFFSET_M),
        coulomb_nm=(uniform(show.coulomb_nm), uniform(show.coulomb_nm)),
        background=show.background,
    )


def _inwards(here: float, wide: float) -> float:
    """A swing begins at one of its ends: towards the middle."""
    return -wide if here > 0 else wide


def onsets_s(sight: Sight) -> list[float]:
    """When it starts to move, after a rest: of each move."""
    return [leg[0] for leg in sight.legs]


def direction(sight: Sight, t_s: float) -> tuple[float, float]:
    """Direction (pan, tilt) in which the object's centre is at a time, rad."""
    here = sight.start_rad
    for begin, end, *to in sight.legs:
        if t_s < begin:
            return here
        if t_s < end:
            share = _moved(t_s - begin, end - begin)
            return here[0] + share * (to[0] - here[0]), here[1] + share * (to[1] - here[1])
        here = (to[0], to[1])
    begin, end, a, a_hz, b, b_hz = sight.swing
    s = min(max(t_s - begin, 0.0), end - begin)
    return (
        here[0] + a * (1 - math.cos(2 * math.pi * a_hz * s)),
        here[1] + b * (1 - math.cos(2 * math.pi * b_hz * s)),
    )


def _moved(s: float, takes: float) -> float:
    """Share of a move done after `s` of `takes` seconds: even speed but for a ramp at each end."""
    ramp = min(RAMP_S, takes / 2)
    speed = 1 / (takes - ramp)
    if s < ramp:
        return speed * s * s / (2 * ramp)
    if s > takes - ramp:
        return 1 - speed * (takes - s) ** 2 / (2 * ramp)
    return speed * (s - ramp / 2)
