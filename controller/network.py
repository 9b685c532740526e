"""Network.step(sensed) -> Command: the spiking grip controller of this machine; owns its arrays, allocates nothing."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numba import int16, int32, njit
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import GRIPPER_ANALOG, GRIPPER_EFFORT, Body, Command, Int16, Sensed

from . import image as images
from .damage import strike
from .guard import guard_step
from .image import AHEAD, FRICTION, IMAGE, SENSES
from .reflex import (
    LEAK_SHIFT,
    THRESHOLD,
    decide_grip,
    decide_slip,
    excite,
    feel,
    fire_ahead,
    fire_friction,
    foresee,
    learn_friction,
)
from .servo import lift_effort, refer
from .spec import PROBE, Reflex

LIFT_MAX, GRIP_MAX = 16000, 32000
LIFT_SLEW, GRIP_SLEW = 2000, 800
OPEN_GRIP = -400
FEELER_WEIGHT, EYE_WEIGHT = 17000, 17000
LOG_STEPS = 16


@njit(cache=True)
def _log2(value):  # type: ignore[no-untyped-def]
    """Logarithm to base 2 in 1/2048, linear between powers of two (Mitchell 1962); 0 for values below 1."""
    if value < 1:
        return int32(0)
    exponent = int32(0)
    scaled = value
    while scaled > 1:
        scaled >>= 1
        exponent += int32(1)
    return int32((exponent << 11) + ((value << 11) >> exponent) - 2048)


@njit(cache=True)
def listen(s, analog):  # type: ignore[no-untyped-def]
    """Begin a tick: the doomed fall silent when it is time, and forces are low-passed."""
    s.tick += np.uint32(1)
    if s.dead_from != 0 and s.tick == s.dead_from:
        for i in range(FRICTION):
            s.friction_alive[i] = 1 - s.doomed[i]
        for i in range(AHEAD):
            s.ahead_alive[i] = 1 - s.doomed[FRICTION + i]
        for i in range(SENSES):
            s.sense_alive[i] = 1 - s.doomed[FRICTION + AHEAD + i]
    normal, load = int32(analog[4]) * 5, int32(analog[5]) * 2
    s.normal_mn += ((normal << 4) - s.normal_mn) >> 2
    s.load_mn += ((load << 4) - s.load_mn) >> 2
    s.touch = min(s.touch + 1, 1000) if normal > 150 else max(s.touch - 4, 0)


@njit(cache=True)
def grip_context(s, analog, x):  # type: ignore[no-untyped-def]
    """What the friction population is told, int16 (2,) x: log of the grip, opening."""
    x[0] = int16(min(_log2(max(s.normal_mn >> 4, 1)) * 2 - 32000, 32767) >> 3)
    x[1] = int16(min(max((int32(analog[0]) << 3) - 32768, -32768), 32767))


@njit(cache=True)
def motion_context(s, x):  # type: ignore[no-untyped-def]
    """What the feed-forward population is told, int16 (2,) x: the motion intended and its change."""
    x[0] = int16(min(max(s.speed * 8, -32768), 32767))
    x[1] = int16(min(max((s.speed * 16 - s.speed_slow) * 8, -32768), 32767))


@njit(cache=True)
def act(s, hold, height, swing):  # type: ignore[no-untyped-def]
    """End a tick: efforts, as the guard lets them pass; returns the load foreseen, in mN.

    In the tug what is carried is what is pulled with, which the hand knows before the skin does.
    """
    ahead = max(
        (s.load_slow >> 8) + swing
        if s.carried != 0
        else min(int32(s.effort[0]) * 10, (s.load_mn >> 4) + (s.load_mn >> 6) + 40),
        int32(0),
    )
    grip = decide_grip(s, max(s.load_mn >> 4, ahead)) if hold != 0 else int32(OPEN_GRIP)
    if hold == 0:
        s.grip = s.touch_grip << 8
    lift = lift_effort(s, height)
    s.effort[0] = int16(guard_step(int32(s.effort[0]), lift, -LIFT_MAX, LIFT_MAX, LIFT_SLEW))
    s.effort[1] = int16(guard_step(int32(s.effort[1]), grip, OPEN_GRIP, GRIP_MAX, GRIP_SLEW))
    s.ledger[0] += FRICTION + AHEAD + SENSES
    return ahead


@njit(cache=True)
def tick(state, spikes, count, analog, goal, x, probe):  # type: ignore[no-untyped-def]
    """One tick of the whole controller on record `state` (1,); writes state.effort and `probe` (1,)."""
    s = state[0]
    height = int32(analog[2])
    listen(s, analog)
    felt, seen = feel(s, spikes, count)
    bursting = excite(s, felt, seen, int32(analog[3]))
    started = decide_slip(s, bursting)
    grip_context(s, analog, x)
    certain = fire_friction(s, x)
    learn_friction(s, int32(analog[6]), int32(analog[7]))
    refer(s, int32(goal[1]), height, int32(goal[0]))
    motion_context(s, x)
    fired = fire_ahead(s, x)
    swing = foresee(s)
    ahead = act(s, int32(goal[0]), height, swing)
    spikes_made = felt + seen + bursting + certain + fired
    s.ledger[3] += spikes_made
    p = probe[0]
    p.slip = s.slipping != 0
    p.started = started
    p.compliance = s.compliance
    p.grip_target = s.grip >> 8
    p.load_ahead = ahead >> 1
    p.spikes = spikes_made


def population(rng: np.random.Generator, neurons: int) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """Random encoders on the circle and intercepts, as int8 gains and int32 biases, for `encode` with shift 8.

    Rates rise from zero at the intercept, uniform in -0.9..0.7, to 100..250 Hz (Eliasmith and Anderson 2003, ch. 4).
    """
    angle = rng.uniform(0, 2 * np.pi, neurons)
    intercept = rng.uniform(-0.9, 0.7, neurons)
    rheobase = THRESHOLD >> LEAK_SHIFT
    gain = (rng.uniform(0.1, 0.25, neurons) * THRESHOLD) / (1 - intercept)
    encoder = np.column_stack([np.cos(angle), np.sin(angle)]) * (gain / 128)[:, None]
    return np.clip(np.rint(encoder), -127, 127).astype(np.int8), np.rint(rheobase - gain * intercept).astype(np.int32)


def build(spec: Reflex) -> NDArray[np.void]:
    """Make the record of a network that has not learned anything: IMAGE (1,)."""
    rng = np.random.default_rng(spec.seed)
    record = np.zeros(1, IMAGE)
    s = record[0]
    s["key"] = rng.integers(1 << 32)
    for name, neurons in (("friction", FRICTION), ("ahead", AHEAD)):
        s[f"{name}_encoder"], s[f"{name}_bias"] = population(rng, neurons)
        s[f"{name}_alive"] = 1
    s["sense_alive"] = 1
    configure(record, spec)
    return record


def configure(record: NDArray[np.void], spec: Reflex) -> None:
    """Write what the scenario says, and is not learned, into a record."""
    s = record[0]
    s["learning"] = spec.learning
    s["margin"] = round(spec.margin * 256)
    s["prior"] = s["compliance"] = round(2048 / spec.prior_friction)
    s["touch_grip"] = GRIPPER_EFFORT[1].to_int(spec.touch_n)
    s["boost"] = round(spec.boost * 256)
    s["feeler_weight"] = round(FEELER_WEIGHT * spec.skin_weight)
    s["eye_weight"] = round(EYE_WEIGHT * spec.eye_weight)


class Network:
    """The spiking controller as a brain.

    Attributes:
        image: IMAGE (replicas,), all of its state. probe: PROBE (1,), what it thought in the last tick.
        damage: what befalls it. replicas: that vote, 1 here; see `voting.VotingNetwork`.
    """

    replicas = 1
    _tick = staticmethod(tick)

    def __init__(self, spec: Reflex, body: Body) -> None:
        if spec.replicas != self.replicas:
            raise ValueError(f"{type(self).__name__} is for {self.replicas} replicas, not {spec.replicas}")
        if body.analog != GRIPPER_ANALOG or body.effort != GRIPPER_EFFORT:
            raise UserError(
                f"controller kind reflex drives a gripper ({len(GRIPPER_ANALOG)} channels, {len(GRIPPER_EFFORT)} "
                f"efforts), this body has {len(body.analog)} and {len(body.effort)}; choose another controller"
            )
        self.damage = spec.damage
        self.image = np.repeat(build(spec), self.replicas)
        self.probe = np.zeros(1, PROBE)
        self._until_struck = 0
        self._initial = self.image.copy()
        self._effort = self.image["effort"][0]
        self._x = np.zeros(2, np.int16)
        self._command = Command(np.zeros(len(body.effort), np.int16))
        self.reset()

    def reset(self) -> None:
        """Return to the state before the first tick: newly built, or as last loaded."""
        self.image[:] = self._initial
        self.probe[:] = 0
        self._until_struck = 0 if self.damage.harmless else self.damage.from_tick

    def step(self, sensed: Sensed) -> Command:
        """One tick; see `tick`. The returned command is overwritten by the next call."""
        if self.due():
            for replica in range(self.replicas):
                strike(self.image[replica : replica + 1], self.damage, replica)
        analog: Int16 = sensed.analog
        self._tick(self.image, sensed.spikes, sensed.count, analog, sensed.goal, self._x, self.probe)
        self._command.effort[:] = self._effort
        return self._command

    def due(self) -> bool:
        """Count a tick; whether damage strikes before it. For who computes the ticks of this network elsewhere, too."""
        if not self._until_struck:
            return False
        self._until_struck -= 1
        return self._until_struck == 0

    def encode(self, record: NDArray[np.void]) -> bytes:
        """A record as the bytes of a state file."""
        return images.encode(record)

    def decode(self, data: bytes, source: str = "the brain state") -> NDArray[np.void]:
        """Check and unwrap what `encode` made; see `image.decode`. Of one network, or of as many replicas as here."""
        return self._fit(images.decode(data, source), source)

    def _fit(self, records: NDArray[np.void], source: str) -> NDArray[np.void]:
        if len(records) not in (1, self.replicas):
            raise UserError(
                f"{source} is of {len(records)} replicas, this controller has {self.replicas}; "
                f"set controller.replicas={len(records)}"
            )
        return records

    def state_hash(self) -> int:
        """CRC-32 of the whole state, learned weights included."""
        return images.state_hash(self.image)

    def save(self, path: Path) -> None:
        """Write the whole state."""
        images.save(self.image, path)

    def load(self, path: Path) -> None:
        """Take over the learned weights of a saved state; the rest starts afresh. A failed load changes nothing.

        Raises:
            UserError: the file is missing, damaged, or of another layout.
        """
        self.take_over(self._fit(images.load(path), str(path)))

    def take_over(self, other: NDArray[np.void]) -> None:
        """Start from the learned weights of other records, IMAGE (1,) or (replicas,), as `load` does."""
        for name in images.LEARNED:
            self._initial[name] = other[name]
        self.reset()
