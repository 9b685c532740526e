"""From a declared network to an NIR graph: what NIR can say of it, and a clear sentence for what it cannot."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .declare import Columns, Connection, Conv, Cuba, Declared, Plastic, Sparse
from .declared import DeclaredNetwork
from .nir_graph import library
from .nir_import import V_MOST
from .nir_linear import convolve

PER_WEIGHT = 64
"""Counts of a cuba membrane per count of a synaptic weight."""


def unsayable(spec: Declared) -> list[str]:
    """A clause for everything in a declaration that NIR has no node for."""
    lost = []
    for name, p in spec.populations.items():
        if not isinstance(p, Cuba):
            why = {
                "lif": "its reset subtracts the threshold, NIR's goes to v_reset",
                "adaptive": "NIR has no adapting threshold",
                "izhikevich": "NIR has no such neuron",
            }[str(p.__struct_config__.tag)]
            lost.append(f"population {name} is {p.__struct_config__.tag}: {why}")
        if getattr(p, "homeostasis", None) is not None:
            lost.append(f"population {name} learns its thresholds; NIR has no learning")
    for name, c in spec.connections.items():
        if isinstance(c, Plastic):
            lost.append(f"connection {name} learns (stdp, stochastic rounding); NIR has no learning")
        elif not isinstance(c, Columns | Sparse | Conv):
            lost.append(f"connection {name} carries analog signals of the body, which are no input of an NIR graph")
    for name, r in spec.readouts.items():
        if r.learning is not None:
            lost.append(f"readout {name} learns (error-driven, stochastic rounding); NIR has no learning")
        elif r.membrane is None:
            lost.append(f"readout {name} decodes traces of spikes, for which NIR has no node")
    lost += [f"effort {name} and its guard are no part of a graph" for name in spec.efforts]
    return lost


def export(network: DeclaredNetwork, dt_s: float) -> Any:
    """The network as an nir.NIRGraph, a tick being `dt_s`; parameters are float and exact, decays without truncation.

    Raises:
        UserError: it has parts that NIR cannot say; all of them are named.
    """
    nir = library()
    spec, arrays = network.spec, network.arrays
    if lost := unsayable(spec):
        raise UserError(f"NIR cannot say all of this network: {'; '.join(lost)}")
    nodes: dict[str, Any] = {}
    edges: list[tuple[str, str]] = []
    for name in spec.events:
        nodes[name] = nir.Input({"input": np.array([len(arrays[f"{name}.fired"])])})
    for name, population in spec.populations.items():
        nodes[name] = _neuron(nir, name, population.size, arrays, dt_s)
    for name, connection in spec.connections.items():
        _connect(nir, name, connection, arrays, nodes, edges, dt_s)
    place = {name: k for k, name in enumerate(spec.populations)}
    feeds = {(c.source, c.target) for c in spec.connections.values() if isinstance(c, Columns | Sparse | Conv)}
    onward = {source for source, target in feeds if source in place and place[target] > place[source]}
    for name in (n for n in spec.populations if n not in onward):
        nodes[f"{name}_output"] = nir.Output({"output": np.array([spec.populations[name].size])})
        edges.append((name, f"{name}_output"))
    return nir.NIRGraph(nodes, edges)


def write(graph: Any, path: Path) -> None:
    """Write a graph; the file appears whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    library().write(part, graph)
    part.replace(path)


def _neuron(nir: Any, name: str, n: int, arrays: dict[str, NDArray], dt_s: float) -> Any:
    a = {k: arrays[f"{name}.{k}"].astype(np.float64) for k in ("keep_current", "keep_voltage", "threshold", "bias")}
    fires = a["threshold"] < V_MOST
    if fires.any() != fires.all():
        raise UserError(f"population {name}: some neurons fire and some never do; NIR wants two nodes, split it")
    leak_free, direct = a["keep_voltage"] == 4096, a["keep_current"] == 0
    if leak_free.any() != leak_free.all() or direct.any() != direct.all():
        raise UserError(f"population {name}: only some of its neurons have a leak, or a current; split it")
    one, zero = np.ones(n), np.zeros(n)
    if leak_free.all():
        if not direct.all() or a["bias"].any():
            raise UserError(f"population {name} has no leak but a current or a bias, for which NIR has no node")
        return nir.IF(one, a["threshold"], zero) if fires.all() else nir.I(one)
    tau = dt_s / (1 - a["keep_voltage"] / 4096)
    leak = a["bias"] * tau / dt_s
    if direct.all():
        r = tau / dt_s
        return nir.LIF(tau, r, leak, a["threshold"], zero) if fires.all() else nir.LI(tau, r, leak)
    tau_syn = dt_s / (1 - a["keep_current"] / 4096)
    shared = {"tau_syn": tau_syn, "tau_mem": tau, "r": tau / dt_s, "v_leak": leak, "w_in": tau_syn / dt_s}
    return nir.CubaLIF(v_threshold=a["threshold"], v_reset=zero, **shared) if fires.all() else nir.CubaLI(**shared)


def _connect(
    nir: Any,
    name: str,
    c: Connection,
    arrays: dict[str, NDArray],
    nodes: dict[str, Any],
    edges: list[tuple[str, str]],
    dt_s: float,
) -> None:
    assert isinstance(c, Columns | Sparse | Conv)  # the others are unsayable
    unit = float(PER_WEIGHT << c.exponent)
    stored = arrays[f"{name}.weight"].astype(np.float64) * unit
    chain = [c.source]
    if c.delay_ticks:
        nodes[f"{name}_delay"] = nir.Delay(np.full(len(arrays[f"{c.source}.fired"]), c.delay_ticks * dt_s))
        chain.append(f"{name}_delay")
    match c:
        case Columns():
            nodes[name] = nir.Linear(stored.T)
        case Sparse():
            m, n = len(arrays[f"{c.source}.fired"]), len(arrays[f"{c.target}.fired"])
            weight = np.zeros((n, m))
            source = np.repeat(np.arange(m), np.diff(arrays[f"{name}.start"]))
            np.add.at(weight, (arrays[f"{name}.index"][: len(source)], source), stored[: len(source)])
            nodes[name] = nir.Linear(weight)
        case Conv():  # its sources are flat addresses, so it is told as the matrix that it is
            m = len(arrays[f"{c.source}.fired"])
            pixels = np.eye(m).reshape(m, *c.shape)
            seen = convolve(pixels, stored.transpose(3, 0, 1, 2), 1, (c.stride,) * 2, (c.padding,) * 2, (1, 1))
            nodes[name] = nir.Linear(seen.reshape(m, -1).T)
    chain += [name, c.target]
    edges += list(pairwise(chain))
