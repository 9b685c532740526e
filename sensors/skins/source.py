"""Skins as sources of EVENTs, the same as cameras to whoever reads: open_touch("anyskin:/dev/ttyACM0")."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from sensors.skin import Skin, open_skin
from sensors.stream import NO_TRIGGERS, Counters, Origin, Stream

from .digit import CameraSkin
from .fingertip import Fingertip

GATHER_S = 0.008


def open_touch(url: str) -> Stream:
    """Open a skin as a stream that goes on until `Stream.close()` and yields an empty packet when nothing comes.

    The baseline is learned in the first half second, in which nothing must touch the skin. `Stream.counters.dropped`
    counts frames that were damaged or never came.

    Raises:
        UserError: as `sensors.skin.open_skin` and `CameraSkin`.
    """
    counters = Counters()
    if url.startswith("digit:"):
        camera = CameraSkin(url.removeprefix("digit:"))
        origin = Origin("digit", _seen(camera, counters), camera.size, "camera", counters=counters, close=camera.close)
        return Stream(url, origin, *camera.size, "header")
    skin = open_skin(url)
    tip = Fingertip(skin.device)
    open_ = [True]

    def close() -> None:
        open_[0] = False
        skin.close()

    origin = Origin(skin.device.name, _felt(skin, tip, counters, open_), tip.size, skin.device.name, 0, counters, close)
    return Stream(url, origin, *tip.size, "header")


Packet = tuple[NDArray[np.void], NDArray[np.void]]


def _felt(skin: Skin, tip: Fingertip, counters: Counters, open_: list[bool]) -> Iterator[Packet]:
    while open_[0]:
        skin.wait(GATHER_S)
        if not open_[0]:
            return
        frames, t_us = skin.poll()
        events = tip.feel(frames, t_us).copy()
        counters.dropped = skin.counters.damaged + skin.counters.dropped
        counters.overflow = tip.lost
        counters.reconnects = skin.counters.reconnects
        yield events, NO_TRIGGERS


def _seen(camera: CameraSkin, counters: Counters) -> Iterator[Packet]:
    while (events := camera.next()) is not None:
        counters.overflow = camera.overflow
        yield events.copy(), NO_TRIGGERS
