"""One call opens any source of events, by path or URL, as an iterator of EVENT packets."""

from __future__ import annotations

from pathlib import Path

from .files import open_file
from .stream import Stream


def open_events(where: Path | str, form: str | None = None, geometry: tuple[int, int] | None = None) -> Stream:
    """Open a recording.

    Args:
        where: path of a recording. form: overrules what the content says, one of `files.READABLE`.
        geometry: width and height, overrules the header.

    Raises:
        UserError: the source cannot be opened, is of no known format, or needs a library that is not installed.
    """
    return open_file(Path(where), form, geometry)
