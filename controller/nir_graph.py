"""NIR files, the one place that reads and writes them: layers of neurons, and what lies between as one linear map each.

Chains of Affine, Linear, Scale, convolutions, pools, Flatten and Delay from one layer to the next are composed in
float64 before anything is quantised, so that they cost one quantisation, not one each.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .nir_linear import LINEAR, apply

Float = NDArray[np.float64]
CHUNK = 1 << 22
"""Numbers in flight while a chain is composed: its matrix is found by feeding it unit vectors, so many at a time."""
FIRING = ("IF", "LIF", "CubaLIF")
GRADED = ("I", "LI", "CubaLI")
KNOWN = (*FIRING, *GRADED, *LINEAR, "Input", "Output")


@dataclass(slots=True)
class Wire:
    """One linear map: target[i] += weight[k] * source[j] for (i, j) = (to[k], of[k]), `delay_s` later; of `sources`."""

    source: str
    of: NDArray[np.int64]
    to: NDArray[np.int64]
    weight: Float
    delay_s: float
    sources: int


@dataclass(slots=True)
class Layer:
    """One population: `kind` is its NIR node's; `parameters` float64 (N,) by NIR's names; bias (N,) of its input.

    The input of NIR is a layer of kind Input. An Output that spikes reach through a linear map is a layer of kind
    Output, without memory.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    parameters: dict[str, Float] = field(default_factory=dict)
    bias: Float = field(default_factory=lambda: np.zeros(0))
    wires: list[Wire] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape))


def library() -> Any:
    """The nir package.

    Raises:
        UserError: it is not installed.
    """
    try:
        import nir
    except ImportError:
        raise UserError("NIR needs the packages nir and h5py: pip install 'ganglion[nir]'") from None
    return nir


def read(path: Path) -> list[Layer]:
    """Layers of an NIR file, sources before targets where there is no circle.

    Raises:
        UserError: no such file, damaged, or with a node that we do not know.
    """
    nir = library()
    if not path.is_file():
        raise UserError(f"{path} is no file; name an NIR file, as nir.write makes it")
    try:
        graph = nir.read(path)
    except Exception as error:  # h5py and nir raise a dozen sorts on damaged files
        raise UserError(
            f"{path} cannot be read as NIR ({type(error).__name__}: {_line(error)}); export it anew"
        ) from None
    return layers(graph, str(path))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]


def layers(graph: Any, source: str = "the graph") -> list[Layer]:
    """Layers of an NIR graph in memory; see `read`."""
    nodes = dict(graph.nodes)
    for name, node in nodes.items():
        if type(node).__name__ not in KNOWN:
            raise UserError(f"{source}: node {name} is a {type(node).__name__}; we know {', '.join(KNOWN)}")
    before: dict[str, list[str]] = {name: [] for name in nodes}
    for start, end in graph.edges:
        if start not in nodes or end not in nodes:
            raise UserError(f"{source}: an edge goes from {start} to {end}, and one of them is no node; export it anew")
        before[end].append(start)
    found = {name: Layer(name, type(n).__name__, _shape(name, n, source)) for name, n in nodes.items() if _is_layer(n)}
    for name, layer in found.items():
        layer.parameters = _parameters(layer, nodes[name], source)
        _wire(layer, nodes, before, found, source)
    outputs = [n for n, layer in found.items() if layer.kind == "Output" and not _needed(layer)]
    return _ordered([layer for name, layer in found.items() if name not in outputs])


def _is_layer(node: Any) -> bool:
    return type(node).__name__ not in LINEAR


def _needed(output: Layer) -> bool:
    """Whether an output is more than the name of one layer's spikes or membranes."""
    if len(output.wires) != 1 or output.bias.any():
        return True
    wire = output.wires[0]
    one = wire.delay_s == 0 and len(wire.of) == output.size and (wire.weight == 1).all()
    return not (one and (wire.of == wire.to).all())


def _shape(name: str, node: Any, source: str) -> tuple[int, ...]:
    shape = (node.output_type or {}).get("output", (node.input_type or {}).get("input"))
    if shape is None or any(s is None for s in np.atleast_1d(shape)):
        raise UserError(f"{source}: node {name} does not say how large it is; export it with its shape")
    return tuple(int(s) for s in np.atleast_1d(shape)) or (1,)


def _parameters(layer: Layer, node: Any, source: str) -> dict[str, Float]:
    """What NIR says of each neuron, one value each; what it leaves out is its default."""
    defaults = {"v_reset": 0.0, "v_leak": 0.0, "w_in": 1.0, "r": 1.0}
    names = ("tau", "tau_syn", "tau_mem", "r", "v_leak", "v_threshold", "v_reset", "w_in")
    out = {}
    for name in names:
        value = getattr(node, name, None)
        if value is None and name in defaults:
            value = defaults[name]
        if value is not None:
            try:
                out[name] = np.broadcast_to(np.asarray(value, np.float64), layer.shape).reshape(-1).copy()
            except ValueError:
                raise UserError(
                    f"{source}: {name} of {layer.name} has shape {np.shape(value)}, its neurons {layer.shape}"
                ) from None
            if not np.isfinite(out[name]).all():
                raise UserError(f"{source}: {name} of {layer.name} is not finite; export it anew")
    if layer.kind in FIRING and (out["v_threshold"] <= out["v_reset"]).any():
        raise UserError(f"{source}: a neuron of {layer.name} fires at or below its reset; raise v_threshold")
    return out


def _wire(
    layer: Layer, nodes: dict[str, Any], before: dict[str, list[str]], found: dict[str, Layer], where: str
) -> None:
    """Find every chain of linear nodes that ends in a layer, compose it, and the constant that they add up to."""
    layer.bias = np.zeros(layer.size)
    if layer.kind == "Input":
        return

    def constant(name: str) -> Float:
        """What a linear node gives while all layers are silent; (1, *shape)."""
        x = sum((constant(b) for b in before[name] if not _is_layer(nodes[b])), np.zeros(()))
        shape = _input_shape(name, nodes, before, found, where)
        return apply(nodes[name], np.broadcast_to(np.asarray(x), (1, *shape)), True, name, where)

    def walk(name: str, chain: tuple[str, ...]) -> None:
        for source in before[name]:
            if source in chain:
                raise UserError(f"{where}: {source} is in a circle without a neuron; break it")
            if _is_layer(nodes[source]):
                layer.wires.append(_compose(found[source], chain, layer, nodes, where))
            else:
                walk(source, (source, *chain))

    walk(layer.name, ())
    for source in before[layer.name]:
        if not _is_layer(nodes[source]):
            layer.bias = layer.bias + constant(source).reshape(-1)


def _input_shape(
    name: str, nodes: dict[str, Any], before: dict[str, list[str]], found: dict[str, Layer], where: str
) -> tuple[int, ...]:
    """Shape of what reaches a linear node, followed back to the layer that it comes from."""
    if not before[name]:
        raise UserError(f"{where}: nothing leads to node {name}; connect it or leave it out")
    source = before[name][0]
    if _is_layer(nodes[source]):
        return found[source].shape
    shape = _input_shape(source, nodes, before, found, where)
    return apply(nodes[source], np.zeros((1, *shape)), False, source, where).shape[1:]


def _compose(source: Layer, chain: tuple[str, ...], target: Layer, nodes: dict[str, Any], where: str) -> Wire:
    n = source.size
    batch = max(1, CHUNK // max(n, target.size))
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], Float]] = []
    for first in range(0, n, batch):
        count = min(batch, n - first)
        x = np.zeros((count, n))
        x[np.arange(count), first + np.arange(count)] = 1.0
        x = x.reshape(count, *source.shape)
        for name in chain:
            x = apply(nodes[name], x, False, name, where)
        flat = x.reshape(count, -1)
        if flat.shape[1] != target.size:
            raise UserError(
                f"{where}: {' -> '.join((source.name, *chain))} gives {x.shape[1:]}, {target.name} has {target.shape}"
            )
        of, to = np.nonzero(flat)
        parts.append((of + first, to, flat[of, to]))
    delays = [_delay(name, nodes[name], where) for name in chain if type(nodes[name]).__name__ == "Delay"]
    of, to, weight = (np.concatenate(p) for p in zip(*parts, strict=True))
    return Wire(source.name, of, to, weight, float(sum(delays)), n)


def _delay(name: str, node: Any, where: str) -> float:
    delay = np.atleast_1d(np.asarray(node.delay, np.float64))
    if (delay != delay.flat[0]).any() or delay.flat[0] < 0:
        raise UserError(f"{where}: node {name} delays its elements differently or back in time; give one delay >= 0")
    return float(delay.flat[0])


def _ordered(found: list[Layer]) -> list[Layer]:
    """Sources before targets; where layers are in a circle, the one named first comes first."""
    by_name, done = {layer.name: layer for layer in found}, dict[str, bool]()
    order: list[Layer] = []

    def visit(layer: Layer) -> None:
        if layer.name not in done:
            done[layer.name] = False
            for wire in layer.wires:
                visit(by_name[wire.source])
            order.append(layer)

    for layer in found:
        visit(layer)
    return order
