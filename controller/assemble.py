"""From a declaration to the program and the arrays of a network, every limit checked; nothing here runs in a tick."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import Body

from . import program as op
from .assemble_rules import Rules
from .assemble_wires import Wires
from .declare import Adaptive, Cuba, Declared, Izhikevich, Lif, Signal
from .layout import Layout
from .limits import check_fan_in, check_memory
from .signal_order import early_and_late, unknown

Arrays = Mapping[str, NDArray]


@dataclass(slots=True)
class Built:
    """What building leaves: the layout, the image (1,) before the first tick, the arrays that learning changes.

    outputs: index in pool i4 of every signal and read-out by its name.
    """

    layout: Layout
    image: NDArray[np.void]
    learned: tuple[str, ...]
    outputs: dict[str, int]
    effort_at: int


@dataclass(slots=True)
class Assembly:
    """A network being built: its declaration, the body, the arrays given, and how far it has come."""

    spec: Declared
    body: Body
    arrays: dict[str, NDArray]
    layout: Layout = field(default_factory=Layout)
    numbers: dict[str, int] = field(default_factory=dict)
    learned: list[str] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)

    def given(self, name: str, shape: tuple[int, ...], low: int, high: int) -> NDArray[np.int64] | None:
        """The array given for `name`, checked; one number stands for all. None if there is none.

        Raises:
            UserError: its shape or its range is wrong, or it does not hold integers.
        """
        if name not in self.arrays:
            return None
        self.taken.add(name)
        array = np.asarray(self.arrays[name])
        if array.dtype.kind not in "iub" or array.shape not in (shape, ()):
            raise UserError(f"array {name} is {array.dtype} {array.shape}; expected integers {shape}")
        wide = np.broadcast_to(array.astype(np.int64), shape)
        if wide.size and (wide.min() < low or wide.max() > high):
            worst = int(wide.min()) if wide.min() < low else int(wide.max())
            raise UserError(f"array {name} holds {worst}; expected {low} to {high}")
        return wide

    def key(self, name: str) -> int:
        """A key of rounding noise that no other part of the network shares, as int32."""
        mixed = zlib.crc32(f"{self.spec.seed} {name}".encode())
        return mixed - (1 << 32) if mixed >= 1 << 31 else mixed

    def rng(self, name: str) -> np.random.Generator:
        """Random numbers of one part, so that adding another leaves its own as they are."""
        return np.random.default_rng([self.spec.seed, zlib.crc32(name.encode())])

    def emit(self, *words: int) -> None:
        self.layout.program.append([int(w) for w in words])

    def number(self, name: str, where: str) -> int:
        """Place of a signal, a read-out or a channel.

        Raises:
            UserError: there is none of that name.
        """
        if name not in self.numbers:
            raise unknown(f"{where} names {name!r}", name, [k for k in self.numbers if not k.startswith("effort.")])
        return self.numbers[name]


def build(spec: Declared, body: Body, arrays: Arrays | None = None) -> Built:
    """Build what is declared for `body`; `arrays` stand for what would be drawn, beside those of `spec.arrays`.

    Raises:
        UserError: a name that is not there, an array that does not fit, an accumulator or a memory that would overflow.
    """
    a = Assembly(spec, body, {**(read_arrays(spec.arrays) if spec.arrays else {}), **(arrays or {})})
    _names(spec)
    _channels(a)
    early, late = early_and_late(spec, set(a.numbers))
    for name in (*spec.signals, *spec.readouts):
        a.numbers[name] = a.layout.add(f"{name}.value", "i4", 1)
    wires = Wires(a)
    wires.events()
    for name in early:
        _signal(a, name, spec.signals[name])
    for name, population in spec.populations.items():
        wires.place(name, population)
    for name, population in spec.populations.items():
        bias = _bias(a, name, population)
        worst, parts = wires.currents(name, population.size, bias)
        check_fan_in(name, str(population.__struct_config__.tag), worst, parts)
        _fire(a, name, population)
        a.emit(op.SPIKES, a.layout.at(f"{name}.fired"), population.size, a.layout.at(f"{name}.alive"),
               a.layout.at(f"{name}.spikes"))  # fmt: skip
    rules = Rules(a, wires)
    rules.readouts()
    for name in late:
        _signal(a, name, spec.signals[name])
    rules.learning()
    _efforts(a)
    surplus = sorted(set(a.arrays) - a.taken)
    if surplus:
        raise unknown(f"array {surplus[0]} is of no part", surplus[0], list(a.layout.places))
    image = a.layout.record(op.WIDTH)
    image["head"][0] = 0, a.key("network") & 0xFFFFFFFF, spec.learning, 0
    if spec.target:
        check_memory(spec.target, image.nbytes)
    outputs = {n: a.numbers[n] for n in (*spec.signals, *spec.readouts)}
    return Built(a.layout, image, tuple(a.learned), outputs, a.layout.at("effort"))


def read_arrays(path: str) -> dict[str, NDArray]:
    """Arrays of an .npz by their names.

    Raises:
        UserError: there is no such file, or it is none.
    """
    try:
        data = BytesIO(Path(path).read_bytes())  # np.load leaves a damaged file open
        with np.load(data, allow_pickle=False) as file:
            return dict(file)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}; name the .npz that holds the network's arrays") from None
    except Exception as error:  # zipfile and numpy raise a dozen sorts on damaged files
        raise UserError(f"{path} cannot be read as .npz ({type(error).__name__}); make it anew") from None


def _names(spec: Declared) -> None:
    """Every part has a name of its own, and connections end where there is a population."""
    seen: dict[str, str] = {}
    for group in ("populations", "connections", "events", "signals", "readouts"):
        for name in getattr(spec, group):
            if name in seen:
                raise UserError(f"{name!r} is in {seen[name]} and in {group}; give every part a name of its own")
            seen[name] = group
    for key, connection in spec.connections.items():
        if connection.target not in spec.populations:
            known = list(spec.populations)
            raise unknown(f"connection {key} ends in {connection.target!r}", connection.target, known)


def _channels(a: Assembly) -> None:
    body = a.body
    at = a.layout.add("body", "i4", len(body.analog) + len(body.goal) + len(body.effort))
    names = [f"{kind}.{c.name}" for kind in ("analog", "goal", "effort") for c in getattr(body, kind)]
    a.numbers.update({name: at + i for i, name in enumerate(names)})
    effort = a.layout.add("effort", "i2", max(len(body.effort), 1))
    a.emit(op.SENSE, at, len(body.analog), len(body.goal), len(body.effort), effort)


def _signal(a: Assembly, name: str, signal: Signal) -> None:
    terms = [w for source, weight in signal.terms for w in (a.number(source, f"signal {name}"), weight)]
    at = a.layout.add(f"{name}.terms", "i4", len(terms), np.array(terms, np.int64)) if terms else 0
    if signal.low > signal.high:
        raise UserError(f"signal {name}: low {signal.low} is above high {signal.high}; exchange them")
    a.emit(op.SIGNAL, a.numbers[name], at, len(signal.terms), signal.shift, signal.constant, signal.low, signal.high)


def _bias(a: Assembly, name: str, population: Lif | Adaptive | Izhikevich | Cuba) -> NDArray[np.int64] | None:
    """The bias (N,) of each neuron, given or declared; None if all are 0, or if it is no current."""
    bias = a.given(f"{name}.bias", (population.size,), -(1 << 24), 1 << 24)
    if bias is None and population.bias:
        bias = np.full(population.size, population.bias, np.int64)
    if isinstance(population, Cuba):
        a.layout.add(f"{name}.bias", "i4", population.size, 0 if bias is None else bias)
        return None  # not an input: it is added to the membrane beside the current
    if bias is not None:
        a.layout.add(f"{name}.bias", "i4", population.size, bias)
    return bias


def _fire(a: Assembly, name: str, p: Lif | Adaptive | Izhikevich | Cuba) -> None:
    """The operation that advances one population."""
    at, n = a.layout.at, p.size
    common = at(f"{name}.current"), n, at(f"{name}.v"), at(f"{name}.fired")
    match p:
        case Lif() if p.homeostasis is None:
            a.emit(op.LIF, *common, p.leak_shift, p.threshold, at(f"{name}.alive"))
        case Lif():
            a.emit(op.OWN, *common, p.leak_shift, at(f"{name}.threshold"))
        case Adaptive():
            rise = a.layout.add(f"{name}.adaptation", "i4", n)
            a.emit(op.ADAPTIVE, *common, p.leak_shift, p.sink_shift, p.threshold, p.bump, rise)
        case Izhikevich():
            rest = p.b * (-65 << 8) >> 8
            u = a.layout.add(f"{name}.u", "i4", n, rest)
            a.emit(op.IZHIKEVICH, *common, p.a, p.b, p.c, p.d, u)
        case Cuba():
            limits = {"keep_current": 4095, "keep_voltage": 4096, "threshold": (1 << 31) - 1}
            places = [a.layout.add(f"{name}.u", "i4", n), at(f"{name}.bias")]
            for what, most in limits.items():
                array = a.given(f"{name}.{what}", (n,), 0, most)
                places.append(a.layout.add(f"{name}.{what}", "i4", n, getattr(p, what) if array is None else array))
            a.emit(op.CUBA, *common, *places)


def _efforts(a: Assembly) -> None:
    names = [c.name for c in a.body.effort]
    for name, effort in a.spec.efforts.items():
        if name not in names:
            raise unknown(f"the body has no effort {name!r}", name, names)
        if effort.low > effort.high:
            raise UserError(f"effort {name}: low {effort.low} is above high {effort.high}; exchange them")
        at = a.layout.at("effort") + names.index(name)
        a.emit(op.GUARD, at, a.number(effort.signal, f"effort {name}"), effort.low, effort.high, effort.slew)
