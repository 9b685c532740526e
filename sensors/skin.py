"""Tactile skins by URL, and the one place of `sensors` that opens serial ports.

    anyskin:/dev/ttyACM0                     reskin:/dev/ttyACM0
    matrix+raw:/dev/ttyUSB0?rows=16          matrix+cobs: matrix+slip: matrix+csv:   any of pyserial's ports or URLs
    xela://127.0.0.1:5000?sensor=1           XELA's own server, over a WebSocket

What follows ? changes the device's preset, as rows, columns, baud, mn_per_unit, touch, drift_s (see `skins.device`).
Times are microseconds since the skin was opened, by this machine's clock as bytes were read: the devices send none.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from threading import Event
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
import numpy as np
import serial
from numpy.typing import NDArray
from serial.tools import list_ports

from .errors import UserError
from .explain import explain, near_word
from .skins.device import PRESETS, Device
from .skins.framing import MOST, Asked, Frames, framing

REOPEN_S = 0.5
CHUNK = 1 << 16
EXAMPLE = "anyskin:/dev/ttyACM0"


@dataclass(slots=True)
class SkinCounters:
    """What came and what did not.

    Attributes:
        frames: handed on. damaged: frames lost to damage, as far as it shows. dropped: frames that a server numbered
        and that never came, or came too late. reconnects: times that the device was lost and found again.
    """

    frames: int = 0
    damaged: int = 0
    dropped: int = 0
    reconnects: int = 0


class Skin(Protocol):
    """An open skin."""

    device: Device
    counters: SkinCounters

    def poll(self) -> tuple[Frames, NDArray[np.int64]]:
        """What has come since the last poll, without waiting: float32 (n, values) and int64 (n,) times in microseconds,
        both valid until the next poll; none while the device is away."""

    def wait(self, seconds: float) -> None:
        """Let time pass, so that frames gather: many at once cost less than each alone."""

    def close(self) -> None:
        """Give the device back."""


class Stamps:
    """Times of frames that arrive together: they were made one period after another, the last of them just now."""

    def __init__(self, rate_hz: float) -> None:
        self._start_ns = time.monotonic_ns()
        self._period_us = 1e6 / rate_hz
        self._times = np.zeros(MOST, np.int64)
        self._last_us = -1

    def now_us(self) -> int:
        return (time.monotonic_ns() - self._start_ns) // 1000

    def stamp(self, count: int) -> NDArray[np.int64]:
        """int64 (count,), later than all before."""
        times = self._times[:count]
        if count:
            now = max(self.now_us(), self._last_us + count)
            step = min((now - self._last_us) / count, 2.0 * self._period_us)
            times[:] = now - np.arange(count - 1, -1, -1) * step
            self._last_us = int(times[-1])
        return times


class SerialSkin:
    """A skin at a serial port, or at any URL that pyserial opens; comes back by itself after it was unplugged."""

    def __init__(self, device: Device, port: str) -> None:
        self.device, self.port = device, port
        self.counters = SkinCounters()
        self._framing = framing(device.name, device.values)
        self._stamps = Stamps(device.rate_hz)
        self._asked_us = self._tried_us = 0
        self._never = Event()
        self._line: Any = None
        self._framing.feed(b"")  # compiled before the first byte waits for it
        try:
            self._open()
        except (OSError, ValueError) as error:
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else str(error)
            found = ", ".join(name for name, _ in serial_ports()) or "none"
            raise UserError(f"{port} does not open: {reason}; serial ports found: {found}") from None

    def _open(self) -> None:
        self._line = serial.serial_for_url(self.port, self.device.baud, timeout=0, write_timeout=0.2)
        self._ask()

    def _ask(self) -> None:
        if self._framing.request:
            self._line.write(self._framing.request)
            self._asked_us = self._stamps.now_us()

    def poll(self) -> tuple[Frames, NDArray[np.int64]]:
        frames = self._framing.feed(self._read())
        if isinstance(self._framing, Asked) and self._line is not None:
            self._keep_asking(self._framing, frames.shape[0] > 0)
        self.counters.frames += frames.shape[0]
        self.counters.damaged = self._framing.damaged
        return frames, self._stamps.stamp(frames.shape[0])

    def _keep_asking(self, replies: Asked, came: bool) -> None:
        late_us = 1e6 * (0.05 + 20.0 * self.device.values / self.device.baud)  # 10 bits a byte, and as much again
        damaged = replies.damaged != self.counters.damaged
        if not came and not damaged and self._stamps.now_us() - self._asked_us > late_us:
            replies.late()
            damaged = True
        if came or damaged:
            try:
                if damaged:
                    self._line.reset_input_buffer()
                self._ask()
            except OSError:
                self._lost()

    def _read(self) -> bytes:
        if self._line is None and not self._found():
            return b""
        try:
            data = os.read(self._line.fd, CHUNK) if hasattr(self._line, "fd") else b""  # a third of pyserial's calls
            if not data:  # nothing came, or the device is gone, which this asks
                waiting: int = self._line.in_waiting
                data = self._line.read(waiting) if waiting else b""
        except BlockingIOError:
            return b""
        except (OSError, TypeError, AttributeError):  # pyserial lets the latter through once a port is closed
            self._lost()
            return b""
        return data

    def _lost(self) -> None:
        self.close()
        self._line = None
        self._framing.restart()
        self._tried_us = self._stamps.now_us()

    def _found(self) -> bool:
        now = self._stamps.now_us()
        if now - self._tried_us < REOPEN_S * 1e6:
            return False
        self._tried_us = now
        try:
            self._open()
        except (OSError, ValueError):
            self._line = None
            return False
        self.counters.reconnects += 1
        return True

    def wait(self, seconds: float) -> None:
        self._never.wait(seconds)

    def close(self) -> None:
        if self._line is not None:
            self._line.close()


def serial_ports() -> list[tuple[str, str]]:
    """Serial ports of this machine and what they call themselves."""
    return sorted((str(port.device), str(port.description or "")) for port in list_ports.comports())


def device_of(url: str) -> tuple[Device, str, dict[str, str]]:
    """A skin's preset with the changes of its URL, where it is, and what the URL asks of the connection.

    Raises:
        UserError: the URL names no skin, no place or a setting that is none.
    """
    kind, colon, rest = url.partition(":")
    if not colon or kind not in PRESETS:
        raise UserError(f"{url} is no skin; {near_word(kind, list(PRESETS))} Write it as in {EXAMPLE}")
    place, _, query = rest.partition("?")
    place = place.removeprefix("//") if kind == "xela" else place
    if not place:
        raise UserError(f"{url} does not say where the skin is; write it as in {EXAMPLE}")
    asked = dict(parse_qsl(query, keep_blank_values=True))
    link = {key: asked.pop(key) for key in ("sensor",) if key in asked and kind == "xela"}
    document = msgspec.to_builtins(PRESETS[kind]) | {key: _value(text) for key, text in asked.items()}
    if {"rows", "columns"} & asked.keys():
        document["places"] = document["positions_m"] = ()
    try:
        return msgspec.convert(document, Device), place, link
    except msgspec.ValidationError as error:
        raise UserError(f"{url}: {explain(str(error), document, Device)[1]}") from None


def _value(text: str) -> int | float | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else number


def open_skin(url: str) -> Skin:
    """Open any skin by its URL.

    Raises:
        UserError: there is no such skin, its place does not open, or a library is missing.
    """
    device, place, link = device_of(url)
    if device.name == "xela":
        from .skins.xela import XelaSkin

        return XelaSkin(device, place, int(link.get("sensor", "1")))
    return SerialSkin(device, place)
