"""Events from any source to any target, through filters, with progress and a look at the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from tqdm import tqdm

from sensors.chain import Chain, chain
from sensors.errors import UserError
from sensors.live.udp import UdpSender
from sensors.write import EventWriter

if TYPE_CHECKING:
    from sensors.stream import Events, Stream

SPARE = 256 << 20
"""Bytes that stay free on the disk: when a recording has eaten the rest it ends, whole."""
LOOK_EVERY = 1 << 20
"""Events between two looks at the disk."""


@dataclass(slots=True)
class Copied:
    """events, triggers: written. losses: what the format or the filters left out, in words. damage: of the source.
    stopped: why it ended early, if it did."""

    events: int
    triggers: int
    losses: list[str]
    damage: str | None
    stopped: str | None


class Target(Protocol):
    """A file being written, or a receiver over UDP."""

    events: int
    triggers: int

    @property
    def losses(self) -> list[str]: ...

    def write(self, events: Events, triggers: Events) -> None: ...

    def close(self) -> None: ...

    def abandon(self) -> None: ...


def open_target(target: str, form: str | None, size: tuple[int, int], sensor: str) -> Target:
    """udp://host:port, or a file."""
    return UdpSender(target, *size) if target.startswith("udp://") else EventWriter(Path(target), *size, form, sensor)


def copy(
    stream: Stream,
    target: str,
    form: str | None,
    filters: str,
    enough: Callable[[], bool] = lambda: False,
    keep: bool = False,
) -> Copied:
    """Copy until the source ends, `enough()` is true, or the disk is nearly full; the target is whole then.

    Args:
        keep: being stopped (Ctrl-C, SIGTERM) ends the copy well; otherwise it leaves nothing.

    Raises:
        UserError: the target cannot be written or cannot hold an event; nothing is left behind.
    """
    judge = chain(filters, stream.width, stream.height)
    folder = None if target.startswith("udp://") else Path(target).parent
    if folder is not None:
        check_disk(folder)
    writer = open_target(target, form, judge.out_size, stream.sensor)
    try:
        damage, stopped = _pass(stream, writer, judge, folder, enough, keep)
    except BaseException:
        writer.abandon()
        raise
    finally:
        stream.close()
    writer.close()
    losses = writer.losses
    if judge.kept < judge.seen:
        losses.append(f"{judge.seen - judge.kept} events by the filters, as asked")
    return Copied(writer.events, writer.triggers, losses, damage, stopped)


def _pass(
    stream: Stream, writer: Target, judge: Chain, folder: Path | None, enough: Callable[[], bool], keep: bool
) -> tuple[str | None, str | None]:
    """The copying itself; returns the damage of the source, and why it was stopped before its end."""
    looked = 0
    packets = iter(stream)
    with tqdm(unit=" events", unit_scale=True, delay=2, disable=None, leave=False) as bar:
        while not enough():
            try:
                packet = next(packets)
            except StopIteration:
                break
            except UserError as error:
                return str(error), None
            except (KeyboardInterrupt, SystemExit):
                if not keep:
                    raise
                return None, "stopped from outside"
            writer.write(judge(packet), stream.triggers)
            bar.update(packet.size)
            if lost := stream.counters.dropped + stream.counters.overflow:
                bar.set_postfix_str(f"{lost} lost", refresh=False)
            if folder is not None and writer.events - looked >= LOOK_EVERY:
                looked = writer.events
                if shutil.disk_usage(folder).free < SPARE:
                    return None, f"the disk of {folder} has less than {SPARE >> 20} MB left"
    return None, None


def check_disk(folder: Path) -> None:
    """Refuse to begin on a disk that is nearly full.

    Raises:
        UserError: it is, or the folder is not there.
    """
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise UserError(f"{folder}: {error.strerror}; give a folder that is there") from None
    if free < SPARE:
        raise UserError(
            f"{folder}: {free >> 20} MB are free, expected {SPARE >> 20} or more; make room, or choose another disk"
        )
