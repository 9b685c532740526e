"""Events from any source to any target, through filters, with progress and a look at the disk."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from sensors.chain import chain
from sensors.errors import UserError
from sensors.stream import DamageError
from sensors.write import EventWriter

if TYPE_CHECKING:
    from sensors.stream import Stream

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


def copy(
    stream: Stream,
    path: Path,
    form: str | None,
    filters: str,
    enough: Callable[[], bool] = lambda: False,
) -> Copied:
    """Copy until the source ends, `enough()` is true, or the disk is nearly full; the target is whole then.

    Raises:
        UserError: the target cannot be written or cannot hold an event; nothing is left behind.
    """
    judge = chain(filters, stream.width, stream.height)
    check_disk(path)
    damage = stopped = None
    looked = 0
    with (
        EventWriter(path, *judge.out_size, form, stream.sensor) as writer,
        tqdm(unit=" events", unit_scale=True, delay=2, disable=None, leave=False) as bar,
    ):
        try:
            for packet in stream:
                writer.write(judge(packet), stream.triggers)
                bar.update(packet.size)
                lost = stream.counters.dropped + stream.counters.overflow
                if lost:
                    bar.set_postfix_str(f"{lost} lost", refresh=False)
                if writer.events - looked >= LOOK_EVERY:
                    looked = writer.events
                    if shutil.disk_usage(path.parent).free < SPARE:
                        stopped = f"the disk of {path} has less than {SPARE >> 20} MB left"
                if stopped or enough():
                    break
        except DamageError as error:
            damage = str(error)
        except KeyboardInterrupt:
            stopped = "stopped by Ctrl-C"
        finally:
            stream.close()
    losses = writer.losses
    if judge.kept < judge.seen:
        losses.append(f"{judge.seen - judge.kept} events by the filters, as asked")
    return Copied(writer.events, writer.triggers, losses, damage, stopped)


def check_disk(path: Path) -> None:
    """Refuse to begin on a disk that is nearly full.

    Raises:
        UserError: it is, or the folder is not there.
    """
    try:
        free = shutil.disk_usage(path.parent).free
    except OSError as error:
        raise UserError(f"{path.parent}: {error.strerror}; give a folder that is there") from None
    if free < SPARE:
        raise UserError(
            f"{path}: {free >> 20} MB are free, expected {SPARE >> 20} or more; make room, or choose another disk"
        )
