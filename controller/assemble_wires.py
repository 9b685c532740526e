"""The sources and the connections of a network that is being built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from . import program as op
from .connections import BLOCK
from .declare import (
    Code,
    Columns,
    Connection,
    Conv,
    Dense,
    Izhikevich,
    Lif,
    Plastic,
    Population,
    Sparse,
)
from .limits import check_sum
from .signal_order import unknown

if TYPE_CHECKING:
    from .assemble import Assembly


class Wires:
    """Adds to an assembly what carries spikes and values."""

    def __init__(self, assembly: Assembly) -> None:
        self.a = assembly
        self.sizes: dict[str, int] = {}

    def events(self) -> None:
        """Place the sources that are the body's own, and the operations that fill them."""
        regions = {r.name: r for r in self.a.body.regions}
        for name, events in self.a.spec.events.items():
            first, size = events.first, events.size
            if events.region:
                if events.region not in regions:
                    raise unknown(f"events {name} names region {events.region!r}", events.region, list(regions))
                first, size = regions[events.region].first, regions[events.region].size
            if size == 0:
                raise UserError(f"events {name} are of no address; name a region or give first and size")
            self._source(name, size)
            at = self.a.layout.at
            self.a.emit(op.EVENTS, first, size, at(f"{name}.fired"), at(f"{name}.spikes"))

    def place(self, name: str, population: Population) -> None:
        """Give a population its arrays, before anything connects to it or from it."""
        n, layout = population.size, self.a.layout
        self._source(name, n)
        rest = -65 << 8 if isinstance(population, Izhikevich) else None
        given_v = self.a.given(f"{name}.v", (n,), -(1 << 23), 1 << 23)
        layout.add(f"{name}.v", "i4", n, rest if given_v is None else given_v)
        layout.add(f"{name}.current", "i4", n)
        layout.add(f"{name}.alive", "u1", n, 1)
        if isinstance(population, Lif) and population.homeostasis is not None:
            given = self.a.given(f"{name}.threshold", (n,), 1, 32767)
            layout.add(f"{name}.threshold", "i4", n, population.threshold if given is None else given)
            self.a.learned.append(f"{name}.threshold")

    def _source(self, name: str, size: int) -> None:
        self.sizes[name] = size
        self.a.layout.add(f"{name}.fired", "u1", size)
        self.a.layout.add(f"{name}.spikes", "i4", size + 1)

    def currents(self, name: str, n: int, bias: NDArray[np.int64] | None) -> tuple[NDArray[np.int64], list[str]]:
        """Emit what fills the currents of a population; returns the largest each neuron could get, and from what."""
        a = self.a
        here = {k: c for k, c in a.spec.connections.items() if c.target == name}
        codes = [(k, c) for k, c in here.items() if isinstance(c, Code)]
        for k, code in codes:
            bias = self._code_bias(k, code, name, n, bias)
        place = -1 if bias is None else a.layout.at(f"{name}.bias")
        a.emit(op.FILL, a.layout.at(f"{name}.current"), n, place)
        worst = np.zeros(n, np.int64) if bias is None else abs(bias)
        for k, connection in here.items():
            worst = worst + self._connect(k, connection, name, n)
        return worst, list(here)

    def _code_bias(self, key: str, code: Code, name: str, n: int, bias: NDArray[np.int64] | None) -> NDArray[np.int64]:
        """Draw a population code's encoders and biases, and add the biases to the target's."""
        a, target = self.a, self.a.spec.populations[name]
        if not isinstance(target, Lif):
            raise UserError(f"connection {key} is a code, which ends in a lif population; {name} is another; use dense")
        d = len(code.signals)
        encoder = a.given(f"{key}.encoder", (n, d), -127, 127)
        own = a.given(f"{key}.bias", (n,), -(1 << 24), 1 << 24)
        if encoder is None or own is None:
            encoder, own = population_code(a.rng(key), n, d, code, target)
        padded = np.pad(encoder.T, ((0, -d % BLOCK), (0, 0)))
        a.layout.add(f"{key}.encoder", "i1", padded.shape, padded)
        total = own if bias is None else own + bias
        if f"{name}.bias" in a.layout.places:
            a.layout.values[f"{name}.bias"] = total
        else:
            a.layout.add(f"{name}.bias", "i4", n, total)
        return total

    def _connect(self, key: str, c: Connection, name: str, n: int) -> NDArray[np.int64]:
        """Emit one connection; returns the largest magnitude it could add to each neuron."""
        a = self.a
        current = a.layout.at(f"{name}.current")
        match c:
            case Code() | Dense():
                if isinstance(c, Code):
                    weight = a.layout.values[f"{key}.encoder"].astype(np.int64)
                else:
                    given = self._weights(key, c, (n, len(c.signals))).T
                    weight = np.pad(given, ((0, -len(c.signals) % BLOCK), (0, 0)))
                    a.layout.add(f"{key}.weight", "i1", weight.shape, weight)
                m = len(weight)
                x = self.values(key, c.signals, m)
                place = a.layout.at(f"{key}.encoder" if isinstance(c, Code) else f"{key}.weight")
                fan = a.layout.add(f"{key}.fan", "i4", m, (weight != 0).sum(axis=1))
                worst: NDArray[np.int64] = abs(weight).sum(axis=0) * 32768
                check_sum(key, int(worst.max(initial=0)), len(c.signals))
                a.emit(op.DENSE, current, n, x, m, place, c.shift, fan, self._scratch())
                return (worst >> c.shift) + 1
            case Columns():
                m, listed = self._spikes(key, c)
                weight = self._weights(key, c, (m, n))
                place = a.layout.add(f"{key}.weight", "i1", (m, n), weight)
                fan = a.layout.add(f"{key}.fan", "i4", m, (weight != 0).sum(axis=1))
                a.emit(op.COLUMNS, current, n, listed, m, place, c.exponent, fan, self._scratch())
                return np.asarray(abs(weight).sum(axis=0) << c.exponent, np.int64)
            case Sparse():
                m, listed = self._spikes(key, c)
                start, index, weight = self._synapses(key, c, m, n)
                s = len(index)
                places = (
                    a.layout.add(f"{key}.start", "i4", m + 1, start),
                    a.layout.add(f"{key}.index", "i4", max(s, 1), index if s else 0),
                    a.layout.add(f"{key}.weight", "i1", max(s, 1), weight if s else 0),
                )
                a.emit(op.SPARSE, current, n, listed, m, *places, c.exponent, max(s, 1))
                return np.asarray(np.bincount(index, abs(weight), n).astype(np.int64) << c.exponent, np.int64)
            case Conv():
                return self._conv(key, c, n, current)
            case Plastic():
                m, listed = self._spikes(key, c)
                return self._plastic(key, c, n, m, current, listed)

    def _conv(self, key: str, c: Conv, n: int, current: int) -> NDArray[np.int64]:
        a = self.a
        m, listed = self._spikes(key, c)
        channels, height, width = c.shape
        rows, columns = ((side + 2 * c.padding - c.kernel) // c.stride + 1 for side in (height, width))
        if channels * height * width != m:
            raise UserError(f"connection {key}: shape {c.shape} has {channels * height * width} places, {c.source} {m}")
        if rows < 1 or columns < 1 or c.filters * rows * columns != n:
            raise UserError(
                f"connection {key} makes {c.filters} x {max(rows, 0)} x {max(columns, 0)} = "
                f"{c.filters * max(rows, 0) * max(columns, 0)} currents, its target {c.target} has {n} neurons"
            )
        weight = self._weights(key, c, (c.filters, channels, c.kernel, c.kernel))
        by_source = weight.transpose(1, 2, 3, 0)
        place = a.layout.add(f"{key}.weight", "i1", by_source.shape, by_source)
        fan = a.layout.add(f"{key}.fan", "i4", by_source.shape[:3], (by_source != 0).sum(axis=3))
        a.emit(op.CONV, current, n, listed, channels, height, width, place, c.kernel, c.filters, c.stride, c.padding,
               c.exponent, fan)  # fmt: skip
        return np.repeat(abs(weight).sum(axis=(1, 2, 3)) << c.exponent, rows * columns)

    def _plastic(self, key: str, c: Plastic, n: int, m: int, current: int, listed: int) -> NDArray[np.int64]:
        a = self.a
        if c.low > c.high:
            raise UserError(f"connection {key}: low {c.low} is above high {c.high}; exchange them")
        weight = a.given(f"{key}.weight", (n, m), c.low, c.high)
        if weight is None:
            weight = np.clip(c.weight + a.rng(key).integers(-c.spread, c.spread + 1, (n, m)), c.low, c.high)
        place = a.layout.add(f"{key}.weight", "i4", (n, m), weight)
        a.learned.append(f"{key}.weight")
        a.emit(op.PLASTIC, current, n, listed, m, place, c.shift)
        most = max(abs(c.low), abs(c.high)) >> c.shift
        return np.full(n, m * (most + 1), np.int64)

    def _spikes(self, key: str, c: Columns | Sparse | Conv | Plastic) -> tuple[int, int]:
        """Sources of a connection and where their spikes are listed, delayed if it asks for that."""
        a = self.a
        if c.source not in self.sizes:
            raise unknown(f"connection {key} comes from {c.source!r}", c.source, [*a.spec.events, *a.spec.populations])
        m = self.sizes[c.source]
        ticks = 0 if isinstance(c, Plastic) else c.delay_ticks
        if ticks == 0:
            return m, a.layout.at(f"{c.source}.spikes")
        ring = a.layout.add(f"{key}.ring", "u1", (ticks, m))
        late = a.layout.add(f"{key}.late", "i4", m + 1)
        a.emit(op.DELAY, ring, m, ticks, a.layout.at(f"{c.source}.fired"), late)
        return m, late

    def values(self, part: str, signals: tuple[str, ...], room: int = 0) -> int:
        """Bring signals into an int16 vector of their own, zeros behind them up to `room`; returns where it lies."""
        a = self.a
        indices = [a.number(s, part) for s in signals]
        index = a.layout.add(f"{part}.from", "i4", len(indices), np.array(indices))
        x = a.layout.add(f"{part}.x", "i2", max(len(indices), room))
        a.emit(op.VALUES, x, index, len(indices))
        return x

    def _scratch(self) -> int:
        """Room for the sums of one connection, shared by all."""
        if "scratch" not in self.a.layout.places:
            self.a.layout.add("scratch", "i4", max(p.size for p in self.a.spec.populations.values()))
        return self.a.layout.at("scratch")

    def _weights(self, key: str, c: Dense | Columns | Conv, shape: tuple[int, ...]) -> NDArray[np.int64]:
        given = self.a.given(f"{key}.weight", shape, -127, 127)
        if given is not None:
            return given
        rng = self.a.rng(key)
        drawn = np.clip(c.weight + rng.integers(-c.spread, c.spread + 1, shape), -127, 127)
        return np.where(rng.random(shape) < c.density, drawn, 0) if c.density < 1 else drawn

    def _synapses(self, key: str, c: Sparse, m: int, n: int) -> tuple[NDArray[np.int64], ...]:
        """start (M + 1,), index (S,), weight (S,) of a sparse connection, given or drawn, without those of weight 0."""
        a = self.a
        start = a.given(f"{key}.start", (m + 1,), 0, (1 << 31) - 1)
        if start is None:
            rng = a.rng(key)
            fan = rng.binomial(n, c.density, m)
            index = np.concatenate([np.sort(rng.choice(n, k, replace=False)) for k in fan]).astype(np.int64)
            weight = np.clip(c.weight + rng.integers(-c.spread, c.spread + 1, len(index)), -127, 127)
        else:
            if start[0] != 0 or (np.diff(start) < 0).any():
                raise UserError(f"array {key}.start does not rise from 0; it is where each source's synapses begin")
            fan, s = np.diff(start), int(start[-1])
            given_index, given_weight = (
                a.given(f"{key}.index", (s,), 0, n - 1),
                a.given(f"{key}.weight", (s,), -127, 127),
            )
            if given_index is None or given_weight is None:
                raise UserError(f"arrays {key}.index and {key}.weight are missing; {key}.start says {s} synapses")
            index, weight = given_index, given_weight
        there = weight != 0
        source = np.repeat(np.arange(m), fan)[there]
        return np.searchsorted(source, np.arange(m + 1)), index[there], weight[there]


def population_code(
    rng: np.random.Generator, n: int, d: int, code: Code, target: Lif
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Random encoders int8 (N, D) on the sphere and biases (N,) for `target`, tuned as `Code` says."""
    direction = rng.standard_normal((n, d))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    intercept = rng.uniform(*code.intercepts, n)
    rheobase = target.threshold >> target.leak_shift
    gain = rng.uniform(code.rates_hz[0] / 1000, code.rates_hz[1] / 1000, n) * target.threshold / (1 - intercept)
    encoder = np.clip(np.rint(direction * (gain / 2 ** (15 - code.shift))[:, None]), -127, 127)
    return encoder.astype(np.int64), np.rint(rheobase - gain * intercept).astype(np.int64)
