"""Declared networks learn: a map, one that depends on two states, a reflex from reward alone."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

_LESSONS = runpy.run_path(str(Path(__file__).with_name("lessons.py")))
mapper, teach, error, reflex, trials = (_LESSONS[k] for k in ("mapper", "teach", "error", "reflex", "trials"))


def bend(p: Any) -> Any:
    """A map of one input."""
    return 0.8 * np.sin(3 * p[0])


def slope(p: Any) -> Any:
    """The easiest map there is."""
    return 0.8 * p[0]


def saddle(p: Any) -> Any:
    """What the first input does depends on the second."""
    return 0.9 * p[0] * p[1]


@pytest.mark.parametrize(("wanted", "inputs"), [(bend, ("x",)), (saddle, ("x", "y"))])
def test_a_read_out_learns_a_map_and_keeps_it_when_frozen(wanted: Any, inputs: tuple[str, ...]) -> None:
    network = mapper(inputs)
    before = error(network, wanted)
    teach(network, wanted, 1000, seed=1)
    assert error(network, wanted) < 0.45 * before
    assert error(network, wanted) < 0.45 * before  # the first look changed nothing


def test_rounding_to_nearest_stalls_where_stochastic_rounding_learns() -> None:
    off = {}
    for rounding in ("stochastic", "nearest"):
        network = mapper(("x",), 16, rounding, trace_bump=384)
        for seed in range(2):
            teach(network, slope, 800, seed)
        off[rounding] = error(network, slope)
    assert off["nearest"] > 1.5 * off["stochastic"], off


def test_reward_alone_teaches_a_reflex_and_its_reversal() -> None:
    network = reflex()
    untaught = trials(reflex(learning=False), 60, seed=1)
    assert untaught < 0.85
    trials(network, 200, seed=1)
    network.learning = False
    assert trials(network, 60, seed=2) > 0.95
    network.learning = True
    trials(network, 700, seed=3, crossed=True)
    network.learning = False
    assert trials(network, 60, seed=4, crossed=True) > 0.9
