"""A trial as a moving picture: robot, events and taxels side by side above its forces. Made of a trace alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scenarios.reporting.pixels import events_image, fit, spike_rows, write
from scenarios.trace import Rich, Trace
from sensors.signals import Body

from .figures import decided, most_force
from .phases import runs
from .picture import AMBER, GROUND, PAD, SHADE, STEEL, THING, front_view, opening_m
from .score import Verdict

Canvas = NDArray[np.uint8]
Painter = Callable[[int], Canvas]
"""Turns a row of the trace into (PANEL, PANEL) colour numbers."""

PANEL, GAP, HEAD, STRIP = 236, 8, 22, 96
MAX_BYTES = 3_000_000
FRAME_US = 40_000
TONES = 32
(BACK, FLOOR, INK, DIM, ON, OFF, GRIP, NEED, LIMIT, SLIP, MARK, C_GROUND, C_STEEL, C_PAD, C_THING, C_SHADE) = range(16)
GREY, HEAT, OBJECT = 16, 16 + TONES, 16 + 2 * TONES
COLOURS = ((22, 24, 29), (33, 36, 44), (228, 231, 236), (132, 139, 152), (255, 178, 72), (92, 176, 255), (98, 180, 255),
           (255, 160, 80), (255, 98, 98), (104, 38, 46), (214, 150, 255), (84, 88, 98), (150, 158, 172), (70, 160, 205),
           (214, 172, 108), (180, 140, 82))  # fmt: skip
VIEW = {GROUND: C_GROUND, STEEL: C_STEEL, PAD: C_PAD, THING: C_THING, SHADE: C_SHADE}


def palette() -> list[int]:
    """RGB of every colour number: the named ones, ramps of grey (scene), heat (pressure) and amber (object)."""
    ramp = np.linspace(0, 1, TONES)
    grey = np.repeat((20 + 225 * ramp)[:, None], 3, 1)
    heat = np.stack([33 + 222 * ramp**0.7, 36 + 190 * ramp**1.3, 44 + 60 * ramp**2.5], 1)
    amber = grey * AMBER
    table = np.concatenate([np.array(COLOURS), grey, heat, amber]).round().astype(int)
    return [int(v) for v in table.ravel()]


def animate(trace: Trace, body: Body, verdict: Verdict) -> bytes:
    """The trial at its own speed as an animated GIF under 3 MB, the same bytes for the same trace.

    Panels: the robot (rendered frames if the trace has them, else drawn to scale), the camera's events and the pads'
    pressure where the trace holds them, the spikes that reached the brain. Below, grip force
    (blue), needed force (orange) and crush limit (red) with true slips (shaded) and the detector's marks (triangles).
    """
    step_us = FRAME_US
    while True:
        data = _encode(trace, body, verdict, step_us)
        if len(data) <= MAX_BYTES or step_us >= 16 * FRAME_US:
            return data
        step_us *= 2


def _encode(trace: Trace, body: Body, verdict: Verdict, step_us: int) -> bytes:
    every = max(1, step_us // trace.tick_us)
    rows = list(range(min(every, len(trace.truth)) - 1, len(trace.truth), every))
    if not rows:
        rows = [0]
    slips = [(s.begin, s.end) for s in verdict.slips]
    stage = Stage(trace, body, every, len(trace.truth), most_force(trace, decided(trace, verdict)), slips)
    frames = []
    for row in rows:
        image = Image.fromarray(stage.picture(row))
        image.putpalette(palette())
        frames.append(image)
    memory = io.BytesIO()
    wait_ms = max(20, round(every * trace.tick_us / 1000 / 10) * 10)
    frames[0].save(
        memory, "GIF", save_all=True, append_images=frames[1:], duration=wait_ms, loop=0, optimize=False, disposal=1
    )
    return memory.getvalue()


class Stage:
    """All panels of one trial, whole or as far as it has got, above its forces.

    Args:
        every: spikes and events of so many ticks are shown at once. length: ticks that the trial will have.
        top_n: top of the force axis. slips: (first, last) rows in which the object slips.
    """

    def __init__(
        self, trace: Trace, body: Body, every: int, length: int, top_n: float, slips: Iterable[tuple[int, int]]
    ) -> None:
        self._painters = _panels(trace, body, every)
        self._length = max(1, length)
        self._right = len(self._painters) * (PANEL + GAP)
        self._ground = np.full((2 * HEAD + PANEL + STRIP + GAP, self._right + GAP), BACK, np.uint8)
        for k, (name, _) in enumerate(self._painters):
            write(self._ground, name, GAP + k * (PANEL + GAP) + 2, 4, INK)
        x = GAP + 2
        for name, colour in (("grip force", GRIP), ("needed", NEED), ("crush limit", LIMIT), ("slip reported", MARK)):
            write(self._ground, name, x, HEAD + PANEL + 4, colour)
            x += 14 + round(ImageFont.load_default(12).getlength(name))
        _strip(self._strip_of(self._ground), trace, self._length, top_n, slips)

    def _strip_of(self, canvas: Canvas) -> Canvas:
        top = HEAD + PANEL + HEAD
        return canvas[top : top + STRIP, GAP : self._right]

    def picture(self, row: int) -> Canvas:
        """How it stood after tick row + 1: colour numbers of `palette` (H, W)."""
        canvas = self._ground.copy()
        for k, (_, paint) in enumerate(self._painters):
            x = GAP + k * (PANEL + GAP)
            canvas[HEAD : HEAD + PANEL, x : x + PANEL] = paint(row)
        strip = self._strip_of(canvas)
        cursor = min(int(row / self._length * strip.shape[1]), strip.shape[1] - 2)
        strip[:, cursor : cursor + 2] = INK
        return canvas


def _panels(trace: Trace, body: Body, every: int) -> list[tuple[str, Painter]]:
    """(name, painter) of each panel."""
    rich = trace.rich
    panels = [("robot", _frames(trace.tick_us, rich) if rich is not None and len(rich.frames) else _drawn(trace))]
    if rich is not None and rich.camera_size[0]:
        panels.append(("camera events", _events(trace.tick_us, rich, every)))
    panels.append(("spikes to the controller", _spikes(trace, body, every)))
    if rich is not None and len(rich.taxels):
        panels.append(("pressure on the two pads", _taxels(trace.tick_us, rich)))
    return panels


def _drawn(trace: Trace) -> Painter:
    opening, colour = opening_m(trace), np.full(256, FLOOR, np.uint8)
    for part, number in VIEW.items():
        colour[part] = number
    return lambda row: colour[front_view(trace, row, opening, PANEL)]


def _frame_at(row: int, tick_us: int, rich: Rich, count: int) -> int:
    return min(max((row + 1) * tick_us // rich.frame_us - 1, 0), count - 1)


def developed(frame: Canvas) -> Canvas:
    """Colour numbers of a frame of `Rich`: grey, and amber where the object is."""
    colour: Canvas = (np.where(frame & 1, OBJECT, GREY) + (frame.astype(np.int64) * TONES >> 8)).astype(np.uint8)
    return colour


def _frames(tick_us: int, rich: Rich) -> Painter:
    def paint(row: int) -> Canvas:
        return fit(developed(rich.frames[_frame_at(row, tick_us, rich, len(rich.frames))]), FLOOR, PANEL)

    return paint


def _events(tick_us: int, rich: Rich, every: int) -> Painter:
    colour = np.array([OFF, FLOOR, ON], np.uint8)

    def paint(row: int) -> Canvas:
        stop = (row + 1) * tick_us
        total = events_image(rich.camera_events, rich.camera_size, stop - every * tick_us + 1, stop + 1)
        return fit(colour[np.sign(total) + 1], FLOOR, PANEL)

    return paint


def _spikes(trace: Trace, body: Body, every: int) -> Painter:
    """A block of cells for each region, its name above, the last two dimensions of its shape side by side."""
    at = spike_rows(trace)
    spoke = [r for r in body.regions if ((trace.spikes >= r.first) & (trace.spikes < r.first + r.size)).any()]
    shapes = [(r, (r.shape[-2], r.size // r.shape[-2]) if len(r.shape) > 1 else (1, r.size)) for r in spoke]
    ground = np.full((PANEL, PANEL), FLOOR, np.uint8)
    cell = max(3, (PANEL - 18 * len(shapes)) // max(1, sum(rows for _, (rows, _) in shapes)) - 1)
    tops, y = [], 0
    for region, (rows, _) in shapes:
        write(ground, region.name, 4, y + 1, DIM)
        tops.append(y + 16)
        y += 18 + rows * cell

    def paint(row: int) -> Canvas:
        panel = ground.copy()
        recent = trace.spikes[np.searchsorted(at, row - every, "right") : np.searchsorted(at, row, "right")]
        count = np.bincount(recent, minlength=body.addresses)[: body.addresses]
        for (region, (rows, columns)), top in zip(shapes, tops, strict=True):
            mine = count[region.first : region.first + region.size]
            if len(region.shape) == 3:
                mine = mine.reshape(region.shape).transpose(1, 0, 2)
            tone = np.minimum(mine.reshape(rows, columns) * 6, TONES - 1)
            wide = min(24, (PANEL - 8) // columns)
            block = np.repeat(np.repeat((HEAT + tone[::-1]).astype(np.uint8), cell, 0), wide, 1)
            room = panel[top : top + block.shape[0], 4 : 4 + block.shape[1]]
            room[:] = block[: room.shape[0], : room.shape[1]]
        return panel

    return paint


def _taxels(tick_us: int, rich: Rich) -> Painter:
    normal = rich.taxels[..., 0].astype(np.float64)
    most = max(float(normal.max()), 1.0)
    n = normal.shape[-1]

    def paint(row: int) -> Canvas:
        frame = normal[_frame_at(row, tick_us, rich, len(normal))].clip(0) / most
        tone = (HEAT + np.round(np.sqrt(frame) * (TONES - 1))).astype(np.uint8)
        between = np.full((n, 1), BACK, np.uint8)
        return fit(np.concatenate([tone[0, ::-1], between, tone[1, ::-1]], axis=1), BACK, PANEL)

    return paint


def _strip(canvas: Canvas, trace: Trace, count: int, top: float, slips: Iterable[tuple[int, int]]) -> None:
    """Forces over the trial, drawn once under the moving cursor; `count` ticks fill the width, `top` N the height."""
    tall, wide = canvas.shape
    image = Image.new("L", (wide, tall), FLOOR)
    draw = ImageDraw.Draw(image)
    truth, limit = trace.truth, trace.truth["crush_limit_n"]
    held = truth["contacts"] == 2

    def line(values: NDArray[np.float32], start: int, stop: int, colour: int) -> None:
        rows = np.arange(start, stop, 4)
        if len(rows) < 2:
            return
        y = (tall - 2) - np.clip(values[rows] / top, 0, 1) * (tall - 8)
        draw.line(list(zip((rows * wide / count).tolist(), y.tolist(), strict=True)), colour, 2)

    for begin, end in slips:
        draw.rectangle((int(begin) * wide // count, 0, int(end) * wide // count + 1, tall), SLIP)
    line(limit, 0, len(limit), LIMIT)
    for start, stop in runs(held):
        line(truth["needed_n"], int(start), int(stop), NEED)
    line(truth["grip_n"], 0, len(truth), GRIP)
    for row in np.flatnonzero(trace.probe["started"]):
        x = int(row) * wide // count
        draw.polygon([(x - 4, 0), (x + 4, 0), (x, 7)], MARK)
    canvas[:] = np.asarray(image)
    write(canvas, f"{top:.0f} N" if top >= 3 else f"{top:.1f} N", 3, 2, DIM)
