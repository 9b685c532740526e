"""What a scenario file and the command line may say about filters; order of the fields is that of a filter's arguments.

In a file, a list of tables `[[filters]]`, each with its `kind`; on the command line `background(2000),refractory(500)`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from .spec import Spec

Micros = Annotated[int, Meta(ge=1, le=60_000_000)]
Pixels = Annotated[int, Meta(ge=0, le=65_535)]
Extent = Annotated[int, Meta(ge=1, le=65_535)]
Frequency = Annotated[float, Meta(ge=0.1, le=100_000.0)]


class Background(Spec, frozen=True, tag="background"):
    """Drops events that no neighbour announced within window_us."""

    window_us: Micros = 2000


class RefractoryPeriod(Spec, frozen=True, tag="refractory"):
    """Silences a pixel for period_us after an event."""

    period_us: Micros = 500


class Hot(Spec, frozen=True, tag="hot_pixels"):
    """Learns for learn_us which pixels fire above most_hz and ratio times as often as neighbours; then masks them."""

    learn_us: Micros = 1_000_000
    most_hz: Frequency = 50.0
    ratio: Annotated[float, Meta(ge=1.0, le=1000.0)] = 5.0


class Flicker(Spec, frozen=True, tag="anti_flicker"):
    """Silences pixels that see a light flicker regularly between low_hz and high_hz."""

    low_hz: Frequency = 80.0
    high_hz: Frequency = 520.0
    length: Annotated[int, Meta(ge=1, le=100)] = 6
    jitter_us: Micros = 1500


class Cropping(Spec, frozen=True, tag="crop"):
    """Keeps a region; its upper left pixel becomes the origin."""

    x: Pixels
    y: Pixels
    width: Extent
    height: Extent


class Mirror(Spec, frozen=True, tag="flip"):
    """Mirrors left-right ("x"), top-bottom ("y") or both ("xy")."""

    axis: Literal["x", "y", "xy"]


class OnePolarity(Spec, frozen=True, tag="polarity"):
    """Keeps ON or OFF events, or exchanges the two."""

    keep: Literal["on", "off", "invert"]


class Pooling(Spec, frozen=True, tag="downsample"):
    """Joins factor x factor pixels; the joined pixel fires when one polarity leads by `events`."""

    factor: Annotated[int, Meta(ge=1, le=256)]
    events: Annotated[int, Meta(ge=1, le=10_000)] = 1


class Steps(Spec, frozen=True, tag="coalesce"):
    """Rounds times down to step_us; one event of a pixel and polarity passes in a step."""

    step_us: Micros = 1000


class Limit(Spec, frozen=True, tag="rate"):
    """Lets at most events_per_s pass, and burst at once."""

    events_per_s: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    burst: Annotated[int, Meta(ge=1, le=100_000_000)] = 1000


FilterSpec = Background | RefractoryPeriod | Hot | Flicker | Cropping | Mirror | OnePolarity | Pooling | Steps | Limit
"""Any one filter."""
