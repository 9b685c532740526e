"""The suite touch: will this grasp slip when it is lifted? Real BioTac fingertips, objects that were never trained on.

One static reading of 72 electrodes before the lift, 4 682 grasps of 41 objects to learn from and 1 149 grasps of 10
other objects to tell (BioTacSp Stability Set v2). What is chosen (rate, epochs, regularisation) is chosen by leaving a
fifth of the training objects out in turn. The regression is also shown with the regularisation that hindsight would
choose: the novel objects want more of it than the training objects let one expect.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numba import int32, njit, uint32
from numpy.typing import NDArray

from controller.delta import delta_population
from controller.rounding import noise_start
from sensors.errors import UserError
from sensors.skins.biotac import Grasps, joined, read_grasps

from .suites import Asked
from .table import Result, Table

POSES = ("palm_45", "palm_down", "palm_side")
TARGET = 4096
FOLDS = 5
RATE_SHIFTS = (14, 13, 12)
EPOCHS = 12
L2 = (1.0, 10.0, 100.0, 1000.0)
Inputs = NDArray[np.int16]
Labels = NDArray[np.bool_]


@njit(cache=True)
def _grasp_by_grasp(x, slipped, order, weight, rate_shift, learning, clock, out):  # type: ignore[no-untyped-def]
    """Tell each grasp in `order` with int32 (1, inputs) weights of 16 fractional bits, then learn from how it went."""
    error = np.zeros(1, np.int32)
    for k in order:
        total = np.int64(0)
        for i in range(x.shape[1]):
            total += np.int64(weight[0, i]) * np.int64(x[k, i])
        out[k] = total >> 16
        target = TARGET if slipped[k] else -TARGET
        error[0] = int32(min(max(target - out[k], -32767), 32767))
        delta_population(weight, error, x[k], rate_shift, noise_start(uint32(1), uint32(clock[0]), uint32(0)), learning)
        clock[0] += 1


@dataclass(frozen=True, slots=True)
class Scale:
    """Electrodes as int16: deviation from the training mean, 256 a standard deviation; the last input is a constant."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]

    @staticmethod
    def of(readings: NDArray[np.float32]) -> Scale:
        """The scale of a training set."""
        return Scale(readings.mean(axis=0, dtype=float), readings.std(axis=0, dtype=float))

    def inputs(self, readings: NDArray[np.float32]) -> Inputs:
        """int16 (n, 73)."""
        scaled = np.clip(np.round((readings - self.mean) / self.spread * 256.0), -1024, 1024)
        return np.asarray(np.c_[scaled, np.full(len(scaled), 256.0)], np.int16)


class DeltaReadout:
    """The controller's delta rule on 73 inputs and one output, in integers."""

    def __init__(self, rate_shift: int) -> None:
        self.weight = np.zeros((1, 73), np.int32)
        self._rate_shift = rate_shift
        self._clock = np.zeros(1, np.int64)

    def tell(self, x: Inputs, slipped: Labels, order: NDArray[np.int64], learning: bool) -> Labels:
        """What it says of each grasp before it knows how that went; learns from it afterwards if asked."""
        out = np.zeros(len(x), np.int64)
        _grasp_by_grasp(x, slipped, order, self.weight, self._rate_shift, int(learning), self._clock, out)
        return out > 0


def logistic(x: NDArray[np.float64], slipped: Labels, l2: float) -> NDArray[np.float64]:
    """Weights of a logistic regression with an L2 penalty, by Newton's method."""
    weights = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ weights, -30.0, 30.0)))
        slope = x.T @ (p - slipped) + l2 * weights
        curve = (x * (p * (1.0 - p))[:, None]).T @ x + l2 * np.eye(x.shape[1])
        weights -= np.linalg.solve(curve, slope)
    return weights


def _tables(folder: Path, ending: str) -> Grasps:
    return joined([read_grasps(folder / f"bts3v2_{pose}{ending}.csv") for pose in POSES])


def _folder() -> Path:
    root = Path(os.environ.get("GANGLION_RECORDINGS", Path(__file__).parents[3] / "shared" / "recordings"))
    if not (root / "biotac").is_dir():
        raise UserError(f"{root / 'biotac'} is not there; set GANGLION_RECORDINGS to the folder of the recordings")
    return root / "biotac"


def _folds(objects: NDArray[np.str_]) -> list[Labels]:
    names = np.unique(objects)
    return [np.isin(objects, names[k::FOLDS]) for k in range(FOLDS)]


def _choose_delta(train: Grasps, objects: NDArray[np.str_]) -> tuple[int, int, float]:
    """(rate shift, epochs, share right on the objects left out)."""
    best = (0, 0, 0.0)
    for shift in RATE_SHIFTS:
        right = np.zeros(EPOCHS)
        for out in _folds(objects):
            scale = Scale.of(train.readings[~out])
            x, y, rng = scale.inputs(train.readings[~out]), train.slipped[~out], np.random.default_rng(1)
            held, truth = scale.inputs(train.readings[out]), train.slipped[out]
            readout = DeltaReadout(shift)
            for epoch in range(EPOCHS):
                readout.tell(x, y, rng.permutation(len(x)), True)
                said = readout.tell(held, truth, np.arange(len(held)), False)
                right[epoch] += (said == truth).mean() / FOLDS
        if right.max() > best[2]:
            best = (shift, int(right.argmax()) + 1, float(right.max()))
    return best


def _choose_l2(train: Grasps, objects: NDArray[np.str_]) -> tuple[float, float]:
    found = []
    for l2 in L2:
        right = 0.0
        for out in _folds(objects):
            scale = Scale.of(train.readings[~out])
            weights = logistic(scale.inputs(train.readings[~out]) / 256.0, train.slipped[~out], l2)
            said = scale.inputs(train.readings[out]) / 256.0 @ weights > 0
            right += float((said == train.slipped[out]).mean()) / FOLDS
        found.append((right, l2))
    right, l2 = max(found)
    return l2, right


def measure(asked: Asked) -> Result:
    """Learn on the training tables, tell the test tables.

    Raises:
        UserError: the recordings are not there.
    """
    del asked  # it takes as long as it takes
    folder = _folder()
    train, test = _tables(folder, ""), _tables(folder, "_test")
    objects = np.array(train.objects)
    shift, epochs, left_out = _choose_delta(train, objects)
    l2, left_out_logistic = _choose_l2(train, objects)
    scale = Scale.of(train.readings)
    x, held, rng = scale.inputs(train.readings), scale.inputs(test.readings), np.random.default_rng(1)
    readout = DeltaReadout(shift)
    for _ in range(epochs):
        readout.tell(x, train.slipped, rng.permutation(len(x)), True)
    order = np.random.default_rng(2).permutation(len(held))
    frozen = float((readout.tell(held, test.slipped, order, False) == test.slipped).mean())
    told = {strength: (held / 256.0) @ logistic(x / 256.0, train.slipped, strength) > 0 for strength in L2}
    right = {strength: float((said == test.slipped).mean()) for strength, said in told.items()}
    regression, hindsight = right[l2], max(right, key=lambda strength: right[strength])
    going_on = readout.tell(held, test.slipped, order, True) == test.slipped
    learning, late = float(going_on.mean()), float(going_on[order[-300:]].mean())
    common = float(max(test.slipped.mean(), 1 - test.slipped.mean()))
    rows = [
        ("always the commoner", "-", f"{common:.1%}", ""),
        ("logistic regression, float64", f"{left_out_logistic:.1%}", f"{regression:.1%}", f"L2 {l2:g}"),
        ("the same, chosen in hindsight", "-", f"{right[hindsight]:.1%}", f"L2 {hindsight:g}"),
        ("delta rule, integers, frozen", f"{left_out:.1%}", f"{frozen:.1%}", f"rate 2^-{shift}, {epochs} epochs"),
        ("delta rule, learning on", "-", f"{learning:.1%}", f"the last 300 {late:.1%}"),
    ]
    notes = (
        f"{len(train.slipped)} grasps of {len(set(train.objects))} objects to learn, "
        f"{len(test.slipped)} of {len(set(test.objects))} others to tell, one standard error "
        f"{np.sqrt(0.25 / len(test.slipped)):.1%} or more, since grasps of an object are alike",
        "learning on: each grasp is told first and learned from when it is known how it went, in random order",
    )
    figures = {
        "commoner": common, "logistic": regression, "logistic_hindsight": right[hindsight], "delta_frozen": frozen,
        "delta_learning": learning, "delta_learning_last_300": late, "rate_shift": shift, "epochs": epochs, "l2": l2,
    }  # fmt: skip
    table = Table("will the grasp slip? share right", ("", "objects left out", "novel objects", ""), rows, notes)
    return Result("touch", [table], [], figures)
