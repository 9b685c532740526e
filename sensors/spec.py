"""What a scenario file may say about sensors; a value that is not legal does not decode."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

NonNegative = Annotated[float, Meta(ge=0.0)]
Unit = Annotated[float, Meta(ge=0.0, le=1.0)]


class Spec(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base of everything a scenario file can hold: immutable, and a key it does not know is an error."""


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group of settings of which there is one sort only, so that it needs no `kind`."""


class Pixel(Settings, frozen=True):
    """The event pixel: log intensity to events.

    threshold: contrast step in log intensity that makes an event; threshold_sigma: its mismatch between pixels.
    refractory_us: dead time after an event. leak_hz, shot_noise_hz: spurious events per pixel.
    bandwidth_hz: first-order low pass of the photoreceptor at full luminance; 0 leaves it out.
    """

    threshold: Annotated[float, Meta(ge=0.02, le=1.0)] = 0.2
    threshold_sigma: Annotated[float, Meta(ge=0.0, le=0.2)] = 0.02
    refractory_us: Annotated[int, Meta(ge=0, le=100_000)] = 500
    leak_hz: NonNegative = 0.1
    shot_noise_hz: NonNegative = 0.5
    bandwidth_hz: NonNegative = 300.0


class Skin(Settings, frozen=True):
    """A simulated tactile skin on each of two pads.

    taxels: along each edge of a pad. spread_m: Gaussian spread of pressure in the soft pad. lag_ms: viscoelastic lag.
    noise_n, noise_ratio: standard deviation of a taxel's reading, absolute and relative.
    """

    enabled: bool = True
    taxels: Annotated[int, Meta(ge=4, le=8)] = 8
    spread_m: Annotated[float, Meta(ge=5e-4, le=6e-3)] = 2e-3
    lag_ms: Annotated[float, Meta(ge=0.0, le=20.0)] = 3.0
    noise_n: NonNegative = 2e-3
    noise_ratio: Annotated[float, Meta(ge=0.0, le=0.1)] = 5e-3
