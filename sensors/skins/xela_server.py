"""A XELA server that is a program: WebSocket handshake and frames (RFC 6455), and the JSON that XELA's own sends."""

from __future__ import annotations

import base64
import hashlib
import select
import socket
import struct
import time
from threading import Event, Thread

import msgspec
import numpy as np

from .device import Device
from .simulator import Scene

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class XelaServer:
    """Serves sensor "1" to one client after another on a free port of this machine.

    Faults: a share `damage` of the messages, in turn cut short in their JSON, left out, and sent late (after the next).

    Attributes:
        sent: messages made, those left out included. hit: their numbers that cannot arrive whole and in order.
    """

    def __init__(
        self,
        device: Device,
        scene: Scene,
        hz: float,
        damage: float = 0.0,
        frames: int = 0,
        calibrated: bool = False,
        port: int = 0,
    ) -> None:
        self.device, self.sent = device, 0
        self.hit: list[int] = []
        self._scene, self._hz, self._damage, self._frames, self._calibrated = scene, hz, damage, frames, calibrated
        self._rng = np.random.default_rng(3)
        self._stop = Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(0.1)
        self.port = int(self._listener.getsockname()[1])
        self._thread = Thread(target=self.run, daemon=True)

    def start(self) -> XelaServer:
        """Serve from a thread of its own."""
        self._thread.start()
        return self

    def run(self) -> None:
        """Serve until `stop` or the last frame."""
        while not self._stop.is_set() and not (self._frames and self.sent >= self._frames):
            try:
                client, _ = self._listener.accept()
            except TimeoutError:
                continue
            with client:
                try:
                    self._serve(client)
                except OSError:
                    continue  # the client has gone

    def _serve(self, client: socket.socket) -> None:
        client.settimeout(2.0)
        request = b""
        while b"\r\n\r\n" not in request:
            part = client.recv(4096)
            if not part:
                return
            request += part
        lines = request.decode("latin-1").split("\r\n")
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}
        digest = hashlib.sha1((headers.get("sec-websocket-key", "") + _GUID).encode()).digest()
        client.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        client.sendall(_text(msgspec.json.encode({"message": "Welcome", "time": time.monotonic()})))
        first, start, held = self.sent, time.monotonic(), b""
        while not self._stop.is_set() and not (self._frames and self.sent >= self._frames):
            message = self._message(self.sent)
            out = _text(message)
            if self._rng.random() < self._damage:
                way = len(self.hit) % 3
                self.hit.append(self.sent)
                if way == 0:
                    out = _text(message[: len(message) // 2])
                elif way == 1:
                    out = b""
                else:
                    out, held = b"", out
            elif held:
                out, held = out + held, b""
            self.sent += 1
            client.sendall(out)
            self._stop.wait(max(0.0, (self.sent - first) / self._hz - (time.monotonic() - start)))
            if select.select([client], [], [], 0)[0] and not client.recv(4096):
                return

    def _message(self, number: int) -> bytes:
        values = self._scene(number).ravel()
        words = "" if self._calibrated else ",".join(f"{int(v):04X}" for v in values.clip(0, 65535))
        sensor = {
            "data": words,
            "sensor": "1",
            "taxels": self.device.taxels,
            "model": "XR1944",
            "calibrated": [round(float(v), 5) for v in values] if self._calibrated else None,
        }
        return msgspec.json.encode({"message": number, "time": number / self._hz, "sensors": 1, "1": sensor})

    def stop(self) -> None:
        """Pull the plug."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self._listener.close()


def _text(payload: bytes) -> bytes:
    """One unmasked text frame, as servers send."""
    size = len(payload)
    if size < 126:
        return struct.pack(">BB", 0x81, size) + payload
    return struct.pack(">BBH", 0x81, 126, size) + payload
