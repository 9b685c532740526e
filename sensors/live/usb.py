"""USB cameras through neuromorphic-drivers: EVK4, EVK3 HD, SilkyEvCam, DVXplorer (Samsung sensor), DAVIS346."""

from __future__ import annotations

from typing import Any

import numpy as np

from sensors.errors import UserError
from sensors.formats.extras import need
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, TRIGGER, Events

from .pump import READ_S, LostError, Taken

RULES = "neuromorphic-drivers-install-udev-rules"


class UsbCamera:
    """A device; see `pump.Device`. `serial` "" means the first that is found."""

    def __init__(self, serial: str = "") -> None:
        """Open it.

        Raises:
            UserError: the library is missing, no camera is connected, or it may not be used.
        """
        name = f"usb:{serial}"
        drivers = need(name, "neuromorphic_drivers", "usb", "neuromorphic-drivers")
        try:
            self._device: Any = drivers.open(serial=serial or None, iterator_timeout=READ_S)
            self._device.__enter__()
            properties = self._device.properties()
        except Exception as error:  # RuntimeError, of the library or of libusb
            raise UserError(
                f"{name}: no camera could be opened ({error}); connect one, see `ganglion devices`, "
                f"and let users at it: sudo {RULES}"
            ) from None
        self.size = (int(properties.width), int(properties.height))
        self.sensor = f"{self._device.name().value} {self._device.serial()}"
        self._dropped = 0

    def read(self, timeout_s: float) -> Taken | None:  # noqa: ARG002 - it was given when the device was opened
        """Next packet. Raises LostError."""
        try:
            status, packet = next(self._device)
        except StopIteration:
            raise LostError("it ended") from None
        except Exception as error:  # RuntimeError: unplugged, or the bus failed
            raise LostError(str(error)) from None
        overflow = 0
        if status.ring is not None:
            dropped = int(getattr(status.ring, "dropped_packets", 0) or 0)
            overflow, self._dropped = max(0, dropped - self._dropped), dropped
        if packet is None:
            return Taken(NO_EVENTS, overflow=overflow) if overflow else None
        events = packet.polarity_events
        marks = packet.polarity_events_overflow_indices
        if marks is not None and overflow == 0:
            overflow = len(marks)
        return Taken(_events(events), _edges(packet.trigger_events), overflow)

    def close(self) -> None:
        self._device.close()


def _events(rows: np.ndarray | None) -> Events:
    if rows is None or not rows.size:
        return NO_EVENTS
    if rows.dtype == EVENT:
        return np.array(rows)
    events: Events = np.empty(rows.size, EVENT)
    names = rows.dtype.names or ()
    for name in "txy":
        events[name] = rows[name]
    events["p"] = rows["on" if "on" in names else "p"]
    return events


def _edges(rows: np.ndarray | None) -> Events:
    if rows is None or not rows.size:
        return NO_TRIGGERS
    edges: Events = np.empty(rows.size, TRIGGER)
    names = rows.dtype.names or ()
    edges["t"] = rows["t"]
    edges["id"] = rows["id"] if "id" in names else 0
    on = next((name for name in ("rising", "on", "polarity") if name in names), None)
    edges["on"] = rows[on] > 0 if on else True
    return edges
