"""Small declared networks that learn something, shared by the tests that judge what they learned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from controller.declare import Code, Columns, Declared, Events, Lif, Pes, Plastic, Readout, Signal, Stdp
from controller.declared import DeclaredNetwork
from sensors.signals import Body, Channel

Rounding = Literal["stochastic", "nearest"]
NONE, FULL, HOLD = np.zeros(0, np.uint16), 30000, 100
MAPPED = Body((Channel("x", 1.0), Channel("y", 1.0)), (Channel("wanted", 1.0),), ())
Map = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def mapper(
    inputs: tuple[str, ...], rate_shift: int = 12, rounding: Rounding = "stochastic", trace_bump: int = 1024
) -> DeclaredNetwork:
    """A read-out "answer" of a population code of the inputs, taught by the goal "wanted"."""
    spec = Declared(
        populations={"coder": Lif(200)},
        signals={name: Signal(((f"analog.{name}", 1),)) for name in inputs}
        | {"lack": Signal((("goal.wanted", 1), ("answer", -1)), shift=9)},
        connections={"code": Code(inputs, "coder")},
        readouts={"answer": Readout("coder", learning=Pes("lack", rate_shift, rounding), trace_bump=trace_bump)},
    )
    return DeclaredNetwork(spec, MAPPED)


def teach(network: DeclaredNetwork, wanted: Map, points: int, seed: int) -> None:
    """Hold random inputs of -1..1 for HOLD ticks each, and say at each tick what is wanted, -1..1 as +-FULL."""
    path = np.random.default_rng(seed).uniform(-1, 1, (points, 2))
    for x, y in zip(_int16(20000 * path), _int16(FULL * wanted(path.T))[:, None], strict=True):
        for _ in range(HOLD):
            network.tick(NONE, 0, x, y)


def error(network: DeclaredNetwork, wanted: Map, seed: int = 99) -> float:
    """Root mean square error with weights frozen, held at 30 points for 240 ticks each, of a full scale of 1."""
    was, network.learning = network.learning, False
    off = []
    for point in np.random.default_rng(seed).uniform(-0.9, 0.9, (30, 2)):
        heard = []
        for _ in range(240):
            network.tick(NONE, 0, _int16(20000 * point), _int16(np.zeros(1)))
            heard.append(network.value("answer"))
        off.append(np.mean(heard[160:]) / FULL - float(wanted(point)))
    network.learning = was
    return float(np.sqrt(np.mean(np.square(off))))


def _int16(x: NDArray[np.float64]) -> NDArray[np.int16]:
    return np.clip(np.rint(x), -32768, 32767).astype(np.int16)


SIDE, TRIAL = 10, 40
REWARDED = Body((Channel("reward", 1.0),), (), ())


def reflex(learning: bool = True) -> DeclaredNetwork:
    """Two groups of feelers, two groups of motor neurons that silence each other, reward for the right group."""
    spec = Declared(
        populations={"motor": Lif(2 * SIDE, leak_shift=4, threshold=8000)},
        events={"feelers": Events(size=2 * SIDE)},
        signals={"reward": Signal((("analog.reward", 1),))},
        connections={
            "learned": Plastic(
                "feelers", "motor",
                Stdp(potentiation=60, depression=20, rate_shift=6, pre_shift=3, post_shift=3, trace_bump=4000,
                     reward="reward", credit_shift=5, reward_shift=4),
                weight=900 << 16, spread=300 << 16, low=0, high=3000 << 16,
            ),
            "rivals": Columns("motor", "motor", exponent=6),
        },
        learning=learning,
    )  # fmt: skip
    rivals = np.zeros((2 * SIDE, 2 * SIDE), np.int64)
    rivals[:SIDE, SIDE:] = rivals[SIDE:, :SIDE] = -12
    return DeclaredNetwork(spec, REWARDED, {"rivals.weight": rivals})


def trials(network: DeclaredNetwork, count: int, seed: int, crossed: bool = False) -> float:
    """Touch one side at a time, reward the group that fired more if it is the wanted one; the share of right ones."""
    rng, right = np.random.default_rng(seed), 0
    for _ in range(count):
        side = int(rng.integers(2))
        fired = np.zeros(2)
        for _ in range(TRIAL):
            touched = (side * SIDE + np.flatnonzero(rng.random(SIDE) < 0.15)).astype(np.uint16)
            network.tick(touched, len(touched), np.zeros(1, np.int16), NONE.astype(np.int16))
            fired += network.arrays["motor.fired"].reshape(2, SIDE).sum(axis=1)
        answer = int(fired[1] + rng.random() > fired[0] + rng.random())
        good = answer == (1 - side if crossed else side)
        right += good
        network.tick(NONE, 0, np.array([300 if good else -300], np.int16), NONE.astype(np.int16))
        for _ in range(100):
            network.tick(NONE, 0, np.zeros(1, np.int16), NONE.astype(np.int16))
    return right / count
