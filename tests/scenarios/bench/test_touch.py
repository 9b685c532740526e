"""Slip prediction on real fingertips: the learner learns, and only when it may; the baseline is a fair one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scenarios import cli
from scenarios.bench.touch import DeltaReadout, Scale, logistic


def problem(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    readings = rng.normal(3000, 200, (count, 72)).astype(np.float32)
    return readings, readings[:, 3] - 0.5 * readings[:, 40] > 1500 + rng.normal(0, 20, count)


def test_the_integer_delta_rule_learns_what_a_regression_learns() -> None:
    readings, truth = problem(3000, 1)
    scale = Scale.of(readings)
    x = scale.inputs(readings)
    held, held_truth = problem(1000, 2)
    readout = DeltaReadout(13)
    for _ in range(3):
        readout.tell(x, truth, np.arange(3000), True)
    said = readout.tell(scale.inputs(held), held_truth, np.arange(1000), False)
    weights = logistic(x / 256.0, truth, 1.0)
    regression = (scale.inputs(held) / 256.0) @ weights > 0
    assert (regression == held_truth).mean() > 0.93
    assert (said == held_truth).mean() > 0.9


def test_a_frozen_readout_stays_as_it_is_and_a_learning_one_does_not() -> None:
    readings, truth = problem(200, 3)
    x = Scale.of(readings).inputs(readings)
    readout = DeltaReadout(13)
    readout.tell(x, truth, np.arange(200), False)
    assert not readout.weight.any()
    readout.tell(x, truth, np.arange(200), True)
    assert readout.weight.any()


def test_without_the_recordings_the_suite_says_where_it_looked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("GANGLION_RECORDINGS", str(tmp_path))
    assert cli.main(["bench", "touch"]) == 2
    assert "set GANGLION_RECORDINGS" in capsys.readouterr().err
