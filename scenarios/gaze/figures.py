"""The figures of a gaze report: from a trace to inline SVG."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from scenarios.reporting.svg import Plot
from scenarios.trace import Trace
from sim.gaze_spec import ANALOG, EFFORT
from sim.target import onsets_s

U_DEG = float(np.degrees(ANALOG[0].lsb))


def _time(trace: Trace) -> NDArray[np.float64]:
    return np.arange(1, len(trace.counts) + 1, dtype=np.float64) * (trace.tick_us * 1e-6)


def _plot(trace: Trace, label: str, low: float, high: float, y_label: str, height: int = 230) -> Plot:
    room = 0.05 * (high - low) or 1.0
    x = (0.0, len(trace.counts) * trace.tick_us * 1e-6)
    return Plot(label, x, (low - room, high + room), "time, s", y_label, height=height)


def angle_chart(trace: Trace, axis: str) -> str:
    """Where target, head and the network's estimate are, of pan or tilt."""
    true, head = (np.degrees(trace.truth[f"{name}{axis}_rad"]) for name in ("target_", ""))
    known = trace.probe[axis] * U_DEG
    low, high = (float(f(true.min() if f is min else true.max(), head.min() if f is min else head.max()))
                 for f in (min, max))  # fmt: skip
    plot = _plot(trace, f"{axis.capitalize()} of target, head and estimate over time", low, high, f"{axis}, degrees")
    t = _time(trace)
    for onset in onsets_s(trace.episode):
        plot.upright(onset, "phase-line")
    plot.line(t, np.clip(known, low, high), "learned")
    plot.line(t, true, "needed")
    plot.line(t, head, "limit")
    return plot.render()


def error_chart(trace: Trace) -> str:
    """Angle between the optical axis and the target; while it is still being found, no more than the chart holds."""
    error = np.degrees(trace.truth["error_rad"])
    first = round(onsets_s(trace.episode)[0] * 1e6 / trace.tick_us)
    most = float(error[first:].max(initial=1.0))
    plot = _plot(trace, "Angular error over time", 0.0, most, "error, degrees")
    for onset in onsets_s(trace.episode):
        plot.upright(onset, "phase-line")
    plot.line(_time(trace), np.minimum(error, most), "grip")
    return plot.render()


def effort_chart(trace: Trace) -> str:
    """What the network learned to add to the effort of each joint."""
    pan, tilt = (trace.probe[f"learned_{axis}"] * EFFORT[0].lsb * 1e3 for axis in ("pan", "tilt"))
    low, high = min(float(pan.min()), float(tilt.min()), 0.0), max(float(pan.max()), float(tilt.max()), 0.1)
    plot = _plot(trace, "Learned effort over time", low, high, "learned effort, mN m")
    plot.line(_time(trace), pan, "learned")
    plot.line(_time(trace), tilt, "needed")
    return plot.render()


def way_chart(trace: Trace) -> str:
    """The estimate alone, to the left and upwards."""
    pan, tilt = (trace.probe[axis] * U_DEG for axis in ("pan", "tilt"))
    low, high = (float(f(pan.min() if f is min else pan.max(), tilt.min() if f is min else tilt.max()))
                 for f in (min, max))  # fmt: skip
    plot = _plot(trace, "Estimated direction over time", low, high, "from the axis, degrees")
    plot.line(_time(trace), pan, "learned")
    plot.line(_time(trace), tilt, "needed")
    return plot.render()


def attention_chart(trace: Trace) -> str:
    """How sure the network is, over time."""
    plot = _plot(trace, "Surety over time", 0.0, 1.0, "sure", 160)
    plot.line(_time(trace), trace.probe["surety"] / 4096, "grip")
    return plot.render()
