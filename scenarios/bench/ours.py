"""Our contestants: each workload in numba and in C."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import twin, w1, w2, w3

SIGNAL_TICKS, EVENT_TICKS = 4096, 64


class W1:
    """Adaptive population; in numba a step is one call from Python, in C a turn is one call."""

    def __init__(self, in_c: bool, inputs: int, neurons: int, outputs: int) -> None:
        self._state = w1.build(inputs, neurons, outputs)
        self._x, self._target = w1.inputs_and_targets(inputs, outputs, SIGNAL_TICKS)
        self._rows = list(zip(self._x, self._target, strict=True))
        self._at, self._neurons = 0, neurons
        self._c = twin.w1_run(twin.load(), self._state, self._x, self._target) if in_c else None

    def advance(self, steps: int) -> None:
        if self._c is not None:
            self._c(self._at, steps)
        else:
            tick, state, rows = w1.tick, self._state, self._rows
            for k in range(self._at, self._at + steps):
                x, target = rows[k % SIGNAL_TICKS]
                tick(state, x, target)
        self._at += steps

    def facts(self) -> dict[str, float]:
        s = self._state[0]
        target = self._target[(self._at - 1) % SIGNAL_TICKS]
        error = np.abs(target - s["output"]).mean() / max(np.abs(self._target).mean(), 1)
        return {"rate_hz": 1e3 * float(s["spikes"]) / self._neurons / max(int(s["tick"]), 1), "error": float(error)}


class W2:
    """Recurrent network; steps run inside one call, as those of Brian2 and NEST do."""

    def __init__(self, in_c: bool, neurons: int, dt_ms: float) -> None:
        net = w2.build(neurons, dt_ms)
        self._net, self._dt_ms, self._steps = net, dt_ms, 0
        self._run: Callable[[int], None] = (
            twin.w2_run(twin.load(), net) if in_c else lambda n: w2.run(net.state, net.target, net.weight, n)
        )

    def advance(self, steps: int) -> None:
        self._run(steps)
        self._steps += steps

    def facts(self) -> dict[str, float]:
        s = self._net.state[0]
        seconds = self._steps * self._dt_ms * 1e-3
        return {
            "rate_hz": float(s["spikes"]) / len(s["v"]) / seconds, "events_per_step": float(s["events"]) / self._steps,
            "synapses": float(len(self._net.target)),
        }  # fmt: skip


class W3:
    """Events into a convolution; a step is one millisecond, in numba one call from Python."""

    def __init__(self, in_c: bool, side: int, each: int) -> None:
        self._state = w3.build(side)
        fields = w3.fields(w3.events(side, each, EVENT_TICKS))
        self._rows = list(zip(*fields, strict=True))
        self._at = 0
        self._c = twin.w3_run(twin.load(), self._state, *fields) if in_c else None

    def advance(self, steps: int) -> None:
        if self._c is not None:
            self._c(self._at, steps)
        else:
            tick, state, rows = w3.tick, self._state, self._rows
            for k in range(self._at, self._at + steps):
                xs, ys, ps = rows[k % EVENT_TICKS]
                tick(state, xs, ys, ps)
        self._at += steps

    def facts(self) -> dict[str, float]:
        s = self._state[0]
        return {"spikes_per_step": float(s["spikes"]) / self._at, "events_per_step": float(s["events"]) / self._at}


def w1_numba(*size: int) -> W1:
    """W1 in numba."""
    return W1(False, *size)


def w1_c(*size: int) -> W1:
    """W1 in C."""
    return W1(True, *size)


def w2_numba(neurons: int, dt_ms: float) -> W2:
    """W2 in numba."""
    return W2(False, int(neurons), dt_ms)


def w2_c(neurons: int, dt_ms: float) -> W2:
    """W2 in C."""
    return W2(True, int(neurons), dt_ms)


def w3_numba(side: int, each: int) -> W3:
    """W3 in numba."""
    return W3(False, side, each)


def w3_c(side: int, each: int) -> W3:
    """W3 in C."""
    return W3(True, side, each)
