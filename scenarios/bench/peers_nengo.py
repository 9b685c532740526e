"""Contestant for W1: Nengo's reference simulator on the same sizes and signals, encoders and rates as it draws them."""

from __future__ import annotations

import nengo
import numpy as np

from . import w1

PES_RATE = 1e-3
TICKS = 4096


class W1:
    """Adaptive population; a step is one `Simulator.step()`, 1 ms."""

    def __init__(self, bits: int, inputs: int, neurons: int, outputs: int) -> None:
        x, target = (a / 32767 for a in w1.inputs_and_targets(inputs, outputs, TICKS))
        self._target, self._now = target, np.zeros(outputs)
        nengo.rc["precision"]["bits"] = str(bits)
        with nengo.Network(seed=1) as model:
            senses = nengo.Node(lambda t: x[round(t * 1000) & (TICKS - 1), :inputs])
            wanted = nengo.Node(lambda t: target[round(t * 1000) & (TICKS - 1)])
            population = nengo.Ensemble(neurons, inputs, neuron_type=nengo.LIF())
            output, error = nengo.Node(self._look, size_in=outputs, size_out=outputs), nengo.Node(size_in=outputs)
            nengo.Connection(senses, population, synapse=None)
            learned = nengo.Connection(
                population,
                output,
                function=lambda _: np.zeros(outputs),
                solver=nengo.solvers.NoSolver(np.zeros((neurons, outputs))),
                learning_rule_type=nengo.PES(PES_RATE),
            )
            nengo.Connection(output, error, synapse=None)
            nengo.Connection(wanted, error, transform=-1, synapse=None)
            nengo.Connection(error, learned.learning_rule, synapse=None)
        self._simulator = nengo.Simulator(model, dt=1e-3, progress_bar=False)

    def _look(self, _t: float, value: np.ndarray) -> np.ndarray:
        self._now = value.copy()
        return value

    def advance(self, steps: int) -> None:
        step = self._simulator.step
        for _ in range(steps):
            step()

    def facts(self) -> dict[str, float]:
        wanted = self._target[self._simulator.n_steps & (TICKS - 1)]
        return {"error": float(np.abs(wanted - self._now).mean() / np.abs(self._target).mean())}


def w1_double(*size: int) -> W1:
    """In float64, as Nengo comes."""
    return W1(64, *size)


def w1_single(*size: int) -> W1:
    """In float32."""
    return W1(32, *size)
