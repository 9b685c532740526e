"""A small generator of physically consistent trials, so that scores and reports can be tested without a simulator."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from controller.spec import PROBE
from scenarios.trace import Rich, Trace
from sensors.signals import EVENT, GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL
from sim.spec import TRUTH, Episode

TICK_US = 1000
GRASP, LIFT, TOP, SHAKE, LOWER, RELEASE, END = 100, 900, 1900, 2900, 4400, 5300, 5500
HEIGHT_M, AMPLITUDE_M, SHAKE_HZ = 0.1, 0.004, 4.0


@dataclass
class Trial:
    """One object in one gripper that rises, shakes and comes down; grip_ratio is grip over what is needed at rest."""

    index: int = 0
    mass_kg: float = 0.4
    friction: float = 0.5
    grip_ratio: float = 1.4
    loosen_row: int = -1
    loosen_to: float = 0.9
    loosen_rows: int = 120
    crush_ratio: float = 3.0
    delay_us: int = 5000
    found_after_us: int | None = 8000
    rich: bool = False

    def make(self) -> Trace:
        t = np.arange(1, END + 1)
        height = np.interp(t, [LIFT, TOP, LOWER, RELEASE], [0, HEIGHT_M, HEIGHT_M, 0])
        shake = (t > SHAKE) & (t <= LOWER)
        height[shake] += (
            AMPLITUDE_M
            * np.sin(np.pi * (t[shake] - SHAKE) / (LOWER - SHAKE))
            * np.sin(2 * np.pi * SHAKE_HZ * (t[shake] - SHAKE) * 1e-3)
        )
        speed = np.gradient(height, 1e-3)
        accel = np.where((t > SHAKE + 2) & (t < LOWER - 2), np.gradient(speed, 1e-3), 0.0)
        hold = (t > GRASP) & (t <= RELEASE)
        rest = self.mass_kg * 9.81 / (2 * self.friction)
        truth = np.zeros(END, TRUTH)
        truth["height_m"], truth["mass_kg"], truth["friction"] = height, self.mass_kg, self.friction
        truth["needed_n"] = self.mass_kg * np.abs(9.81 + accel) / (2 * self.friction)
        truth["crush_limit_n"] = self.crush_ratio * rest + 0.5
        truth["contacts"] = 2 * ((t > GRASP + 150) & hold)
        grip = np.where(truth["contacts"] == 2, rest * self.grip_ratio * np.clip((t - GRASP - 150) / 300, 0, 1), 0.0)
        if self.loosen_row >= 0:
            grip[self.loosen_row : self.loosen_row + self.loosen_rows] = rest * self.loosen_to
        truth["grip_n"] = grip
        self._slide(truth, accel)
        trace = Trace(
            Episode(0, self.index, self.index % 3, (0.02, 0.02, 0.03), self.mass_kg, self.friction, 2e4,
                    float(truth["crush_limit_n"][0]), 1.2, 3.1, 0.9, 3.6, 1.5e-4, 0.6, 0.1),
            TICK_US, self.delay_us,
            np.zeros((END, len(GRIPPER_ANALOG)), np.int16),
            np.zeros((END, len(GRIPPER_GOAL)), np.int16),
            np.zeros((END, len(GRIPPER_EFFORT)), np.int16),
            np.zeros(END, np.uint16), np.zeros(END, np.uint16), np.zeros(0, np.uint16), truth, np.zeros(END, PROBE),
        )  # fmt: skip
        trace.goal[:, 0] = hold
        trace.goal[:, 1] = np.round(height / GRIPPER_GOAL[1].lsb)
        trace.effort[:, 1] = np.clip(np.round(grip / GRIPPER_EFFORT[1].lsb), -32768, 32767)
        trace.analog[:, 5] = np.clip(np.round(truth["load_n"] / GRIPPER_ANALOG[5].lsb), -32768, 32767)
        self._sense(trace)
        if self.rich:
            trace.rich = _rich(trace)
        return trace

    def _slide(self, truth: np.ndarray, accel: np.ndarray) -> None:
        """Coulomb friction: what the pads cannot carry accelerates the object down the hand."""
        fall = sunk = 0.0
        for k, row in enumerate(truth):
            lack = 2 * self.friction * (row["needed_n"] - row["grip_n"]) / self.mass_kg
            lifted = row["height_m"] > sunk + 1e-5 and k < RELEASE
            fall = max(0.0, fall + lack * 1e-3) if lifted else 0.0
            sunk = min(sunk + fall * 1e-3, float(row["height_m"])) if lifted else sunk
            if sunk > 0.03:
                truth["contacts"][k:], truth["grip_n"][k:] = 0, 0.0
            row["on_table"] = not row["height_m"] > sunk + 1e-5
            row["slip_m"], row["object_m"] = sunk, max(0.0, float(row["height_m"]) - sunk)
            if row["contacts"] and lifted:
                row["slip_m_per_s"] = min(fall, 1.0)
                row["load_n"] = min(self.mass_kg * (9.81 + accel[k]), 2 * self.friction * row["grip_n"])

    def _sense(self, trace: Trace) -> None:
        probe, rng = trace.probe, np.random.default_rng(self.index)
        if self.found_after_us is not None:
            late = (self.delay_us + self.found_after_us) // TICK_US
            probe["slip"][late:] = trace.truth["slip_m_per_s"][:-late] > 2e-3
            probe["started"][1:] = probe["slip"][1:] & ~probe["slip"][:-1]
        probe["compliance"] = 2048 / self.friction * (1 - 0.5 * np.exp(-np.arange(END) / 1500))
        probe["grip_target"] = trace.effort[:, 1]
        probe["load_ahead"] = trace.analog[:, 5]
        trace.counts[:] = rng.poisson(2.0 + 20 * (trace.truth["slip_m_per_s"] > 1e-3), END).clip(0, 48)
        trace.spikes = rng.integers(0, 320, int(trace.counts.sum())).astype(np.uint16)
        probe["spikes"] = trace.counts * 3


def _rich(trace: Trace) -> Rich:
    rng = np.random.default_rng(5)
    count, frame_us = 20_000, 40_000
    events = np.zeros(count, EVENT)
    events["t"] = np.sort(rng.integers(0, END * TICK_US, count))
    events["x"] = rng.normal(64, 12, count).clip(0, 127)
    events["y"] = (rng.normal(64, 12, count) - 300 * trace.truth["height_m"][events["t"] // TICK_US]).clip(0, 127)
    events["on"] = rng.random(count) < 0.5
    skin = events[::10].copy()
    skin["x"], skin["y"] = rng.integers(0, 16, len(skin)), rng.integers(0, 8, len(skin))
    rows = np.arange(frame_us // TICK_US - 1, END, frame_us // TICK_US)
    v, u = np.mgrid[-1:1:8j, -1:1:8j]
    blob = np.exp(-2 * (u**2 + v**2))
    taxels = np.zeros((len(rows), 2, 8, 8, 3), np.int16)
    for f, row in enumerate(rows):
        taxels[f, :, :, :, 0] = 60 * trace.truth["grip_n"][row] * blob
        taxels[f, :, :, :, 2] = -30 * trace.truth["load_n"][row] * blob
    frames = np.full((len(rows), 240, 320), 200, np.uint8)
    for f, row in enumerate(rows):
        y = int(180 - 1000 * trace.truth["height_m"][row])
        frames[f, y : y + 40, 130:190] = 90
    return Rich(frame_us, (128, 128), events, skin, taxels, frames)


@pytest.fixture
def trial() -> Callable[..., Trace]:
    """Builder of one synthetic trial: `trial(friction=0.3, loosen_row=2400)`."""

    def build(**settings: object) -> Trace:
        return Trial(**settings).make()  # type: ignore[arg-type]

    return build
