"""Charts as inline SVG: lines, spans and marks on two axes. Colours are CSS classes, so a page can be light or dark."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

V = TypeVar("V", float, NDArray[np.float64])
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 24, 38


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round values in [low, high], about `wanted` of them, a step of 1, 2 or 5 times a power of ten apart."""
    if not high > low:
        return [low]
    raw = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(m * power for m in (1.0, 2.0, 5.0, 10.0) if m * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def thin(x: NDArray[np.float64], y: NDArray[np.float64], most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """At most `most` points of a line that look the same: the lowest and the highest of each stretch, in order."""
    if len(x) <= most:
        return x, y
    wide = -(-len(x) // (most // 2))
    bins = -(-len(x) // wide)
    padded = np.concatenate([y, np.repeat(y[-1:], bins * wide - len(y))]).reshape(bins, wide)
    extremes = np.stack([padded.argmin(1), padded.argmax(1)]) + wide * np.arange(bins)
    keep = np.unique(extremes.clip(0, len(x) - 1))
    return x[keep], y[keep]


class Plot:
    """One chart. Data in, `render()` out; what lies outside the axes is clipped.

    Args:
        label: what a screen reader says of it.
        x, y: range of the axes. x_label, y_label: with units.
        width, height: of the drawing, in pixels at full size.
        x_ticks, y_ticks: where to put numbers; round values if left out, none if empty. left: margin for names.
    """

    def __init__(
        self,
        label: str,
        x: tuple[float, float],
        y: tuple[float, float],
        x_label: str = "",
        y_label: str = "",
        width: int = 760,
        height: int = 240,
        x_ticks: Sequence[float] | None = None,
        y_ticks: Sequence[float] | None = None,
        left: int = LEFT,
    ) -> None:
        self.width, self.height, self.left = width, height, left
        self.inner_width, self.inner_height = width - left - RIGHT, height - TOP - BOTTOM
        self._x, self._y = x, y
        self._label = label
        self._back: list[str] = []
        self._front: list[str] = []
        for value in ticks(*x, 8) if x_ticks is None else x_ticks:
            at = self._at_x(value)
            self._back.append(f'<path class="grid" d="M{at:.1f} {TOP}v{self.inner_height}"/>')
            self._front.append(f'<text x="{at:.1f}" y="{height - BOTTOM + 15}" class="mid">{value:g}</text>')
        for value in ticks(*y, 4) if y_ticks is None else y_ticks:
            at = self._at_y(value)
            self._back.append(f'<path class="grid" d="M{self.left} {at:.1f}h{self.inner_width}"/>')
            self._front.append(f'<text x="{self.left - 6}" y="{at + 4:.1f}" class="end">{value:g}</text>')
        centre, middle = left + self.inner_width / 2, TOP + self.inner_height / 2
        self._front.append(
            f'<text x="{centre:.1f}" y="{height - 5}" class="mid axis">{escape(x_label)}</text>'
            f'<text transform="translate(13 {middle:.1f}) rotate(-90)" class="mid axis">{escape(y_label)}</text>'
        )
        self._data: list[str] = []

    def _at_x(self, value: V) -> V:
        low, high = self._x
        return self.left + (value - low) / ((high - low) or 1.0) * self.inner_width

    def _at_y(self, value: V) -> V:
        low, high = self._y
        return TOP + (high - value) / ((high - low) or 1.0) * self.inner_height

    def line(self, x: ArrayLike, y: ArrayLike, css: str, step: bool = False, most: int = 700) -> None:
        """A line through (x, y), thinned to `most` points; `step` keeps each value until the next."""
        xs, ys = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if not len(xs):
            return
        if step:
            kept = np.flatnonzero(np.diff(ys, prepend=np.nan) != 0)
            xs, ys = np.append(np.repeat(xs[kept], 2)[1:], xs[-1]), np.repeat(ys[kept], 2)
        xs, ys = thin(xs, ys, most)
        px, py = self._at_x(xs).round(1), self._at_y(ys).round(1)
        level = (py[1:-1] == py[:-2]) & (py[1:-1] == py[2:])
        kept = np.flatnonzero(~np.concatenate([[False], level, [False]][: len(px)]))
        points = "L".join(f"{a:g} {b:g}" for a, b in zip(px[kept].tolist(), py[kept].tolist(), strict=True))
        self._data.append(f'<path class="line {css}" d="M{points}"/>')

    def spans(self, spans: Iterable[tuple[float, float]], css: str) -> None:
        """Upright bands from x to x, each at least 2 pixels wide so that it can be seen."""
        for start, stop in spans:
            left = self._at_x(start)
            wide = max(2.0, self._at_x(stop) - left)
            box = f'x="{left:.1f}" y="{TOP}" width="{wide:.1f}" height="{self.inner_height}"'
            self._data.insert(0, f'<rect class="{css}" {box}/>')

    def bar(self, left: float, right: float, bottom: float, top: float, css: str, tip: str = "") -> None:
        """A filled box in data coordinates."""
        x, y = self._at_x(left), self._at_y(top)
        size = f'width="{max(0.0, self._at_x(right) - x):.1f}" height="{max(0.0, self._at_y(bottom) - y):.1f}"'
        self._data.append(f'<rect class="{css}" x="{x:.1f}" y="{y:.1f}" {size}>{_tip(tip)}</rect>')

    def level(self, value: float, css: str) -> None:
        """A line across at y = value."""
        self._data.append(f'<path class="line {css}" d="M{self.left} {self._at_y(value):.1f}h{self.inner_width}"/>')

    def upright(self, value: float, css: str, text: str = "", row: int = 0) -> None:
        """A line up at x = value, with a word beside its top; `row` sets words below each other."""
        at = self._at_x(value)
        self._data.append(f'<path class="line {css}" d="M{at:.1f} {TOP}v{self.inner_height}"/>')
        side, anchor = (-4, "end") if value > 0.7 * (self._x[0] + self._x[1]) else (4, "start")
        where = f'x="{at + side:.1f}" y="{TOP + 12 + 14 * row}"'
        self._front.append(f'<text {where} class="note {anchor}">{escape(text)}</text>')

    def marks(self, x: Iterable[float], css: str) -> None:
        """Small triangles along the top, pointing at their x."""
        for value in x:
            self._data.append(f'<path class="{css}" d="M{self._at_x(value):.1f} {TOP + 8}l-4.5 -8h9z"/>')

    def dot(self, x: float, y: float, css: str, tip: str = "") -> None:
        """A dot; `tip` shows under the pointer."""
        where = f'cx="{self._at_x(x):.1f}" cy="{self._at_y(y):.1f}"'
        self._data.append(f'<circle class="{css}" {where} r="4">{_tip(tip)}</circle>')

    def heading(self, x: float, text: str) -> None:
        """A word above the axes, centred at x."""
        self._front.append(f'<text x="{self._at_x(x):.1f}" y="{TOP - 8}" class="mid phase">{escape(text)}</text>')

    def words(self, x: float, y: float, text: str, css: str = "note") -> None:
        """Text at data coordinates."""
        self._front.append(
            f'<text x="{self._at_x(x):.1f}" y="{self._at_y(y) + 4:.1f}" class="{css}">{escape(text)}</text>'
        )

    def beside(self, y: float, text: str) -> None:
        """A name for a height, in place of a number."""
        self._front.append(f'<text x="{self.left - 6}" y="{self._at_y(y) + 4:.1f}" class="end">{escape(text)}</text>')

    def image(self, uri: str) -> None:
        """A picture that fills the axes."""
        box = f'x="{self.left}" y="{TOP}" width="{self.inner_width}" height="{self.inner_height}"'
        self._data.append(f'<image href="{uri}" {box} preserveAspectRatio="none" class="pixels"/>')

    def render(self) -> str:
        """The finished element; coordinates are written with a tenth of a pixel."""
        box = f'x="{self.left}" y="{TOP}" width="{self.inner_width}" height="{self.inner_height}"'
        return (
            f'<svg class="chart" viewBox="0 0 {self.width} {self.height}" role="img"'
            f' aria-label="{escape(self._label)}">'
            f'{"".join(self._back)}<svg {box} viewBox="{self.left} {TOP} {self.inner_width} {self.inner_height}">'
            f"{''.join(self._data)}</svg>{''.join(self._front)}"
            f'<rect class="frame" {box}/></svg>'
        )


def _tip(text: str) -> str:
    return f"<title>{escape(text)}</title>" if text else ""
