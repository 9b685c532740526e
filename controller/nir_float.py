"""An imported network in float64, as Norse computes it: the slow reference that the integer network is held to.

Forward Euler: LIF v += dt/tau (r x + v_leak - v); CubaLIF i += dt/tau_syn (w_in x - i), then v += dt/tau_mem (r i +
v_leak - v); LI and CubaLI likewise without firing; IF v += r x, without dt, as Norse has it. Above v_threshold a neuron
fires and v is v_reset. Spikes go on within the step; in a circle, to an earlier layer, in the next.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from .nir_graph import FIRING, Layer, Wire

Float = NDArray[np.float64]


class FloatNetwork:
    """Layers as `nir_graph.read` gives them, stepped by dt_s seconds.

    Attributes:
        out: what each layer gave in the last step, (N,) by its name: spikes 0 or 1, or membranes.
        v, current: membranes and synaptic currents of each layer.
    """

    def __init__(self, layers: list[Layer], dt_s: float) -> None:
        self.layers, self.dt_s = layers, dt_s
        self.out: dict[str, Float] = {}
        self.v: dict[str, Float] = {}
        self.current: dict[str, Float] = {}
        self._late: dict[int, deque[Float]] = {}
        self.reset()

    def reset(self) -> None:
        """Return to rest."""
        for layer in self.layers:
            self.out[layer.name] = np.zeros(layer.size)
            self.current[layer.name] = np.zeros(layer.size)
            self.v[layer.name] = at_rest(layer)
            for wire in layer.wires:
                ticks = ticks_of(wire, self.dt_s)
                self._late[id(wire)] = deque([np.zeros(wire.sources)] * ticks, maxlen=ticks)

    def step(self, spikes: Float) -> dict[str, Float]:
        """One step of the input's spikes (N,), 0 or 1; returns `out`."""
        for layer in self.layers:
            if layer.kind == "Input":
                self.out[layer.name] = np.asarray(spikes, np.float64)
                continue
            x = layer.bias.copy()
            for wire in layer.wires:
                x += np.bincount(wire.to, wire.weight * self._source(wire)[wire.of], layer.size)
            self.out[layer.name] = self._advance(layer, x)
        return self.out

    def _source(self, wire: Wire) -> Float:
        now, line = self.out[wire.source], self._late[id(wire)]
        if not line.maxlen:
            return now
        then = line[0]
        line.append(now.copy())
        return then

    def _advance(self, layer: Layer, x: Float) -> Float:
        p, v, dt = layer.parameters, self.v[layer.name], self.dt_s
        match layer.kind:
            case "Output":
                v = x
            case "IF" | "I":
                v = v + p["r"] * x
            case "LIF" | "LI":
                v = v + dt / p["tau"] * (p["r"] * x + p["v_leak"] - v)
            case _:
                i = self.current[layer.name]
                i = i + dt / p["tau_syn"] * (p["w_in"] * x - i)
                v = v + dt / p["tau_mem"] * (p["r"] * i + p["v_leak"] - v)
                self.current[layer.name] = i
        if layer.kind not in FIRING:
            self.v[layer.name] = v
            return v
        fired = v > p["v_threshold"]
        self.v[layer.name] = np.where(fired, p["v_reset"], v)
        return fired.astype(np.float64)


def at_rest(layer: Layer) -> Float:
    """Membranes before the first step: at the leak where there is one, else at the reset."""
    p = layer.parameters
    if layer.kind in ("LIF", "LI", "CubaLIF", "CubaLI"):
        return p["v_leak"].copy()
    return p["v_reset"].copy() if "v_reset" in p else np.zeros(layer.size)


def ticks_of(wire: Wire, dt_s: float) -> int:
    """A wire's delay in whole steps."""
    return round(wire.delay_s / dt_s)
