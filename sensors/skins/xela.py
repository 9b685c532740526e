"""XELA uSkin: its server sends JSON over a WebSocket, one message a frame, with a number and a time.

Source of the format: XELA's software manual 1.7 and their ROS node. A message holds for each sensor "data" (hexadecimal
u16, x, y, z of each taxel) and, where the server is calibrated, "calibrated" (newtons, the same order).
"""

from __future__ import annotations

import select
from threading import Event
from typing import Any

import msgspec
import numpy as np
from msgspec.structs import replace
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.skin import SkinCounters, Stamps

from .device import Device
from .framing import MOST, Frames

PORT = 5000
NEWTON = {"unit": "N", "mn_per_unit": 1000.0, "touch": 0.1}
HINT = "start xela_server, or see what it prints"


class _Sensor(msgspec.Struct):
    data: str = ""
    taxels: int = 0
    model: str = ""
    calibrated: list[float] | None = None


class XelaSkin:
    """One sensor of a XELA server; comes back by itself after the server was away.

    `device.unit` is "N" where the server sends calibrated forces, else "count", as found in the first frame.
    """

    def __init__(self, device: Device, place: str, sensor: int) -> None:
        try:
            import websocket
        except ImportError:
            raise UserError("xela: needs websocket-client: pip install 'ganglion[xela]'") from None
        self._library: Any = websocket
        self._url = f"ws://{place if ':' in place else f'{place}:{PORT}'}"
        self._sensor = str(sensor)
        self.device = device
        self.counters = SkinCounters()
        self._stamps = Stamps(device.rate_hz)
        self._frames = np.zeros((MOST, device.values), np.float32)
        self._numbers = msgspec.json.Decoder(dict[str, msgspec.Raw])
        self._reading = msgspec.json.Decoder(_Sensor)
        self._last = -1
        self._tried_us = 0
        self._socket: Any = None
        try:
            self._connect()
        except (OSError, ValueError, websocket.WebSocketException) as error:
            raise UserError(f"no XELA server answers at {self._url} ({error}); {HINT}") from None
        self._first()

    def _connect(self) -> None:
        self._socket = self._library.create_connection(self._url, timeout=2.0)
        self._last = -1

    def _first(self) -> None:
        """Wait for one frame, so that its unit is known and a wrong sensor number is told at once."""
        waited = 0.0
        while waited < 2.0:
            self.wait(0.02)
            waited += 0.02
            if self.poll()[0].size:
                self.counters.frames = 0
                return
        self.close()
        raise UserError(
            f"{self._url} sends no frames of sensor {self._sensor} with {self.device.taxels} taxels; {HINT}"
        )

    def poll(self) -> tuple[Frames, NDArray[np.int64]]:
        count = 0
        if self._socket is None and not self._found():
            return self._frames[:0], self._stamps.stamp(0)
        try:
            while count < MOST and self._waiting():
                count += self._take(self._socket.recv(), count)
        except (OSError, self._library.WebSocketException):
            self.close()
            self._socket = None
            self._tried_us = self._stamps.now_us()
        self.counters.frames += count
        return self._frames[:count], self._stamps.stamp(count)

    def _waiting(self) -> bool:
        return bool(select.select([self._socket.sock], [], [], 0)[0])

    def _take(self, message: str | bytes, place: int) -> int:
        """Decode a message into frame `place`; 1 if it was one, 0 if it was none, late, or damaged."""
        try:
            fields = self._numbers.decode(message)
            if self._sensor not in fields:
                return 0  # the welcome, or another sensor
            number = msgspec.json.decode(fields["message"], type=int)
            reading = self._reading.decode(fields[self._sensor])
            values = self._values(reading)
        except (msgspec.MsgspecError, ValueError, KeyError):
            self.counters.damaged += 1
            return 0
        if values.size != self.device.values or not np.isfinite(values).all():
            self.counters.damaged += 1
            return 0
        if number <= self._last:
            self.counters.dropped += 1
            return 0
        if self._last >= 0:
            self.counters.dropped += number - self._last - 1
        self._last = number
        self._frames[place] = values
        return 1

    def _values(self, reading: _Sensor) -> NDArray[Any]:
        if reading.calibrated is not None:
            if self.device.unit != "N":
                self.device = replace(self.device, **NEWTON)
            return np.array(reading.calibrated, np.float64)
        words = bytes.fromhex(reading.data.replace(",", ""))
        return np.frombuffer(words, ">u2")

    def _found(self) -> bool:
        now = self._stamps.now_us()
        if now - self._tried_us < 1_000_000:
            return False
        self._tried_us = now
        try:
            self._connect()
        except (OSError, ValueError, self._library.WebSocketException):
            self._socket = None
            return False
        self.counters.reconnects += 1
        return True

    def wait(self, seconds: float) -> None:
        Event().wait(seconds)

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close(timeout=0.2)
