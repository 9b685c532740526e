"""A network trained in Norse, on digits of our own making, runs here in integers and loses next to nothing."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from controller.declared import DeclaredNetwork
from controller.nir_float import FloatNetwork
from controller.nir_graph import read
from controller.nir_import import quantise
from sensors.signals import Body

pytest.importorskip("nir", reason="NIR is not installed: pip install 'ganglion[nir]'")
BODILESS, NONE, DT_S = Body((), (), ()), np.zeros(0, np.int16), 1e-3
DIGITS = Path(__file__).with_name("digits.nir")


def test_a_trained_network_loses_at_most_a_point_of_accuracy() -> None:
    digits = runpy.run_path(str(DIGITS.with_suffix(".py")))["digits"]
    found = read(DIGITS)
    imported, floats = quantise(found, DT_S), FloatNetwork(found, DT_S)
    network = DeclaredNetwork(imported.spec, BODILESS, imported.arrays)
    spikes, labels = digits(1000, seed=3)
    right = {"float": 0, "int": 0}
    for sample, label in zip(spikes, labels, strict=True):
        floats.reset()
        network.reset()
        votes = {"float": np.zeros(10), "int": np.zeros(10)}
        for x in sample:
            events = np.flatnonzero(x).astype(np.uint16)
            network.tick(events, len(events), NONE, NONE)
            votes["int"] += network.arrays["out.fired"]
            votes["float"] += floats.step(x)["out"]
        for name, vote in votes.items():
            right[name] += int(vote.argmax() == label)
    assert right["float"] > 850, right
    assert right["int"] >= right["float"] - 10, right
