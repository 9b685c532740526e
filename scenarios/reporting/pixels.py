"""Pictures as arrays: accumulated events, panels, text in them; and as data URIs."""

from __future__ import annotations

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from scenarios.trace import Trace

Index = NDArray[np.uint8]


def events_image(events: NDArray[np.void], size: tuple[int, int], start_us: int, stop_us: int) -> NDArray[np.int32]:
    """Sum of events, on +1 and off -1, in start_us <= t < stop_us: int32 (height, width)."""
    width, height = size
    some = events[np.searchsorted(events["t"], start_us) : np.searchsorted(events["t"], stop_us)]
    flat = some["y"].astype(np.int64) * width + some["x"]
    on = some["on"]
    count = np.bincount(flat[on], minlength=width * height) - np.bincount(flat[~on], minlength=width * height)
    return count[: width * height].reshape(height, width).astype(np.int32)


def spike_rows(trace: Trace) -> NDArray[np.int64]:
    """Row of each of the trace's spikes."""
    return np.repeat(np.arange(len(trace.counts)), trace.counts)


def fit(picture: Index, fill: int, panel_px: int) -> Index:
    """Scale to a square panel by repeating pixels or leaving some out, keeping the aspect; the rest is `fill`."""
    tall, wide = picture.shape
    scale = panel_px / max(tall, wide)
    rows = (np.arange(int(tall * scale)) / scale).astype(int).clip(0, tall - 1)
    columns = (np.arange(int(wide * scale)) / scale).astype(int).clip(0, wide - 1)
    panel = np.full((panel_px, panel_px), fill, np.uint8)
    top, left = (panel_px - len(rows)) // 2, (panel_px - len(columns)) // 2
    panel[top : top + len(rows), left : left + len(columns)] = picture[rows][:, columns]
    return panel


def write(canvas: Index, text: str, x: int, y: int, colour: int) -> None:
    """Text in the library's own font, so that it looks the same on every machine."""
    mask = Image.new("L", (canvas.shape[1], 18))
    ImageDraw.Draw(mask).text((x, 1), text, 255, ImageFont.load_default(12))
    inked = np.asarray(mask)[: canvas.shape[0] - y] > 110
    canvas[y : y + 18][inked] = colour


def png_uri(pixels: Index, palette: list[tuple[int, int, int, int]] | None = None) -> str:
    """A PNG as data URI: grey or RGB, or with `palette` (at most 256 RGBA colours) the colours that pixels number."""
    image = Image.fromarray(pixels)
    if palette is not None:
        image = Image.fromarray(np.array(palette, np.uint8)[pixels])
    memory = io.BytesIO()
    image.save(memory, "PNG", optimize=False)
    return "data:image/png;base64," + base64.b64encode(memory.getvalue()).decode()
