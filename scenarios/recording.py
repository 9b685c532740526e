"""Recordings: the one file of a run, enough to recompute every command and to draw every report.

The bytes are `container.py`'s. Its chunks, in order; J = JSON, all numbers little-endian, n = ticks of a block:

    HEAD  J: kind (of scenario), scenario (TOML text), versions, analog, goal, effort (channels), truth, probe (fields
          of the records)
    LRND  the brain state file that the run began with; only if there was one
    then for each episode
    BEGN  J: episode (the fields of the kind's own), tick_us, delay_us, brain_before (state hash)
    SENS  a block: u32 n, u16 counts[n], u16 overflow[n], i16 analog[channel][n], goal, effort likewise, u16 spikes[]
    TRTH  the block's truth, PROB the brain's probe, each field by field: field[n]. A replay does not need them
    RICH  J: frame_us, camera_size, arrays (dtype and shape of events, taxels, frames); only if they were kept
    RARR  u32 array, then its next bytes
    ENDE  J: ticks, brain_after (state hash)
    and last, when the writer was closed
    DONE  J: episodes (whole ones in the file), interrupted (whether more were meant to follow)
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

from .container import ChunkWriter, DamageError, read_chunks
from .task import Schema
from .tasks import schema_of
from .trace import Rich, Trace
from .unpack import Layout, Unfinished

NAME = "recording.gang"
BLOCK_TICKS = 256
_SLICE = 1 << 22


class Writer:
    """Appends episodes to a new recording; what was appended stays readable whatever happens to the process."""

    def __init__(
        self, path: Path, schema: Schema, scenario: str, versions: dict[str, str], learned: bytes | None = None
    ) -> None:
        self._chunks = ChunkWriter(path)
        self._episodes = 0
        body = schema.body
        head = {
            "kind": schema.kind, "scenario": scenario, "versions": versions,
            "analog": len(body.analog), "goal": len(body.goal), "effort": len(body.effort),
            "truth": schema.truth.descr, "probe": schema.probe.descr,
        }  # fmt: skip
        self._json(b"HEAD", head)
        if learned is not None:
            self._chunks.write(b"LRND", learned)

    def append(self, trace: Trace) -> None:
        """Write one whole episode. Raises OSError when the disk is full."""
        self._json(
            b"BEGN",
            {
                "episode": asdict(trace.episode),
                "tick_us": trace.tick_us,
                "delay_us": trace.delay_us,
                "brain_before": trace.brain_before,
            },
        )
        at = np.concatenate([[0], np.cumsum(trace.counts, dtype=np.int64)])
        for row in range(0, len(trace.counts), BLOCK_TICKS):
            rows = slice(row, min(row + BLOCK_TICKS, len(trace.counts)))
            parts = [
                struct.pack("<I", rows.stop - rows.start),
                _bytes(trace.counts[rows]),
                _bytes(trace.overflow[rows]),
            ]
            parts += [_bytes(a[rows].T) for a in (trace.analog, trace.goal, trace.effort)]
            parts.append(_bytes(trace.spikes[at[rows.start] : at[rows.stop]]))
            self._chunks.write(b"SENS", b"".join(parts))
            for kind, records in ((b"TRTH", trace.truth[rows]), (b"PROB", trace.probe[rows])):
                self._chunks.write(kind, b"".join(_bytes(records[name]) for name in records.dtype.names or ()))
        if trace.rich is not None:
            self._rich(trace.rich)
        self._json(b"ENDE", {"ticks": len(trace.counts), "brain_after": trace.brain_after})
        self._episodes += 1

    def _rich(self, rich: Rich) -> None:
        arrays = (rich.camera_events, rich.skin_events, rich.taxels, rich.frames)
        kinds = [[a.dtype.str if a.dtype.names is None else "event", list(a.shape)] for a in arrays]
        self._json(b"RICH", {"frame_us": rich.frame_us, "camera_size": list(rich.camera_size), "arrays": kinds})
        for index, array in enumerate(arrays):
            body = np.ascontiguousarray(array).tobytes()
            for start in range(0, len(body), _SLICE):
                self._chunks.write(b"RARR", struct.pack("<I", index) + body[start : start + _SLICE])

    def _json(self, kind: bytes, value: dict[str, Any]) -> None:
        self._chunks.write(kind, json.dumps(value).encode())

    def close(self, interrupted: bool = False) -> None:
        """End the recording; `interrupted`: not all episodes were run. Raises OSError on a full disk."""
        try:
            self._json(b"DONE", {"episodes": self._episodes, "interrupted": interrupted})
        finally:
            self._chunks.close()


def _bytes(array: NDArray[Any]) -> bytes:
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


class Recording:
    """A recording read back; iterate it for its whole episodes, in the order they were written.

    Attributes:
        path: of the file. schema: of what it holds. scenario: the scenario's text. versions: of the programs that made
            it.
        learned: the brain state file that the run began with, or None.
        partial: after reading, the ticks of an episode that was cut short, or None.
        interrupted: after reading, whether the run was ended before all its episodes.

    Raises:
        UserError: missing, empty, not a recording, of another version, or without a readable header.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.learned: bytes | None = None
        self.partial: Trace | None = None
        self.interrupted = False
        self._damage: str | None = None
        self._read_through = False
        try:
            chunks = read_chunks(path)
            kind, payload = next(chunks)
            if kind != b"HEAD":
                raise ValueError(f"begins with {kind!r}")
            head = json.loads(payload)
            self.schema = schema_of(head.get("kind", "grasp"))  # the first recordings had but one kind
            self.scenario: str = head["scenario"]
            self.versions: dict[str, str] = head["versions"]
            self._layout = Layout.of(head, self.schema.episode)
            with suppress(DamageError):  # which iterating will tell, with all that can be read before it
                kind, payload = next(chunks, (b"", b""))
                self.learned = payload if kind == b"LRND" else None
            chunks.close()
        except (DamageError, StopIteration, ValueError, KeyError, TypeError) as error:
            why = f": {error}" if str(error) else ""
            raise UserError(f"{path} has no readable header{why}; use another copy") from None

    def __iter__(self) -> Iterator[Trace]:
        """Yield the whole episodes; stops quietly at the first damage, which `damage` then tells."""
        begun: Unfinished | None = None
        done: dict[str, Any] | None = None
        count = 0
        self.partial, damage = None, None
        try:
            for kind, payload in read_chunks(self.path):
                if done is not None:
                    raise ValueError("there are chunks after the last one")
                match kind:
                    case b"BEGN" if begun is None:
                        begun = Unfinished(self._layout, json.loads(payload))
                    case b"SENS" | b"TRTH" | b"PROB" | b"RICH" | b"RARR" if begun is not None:
                        begun.add(kind, payload)
                    case b"ENDE" if begun is not None:
                        trace = begun.whole(json.loads(payload))
                        begun, count = None, count + 1
                        yield trace
                    case b"DONE" if begun is None:
                        done = json.loads(payload)
                        self.interrupted = bool(done["interrupted"])
                        if done["episodes"] != count:
                            raise ValueError(f"{count} of {done['episodes']} episodes are there")
                    case b"BEGN" | b"SENS" | b"TRTH" | b"PROB" | b"RICH" | b"RARR" | b"ENDE" | b"DONE":
                        raise ValueError(f"chunk {kind.decode()} is out of place")
        except DamageError as error:
            damage = str(error)
        except (ValueError, KeyError, TypeError, IndexError, struct.error) as error:
            damage = f"damaged after episode {count}: {error}"
        if damage is None and done is None:
            damage = "not closed: the run that wrote it was killed"
        if damage is not None:
            damage = f"{self.path} is {damage}; {count} whole episodes before that are readable"
            self.partial = begun.partial() if begun is not None else None
        self._damage, self._read_through = damage, True

    @cached_property
    def traces(self) -> list[Trace]:
        """All whole episodes at once."""
        return list(self)

    @property
    def damage(self) -> str | None:
        """None, or one sentence on what is wrong with the file, where, and what of it can be read."""
        if not self._read_through:
            for _ in self:
                pass
        return self._damage
