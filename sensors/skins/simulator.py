"""Skins that are a program: each speaks a device's real protocol on a pseudo-terminal, faults included.

python -m sensors.skins.simulator anyskin --hz 2000 --damage 0.05        then open anyskin:/dev/pts/N as it says
python -m sensors.skins.simulator xela --hz 100                          then open xela://127.0.0.1:PORT
"""

from __future__ import annotations

import argparse
import os
import pty
import select
import sys
import time
import tty
from collections.abc import Callable
from threading import Event, Thread

import numpy as np
from cobs import cobs
from numpy.typing import NDArray

from sensors.errors import UserError

from .device import PRESETS, Device

Scene = Callable[[int], NDArray[np.float32]]
"""Frame number to readings, float32 (taxels, axes)."""


def pressing(device: Device, hz: float, seed: int = 1) -> Scene:
    """A finger that presses for half of every second and wanders over the skin; readings drift and are noisy."""
    rng = np.random.default_rng(seed)
    rest = rng.uniform(10.0, 20.0, (device.taxels, len(device.axes))) * device.touch
    places = np.array(device.grid(), float)
    middle = places.mean(axis=0)
    size = max(device.rows, device.columns)

    def scene(frame: int) -> NDArray[np.float32]:
        t = frame / hz
        push = max(np.sin(2 * np.pi * t), 0.0) if t > 1.0 else 0.0
        centre = middle + 0.25 * size * np.array((np.sin(0.7 * t), np.cos(1.1 * t)))
        force = push * np.exp(-((places - centre) ** 2).sum(axis=1) / (0.03 * size * size + 0.5))
        share = np.array([{"z": 1.0, "x": 0.3, "y": -0.2}[a] for a in device.axes])
        noise = rng.normal(0.0, 0.02 * device.touch, rest.shape)
        readings = rest * (1 + 1e-4 * t) + 30.0 * device.touch * force[:, None] * share + noise
        return np.asarray(readings, np.float32)

    return scene


def magnetic_bytes(frame: NDArray[np.float32]) -> bytes:
    """As AnySkin's and ReSkin's firmware: temperature, x, y, z of each chip, CR LF."""
    chips = np.full((frame.shape[0], 4), 24.5, "<f4")
    chips[:, 1:] = frame
    return chips.tobytes() + b"\r\n"


def _counts(frame: NDArray[np.float32]) -> bytes:
    return frame.clip(0, 65535).astype("<u2").tobytes()


def cobs_bytes(frame: NDArray[np.float32]) -> bytes:
    """Little-endian u16, COBS, a zero byte."""
    return bytes(cobs.encode(_counts(frame))) + b"\0"


def slip_bytes(frame: NDArray[np.float32]) -> bytes:
    """Little-endian u16, SLIP-escaped, 0xC0."""
    return _counts(frame).replace(b"\xdb", b"\xdb\xdd").replace(b"\xc0", b"\xdb\xdc") + b"\xc0"


def csv_bytes(frame: NDArray[np.float32]) -> bytes:
    """Whole numbers between commas, as an Arduino's Serial.println leaves them."""
    return ",".join(str(int(v)) for v in frame.ravel()).encode() + b"\r\n"


def raw_bytes(frame: NDArray[np.float32]) -> bytes:
    """One byte a taxel, nothing else; sent when asked with 'A'."""
    return frame.clip(0, 255).astype("u1").tobytes()


ENCODERS: dict[str, Callable[[NDArray[np.float32]], bytes]] = {
    "anyskin": magnetic_bytes,
    "reskin": magnetic_bytes,
    "matrix+cobs": cobs_bytes,
    "matrix+slip": slip_bytes,
    "matrix+csv": csv_bytes,
    "matrix+raw": raw_bytes,
}


class Faults:
    """A line that loses a byte or adds a few within a share of the frames; which ones is noted in `hit`.

    Only damage that shows is done, since these protocols have no checksum: a frame's end stays, and so do SLIP's
    escapes and the digits of text (12 instead of 123 is a number too; a comma that is missing shows).
    """

    def __init__(self, share: float, seed: int = 1) -> None:
        self.share = share
        self.hit: list[int] = []
        self._rng = np.random.default_rng(seed)

    def spoil(self, frame: int, data: bytes) -> bytes:
        """The bytes of a frame as they arrive."""
        if self._rng.random() >= self.share:
            return data
        self.hit.append(frame)
        at = int(self._rng.integers(4, len(data) - 4))
        if self._rng.random() < 0.5 or b"\xdb" in data[at - 1 : at + 2]:
            return data[:at] + bytes([65, 66, 67])[: int(self._rng.integers(1, 4))] + data[at:]
        if data.isascii() and b"," in data:
            at = data.rindex(b",", 0, at) if b"," in data[:at] else data.index(b",")
        while data[at] in b"\xdb\xdc\xdd":
            at += 1
        return data[:at] + data[at + 1 :]


class PtySkin:
    """A serial skin on a pseudo-terminal of its own; `path` is what a driver opens.

    Attributes:
        sent: frames written so far, damaged ones included.
    """

    def __init__(
        self, device: Device, scene: Scene, hz: float = 0.0, faults: Faults | None = None, frames: int = 0
    ) -> None:
        """hz: frames a second; 0: as fast as they are taken. frames: after which it falls silent; 0: never."""
        self.device, self.sent = device, 0
        self._scene, self._hz, self._frames = scene, hz, frames
        self._faults = faults or Faults(0.0)
        self._encode = ENCODERS[device.name]
        self._stop = Event()
        self._ours, theirs = pty.openpty()
        tty.setraw(theirs)
        self.path = os.ttyname(theirs)
        self._theirs = theirs
        os.set_blocking(self._ours, False)
        self._thread = Thread(target=self.run, daemon=True)

    def start(self) -> PtySkin:
        """Send from a thread of its own."""
        self._thread.start()
        return self

    def run(self) -> None:
        """Send until `stop` or the last frame."""
        start = time.monotonic()
        while not self._stop.is_set() and not (self._frames and self.sent == self._frames):
            if self.device.name == "matrix+raw":
                if select.select([self._ours], [], [], 0.05)[0]:
                    for _ in range(os.read(self._ours, 64).count(b"A")):
                        self._send()
                continue
            due = int((time.monotonic() - start) * self._hz) + 1 if self._hz else self.sent + 1
            while self.sent < due and not self._stop.is_set() and not (self._frames and self.sent == self._frames):
                self._send()
            if self._hz:
                self._stop.wait(max(0.002, (self.sent + 1) / self._hz - (time.monotonic() - start)))

    def _send(self) -> None:
        data = self._faults.spoil(self.sent, self._encode(self._scene(self.sent)))
        self.sent += 1
        while data and not self._stop.is_set():
            if select.select([], [self._ours], [], 0.05)[1]:
                try:
                    data = data[os.write(self._ours, data) :]
                except BlockingIOError:  # a terminal may call itself ready that is full
                    self._stop.wait(0.001)

    def stop(self) -> None:
        """Pull the plug."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        for end in (self._ours, self._theirs):
            os.close(end)


def main(arguments: list[str] | None = None) -> int:
    """Run one simulated skin until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m sensors.skins.simulator", description=__doc__)
    parser.add_argument("device", choices=sorted(PRESETS))
    parser.add_argument("--hz", type=float, default=100.0, help="frames a second (default %(default)s)")
    parser.add_argument("--damage", type=float, default=0.0, help="share of the frames that are damaged, 0 to 1")
    parser.add_argument("--seconds", type=float, default=0.0, help="end after this time (default: Ctrl-C)")
    parser.add_argument("--rows", type=int, default=0)
    parser.add_argument("--columns", type=int, default=0)
    asked = parser.parse_args(arguments)
    device = PRESETS[asked.device]
    if asked.rows and asked.columns:
        device = Device(**{**{f: getattr(device, f) for f in device.__struct_fields__}, "rows": asked.rows,
                           "columns": asked.columns, "places": (), "positions_m": ()})  # fmt: skip
    scene = pressing(device, asked.hz)
    count = int(asked.seconds * asked.hz)
    try:
        if asked.device == "xela":
            from .xela_server import XelaServer

            server = XelaServer(device, scene, asked.hz, asked.damage, count)
            print(f"xela://127.0.0.1:{server.port}", flush=True)
            server.run()
        else:
            skin = PtySkin(device, scene, asked.hz, Faults(asked.damage), count)
            size = f"?rows={device.rows}&columns={device.columns}" if asked.device.startswith("matrix") else ""
            print(f"{asked.device}:{skin.path}{size}", flush=True)
            skin.run()
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except UserError as error:
        print(error, file=sys.stderr)
        sys.exit(2)
