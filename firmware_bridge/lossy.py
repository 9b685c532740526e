"""A bad link on purpose, from a seed: `lossy:drop=0.01,flip=1e-3,seed=3:URL`.

Per frame and direction: drop, duplicate, delay (it arrives after one to three later ones), stall (nothing moves for 1
to 20 ms), unplug (the device is gone for one to five attempts to open it). flip: per byte, one bit of it.
"""

from __future__ import annotations

import dataclasses
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from sensors.errors import UserError

if TYPE_CHECKING:
    from .link import Port


class LinkLostError(Exception):
    """The device is gone; it may come back."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What a bad link does, as probabilities 0..1, and the seed it does it from."""

    drop: float = 0.0
    duplicate: float = 0.0
    delay: float = 0.0
    flip: float = 0.0
    stall: float = 0.0
    unplug: float = 0.0
    seed: int = 0

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read `name=value,name=value`. Raises UserError for a name or value it does not know."""
        known = {f.name: int if f.name == "seed" else float for f in dataclasses.fields(cls)}
        values: dict[str, float] = {}
        for word in filter(None, words.split(",")):
            name, _, value = word.partition("=")
            try:
                values[name] = known[name](value)
            except (KeyError, ValueError):
                raise UserError(
                    f"lossy: does not know {word!r}; it knows {', '.join(known)}, as in drop=0.01"
                ) from None
            if not 0 <= values[name] <= (1 if name != "seed" else 2**63):
                raise UserError(f"lossy: {word} is not a probability; write a number from 0 to 1")
        return cls(**values)  # type: ignore[arg-type]


class _Lane:
    """One direction: takes whole frames, gives what comes out of the bad end."""

    def __init__(self, faults: Faults, stream: int) -> None:
        self._faults = faults
        self._rng = np.random.default_rng([faults.seed, stream])
        self._pending = b""
        self._late: list[tuple[int, bytes]] = []

    def pass_through(self, data: bytes) -> tuple[bytes, float, bool]:
        """Bytes that arrive, seconds that the link stalls before, and whether it was unplugged instead."""
        *ended, self._pending = (self._pending + data).split(b"\0")
        out, stall_s = b"", 0.0
        f, rng = self._faults, self._rng
        for body in ended:
            frame = self._flipped(body + b"\0")
            dropped, twice, late, stalls, gone = rng.random(5) < (f.drop, f.duplicate, f.delay, f.stall, f.unplug)
            if gone:
                return b"", 0.0, True
            stall_s += rng.uniform(0.001, 0.02) if stalls else 0.0
            self._late = [(frames - 1, old) for frames, old in self._late]
            if late and not dropped:
                self._late.append((int(rng.integers(1, 4)), frame))
            elif not dropped:
                out += frame * (2 if twice else 1)
            out += b"".join(old for frames, old in self._late if frames <= 0)
            self._late = [(frames, old) for frames, old in self._late if frames > 0]
        return out, stall_s, False

    def _flipped(self, frame: bytes) -> bytes:
        hit = np.flatnonzero(self._rng.random(len(frame)) < self._faults.flip)
        if not hit.size:
            return frame
        damaged = bytearray(frame)
        for at in hit:
            damaged[at] ^= 1 << int(self._rng.integers(8))
        return bytes(damaged)

    def forget(self) -> None:
        """What was under way when the plug was pulled is lost."""
        self._pending = b""
        self._late.clear()


class LossyPort:
    """A Port that passes everything through a bad link."""

    def __init__(self, port: Port, faults: Faults) -> None:
        self._port = port
        self._out, self._in = _Lane(faults, 0), _Lane(faults, 1)
        self._plug = np.random.default_rng([faults.seed, 2])
        self._gone_for = 0

    def _arrives(self, lane: _Lane, data: bytes) -> bytes:
        if self._gone_for:
            raise LinkLostError("unplugged")
        out, stall_s, unplugged = lane.pass_through(data)
        if unplugged:
            self._gone_for = int(self._plug.integers(1, 6))
            self._out.forget()
            self._in.forget()
            raise LinkLostError("unplugged")
        if stall_s:
            time.sleep(stall_s)  # noqa: TID251  a stall is time that passes
        return out

    def write(self, data: bytes) -> None:
        arrives = self._arrives(self._out, data)
        if arrives:
            self._port.write(arrives)

    def read(self) -> bytes:
        return self._arrives(self._in, self._port.read())

    def reopen(self) -> bool:
        if self._gone_for:
            self._gone_for -= 1
        return not self._gone_for and self._port.reopen()

    def close(self) -> None:
        self._port.close()
