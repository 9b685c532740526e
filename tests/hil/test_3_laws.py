"""The laws on the target: the controller's record after random and saturating ticks."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest

from controller.spec import Reflex
from sensors.signals import Sensed
from tests.firmware_bridge.senses import anything, extremes

from .conftest import Target

EXTREME = Reflex(margin=4.0, boost=8.0, prior_friction=0.1, skin_weight=8.0, eye_weight=8.0)


@pytest.mark.parametrize(("senses", "spec"), [(anything, Reflex()), (extremes, EXTREME)], ids=["random", "saturating"])
def test_commands_thoughts_and_state_are_those_of_the_controller_here(
    target: Target, ticks: int, senses: Callable[[np.random.Generator, int], Iterable[Sensed]], spec: Reflex
) -> None:
    here, there = target.deployed(spec)
    for tick, sensed in enumerate(senses(np.random.default_rng(6), ticks)):
        assert there.step(sensed).effort.tolist() == here.step(sensed).effort.tolist(), f"tick {tick}"
        assert there.probe == here.probe, f"tick {tick}"
    assert there.state_hash() == here.state_hash()
    there.close()
