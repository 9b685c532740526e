"""Gaze: a spiking map finds what moves, a learned effort turns the head after it.

A map of LIF neurons, one a camera cell, hears the cells' spikes the louder the nearer they are to where the target is
expected (attention). Those that fire vote: their mean offset moves the estimate of the target's direction and speed,
which is kept in the head's own angles, so that it survives the head's turning. The head is driven toward it, ahead by
the delay of its senses, and two populations learn by PES what effort posture and wanted speed need beyond that.
"""

from __future__ import annotations

import numpy as np
from numba import int16, int32, int64, njit
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed

from . import image as images
from .gaze_image import ADAPT, LEARNED, gaze_image
from .guard import guard_step
from .network import population
from .neuron import encode, lif_population, lif_step, trace_population
from .plasticity import pes_population, read_out, scramble
from .spec import GAZE_PROBE, Gaze

THRESHOLD, MAP_LEAK_SHIFT = 16384, 3
WEIGHT = 17000
"""Of a cell's spike in the window of attention: one is enough."""
LEAK_SHIFT = TRACE_SHIFT = 5
TRACE_STEP = 512
SURE = 4096
SLEW = 3000  # effort LSB per tick
FASTEST = 1 << 20  # U / 65536 per tick: 1.6 rad/s
WIDEST = 15000 << 8  # U / 256
TREMOR_TICKS = 120


@njit(cache=True, inline="always")
def clamp(x, low, high):  # type: ignore[no-untyped-def]
    """Return x limited to low..high."""
    return min(max(x, low), high)


@njit(cache=True)
def attend(s, spikes, count, pan, tilt):  # type: ignore[no-untyped-def]
    """One tick of the map: (neurons that fired, mean offset from the expected direction to the left, upwards, U).

    pan, tilt: of the head when the spikes were made, U. A neuron fully hears its cell within the window's radius, and
    not at all from twice that on; unless the network is unsure, when it hears the more of all cells.
    """
    cells = s.column.size
    left, up = (s.where[0] >> 8) - pan, (s.where[1] >> 8) - tilt
    for i in range(s.map_current.size):
        s.map_current[i] = 0
    broad = (SURE - s.surety) >> 4
    for k in range(count):
        address = int32(spikes[k])
        if address >= s.map_current.size:
            continue
        a = abs(int32(s.column[address % cells]) - left)
        b = abs(int32(s.row[address // cells]) - up)
        far = max(a, b) + (min(a, b) >> 1)
        gain = clamp(((2 * s.window - far) << 8) // s.window, broad, 256)
        s.map_current[address] = (WEIGHT * gain) >> 8
    votes = across = along = inside = int32(0)
    for i in range(s.map_v.size):
        v, fires = lif_step(s.map_v[i], s.map_current[i], MAP_LEAK_SHIFT, THRESHOLD)
        s.map_v[i] = v
        s.map_fired[i] = fires
        if fires:
            a, b = int32(s.column[i % cells]) - left, int32(s.row[i // cells]) - up
            votes += int32(1)
            across += a
            along += b
            inside += int32(max(abs(a), abs(b)) < 2 * s.window)
    s.ledger[1] += count
    if votes != 0:
        across, along = across // votes, along // votes
        s.surety = clamp(s.surety + 96 * inside - 64 * (votes - inside), 0, SURE)
    return votes, across, along


@njit(cache=True)
def follow(s, votes, across, along):  # type: ignore[no-untyped-def]
    """Advance the estimated direction and speed by a tick, and correct them by what the map voted (alpha-beta)."""
    weight = min(votes, 8)
    s.quiet = 0 if votes != 0 else min(s.quiet + 1, 1 << 20)
    for k in range(2):
        s.where[k] += s.speed[k] >> 8
        if votes != 0:
            off = clamp(across if k == 0 else along, -4000, 4000)
            s.where[k] += (off * s.alpha * weight) >> 7
            if s.surety > SURE >> 1:
                s.speed[k] += off * s.beta * weight >> 3
        s.speed[k] = clamp(s.speed[k], -FASTEST, FASTEST)
        s.where[k] = clamp(s.where[k], -WIDEST, WIDEST)


@njit(cache=True, inline="always")
def swing(phase, ticks, size):  # type: ignore[no-untyped-def]
    """A triangle wave of period `ticks` between -size and size."""
    half = ticks >> 1
    there = phase % ticks
    return (there if there < half else ticks - there) * 2 * size // half - size


@njit(cache=True)
def drive(s, joint, angle, rate, x):  # type: ignore[no-untyped-def]
    """Effort of one joint: stiffness and damping toward where the target will be, and what was learned; spikes made.

    angle: U. rate: U / 65536 per tick.
    """
    ahead = s.where[joint] + ((s.lead * (s.speed[joint] - rate)) >> 8)
    off = clamp((ahead >> 8) - angle, -6000, 6000)
    if s.quiet > s.patience:
        off += swing(int32(s.tick) + joint * (TREMOR_TICKS >> 2), TREMOR_TICKS, s.tremor)
    fast = clamp((s.speed[joint] - rate) >> 8, -20000, 20000)
    pull = ((s.stiff[joint] * off) >> 4) + ((s.damp[joint] * fast) >> 12)
    x[0] = int16(clamp(angle * 4, -32767, 32767))
    x[1] = int16(clamp(s.speed[joint] >> 4, -32767, 32767))
    encode(x, s.adapt_encoder[joint], s.adapt_bias[joint], 8, s.adapt_current)
    spikes = lif_population(
        s.adapt_v[joint], s.adapt_current, LEAK_SHIFT, THRESHOLD, s.adapt_alive, s.adapt_fired[joint]
    )
    trace_population(s.adapt_trace[joint], s.adapt_fired[joint], TRACE_SHIFT, TRACE_STEP)
    learned = read_out(s.adapt_weight[joint], s.adapt_trace[joint])
    if s.learning != 0 and s.surety > SURE >> 1:
        start = scramble(s.tick * 2 + joint + s.key)
        error = clamp(pull, -s.most, s.most) >> 5
        s.ledger[2] += pes_population(s.adapt_weight[joint], error, s.adapt_trace[joint], 16, start)
    s.ledger[1] += spikes
    return pull + clamp(learned, -s.most, s.most), spikes, learned


@njit(cache=True)
def tick(state, spikes, count, analog, goal, x, probe):  # type: ignore[no-untyped-def]
    """One tick of the whole network on record `state` (1,); writes state.effort and `probe` (1,)."""
    s = state[0]
    s.tick += np.uint32(1)
    pan, tilt = int32(analog[0]), int32(analog[2])
    votes, across, along = attend(s, spikes, count, pan, tilt)
    follow(s, votes, across, along)
    made = votes
    p = probe[0]
    for joint in range(2):
        # 1e-3 rad/s is 0.01 U a tick.
        rate = int32((int64(analog[2 * joint + 1]) * 65536) // 100)
        effort, fired, learned = drive(s, joint, pan if joint == 0 else tilt, rate, x)
        effort = effort if goal[0] != 0 else int32(0)
        s.effort[joint] = int16(guard_step(int32(s.effort[joint]), effort, -s.most, s.most, SLEW))
        made += fired
        if joint == 0:
            p.pan = s.where[0] >> 8
            p.learned_pan = clamp(learned, -32767, 32767)
        else:
            p.tilt = s.where[1] >> 8
            p.learned_tilt = clamp(learned, -32767, 32767)
    s.ledger[0] += s.map_v.size + 2 * ADAPT
    s.ledger[3] += made
    p.pan_speed, p.tilt_speed = s.speed[0] >> 8, s.speed[1] >> 8
    p.votes = votes
    p.surety = s.surety
    p.spikes = made


def build(spec: Gaze, body: Body, columns: NDArray[np.int16], rows: NDArray[np.int16]) -> NDArray[np.void]:
    """Make the record of a network that has not learned anything: gaze_image(cells) (1,)."""
    rng = np.random.default_rng(spec.seed)
    record = np.zeros(1, gaze_image(columns.size))
    s = record[0]
    s["key"] = rng.integers(1 << 32)
    for joint in range(2):
        s["adapt_encoder"][joint], s["adapt_bias"][joint] = population(rng, ADAPT)
    s["adapt_alive"] = 1
    s["column"], s["row"] = columns, rows
    s["learning"] = spec.learning
    s["window"] = round(np.radians(spec.window_deg) / body.analog[0].lsb)
    s["alpha"], s["beta"] = round(spec.alpha * 4096), round(spec.beta * 65536)
    lsb = body.analog[0].lsb / body.effort[0].lsb
    s["stiff"] = [round(k * lsb * 16) for k in spec.stiffness_nm_per_rad]
    s["damp"] = [round(k * lsb * 1000 * 16) for k in spec.damping_nm_s_per_rad]
    s["lead"] = spec.lead_ms
    s["tremor"], s["patience"] = round(np.radians(spec.tremor_deg) / body.analog[0].lsb), spec.patience_ms
    s["most"] = round(spec.most_nm / body.effort[0].lsb)
    return record


class GazeNetwork:
    """The gaze network as a brain.

    Attributes:
        image: all of its state, (1,). probe: GAZE_PROBE (1,), what it thought in the last tick.
    """

    def __init__(self, spec: Gaze, body: Body, columns: NDArray[np.int16], rows: NDArray[np.int16]) -> None:
        """columns, rows: int16 (cells,), how far left of the optical axis, and above it, each cell looks, in U."""
        if len(body.analog) != 4 or len(body.effort) != 2 or body.addresses != columns.size * rows.size:
            raise UserError(
                f"controller kind gaze drives a pan-tilt head (4 channels, 2 efforts, {columns.size**2} cells), "
                f"this body has {len(body.analog)}, {len(body.effort)} and {body.addresses}; choose another controller"
            )
        self.image = build(spec, body, columns, rows)
        self.probe = np.zeros(1, GAZE_PROBE)
        self._initial = self.image.copy()
        self._x = np.zeros(2, np.int16)
        self._command = Command(np.zeros(2, np.int16))

    def reset(self) -> None:
        """Return to the state before the first tick: newly built, or as last taken over."""
        self.image[:] = self._initial
        self.probe[:] = 0

    def step(self, sensed: Sensed) -> Command:
        """One tick; see `tick`. The returned command is overwritten by the next call."""
        tick(self.image, sensed.spikes, sensed.count, sensed.analog, sensed.goal, self._x, self.probe)
        self._command.effort[:] = self.image["effort"][0]
        return self._command

    def encode(self, record: NDArray[np.void]) -> bytes:
        """A record as the bytes of a state file."""
        return images.encode(record)

    def decode(self, data: bytes, source: str = "the brain state") -> NDArray[np.void]:
        """Check and unwrap what `encode` made for as many cells; see `image.decode`."""
        return images.decode(data, source, self.image.dtype)

    def state_hash(self) -> int:
        """CRC-32 of the whole state, learned weights included."""
        return images.state_hash(self.image)

    def take_over(self, other: NDArray[np.void]) -> None:
        """Start from the learned weights of another record of the same layout."""
        for name in LEARNED:
            self._initial[name] = other[name]
        self.reset()
