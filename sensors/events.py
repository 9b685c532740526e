"""One call opens any source of events, by path or URL, as an iterator of EVENT packets."""

from __future__ import annotations

from pathlib import Path

from .errors import UserError
from .files import open_file
from .stream import Stream


def open_events(
    where: Path | str,
    form: str | None = None,
    geometry: tuple[int, int] | None = None,
    pace: float | None = None,
    reconnect: bool = True,
) -> Stream:
    """Open a recording or a live source.

    Args:
        where: path of a recording; usb:[SERIAL], inivation:[SERIAL], dv://host:port, udp://host:port; a skin, as
            anyskin:/dev/ttyACM0 (see `sensors.skin`), which is read as a very small camera.
        form: of a file, overrules what its content says, one of `files.READABLE`.
        geometry: width and height, overrules what the source tells.
        pace: times real time at which a file is handed on; None: as fast as it is asked for.
        reconnect: look for a lost camera until it is back.

    Raises:
        UserError: the source cannot be opened, is of no known format, or needs a library that is not installed.
    """
    from .live.urls import SCHEMES, is_url, open_live
    from .skins.device import SKINS, is_skin

    text = str(where)
    if isinstance(where, str) and (is_url(text) or is_skin(text)):
        if pace is not None:
            raise UserError(f"{text} is live and has its own pace; leave the pace out")
        if is_skin(text):
            from .skins.source import open_touch

            return open_touch(text)
        return open_live(text, geometry, reconnect)
    if "://" in text:
        raise UserError(f"{text} is no source of events; URLs begin with {', '.join((*SCHEMES, *SKINS))}")
    stream = open_file(Path(where), form, geometry)
    if pace is not None:
        from .live.pace import paced

        if not 0.001 <= pace <= 1000:
            raise UserError(f"pace {pace:g} is out of range; expected 0.001 to 1000 times real time")
        stream.through(lambda packets: paced(packets, pace))
    return stream
