"""The verb state: what a target has learned, off and onto it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from controller import image
from controller.image import IMAGE
from firmware_bridge import targets
from firmware_bridge.deployed import assert_current, target_name
from firmware_bridge.remote import RemoteBrain
from sensors.errors import UserError
from sim.bullet import GRIPPER

LOAD = "ganglion state URL load FILE"


@contextmanager
def connected(where: str) -> Iterator[RemoteBrain]:
    """The target at a URL, of this program's build. Raises UserError."""
    with targets.serve(where) as url:
        remote = RemoteBrain(url, GRIPPER)
        try:
            assert_current(remote.welcome, url)
            yield remote
        finally:
            remote.close()


def save(remote: RemoteBrain, file: Path) -> str:
    """Write the target's record as a state.bin; returns a sentence. Raises UserError also if it holds none."""
    if not remote.status()[0]["loaded"]:
        raise UserError(f"{target_name(remote.welcome)} holds no state; run a scenario on it, or load one: {LOAD}")
    record = np.frombuffer(remote.save(), IMAGE).copy()
    image.save(record, file)
    return f"saved {file}: {remote.ticks()} ticks old, state {image.state_hash(record):08x}"


def load(remote: RemoteBrain, file: Path) -> str:
    """Let the target go on from a state.bin, from the bit; returns a sentence."""
    record = image.load(file)
    remote.load(record.tobytes())
    return f"loaded {file}: state {remote.state_hash():08x}"
