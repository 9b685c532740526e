"""The serial port, behind one wall: opening by URL, reading with a timeout, coming back after it was unplugged.

`lossy:` in front of a URL makes a bad link of any (see `lossy.py`); the rest is pyserial's: /dev/ttyACM0, socket://,
rfc2217://, loop://, spy://. This is the one place of the bridge that waits.
"""

from __future__ import annotations

import contextlib
import errno
import getpass
import glob
import grp
import os
import re
import select
import termios
import time
from typing import Protocol

import serial
from serial.tools import list_ports

from sensors.errors import UserError

from .framing import Frame, Parser
from .lossy import Faults, LinkLostError, LossyPort
from .protocol import BAUD

REOPEN_EVERY_S = 0.02
IN_USE = (errno.EBUSY, errno.EAGAIN)
READ_MAX = 4096


class InUseError(UserError):
    """Another program has the port."""


class Port(Protocol):
    """A byte stream to a device; its methods raise LinkLostError when the device is gone."""

    def write(self, data: bytes) -> None:
        """Send all of it."""

    def read(self) -> bytes:
        """What has arrived; waits at most the port's timeout for the first byte, then returns b''."""

    def reopen(self) -> bool:
        """Try once to open it again; returns whether it is open."""

    def close(self) -> None:
        """Give the device back."""


class SerialPort:
    """A Port that pyserial opens. Raises UserError where the user can mend it."""

    def __init__(self, url: str, timeout_s: float, baud: int = BAUD) -> None:
        self._url, self._timeout_s, self._baud = url, timeout_s, baud
        self._file: int | None = None
        try:
            self._port = self._open()
        except (OSError, ValueError) as error:
            kind = InUseError if _number(error) in IN_USE else UserError
            raise kind(_explain(url, error)) from None

    def _open(self) -> serial.Serial:
        port: serial.Serial = serial.serial_for_url(self._url, do_not_open=True)
        port.baudrate, port.timeout, port.write_timeout = self._baud, self._timeout_s, 1.0
        if hasattr(port, "exclusive"):
            port.exclusive = True
        port.open()
        self._file = port.fileno() if type(port) is serial.Serial else None
        return port

    def write(self, data: bytes) -> None:
        try:
            left = data if self._file is None else data[self._sent_at_once(self._file, data) :]
            if left:
                self._port.write(left)
        except (OSError, TypeError, AttributeError) as error:  # pyserial lets the latter through once a port is closed
            raise LinkLostError(str(error)) from None

    def read(self) -> bytes:
        try:
            if self._file is not None:
                return self._read_at_once(self._file)
            first: bytes = self._port.read(1)
            waiting = self._port.in_waiting if first else 0
            return first + self._port.read(waiting) if waiting else first
        except (OSError, TypeError, AttributeError) as error:
            raise LinkLostError(str(error)) from None

    @staticmethod
    def _sent_at_once(file: int, data: bytes) -> int:
        """How many bytes a device took in one call of the system; pyserial waits after it, and with what is left."""
        try:
            return os.write(file, data)
        except BlockingIOError:
            return 0

    def _read_at_once(self, file: int) -> bytes:
        """Of a device: what pyserial does in five calls of the system, in two."""
        ready, _, _ = select.select((file,), (), (), self._timeout_s)
        if not ready:
            return b""
        data = os.read(file, READ_MAX)
        if not data:
            raise LinkLostError("the device is gone")
        return data

    def reopen(self) -> bool:
        self.close()
        try:
            self._port = self._open()
        except (OSError, ValueError):
            return False
        return True

    def close(self) -> None:
        self._file = None
        self._port.close()


def _explain(url: str, error: OSError | ValueError) -> str:
    """One line on why a port did not open, and the next move."""
    number = _number(error)
    if number == errno.EACCES:
        name, user = _group(url), getpass.getuser()
        if name == "root":
            return f"{user} may not open {url}, which only root may; let a udev rule give it to a group of yours"
        cure = f"sudo usermod -aG {name} {user}, then log in again"
        return f"{user} may not open {url}, which belongs to group {name}; {cure}"
    if number in IN_USE:
        return f"{url} is in use by {_holder(url)}; close it there and try again"
    if number in (errno.ENOENT, errno.ENODEV, errno.ENXIO):
        found = ", ".join(sorted(p.device for p in list_ports.comports())) or "none"
        return f"there is no {url}; serial ports found: {found}"
    if number in (errno.ENOTTY, errno.EISDIR, errno.EINVAL):
        return f"{url} is no serial port; name a device such as /dev/ttyACM0 or a URL such as socket://host:port"
    said = re.sub(r"^Could not open port [^[]*|\[Errno -?\d+\] ", "", str(error))
    return f"{url} does not open: {said}; name a device such as /dev/ttyACM0 or a URL such as socket://host:port"


def _number(error: OSError | ValueError) -> int | None:
    """The system's number of an error, also where pyserial wraps it into words only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    return error.__context__.args[0] if isinstance(error.__context__, termios.error) else None


def _holder(path: str) -> str:
    """Who has a device open, as far as this user may know; not the program behind a pseudo-terminal."""
    real = os.path.realpath(path)
    for process in glob.iglob("/proc/[0-9]*"):
        with contextlib.suppress(OSError):
            files = [os.readlink(file) for file in glob.iglob(f"{process}/fd/*")]
            if real in files and not any(file.endswith("ptmx") for file in files):
                with open(f"{process}/cmdline", "rb") as file:
                    words = file.read().replace(b"\0", b" ").decode(errors="replace").strip()
                return f"process {process.removeprefix('/proc/')} ({words[:80]})"
    return "another program"


def _group(path: str) -> str:
    try:
        return grp.getgrgid(os.stat(path).st_gid).gr_name
    except (OSError, KeyError):
        return "dialout"


def open_port(url: str, timeout_s: float, baud: int = BAUD) -> Port:
    """Open any URL, `lossy:` included. timeout_s: longest wait of one `read`. Raises UserError."""
    if url.startswith("lossy:"):
        words, colon, inner = url.removeprefix("lossy:").partition(":")
        if not colon or not inner:
            raise UserError(f"{url} names no device; write lossy:drop=0.01,seed=3:/dev/ttyACM0")
        faults = Faults.parse(words)
        return LossyPort(open_port(inner, timeout_s, baud), faults)
    return SerialPort(url, timeout_s, baud)


class Link:
    """Frames to and from one device.

    Attributes:
        url: as opened. received: bytes that came, good or bad.
    """

    def __init__(self, url: str, timeout_s: float, baud: int = BAUD) -> None:
        self.url, self.timeout_s = url, timeout_s
        self._port = open_port(url, timeout_s, baud)
        self._parser = Parser()
        self.received = 0

    @property
    def garbled(self) -> int:
        """Pieces received that were no frame."""
        return self._parser.garbled

    def send(self, data: bytes) -> None:
        """Write encoded frames. Raises LinkLostError."""
        self._port.write(data)

    def receive(self) -> list[Frame] | None:
        """Frames that the next bytes complete, none after a silence of the timeout; None for garbage and nothing
        else, when to ask again at once. Raises LinkLostError.
        """
        data = self._port.read()
        self.received += len(data)
        before = self._parser.garbled
        frames = self._parser.feed(data)
        return None if not frames and self._parser.garbled > before else frames

    def reopen(self, patience_s: float) -> bool:
        """Wait for the device to come back and open it; False if it did not within `patience_s`."""
        self._parser.feed(b"\0")
        until = self.now_s() + patience_s
        while not self._port.reopen():
            if self.now_s() > until:
                return False
            time.sleep(REOPEN_EVERY_S)  # noqa: TID251  a device that was unplugged takes its time
        return True

    @staticmethod
    def now_s() -> float:
        """The clock that timeouts are measured on; it decides when to ask again, never what is computed."""
        return time.monotonic()

    @staticmethod
    def wait_until(until_s: float) -> None:
        """Wait until the clock says so; returns at once if it is past."""
        left = until_s - time.monotonic()
        if left > 0:
            time.sleep(left)  # noqa: TID251  a real robot's time passes by itself

    def close(self) -> None:
        """Give the device back."""
        self._port.close()
