"""Contestants built on PyTorch: plain tensors, Norse and snnTorch, for W1 and W3; float32, one thread, no gradients.

The work is that of w1.py and w3.py: same sizes, same inputs, leak of 2^-5 a step, reset by subtraction where the
library has it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from . import w1, w3

torch.set_num_threads(1)
torch.set_grad_enabled(False)
KEEP = 1 - 2.0**-w1.LEAK_SHIFT
RATE = 2e-5
Neurons = Callable[[torch.Tensor], torch.Tensor]


def plain(shape: tuple[int, ...], threshold: float) -> Neurons:
    """LIF neurons in place on tensors, as one would write them by hand."""
    v, level = torch.zeros(shape), torch.tensor(threshold)

    def step(current: torch.Tensor) -> torch.Tensor:
        v.mul_(KEEP).add_(current)
        spikes = (v >= level).float()
        v.sub_(spikes, alpha=threshold)
        return spikes

    return step


def norse(shape: tuple[int, ...], threshold: float) -> Neurons:
    """Norse's LIF without a synaptic current of its own (its LIFBox), which resets to 0."""
    import norse.torch as library

    tau = torch.tensor(1e3 * 2.0**-w1.LEAK_SHIFT)
    cell = library.LIFBoxCell(library.LIFBoxParameters(tau_mem_inv=tau, v_th=torch.tensor(threshold)), dt=1e-3)
    state: Any = None
    del shape

    def step(current: torch.Tensor) -> torch.Tensor:
        nonlocal state
        spikes, state = cell(current / (tau * 1e-3), state)
        out: torch.Tensor = spikes
        return out

    return step


def snntorch(shape: tuple[int, ...], threshold: float) -> Neurons:
    """snnTorch's Leaky, reset by subtraction."""
    import snntorch as library

    cell = library.Leaky(beta=KEEP, threshold=threshold, reset_mechanism="subtract")
    membrane = torch.zeros(shape)

    def step(current: torch.Tensor) -> torch.Tensor:
        nonlocal membrane
        spikes, membrane = cell(current, membrane)
        out: torch.Tensor = spikes
        return out

    return step


KINDS = {"plain": plain, "norse": norse, "snntorch": snntorch}


class W1:
    """Adaptive population on tensors."""

    def __init__(self, kind: str, inputs: int, neurons: int, outputs: int) -> None:
        state = w1.build(inputs, neurons, outputs)[0]
        scale = 2.0**-w1.ENCODER_SHIFT / w1.THRESHOLD
        self._encoder = torch.tensor(state["encoder"].T[:, :inputs].astype(np.float32) * scale * 32767).contiguous()
        self._bias = torch.tensor(state["bias"].astype(np.float32) / w1.THRESHOLD)
        x, target = w1.inputs_and_targets(inputs, outputs, 4096)
        self._x, self._target = (
            torch.tensor(x[:, :inputs] / np.float32(32767)),
            torch.tensor(target / np.float32(32767)),
        )
        self._neurons = KINDS[kind]((neurons,), 1.0)
        self._trace, self._weight = torch.zeros(neurons), torch.zeros(outputs, neurons)
        self._at, self._spikes, self._error = 0, 0.0, 0.0

    def advance(self, steps: int) -> None:
        trace, weight = self._trace, self._weight
        for k in range(self._at, self._at + steps):
            spikes = self._neurons(torch.addmv(self._bias, self._encoder, self._x[k & 4095]))
            trace.mul_(1 - 2.0**-w1.TRACE_SHIFT).add_(spikes)
            error = self._target[k & 4095] - torch.mv(weight, trace)
            weight.addr_(error, trace, alpha=RATE)
        self._spikes, self._error = float(spikes.sum()), float(error.abs().mean())
        self._at += steps

    def facts(self) -> dict[str, float]:
        return {
            "rate_hz": 1e3 * self._spikes / len(self._trace),
            "error": self._error / float(self._target.abs().mean()),
        }


class W3:
    """Events as an image of counts, convolved."""

    def __init__(self, kind: str, side: int, each: int) -> None:
        events = w3.events(side, each, 64)
        flat = (events["p"].astype(np.int64) * side + events["y"]) * side + events["x"]
        self._events, self._side, self._at, self._spikes = torch.tensor(flat), side, 0, 0.0
        self._kernel = torch.tensor(w3.kernels().astype(np.float32) / w3.THRESHOLD)
        out = side // w3.STRIDE
        self._neurons = KINDS[kind]((1, w3.CHANNELS, out, out), 1.0)
        cells = (out // w3.POOL) ** 2 * w3.CHANNELS
        self._readout, self._output = torch.randn(w3.OUTPUTS, cells), torch.zeros(w3.OUTPUTS)

    def advance(self, steps: int) -> None:
        side, conv = self._side, torch.nn.functional.conv2d
        image = torch.zeros(2 * side * side)
        for k in range(self._at, self._at + steps):
            at = self._events[k & 63]
            image.zero_().index_add_(0, at, torch.ones(len(at)))
            current = conv(image.view(1, 2, side, side), self._kernel, stride=w3.STRIDE, padding=w3.PAD)
            spikes = self._neurons(current)
            pooled = torch.nn.functional.avg_pool2d(spikes, w3.POOL).flatten()
            self._output.mul_(KEEP).add_(torch.mv(self._readout, pooled))
        self._spikes = float(spikes.sum())
        self._at += steps

    def facts(self) -> dict[str, float]:
        return {"spikes_per_step": self._spikes}


def w1_plain(*size: int) -> W1:
    """W1 on plain tensors."""
    return W1("plain", *size)


def w1_norse(*size: int) -> W1:
    """W1 on Norse."""
    return W1("norse", *size)


def w1_snntorch(*size: int) -> W1:
    """W1 on snnTorch."""
    return W1("snntorch", *size)


def w3_plain(*size: int) -> W3:
    """W3 on plain tensors."""
    return W3("plain", *size)


def w3_norse(*size: int) -> W3:
    """W3 on Norse."""
    return W3("norse", *size)


def w3_snntorch(*size: int) -> W3:
    """W3 on snnTorch."""
    return W3("snntorch", *size)
