"""A trial of gaze as a moving picture: what the camera told, what reached the network, and the error below."""

from __future__ import annotations

import io
import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from scenarios.reporting.pixels import Index, events_image, fit, spike_rows, write
from scenarios.trace import Trace
from sim.gaze_spec import ANALOG, Lens, Screen

PANEL, GAP, HEAD, STRIP = 236, 8, 22, 80
FRAME_US = 40_000
MAX_BYTES = 3_000_000
TONES = 32
BACK, FLOOR, INK, DIM, ON, OFF, CROSS, LINE = range(8)
GREY, HEAT = 8, 8 + TONES
COLOURS = ((22, 24, 29), (33, 36, 44), (228, 231, 236), (132, 139, 152), (255, 178, 72), (92, 176, 255), (98, 230, 140),
           (98, 180, 255))  # fmt: skip


def palette() -> list[int]:
    """RGB of every colour number: the named ones, ramps of grey (pictures) and heat (spikes)."""
    ramp = np.linspace(0, 1, TONES)
    grey = np.repeat((20 + 225 * ramp)[:, None], 3, 1)
    heat = np.stack([33 + 222 * ramp**0.7, 36 + 190 * ramp**1.3, 44 + 60 * ramp**2.5], 1)
    return [int(v) for v in np.concatenate([np.array(COLOURS), grey, heat]).round().astype(int).ravel()]


def animate(trace: Trace, lens: Lens | Screen, events: NDArray[np.void], frames: NDArray[np.uint8] | None) -> bytes:
    """The trial at its own speed as an animated GIF under 3 MB, the same bytes for the same trace.

    events: EVENT (n,), all that the camera made. frames: uint8 (F, height, width), its picture every 40 ms, or None.
    The cross in the events is where the network takes the target to be.
    """
    step_us = FRAME_US
    while True:
        data = _encode(trace, lens, events, frames, step_us)
        if len(data) <= MAX_BYTES or step_us >= 16 * FRAME_US:
            return data
        step_us *= 2


def _encode(
    trace: Trace, lens: Lens | Screen, events: NDArray[np.void], frames: NDArray[np.uint8] | None, step_us: int
) -> bytes:
    every = step_us // trace.tick_us
    strip = error_strip(trace, 2 + (frames is not None), len(trace.counts))
    images = []
    for row in range(min(every, len(trace.counts)) - 1, len(trace.counts), every):
        image = Image.fromarray(draw(trace, lens, events, frames, row, every, strip))
        image.putpalette(palette())
        images.append(image)
    memory = io.BytesIO()
    wait_ms = max(20, round(every * trace.tick_us / 1e4) * 10)
    images[0].save(
        memory, "GIF", save_all=True, append_images=images[1:], duration=wait_ms, loop=0, optimize=False, disposal=1
    )
    return memory.getvalue()


def draw(
    trace: Trace,
    lens: Lens | Screen,
    events: NDArray[np.void],
    frames: NDArray[np.uint8] | None,
    row: int,
    every: int,
    strip: Index,
) -> Index:
    """Colour numbers (H, W) of the `every` ticks that end with `row`; `strip` as `error_strip` made it."""
    panels = [] if frames is None else [("what the camera looks at", _frame(frames, row, trace.tick_us))]
    panels.append(("its events", _events(trace, lens, events, row, every)))
    panels.append(("addresses to the network", _cells(trace, lens.cells, row, every)))
    return _canvas(panels, strip, row / max(1, len(trace.counts)))


def _canvas(panels: list[tuple[str, Index]], strip: Index, done: float) -> Index:
    wide = len(panels) * (PANEL + GAP) + GAP
    canvas = np.full((HEAD + PANEL + GAP + STRIP + GAP, wide), BACK, np.uint8)
    for k, (name, panel) in enumerate(panels):
        x = GAP + k * (PANEL + GAP)
        write(canvas, name, x + 2, 4, INK)
        canvas[HEAD : HEAD + PANEL, x : x + PANEL] = panel
    room = canvas[HEAD + PANEL + GAP : HEAD + PANEL + GAP + STRIP, GAP : GAP + strip.shape[1]]
    room[:] = strip
    at = min(int(done * strip.shape[1]), strip.shape[1] - 2)
    room[:, at : at + 2] = INK
    return canvas


def _frame(frames: NDArray[np.uint8], row: int, tick_us: int) -> Index:
    at = min((row + 1) * tick_us // FRAME_US - 1, len(frames) - 1)
    panel = fit((GREY + frames[max(at, 0)] // (256 // TONES)).astype(np.uint8), FLOOR, PANEL)
    middle = PANEL // 2
    panel[middle, middle - 8 : middle + 9] = panel[middle - 8 : middle + 9, middle] = CROSS
    return panel


def _events(trace: Trace, lens: Lens | Screen, events: NDArray[np.void], row: int, every: int) -> Index:
    now_us = (row + 1) * trace.tick_us
    total = events_image(events, (lens.width, lens.height), now_us - every * trace.tick_us + 1, now_us + 1)
    panel = fit(np.array((OFF, FLOOR, ON), np.uint8)[np.sign(total) + 1], FLOOR, PANEL)
    scale = PANEL / max(lens.width, lens.height)
    focal = max(lens.width, lens.height) / 2 / math.tan(math.radians(lens.fov_deg / 2))
    left = (int(trace.probe["pan"][row]) - int(trace.analog[row, 0])) * ANALOG[0].lsb
    up = (int(trace.probe["tilt"][row]) - int(trace.analog[row, 2])) * ANALOG[2].lsb
    x, y = (round(PANEL / 2 - math.tan(max(min(a, 1.4), -1.4)) * focal * scale) for a in (left, up))
    if 0 <= x < PANEL and 0 <= y < PANEL:
        panel[y, max(0, x - 8) : x + 9] = panel[max(0, y - 8) : y + 9, x] = CROSS
    return panel


def _cells(trace: Trace, cells: int, row: int, every: int) -> Index:
    at = spike_rows(trace)
    recent = trace.spikes[np.searchsorted(at, row - every, "right") : np.searchsorted(at, row, "right")]
    count = np.bincount(recent, minlength=cells * cells)[: cells * cells].reshape(cells, cells)
    return fit((HEAT + np.minimum(count * 2, TONES - 1)).astype(np.uint8), FLOOR, PANEL)


def error_strip(trace: Trace, panels: int, ticks: int) -> Index:
    """The error over `ticks`, of which `trace` may hold the first, below so many panels; of a film the events."""
    wide = panels * (PANEL + GAP) - GAP
    names = trace.truth.dtype.names or ()
    known = "error_rad" in names
    values = np.degrees(trace.truth["error_rad"]) if known else trace.truth["events"].astype(np.float64)
    top = max(float(np.percentile(values, 99.5)), 1e-6)
    image = Image.new("L", (wide, STRIP), FLOOR)
    rows = np.arange(0, len(values), max(1, ticks // wide))
    y = (STRIP - 2) - np.clip(values[rows] / top, 0, 1) * (STRIP - 20)
    points = list(zip((rows * wide / ticks).tolist(), y.tolist(), strict=True))
    if len(points) > 1:
        ImageDraw.Draw(image).line(points, LINE, 2)
    strip = np.asarray(image).copy()
    write(strip, f"angular error, up to {top:.1f} degrees" if known else f"events, up to {top:.0f} a tick", 3, 2, DIM)
    return strip
