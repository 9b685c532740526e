"""Pictures as arrays: the gripper seen from the front, accumulated events, spikes over time; and as data URIs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.reporting.pixels import spike_rows
from scenarios.trace import Trace
from sensors.signals import GRIPPER_ANALOG, Body, Region
from sim.spec import CYLINDER, SPHERE

Index = NDArray[np.uint8]

EMPTY, GROUND, STEEL, PAD, THING, SHADE = range(6)
VIEW_M = (-0.13, 0.13, -0.07, 0.19)
"""Left, right, bottom, top of the front view; height 0 is where the object's centre stands at the start."""
AMBER = (1.0, 0.74, 0.42)
"""What the object's grey is multiplied by, so that it stands out."""
PAD_M = (0.011, 0.008)
"""Half height and thickness of a pad, as drawn."""
_OPENING = next(i for i, c in enumerate(GRIPPER_ANALOG) if c.name == "opening_m")


def opening_m(trace: Trace) -> NDArray[np.float64]:
    """(T,) distance between the pads, the sensor delay taken out."""
    late = trace.delay_us // trace.tick_us
    value = trace.analog[:, _OPENING].astype(np.float64) * GRIPPER_ANALOG[_OPENING].lsb
    return np.concatenate([value[late:], np.repeat(value[-1:], min(late, len(value)))])


def front_view(trace: Trace, row: int, opening: NDArray[np.float64], size: int) -> Index:
    """Draw gripper and object at `row`, to scale, from the trace alone: uint8 (size, size) of EMPTY .. SHADE."""
    left, right, bottom, top = VIEW_M
    x = np.linspace(left, right, size)[None, :]
    y = np.linspace(top, bottom, size)[:, None]
    truth, episode = trace.truth[row], trace.episode
    picture = np.full((size, size), EMPTY, np.uint8)
    half, tall = episode.half_m[0], episode.half_m[2]
    picture[(y < -tall) & (np.abs(x) < 0.6 * half)] = GROUND
    picture[np.broadcast_to(y < bottom + 0.006, picture.shape)] = GROUND
    up = y - float(truth["object_m"])
    if episode.shape == SPHERE:
        inside = x**2 + up**2 < half**2
        shade = inside & ((x + 0.3 * half) ** 2 + (up - 0.3 * half) ** 2 > half**2)
    else:
        inside = (np.abs(x) < half) & (np.abs(up) < tall)
        shade = inside & (np.abs(x) > 0.6 * half) if episode.shape == CYLINDER else inside & (up < -0.8 * tall)
    picture[inside], picture[shade] = THING, SHADE
    lift, gap = float(truth["height_m"]), float(opening[row]) / 2
    half_pad, thick = PAD_M
    beside, above = np.abs(x) - gap, y - lift
    picture[(beside > 0) & (beside < thick) & (np.abs(above) < half_pad)] = PAD
    picture[(beside > thick) & (beside < thick + 0.007) & (above > -half_pad) & (above < 0.058)] = STEEL
    picture[(np.abs(x) < 0.065) & (above > 0.05) & (above < 0.066)] = STEEL
    picture[(np.abs(x) < 0.012) & (above > 0.066)] = STEEL
    return picture


def raster(trace: Trace, body: Body, columns: int, least: int) -> tuple[Index, list[tuple[Region, int, int]]]:
    """Spikes over time, a band of rows for each region that ever spoke.

    Returns:
        uint8 (rows, columns), spikes in each cell, an address as many rows high as gives its band `least`; and for
        each band its region, first row and height. The first address is at the bottom of its band.
    """
    length = max(1, len(trace.counts))
    column = spike_rows(trace) * columns // length
    bands, layout, used = [], [], 0
    for region in body.regions:
        mine = (trace.spikes >= region.first) & (trace.spikes < region.first + region.size)
        if not mine.any():
            continue
        flat = (trace.spikes[mine].astype(np.int64) - region.first) * columns + column[mine]
        cells = np.bincount(flat, minlength=region.size * columns).reshape(region.size, columns)
        tall = max(1, -(-least // region.size))
        bands.append(np.repeat(cells[::-1], tall, axis=0).clip(0, 255).astype(np.uint8))
        layout.append((region, used, tall * region.size))
        used += tall * region.size
    if not bands:
        return np.zeros((0, columns), np.uint8), []
    return np.concatenate(bands), layout


def tinted(frame: Index) -> Index:
    """A frame of `Rich` as RGB (H, W, 3): grey, and the object amber."""
    tint = np.where((frame & 1)[..., None] > 0, AMBER, (1.0, 1.0, 1.0))
    return (frame[..., None] * tint).astype(np.uint8)
