"""From the chunks of one episode back to a Trace, believing nothing that does not add up."""

from __future__ import annotations

import json
import math
import struct
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from sensors.signals import EVENT

from .trace import Rich, Trace

Array = NDArray[Any]
_LARGEST_ARRAY = 1 << 32


@dataclass(frozen=True, slots=True)
class Layout:
    """What a recording's header says of its blocks: channels of each vector, fields of the records."""

    analog: int
    goal: int
    effort: int
    truth: np.dtype[np.void]
    probe: np.dtype[np.void]
    episode: type[Any]

    @classmethod
    def of(cls, head: dict[str, Any], episode: type[Any]) -> Self:
        """Raises ValueError, KeyError or TypeError where the header makes no sense."""
        widths = [int(head[name]) for name in ("analog", "goal", "effort")]
        if not all(0 <= w <= 1024 for w in widths):
            raise ValueError(f"{widths} channels")
        return cls(widths[0], widths[1], widths[2], _record(head["truth"]), _record(head["probe"]), episode)


def _record(fields: list[list[str]]) -> np.dtype[np.void]:
    dtype = np.dtype([(str(name), str(kind)) for name, kind in fields])
    if dtype.hasobject or dtype.itemsize == 0:
        raise ValueError(f"fields {fields}")
    return dtype


class Unfinished:
    """An episode that is being read; `add` its chunks, then take it `whole` or, if it was cut short, `partial`."""

    def __init__(self, layout: Layout, begun: dict[str, Any]) -> None:
        fields = {name: _frozen(value) for name, value in begun["episode"].items()}
        self._episode = layout.episode(**fields)
        self._tick_us, self._delay_us = int(begun["tick_us"]), int(begun["delay_us"])
        self._before = int(begun["brain_before"])
        self._layout = layout
        self._sens: list[tuple[Array, ...]] = []
        self._truth: list[Array] = []
        self._probe: list[Array] = []
        self._rich: dict[str, Any] | None = None
        self._bodies: dict[int, bytearray] = {}

    def add(self, kind: bytes, payload: bytes) -> None:
        """Take one chunk. Raises ValueError, KeyError or struct.error if it does not add up."""
        match kind:
            case b"SENS":
                self._sens.append(_senses(payload, self._layout))
            case b"TRTH":
                self._truth.append(_columns(payload, self._layout.truth, len(self._sens[len(self._truth)][0])))
            case b"PROB":
                self._probe.append(_columns(payload, self._layout.probe, len(self._sens[len(self._probe)][0])))
            case b"RICH":
                self._rich, self._bodies = _json_rich(payload), {}
            case b"RARR":
                (index,) = struct.unpack_from("<I", payload)
                self._bodies.setdefault(index, bytearray()).extend(memoryview(payload)[4:])

    def whole(self, ended: dict[str, Any]) -> Trace:
        """The episode. Raises ValueError if ticks are missing."""
        trace = self._assemble(len(self._sens))
        if not len(self._sens) == len(self._truth) == len(self._probe) or len(trace.counts) != ended["ticks"]:
            raise ValueError(f"{len(trace.counts)} of {ended['ticks']} ticks are there")
        trace.brain_after = int(ended["brain_after"])
        if self._rich is not None:
            trace.rich = _rich(self._rich, self._bodies)
        return trace

    def partial(self) -> Trace:
        """The ticks for which all is there; brain_after is 0, as it was never reached."""
        return self._assemble(min(len(self._sens), len(self._truth), len(self._probe)))

    def _assemble(self, blocks: int) -> Trace:
        at = self._layout
        empty = (
            np.zeros(0, np.uint16),
            np.zeros(0, np.uint16),
            *(np.zeros((0, w), np.int16) for w in (at.analog, at.goal, at.effort)),
            np.zeros(0, np.uint16),
        )
        columns = [np.concatenate(column) for column in zip(empty, *self._sens[:blocks], strict=True)]
        counts, overflow, analog, goal, effort, spikes = columns
        truth = np.concatenate([np.zeros(0, at.truth), *self._truth[:blocks]])
        probe = np.concatenate([np.zeros(0, at.probe), *self._probe[:blocks]])
        return Trace(
            self._episode, self._tick_us, self._delay_us, analog, goal, effort, counts, overflow, spikes, truth, probe,
            self._before,
        )  # fmt: skip


def _frozen(value: Any) -> Any:
    """JSON's lists as the tuples that they were."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value


def _senses(payload: bytes, layout: Layout) -> tuple[Array, ...]:
    """Counts, overflow, analog, goal, effort and spikes of a block."""
    (n,) = struct.unpack_from("<I", payload)
    at, parts = 4, []
    for width in (0, 0, layout.analog, layout.goal, layout.effort):
        words = n * (width or 1)
        part = np.frombuffer(payload, "<i2" if width else "<u2", words, at)
        parts.append(part.reshape(width, n).T if width else part)
        at += 2 * words
    spikes = np.frombuffer(payload, "<u2", -1, at) if at < len(payload) else np.zeros(0, "<u2")
    if len(spikes) != int(parts[0].sum(dtype=np.int64)):
        raise ValueError(f"{len(spikes)} spikes where {int(parts[0].sum(dtype=np.int64))} were counted")
    return (*parts, spikes)


def _columns(payload: bytes, dtype: np.dtype[np.void], n: int) -> Array:
    if len(payload) != n * dtype.itemsize:
        raise ValueError(f"{len(payload)} bytes for {n} records of {dtype.itemsize}")
    records = np.zeros(n, dtype)
    at = 0
    for name in dtype.names or ():
        kind = dtype[name]
        records[name] = np.frombuffer(payload, kind, n, at)
        at += n * kind.itemsize
    return records


def _json_rich(payload: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(payload)
    if len(value["arrays"]) != 4:
        raise ValueError(f"{len(value['arrays'])} arrays where 4 belong")
    return value


def _rich(meta: dict[str, Any], bodies: dict[int, bytearray]) -> Rich:
    arrays: list[Array] = []
    for index, (kind, shape) in enumerate(meta["arrays"]):
        dtype = EVENT if kind == "event" else np.dtype(str(kind))
        size = math.prod(int(n) for n in shape) * dtype.itemsize
        body = bytes(bodies.get(index, b""))
        if dtype.hasobject or size > _LARGEST_ARRAY or len(body) != size:
            raise ValueError(f"array {index} has {len(body)} of {size} bytes")
        arrays.append(np.frombuffer(body, dtype).reshape([int(n) for n in shape]))
    width, height = meta["camera_size"]
    return Rich(int(meta["frame_us"]), (int(width), int(height)), *arrays)
