"""What a skin is: where its taxels lie, what a reading means and in which unit; one preset for each device we know."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta
from msgspec.structs import replace

from sensors.spec import Settings

Count = Annotated[int, Meta(ge=1, le=256)]
Positive = Annotated[float, Meta(gt=0.0)]


class Device(Settings, frozen=True):
    """One skin.

    rows, columns: of the grid in which its taxels are shown and told as events.
    places: (row, column) of each taxel in the order of the wire; empty: row by row.
    positions_m: where the taxels lie on the surface, (x, y); empty where the maker does not say.
    axes: readings of a taxel in the order of the wire; unit: of a reading.
    normal: which deviation from the baseline counts as pressure: that of "z", or the "length" of the vector, for a
        magnet over a magnetometer may move either way.
    mn_per_unit: what afferents take for one unit. Unless the device measures force it is nominal: it makes a firm touch
        a few newtons, so that the afferents work in the middle of their range. Calibrate it where force counts.
    touch: deviation of any taxel beyond which the skin is touched and its baseline stands still, in `unit`.
    learn_s: time at the start, untouched, that makes the baseline. drift_s: time constant with which it follows later.
    rate_hz: nominal frames a second. baud: of a serial line; USB devices ignore it.
    """

    name: str
    rows: Count = 16
    columns: Count = 16
    places: tuple[tuple[int, int], ...] = ()
    positions_m: tuple[tuple[float, float], ...] = ()
    axes: tuple[Literal["x", "y", "z"], ...] = ("z",)
    unit: Literal["uT", "N", "count"] = "count"
    normal: Literal["z", "length"] = "z"
    mn_per_unit: Positive = 1.0
    touch: Positive = 10.0
    learn_s: Annotated[float, Meta(ge=0.0, le=60.0)] = 0.5
    drift_s: Annotated[float, Meta(ge=0.1, le=100_000.0)] = 20.0
    rate_hz: Annotated[float, Meta(ge=0.1, le=20_000.0)] = 100.0
    baud: Annotated[int, Meta(ge=300, le=12_000_000)] = 115_200

    @property
    def taxels(self) -> int:
        """Number of taxels on the wire."""
        return len(self.places) or self.rows * self.columns

    @property
    def values(self) -> int:
        """Numbers in a frame."""
        return self.taxels * len(self.axes)

    def grid(self) -> tuple[tuple[int, int], ...]:
        """(row, column) of each taxel."""
        return self.places or tuple((r, c) for r in range(self.rows) for c in range(self.columns))


MAGNETIC = Device(
    name="anyskin",
    rows=3,
    columns=3,
    places=((1, 1), (1, 0), (1, 2), (0, 1), (2, 1)),
    axes=("x", "y", "z"),
    unit="uT",
    normal="length",
    mn_per_unit=2.0,
    touch=30.0,
    rate_hz=400.0,
)
"""Five MLX90393 magnetometers in a cross under a magnetic elastomer; order and places as in the makers' display."""

PRESETS = {
    "anyskin": MAGNETIC,
    "reskin": replace(MAGNETIC, name="reskin"),
    "matrix+raw": Device("matrix+raw", mn_per_unit=20.0, touch=6.0, rate_hz=40.0),
    "matrix+cobs": Device("matrix+cobs", mn_per_unit=2.0, touch=20.0, rate_hz=500.0, baud=921_600),
    "matrix+slip": Device("matrix+slip", mn_per_unit=2.0, touch=20.0, rate_hz=500.0, baud=921_600),
    "matrix+csv": Device("matrix+csv", mn_per_unit=2.0, touch=20.0, rate_hz=100.0),
    "xela": Device(
        "xela", 4, 4, axes=("x", "y", "z"), unit="count", mn_per_unit=0.5, touch=60.0, rate_hz=100.0, baud=115_200
    ),
}
"""Devices by the first word of their URL. XELA: 4 x 4 taxels of three axes; newtons where its server is calibrated."""

SKINS = (*(f"{kind}:" for kind in PRESETS), "digit:")
"""How URLs of skins begin."""


def is_skin(where: str) -> bool:
    """Whether it names a skin rather than a file or a camera."""
    return where.startswith(SKINS)
