"""Gaze: a spiking map finds what moves, a learned effort turns the head after it.

Sight (`gaze_sight.py`) says in which direction of the head's own angles the target is and how fast that changes. The
head is driven toward it, as it must stand by now (`gaze_joint.py`), and two populations learn by PES what effort
posture and wanted speed need beyond that.
"""

from __future__ import annotations

import numpy as np
from numba import int16, int32, int64, njit
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed

from . import image as images
from .gaze_image import ADAPT, LEARNED, gaze_image
from .gaze_joint import draw, learn_response, remember_push
from .gaze_sight import SURE, THRESHOLD, look
from .guard import clamp, guard_step
from .network import population
from .neuron import encode, lif_population, trace_population
from .plasticity import pes_population, read_out, scramble
from .spec import GAZE_PROBE, Gaze

LEAK_SHIFT, TRACE_SHIFT, TRACE_STEP = 5, 7, 128
ERROR_SHIFT = 3  # of what PES is told of an effort that is still needed
RISE_TICKS = 4
"""In which the guard lets effort rise from nothing to the most: a head that may push harder must turn about as soon."""
WIDEST_CELL = 250  # U
"""Width of a cell, above which an outline made of cells tells a target's motion from the head's own no longer."""
STEADY_TICKS = 6
"""Senses that are later leave less bandwidth: a head that is not quite as foreseen would shake."""
RATE_NOISE = 3
"""LSB, of a change of acceleration as sensed."""


@njit(cache=True)
def squares(trace):  # type: ignore[no-untyped-def]
    """Sum of the squares of int16 (N,) traces: what one PES update of all weights changes their read-out by."""
    total = int64(0)
    for i in range(trace.size):
        total += int64(trace[i]) * int64(trace[i])
    return total


@njit(cache=True)
def adapt(s, joint, angle, pull, x):  # type: ignore[no-untyped-def]
    """What was learned that posture and wanted speed need of one joint, which learns from `pull`; and spikes made.

    angle: U. pull: effort LSB, what is asked for beyond that.
    """
    x[0] = int16(clamp(angle * 4, -32767, 32767))
    x[1] = int16(clamp(s.speed[joint] >> 4, -32767, 32767))
    encode(x, s.adapt_encoder[joint], s.adapt_bias[joint], 8, s.adapt_current)
    spikes = lif_population(
        s.adapt_v[joint], s.adapt_current, LEAK_SHIFT, THRESHOLD, s.adapt_alive, s.adapt_fired[joint]
    )
    trace_population(s.adapt_trace[joint], s.adapt_fired[joint], TRACE_SHIFT, TRACE_STEP)
    learned = read_out(s.adapt_weight[joint], s.adapt_trace[joint])
    if s.integrates != 0:
        learned = int32(s.integral[joint] >> 32)
    if s.learning != 0 and s.surety > SURE >> 1:
        error = clamp(pull, -s.most, s.most) >> ERROR_SHIFT
        if s.integrates != 0:
            s.integral[joint] += error * squares(s.adapt_trace[joint])
        else:
            start = scramble(s.tick * 2 + joint + s.key)
            s.ledger[2] += pes_population(s.adapt_weight[joint], error, s.adapt_trace[joint], 16, start)
    s.ledger[1] += spikes
    return learned, spikes


@njit(cache=True, inline="always")
def to_rate(sensed):  # type: ignore[no-untyped-def]
    """U / 65536 per tick of a joint's speed as sensed: 1e-3 rad/s is 0.01 U a tick."""
    return int32((int64(sensed) * 65536) // 100)


@njit(cache=True)
def tick(state, spikes, count, analog, goal, x, probe):  # type: ignore[no-untyped-def]
    """One tick of the whole network on record `state` (1,); writes state.effort and `probe` (1,)."""
    s = state[0]
    s.tick += np.uint32(1)
    pan, tilt = int32(analog[0]), int32(analog[2])
    pan_rate, tilt_rate = to_rate(analog[1]), to_rate(analog[3])
    seen_pan, seen_tilt = pan - ((s.sight * pan_rate) >> 16), tilt - ((s.sight * tilt_rate) >> 16)
    votes = look(s, spikes, count, seen_pan, seen_tilt)
    made = votes
    p = probe[0]
    for joint in range(2):
        angle, rate = (pan, pan_rate) if joint == 0 else (tilt, tilt_rate)
        learn_response(s, joint, rate)
        pull = draw(s, joint, angle, rate)
        learned, fired = adapt(s, joint, angle, pull, x)
        held = clamp(learned, -s.most, s.most)
        effort = pull + held if goal[0] != 0 else int32(0)
        s.effort[joint] = int16(guard_step(int32(s.effort[joint]), effort, -s.most, s.most, s.slew))
        remember_push(s, joint, int32(s.effort[joint]) - held)
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
    s["learning"], s["integrates"] = spec.learning, spec.integrator
    fine = int(columns[0]) - int(columns[1]) <= WIDEST_CELL
    s["surest"] = SURE if fine else SURE >> 1
    s["window"] = round(np.radians(spec.window_deg) / body.analog[0].lsb)
    s["memory_shift"], s["settle_shift"] = spec.memory_shift, spec.settle_shift
    s["alpha"], s["beta"] = round(spec.alpha * 4096), round(spec.beta * 65536)
    s["late"], s["sight"], s["lead"] = body.late_ticks, spec.sight_ms, spec.lead_ms
    ease = min(1.0, STEADY_TICKS / max(body.late_ticks, 1)) ** 0.75
    omega = 2 * np.pi * spec.bandwidth_hz * ease * 1e-3  # rad per tick
    s["stiff"], s["damp"] = round(omega**2 * 65536), round(2 * spec.damping * omega * 65536)
    gain = body.effort[0].lsb * 1e-6 / body.analog[0].lsb * 65536  # U / 65536 per tick, of 1 LSB on 1 kg m2
    s["response"] = [round(gain / inertia * 4096) for inertia in spec.inertia_kg_m2]
    s["least"] = s["response"] // 4
    s["noise"] = [round((RATE_NOISE * 65536 / 100 * 4096 / response) ** 2) for response in s["response"].tolist()]
    s["tremor"], s["patience"] = round(np.radians(spec.tremor_deg) / body.analog[0].lsb), spec.patience_ms
    s["most"] = round(spec.most_nm / body.effort[0].lsb)
    s["slew"] = max(s["most"] // RISE_TICKS, 1)
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
