"""Filters one after another, from a scenario file's list or the command line's `background(2000),refractory(500)`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from .errors import UserError
from .explain import explain, near_word
from .filter_spec import (
    Background,
    Cropping,
    FilterSpec,
    Flicker,
    Hot,
    Limit,
    Mirror,
    OnePolarity,
    Pooling,
    RefractoryPeriod,
    Steps,
)
from .filters import CAPACITY, BackgroundActivity, Filter, Refractory
from .pixels import AntiFlicker, HotPixels
from .shaping import Coalesce, Crop, Downsample, Flip, Polarity, Rate
from .signals import EVENT

_KINDS: dict[str, type[msgspec.Struct]] = {str(k.__struct_config__.tag): k for k in get_args(FilterSpec)}
_ITEM = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\(([^()]*)\))?\s*(,|\||$)")
EXAMPLE = "background(2000),refractory(period_us=500)"


class Chain:
    """Filters packets of a sensor of width x height pixels; calling it allocates nothing but for a larger packet than
    any before.

    Attributes:
        filters: in the order in which events pass. size, out_size: (width, height) of what comes in and goes out.
        seen, kept: events that came in and that went out since the start or `reset`.
    """

    def __init__(self, filters: Iterable[Filter], width: int, height: int) -> None:
        self.filters = tuple(filters)
        self.size = (width, height)
        self.out_size = self.filters[-1].out_size if self.filters else self.size
        self.seen = self.kept = 0
        self._buffer = np.empty(CAPACITY, EVENT)

    def __call__(self, events: NDArray[np.void]) -> NDArray[np.void]:
        """What passes of EVENT (n,) `events`, valid until the next call; the packet itself if there are no filters.

        Raises:
            UserError: an event lies outside the sensor.
        """
        count = events.size
        self.seen += count
        if not self.filters:
            self.kept += count
            return events
        if count > self._buffer.size:
            self._buffer = np.empty(count, EVENT)
        source, buffer = events, self._buffer
        for each in self.filters:
            count = each.apply(source, count, buffer)
            source = buffer
        self.kept += count
        return buffer[:count]

    def reset(self) -> None:
        """Forget all events, counts and learned pixels."""
        for each in self.filters:
            each.reset()
        self.seen = self.kept = 0


def chain(filters: str | Iterable[FilterSpec], width: int, height: int) -> Chain:
    """Build the filters of a scenario file's list or a command line's text for a sensor of width x height pixels.

    Raises:
        UserError: the text names no known filter or a setting is illegal, or a filter does not fit the sensor.
    """
    made: list[Filter] = []
    size = (width, height)
    for spec in parse(filters) if isinstance(filters, str) else filters:
        made.append(_build(spec, *size))
        size = made[-1].out_size
    return Chain(made, width, height)


def parse(text: str) -> tuple[FilterSpec, ...]:
    """Filters of "name(value, name=value), name, ..."; empty text means none.

    Raises:
        UserError: what is wrong, where, and the next move.
    """
    found: list[FilterSpec] = []
    at = 0
    while text[at:].strip():
        item = _ITEM.match(text, at)
        if item is None or (item[3] and not text[item.end() :].strip()):
            rest = text[at:].strip()
            raise UserError(f"filter {rest!r} cannot be read; write it as in {EXAMPLE}")
        found.append(_one(item[1], item[2] or ""))
        at = item.end()
    return tuple(found)


def _one(name: str, arguments: str) -> FilterSpec:
    if name not in _KINDS:
        raise UserError(f"{name} is not a filter; {near_word(name, list(_KINDS))}")
    fields = [f.name for f in msgspec.structs.fields(_KINDS[name])]
    document: dict[str, Any] = {"kind": name}
    for place, argument in enumerate(filter(None, (a.strip() for a in arguments.split(",")))):
        key, equals, value = (part.strip() for part in argument.rpartition("="))
        if not equals:
            if place >= len(fields):
                raise UserError(
                    f"{name}({arguments}) has more than {len(fields)} values: {', '.join(fields)}; take some"
                )
            key = fields[place]
        if key in document:
            raise UserError(f"{name}({arguments}) gives {key} twice; take one away")
        document[key] = _value(value)
    try:
        spec: FilterSpec = msgspec.convert(document, FilterSpec)
    except msgspec.ValidationError as error:
        raise UserError(f"filter {name}: {explain(str(error), document, FilterSpec)[1]}") from None
    return spec


def _whole(text: str) -> int:
    """1e6 as a whole number."""
    value = float(text)
    if not value.is_integer():
        raise ValueError
    return int(value)


def _value(text: str) -> Any:
    for number in (int, _whole, float):
        try:
            return number(text)
        except ValueError:
            continue
    return text.strip("\"'")


def _build(spec: FilterSpec, width: int, height: int) -> Filter:
    made: Filter
    match spec:
        case Background():
            made = BackgroundActivity(width, height, spec.window_us, 0)
        case RefractoryPeriod():
            made = Refractory(width, height, spec.period_us, 0)
        case Hot():
            made = HotPixels(width, height, spec.learn_us, spec.most_hz, spec.ratio, 0)
        case Flicker():
            made = AntiFlicker(width, height, spec.low_hz, spec.high_hz, spec.length, spec.jitter_us, 0)
        case Cropping():
            made = Crop(width, height, (spec.x, spec.y, spec.width, spec.height), 0)
        case Mirror():
            made = Flip(width, height, spec.axis, 0)
        case OnePolarity():
            made = Polarity(width, height, spec.keep, 0)
        case Pooling():
            made = Downsample(width, height, spec.factor, spec.events, 0)
        case Steps():
            made = Coalesce(width, height, spec.step_us, 0)
        case Limit():
            made = Rate(width, height, spec.events_per_s, spec.burst, 0)
    return made
