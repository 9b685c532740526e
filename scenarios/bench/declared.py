"""W1 once more as anyone would declare it, part by part, and step it: what the kernels cost behind the whole machinery.

The ledger counts, the guard has the last word, and the image can be saved and hashed at any tick.
"""

from __future__ import annotations

import numpy as np

from controller.declare import Declared, Dense, Effort, Lif, Pes, Readout, Signal
from controller.declared import DeclaredNetwork
from sensors.signals import Body, Channel, Sensed

from . import w1

TICKS = 4096


def spec(inputs: int, neurons: int, outputs: int) -> Declared:
    """The declaration, whose Python and TOML names are the same."""
    senses = {f"x{i}": Signal(terms=((f"analog.x{i}", 1),)) for i in range(inputs)}
    lacks = {f"lack{k}": Signal(terms=((f"goal.wanted{k}", 1), (f"y{k}", -1))) for k in range(outputs)}
    return Declared(
        populations={"learner": Lif(size=neurons, bias=800)},
        connections={
            "drive": Dense(
                signals=tuple(senses), target="learner", spread=round(500 / inputs**0.5), shift=w1.ENCODER_SHIFT
            )
        },
        signals=senses | lacks,
        readouts={
            f"y{k}": Readout(source="learner", learning=Pes(error=f"lack{k}", rate_shift=w1.RATE_SHIFT))
            for k in range(outputs)
        },
        efforts={"effort": Effort(signal="lack0")},
    )


class W1:
    """A step is one `DeclaredNetwork.step(sensed)`."""

    def __init__(self, inputs: int, neurons: int, outputs: int) -> None:
        channels = tuple(Channel(f"x{i}", 1.0) for i in range(inputs))
        goals = tuple(Channel(f"wanted{k}", 1.0) for k in range(outputs))
        body = Body(channels, goals, (Channel("effort", 1.0),))
        self._network = DeclaredNetwork(spec(inputs, neurons, outputs), body)
        x, self._target = w1.inputs_and_targets(inputs, outputs, TICKS)
        empty = body.empty_sensed()
        self._sensed = [
            Sensed(k, empty.spikes, 0, 0, np.ascontiguousarray(x[k, :inputs]), self._target[k]) for k in range(TICKS)
        ]
        self._at, self._neurons, self._outputs = 0, neurons, outputs

    def advance(self, steps: int) -> None:
        step, sensed = self._network.step, self._sensed
        for k in range(self._at, self._at + steps):
            step(sensed[k % TICKS])
        self._at += steps

    def facts(self) -> dict[str, float]:
        lack = np.mean([abs(self._network.value(f"lack{k}")) for k in range(self._outputs)])
        spikes = float(self._network.ledger[3]) if self._at else 0.0
        rate = 1e3 * spikes / self._neurons / max(self._at, 1)
        return {"rate_hz": rate, "error": float(lack / np.abs(self._target).mean())}
