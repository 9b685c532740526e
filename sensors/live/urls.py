"""Live sources by URL: usb:[SERIAL], inivation:[SERIAL], dv://host:port, udp://host:port."""

from __future__ import annotations

from collections.abc import Callable

from sensors.errors import UserError
from sensors.stream import Counters, Origin, Stream

from .inivation import open_camera, open_server
from .pump import RETRY_S, ROOM, Device, Pump
from .udp import UdpReceiver
from .usb import UsbCamera

SCHEMES = ("usb:", "inivation:", "dv://", "udp://")


def is_url(where: str) -> bool:
    """Whether it names a live source rather than a file."""
    return where.startswith(SCHEMES)


def opener(url: str) -> Callable[[], Device]:
    """What opens the device of a URL, now and after it was lost."""
    scheme, _, rest = url.partition(":")
    match scheme:
        case "usb":
            return lambda: UsbCamera(rest)
        case "inivation":
            return lambda: open_camera(rest)
        case "dv":
            return lambda: open_server(url)
    return lambda: UdpReceiver(url)


def open_live(
    url: str,
    geometry: tuple[int, int] | None = None,
    reconnect: bool = True,
    room: int = ROOM,
    retry_s: float = RETRY_S,
    device: Callable[[], Device] | None = None,
) -> Stream:
    """Open a live source; its stream goes on until `Stream.close()`, and yields an empty packet when nothing comes.

    Args:
        geometry: overrules what the source tells. reconnect: look for a lost device until it is back.
        room: most events that wait for a slow consumer; the oldest are dropped and counted. device: opens another
        device.

    Raises:
        UserError: there is no such device, or nobody tells the geometry.
    """
    again = device or opener(url)
    found = again()
    size = geometry or found.size
    if size[0] is None or size[1] is None:
        found.close()
        raise UserError(f"{url} does not tell its geometry; give it: --geometry 640x480")
    counters = Counters()
    pump = Pump(url, found, again if reconnect else None, counters, room, retry_s)
    form = f"udp {found.layout}" if isinstance(found, UdpReceiver) else url.partition(":")[0]
    origin = Origin(form, pump.packets(), found.size, found.sensor, counters=counters, close=pump.close)
    return Stream(url, origin, size[0], size[1], "asked" if geometry else "header")
