"""From NIR layers to a declared network of our integers: one quantisation per layer, and what error it introduced.

Every neuron becomes a `cuba` neuron (`loihi.loihi_step`). Its threshold is made the unit: a weight is what one spike
adds to the membrane, in thresholds, times a scale of its own that lets its largest weight be 127, or less where sums
would not fit. What frameworks state per layer, as r, w_in, v_leak and v_reset, goes into weights and biases.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .declare import Columns, Cuba, Declared, Events, Readout, Sparse
from .nir_float import at_rest, ticks_of
from .nir_graph import FIRING, Layer, Wire

Float = NDArray[np.float64]
WEIGHT_MOST, V_MOST, CURRENT_MOST = 127, (1 << 23) - 1, 1 << 17
NEVER = (1 << 31) - 1
DENSE_FROM = 0.4
"""Share of weights above which a connection is stored with its zeros: sparse ones cost five bytes each."""
READ_MOST = 64


@dataclass(slots=True)
class Quantised:
    """What became of one layer: `scale` (N,), membrane per unit, and the errors of weights and decays, for reports.

    Membranes of the integer network are about scale * (v - v_reset), of firing layers in thresholds: v_threshold -
    v_reset is 1. step (N,): largest error of one weight in the same unit; keep_error (N,): of the membrane's decay.
    """

    name: str
    layer: Layer
    scale: Float
    unit: Float
    step: Float
    keep: tuple[Float, Float]
    keep_error: tuple[Float, Float]
    weights: int
    rms: float
    worst: float
    capped: int


@dataclass(slots=True)
class Imported:
    """A network ready to be built: its declaration, its arrays, names of its layers by those of NIR, what was lost."""

    spec: Declared
    arrays: dict[str, NDArray]
    names: dict[str, str]
    layers: list[Quantised] = field(default_factory=list)

    def report(self) -> str:
        """A line per layer: how many, and the error that the quantisation introduced."""
        head = f"{'layer':16}{'NIR':9}{'neurons':>8}{'synapses':>10}  {'weights: rms, worst':22}{'decay':>9}  threshold"
        lines = [head]
        for q in self.layers:
            decay = max(float(np.abs(e).max(initial=0.0)) for e in q.keep_error)
            level = f"{q.scale.min():.0f}..{q.scale.max():.0f}" if q.layer.kind in FIRING else "-"
            lines.append(
                f"{q.name:16}{q.layer.kind:9}{q.layer.size:8}{q.weights:10}  "
                f"{f'{100 * q.rms:.2f} %, {100 * q.worst:.2f} %':22}{decay:9.1e}  {level}"
                + (f"   {q.capped} neurons scaled down, or their sums would not fit" if q.capped else "")
            )
        lines.append(
            "weights: error over the rms weight and over the largest of a neuron; decay: per tick; threshold: in LSB"
        )
        return "\n".join(lines)


def quantise(layers: list[Layer], dt_s: float) -> Imported:
    """Declare a network of our integers that does what `layers` do, a tick being `dt_s`.

    Raises:
        UserError: a membrane feeds another layer; a time constant is below a tick; dt_s is not positive.
    """
    if not dt_s > 0:
        raise UserError(f"a tick of {dt_s * 1e3:g} ms is none; expected more than 0, as --dt-ms 1")
    names = _names(layers)
    kinds = {layer.name: layer.kind for layer in layers}
    out = Imported(Declared(), {}, names)
    events = {names[x.name]: Events(first=0, size=x.size) for x in layers if x.kind == "Input"}
    if len(events) > 1:
        raise UserError(f"the graph has {len(events)} inputs ({', '.join(events)}); we take spikes of one")
    populations: dict[str, Cuba] = {}
    connections: dict[str, Columns | Sparse] = {}
    readouts: dict[str, Readout] = {}
    if any(layer.kind.startswith("Cuba") and layer.bias.any() for layer in layers):
        # A constant into a synaptic filter: one neuron that fires in every tick, and a weight from it.
        populations["always"] = Cuba(1, keep_voltage=0, threshold=0, bias=1)
    for layer in layers:
        if layer.kind == "Input":
            continue
        for wire in layer.wires:
            if kinds[wire.source] not in (*FIRING, "Input"):
                raise UserError(
                    f"{layer.name} is fed by the membranes of {wire.source} ({kinds[wire.source]}); only spikes travel "
                    f"between our layers; let it end there or fire"
                )
        name = names[layer.name]
        populations[name] = Cuba(layer.size)
        out.layers.append(_layer(layer, name, names, dt_s, out.arrays, connections))
        if layer.kind not in FIRING and layer.size <= READ_MOST:
            readouts |= {f"{name}_{k}": Readout(name, membrane=k) for k in range(layer.size)}
    out.spec = Declared(populations=dict(populations), connections=dict(connections), events=events, readouts=readouts)
    return out


def _names(layers: list[Layer]) -> dict[str, str]:
    """Names that a declaration may have, each its own."""
    out: dict[str, str] = {}
    for layer in layers:
        base = re.sub(r"[^a-z0-9_]+", "_", layer.name.lower()).strip("_")[:24] or "layer"
        base = base if base[0].isalpha() else f"n{base}"
        name, k = base, 2
        while name in out.values() or name == "always":
            name, k = f"{base}_{k}", k + 1
        out[layer.name] = name
    return out


def _keeps(layer: Layer, dt_s: float) -> tuple[Float, Float, Float, Float]:
    """What a tick keeps of the current and of the membrane, what a unit of input adds to the latter, what leaks in."""
    p, n = layer.parameters, layer.size
    zero, one = np.zeros(n), np.ones(n)
    for name in ("tau", "tau_syn", "tau_mem"):
        if name in p and (p[name] < dt_s).any():
            raise UserError(
                f"{name} of {layer.name} is {p[name].min() * 1e3:g} ms, below the tick of {dt_s * 1e3:g} ms; "
                f"lower --dt-ms"
            )
    match layer.kind:
        case "Output":
            return zero, zero, one, zero
        case "IF" | "I":
            return zero, one, p["r"], zero
        case "LIF" | "LI":
            return zero, 1 - dt_s / p["tau"], dt_s / p["tau"] * p["r"], dt_s / p["tau"] * p["v_leak"]
    gain = dt_s / p["tau_mem"] * p["r"] * dt_s / p["tau_syn"] * p["w_in"]
    return 1 - dt_s / p["tau_syn"], 1 - dt_s / p["tau_mem"], gain, dt_s / p["tau_mem"] * p["v_leak"]


def _layer(
    layer: Layer,
    name: str,
    names: dict[str, str],
    dt_s: float,
    arrays: dict[str, NDArray],
    connections: dict[str, Columns | Sparse],
) -> Quantised:
    n, fires = layer.size, layer.kind in FIRING
    keep_u, keep_v, gain, leaks = _keeps(layer, dt_s)
    reset = layer.parameters.get("v_reset", np.zeros(n)) if fires else np.zeros(n)
    unit = layer.parameters["v_threshold"] - reset if fires else np.ones(n)
    through_synapse = layer.kind.startswith("Cuba")
    constant = gain * layer.bias / unit
    wires = [(w, gain[w.to] * w.weight / unit[w.to]) for w in layer.wires]
    largest, total = np.zeros(n), np.zeros(n)
    for wire, weight in wires:
        np.maximum.at(largest, wire.to, np.abs(weight))
        total += np.bincount(wire.to, np.abs(weight), n)
    if through_synapse:
        largest, total = np.maximum(largest, np.abs(constant)), total + np.abs(constant)
    # 64 counts of membrane per count of weight; the current of all inputs at once must stay below 2^23 and not wrap.
    sums = np.minimum(CURRENT_MOST, V_MOST * (1 - keep_u) / 64)
    with np.errstate(divide="ignore"):
        wanted = WEIGHT_MOST / largest
        bounds = np.minimum(
            np.where(total > 0, (sums - n_inputs(layer)) / total, np.inf), V_MOST // 64 if fires else np.inf
        )
    weight_scale = np.minimum(wanted, bounds)
    weight_scale[~np.isfinite(weight_scale)] = 1024.0
    if not fires:  # outputs are compared with each other: one scale for all
        weight_scale[:] = weight_scale.min()
    scale = 64 * weight_scale
    squares = errors = worst = 0.0
    count = 0
    for k, (wire, weight) in enumerate(wires):
        exact = weight * weight_scale[wire.to]
        stored = np.rint(exact).astype(np.int64)
        connection = f"{name}_from_{names[wire.source]}" + (f"_{k}" if k else "")
        connections[connection] = _store(arrays, connection, wire, stored, names[wire.source], name, n, dt_s)
        squares, errors = squares + float((exact**2).sum()), errors + float(((exact - stored) ** 2).sum())
        top = np.maximum(largest[wire.to] * weight_scale[wire.to], 1e-300)
        worst = max(worst, float((np.abs(exact - stored) / top).max(initial=0.0)))
        count += int(np.count_nonzero(stored))
    bias = scale * (leaks - (1 - keep_v) * reset) / unit
    if through_synapse:
        if layer.bias.any():
            arrays[f"{name}_always.weight"] = np.rint(constant * weight_scale).astype(np.int64)[None, :]
            connections[f"{name}_always"] = Columns("always", name)
    else:
        bias = bias + scale * constant
    stored_u, stored_v = np.rint(4096 * keep_u).clip(0, 4095), np.rint(4096 * keep_v).clip(0, 4096)
    arrays |= {
        f"{name}.bias": _whole(bias, layer, "bias", 1 << 24),
        f"{name}.keep_current": stored_u.astype(np.int64),
        f"{name}.keep_voltage": stored_v.astype(np.int64),
        f"{name}.threshold": np.floor(scale).astype(np.int64) if fires else np.full(n, NEVER),
        f"{name}.v": _whole(scale * (at_rest(layer) - reset) / unit, layer, "resting membrane", V_MOST),
    }
    return Quantised(
        name, layer, scale, unit, 0.5 / weight_scale, (stored_u / 4096, stored_v / 4096),
        (stored_u / 4096 - keep_u, stored_v / 4096 - keep_v), count,
        float(np.sqrt(errors / squares)) if squares else 0.0, worst, int((bounds < wanted)[np.isfinite(wanted)].sum()),
    )  # fmt: skip


def n_inputs(layer: Layer) -> Float:
    """Half a count for each synapse of a neuron: what rounding may add to the sum of its weights."""
    fan = np.ones(layer.size)
    for wire in layer.wires:
        fan += 0.5 * np.bincount(wire.to, minlength=layer.size)
    return fan


def _whole(value: Float, layer: Layer, what: str, most: int) -> NDArray[np.int64]:
    whole = np.rint(value).astype(np.int64)
    if np.abs(whole).max(initial=0) > most:
        raise UserError(
            f"the {what} of {layer.name} is {np.abs(value).max():.3g} in units of its weights, at most {most} fits: "
            f"its weights are too small beside it"
        )
    return whole


def _store(
    arrays: dict[str, NDArray],
    name: str,
    wire: Wire,
    stored: NDArray[np.int64],
    source: str,
    target: str,
    n: int,
    dt_s: float,
) -> Columns | Sparse:
    """Put the weights of one wire into arrays, by source; with their zeros where there are few."""
    ticks, m = ticks_of(wire, dt_s), wire.sources
    if len(stored) > DENSE_FROM * m * n:
        matrix = np.zeros((m, n), np.int64)
        matrix[wire.of, wire.to] = stored
        arrays[f"{name}.weight"] = matrix
        return Columns(source, target, delay_ticks=ticks)
    order = np.lexsort((wire.to, wire.of))
    arrays[f"{name}.start"] = np.searchsorted(wire.of[order], np.arange(m + 1))
    arrays[f"{name}.index"], arrays[f"{name}.weight"] = wire.to[order], stored[order]
    return Sparse(source, target, delay_ticks=ticks)


def membrane_bound(
    q: Quantised, active: Float, most_v: Float, most_u: Float, error: tuple[Float, Float]
) -> tuple[Float, Float]:
    """One tick further of the bound on |membrane / scale - (v - v_reset)|, as long as both fired alike until then.

    Each active synapse errs by `step` at most, the decays by `keep_error` of what they act on, truncation and the bias
    by one and a half counts.

    Args:
        active: (N,) synapses whose source spiked in this tick. most_v, most_u: (N,) magnitude of membrane and current
            of the float network before it, in units. error: bounds of the tick before, of current and of membrane.
    """
    count = 1.0 / q.scale
    rule = q.layer.kind.startswith("Cuba")
    u, v = error
    u = q.keep[0] * u + np.abs(q.keep_error[0]) * most_u + (active + rule) * q.step + count
    v = q.keep[1] * v + np.abs(q.keep_error[1]) * most_v + u + 1.5 * count
    return (u if rule else np.zeros_like(u)), v
