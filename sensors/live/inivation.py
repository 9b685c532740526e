"""Cameras of iniVation (DVXplorer S and Mini, DAVIS240/346/640, DVS128) and DV servers, through dv-processing."""

from __future__ import annotations

import threading
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from sensors.errors import UserError
from sensors.formats.extras import need
from sensors.signals import EVENT
from sensors.stream import NO_EVENTS, NO_TRIGGERS, TRIGGER, Events

from .pump import LostError, Taken

RISING, FALLING = 1, 2
_NAP = threading.Event()
NAP_S = 0.001
"""Between two looks at a source that has nothing: the library does not wait itself."""


class DvSource:
    """A device; see `pump.Device`: what the capture classes of dv-processing have in common."""

    def __init__(self, name: str, capture: Any) -> None:
        self._capture = capture
        if not capture.isEventStreamAvailable():
            raise UserError(f"{name} has no stream of events; choose the output of events on the sending side")
        width, height = capture.getEventResolution()
        self.size = (int(width), int(height))
        self.sensor = str(capture.getCameraName())
        self._triggers = bool(capture.isTriggerStreamAvailable())

    def read(self, timeout_s: float) -> Taken | None:
        """Next batch, or None. Raises LostError."""
        waited = 0.0
        while True:
            try:
                batch = self._capture.getNextEventBatch()
                edges = self._capture.getNextTriggerBatch() if self._triggers else None
                running = self._capture.isRunning()
            except Exception as error:  # RuntimeError and the library's own: unplugged, or the connection failed
                raise LostError(str(error)) from None
            if (batch is not None and len(batch)) or edges:
                return Taken(_events(batch), _edges(edges))
            if not running:
                raise LostError("it stopped")
            if waited >= timeout_s:
                return None
            _NAP.wait(NAP_S)
            waited += NAP_S

    def close(self) -> None:
        self._capture = None


def open_camera(serial: str) -> DvSource:
    """The camera of that serial number, "" for the first.

    Raises:
        UserError: dv-processing is missing, or there is no such camera.
    """
    name = f"inivation:{serial}"
    dv = need(name, "dv_processing", "inivation", "dv-processing")
    try:
        if not dv.io.camera.discover():
            raise RuntimeError("none is connected")
        capture = dv.io.camera.open(serial) if serial else dv.io.camera.open()
    except Exception as error:
        reason = str(error).splitlines()[0]
        raise UserError(
            f"{name}: no camera could be opened ({reason}); connect one, and see `ganglion devices`"
        ) from None
    return DvSource(name, capture)


def open_server(url: str) -> DvSource:
    """dv://host:port, a network output of DV.

    Raises:
        UserError: dv-processing is missing, the URL is no such thing, or nobody answers.
    """
    dv = need(url, "dv_processing", "inivation", "dv-processing")
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = None
    if not port:
        raise UserError(f"{url} has no port from 1 to 65535; write it as dv://127.0.0.1:7777")
    try:
        capture = dv.io.NetworkReader(parts.hostname or "127.0.0.1", port)
    except Exception as error:
        raise UserError(f"{url}: nobody answers ({str(error).splitlines()[0]}); start the sending side") from None
    return DvSource(url, capture)


def _events(batch: Any) -> Events:
    if batch is None or not len(batch):
        return NO_EVENTS
    rows = batch.numpy()
    events: Events = np.empty(rows.size, EVENT)
    for name, field in zip("txyp", ("timestamp", "x", "y", "polarity"), strict=True):
        events[name] = rows[field]
    return events


def _edges(batch: Any) -> Events:
    found = [(e.timestamp, 0, int(e.type) == RISING) for e in batch or () if int(e.type) in (RISING, FALLING)]
    return np.array(found, TRIGGER) if found else NO_TRIGGERS
