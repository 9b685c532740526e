"""DeclaredNetwork.step(sensed) -> Command: a network built part by part, as a brain; allocates nothing per tick."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError
from sensors.signals import Body, Command, Sensed

from .assemble import Built, build
from .declare import Declared
from .layout import view
from .program import DEAD_FROM, LEARNING, TICK, tick
from .spec import PROBE

MAGIC = b"GANGNETW"
VERSION = 1
HEAD = 24


class DeclaredNetwork:
    """A declared network: its image, and views into it by name.

    Attributes:
        image: record (1,), all of its state; what saving, hashing and rolling back are about.
        arrays: every named array as a view into the image, as "learner.v", "load.weight", "drive.encoder".
        learned: names of those that learning changes. probe: PROBE (1,), of which `spikes` is written.
        neurons: of all populations.
    """

    def __init__(self, spec: Declared, body: Body, arrays: Mapping[str, NDArray] | None = None) -> None:
        built: Built = build(spec, body, arrays)
        self.spec, self.body = spec, body
        self.image, self.learned = built.image, built.learned
        self.arrays = {name: view(self.image, place) for name, place in built.layout.places.items()}
        self.neurons = sum(p.size for p in spec.populations.values())
        self.probe = np.zeros(1, PROBE)
        self._places = built.layout.places
        self._outputs = built.outputs
        self._doom(spec)
        self._initial = self.image.copy()
        record = self.image[0]
        self._flat = [record[name] for name in ("program", "head", "ledger", "rules", "i1", "u1", "i2", "i4")]
        self._tick: Callable[..., None] = tick
        self._numbers = record["i4"]
        self._effort = self.arrays["effort"][: len(body.effort)]
        self._command = Command(np.zeros(len(body.effort), np.int16))

    def _doom(self, spec: Declared) -> None:
        rng = np.random.default_rng([spec.seed, 0xDEAD])
        self._doomed = [
            (f"{name}.alive", rng.random(p.size) < spec.dead) for name, p in spec.populations.items() if spec.dead > 0
        ]
        self.image["head"][0, DEAD_FROM] = spec.dead_from_ms if self._doomed else 0

    def reset(self) -> None:
        """Return to the state before the first tick: newly built, or as last loaded."""
        self.image[:] = self._initial
        self.probe[:] = 0

    def step(self, sensed: Sensed) -> Command:
        """One tick; the returned command is overwritten by the next call."""
        self.tick(sensed.spikes, sensed.count, sensed.analog, sensed.goal)
        self._command.effort[:] = self._effort
        return self._command

    def tick(
        self, addresses: NDArray[np.unsignedinteger], count: int, analog: NDArray[np.int16], goal: NDArray[np.int16]
    ) -> None:
        """One tick on bare arrays, of any number of address-events; what came out is in `arrays` and `value`."""
        head = self._flat[1]
        if self._doomed and head[TICK] == head[DEAD_FROM]:
            for name, doomed in self._doomed:
                self.arrays[name][doomed] = 0
        before = self._flat[2][3]
        self._tick(*self._flat, addresses, count, analog, goal)
        self.probe["spikes"] = self._flat[2][3] - before

    def value(self, name: str) -> int:
        """What a signal or a read-out was in the last tick."""
        return int(self._numbers[self._outputs[name]])

    @property
    def learning(self) -> bool:
        """Whether weights and thresholds move; settable at any time, and part of the state."""
        return bool(self.image["head"][0, LEARNING])

    @learning.setter
    def learning(self, on: bool) -> None:
        self.image["head"][0, LEARNING] = on

    @property
    def ledger(self) -> NDArray[np.int64]:
        """int64 (7,), what it cost since the reset, see `ledger.FIELDS`."""
        totals: NDArray[np.int64] = self.image["ledger"][0]
        return totals

    def state_hash(self) -> int:
        """CRC-32 of the whole record: program, weights, state and ledger."""
        return zlib.crc32(self.image.tobytes())

    def snapshot(self) -> NDArray[np.void]:
        """A copy of all state, to which `roll_back` returns."""
        return self.image.copy()

    def roll_back(self, snapshot: NDArray[np.void]) -> None:
        """Return to a snapshot of this network, learned weights included."""
        if snapshot.dtype != self.image.dtype:
            raise UserError("the snapshot is of another network; take one of this")
        self.image[:] = snapshot

    def encode(self, record: NDArray[np.void]) -> bytes:
        """An image behind magic, version, layout, size and CRC-32."""
        body = record.tobytes()
        return MAGIC + np.array([VERSION, self._layout(), len(body), zlib.crc32(body)], "<u4").tobytes() + body

    def decode(self, data: bytes, source: str = "the brain state") -> NDArray[np.void]:
        """Check and unwrap what `encode` made of a network of this layout; changes nothing.

        Raises:
            UserError: not an image, of another version or network, cut or damaged.
        """
        if data[:8] != MAGIC or len(data) < HEAD:
            raise UserError(f"{source} is not the image of a declared network; name one that this program saved")
        version, layout, size, crc = np.frombuffer(data[8:HEAD], "<u4").tolist()
        if version != VERSION or layout != self._layout():
            raise UserError(
                f"{source} is of version and layout {version}:{layout:08x}, this network "
                f"{VERSION}:{self._layout():08x}; learn it anew"
            )
        body = data[HEAD:]
        if len(body) != size or zlib.crc32(body) != crc:
            raise UserError(f"{source} is damaged: {len(body)} of {size} bytes, CRC differs; use another copy")
        return np.frombuffer(body, self.image.dtype).copy()

    def save(self, path: Path) -> None:
        """Write the whole image; the file appears whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_bytes(self.encode(self.image))
        part.replace(path)

    def load(self, path: Path) -> None:
        """Take over what a saved image of this network learned; the rest starts afresh. A failed load changes nothing.

        Raises:
            UserError: missing, damaged, or of another network.
        """
        try:
            data = path.read_bytes()
        except OSError as error:
            raise UserError(f"{path}: {error.strerror}; name the image of an earlier run") from None
        self.take_over(self.decode(data, str(path)))

    def take_over(self, other: NDArray[np.void]) -> None:
        """Start from the learned arrays of another image of this network, as `load` does."""
        for name in self.learned:
            view(self._initial, self._places[name])[...] = view(other, self._places[name])
        self.reset()

    def _layout(self) -> int:
        """CRC-32 of the names, places and operations: what two networks must share to share a state."""
        places = [(name, p.pool, p.at, p.shape) for name, p in self._places.items()]
        return zlib.crc32(self.image["program"].tobytes(), zlib.crc32(json.dumps(places).encode()))
