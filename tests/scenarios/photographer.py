"""Watches a trial as `--view` does and takes a picture of the screen: a program of its own, and who asks it to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from scenarios import load
from scenarios.recording import NAME
from scenarios.run import run
from scenarios.tasks import task_of

ROOT = Path(load.__file__).parent.parent


def watch(
    name: str, settings: tuple[str, ...], tick: int, place: Path, environment: dict[str, str]
) -> tuple[set[tuple[int, ...]], float]:
    """Run one trial that is watched, and once more unseen, which leaves the same bits.

    Returns what colours the screen shows after `tick`, and how many seconds the trial took from its first tick on.
    """
    from PIL import Image

    picture = place / "seen.png"
    seen = subprocess.run(
        [sys.executable, __file__, name, place / "seen", picture, str(tick), *settings],
        capture_output=True, text=True, cwd=ROOT, env=environment, check=False, timeout=100,
    )  # fmt: skip
    assert seen.returncode == 0, seen.stderr
    with Image.open(picture) as grabbed:
        colours = {colour for _, colour in grabbed.convert("RGB").getcolors(1 << 20)}
    run(load.load(name, settings), place / "unseen", compare=False, report=False)
    assert (place / "seen" / NAME).read_bytes() == (place / "unseen" / NAME).read_bytes()
    return colours, float(seen.stdout)


def photographing(look: Callable[..., None], picture: str, tick: int) -> Callable[..., None]:
    """`Spectator.look`, which also takes the picture after `tick` and says how long the trial took."""
    began_s = 0.0

    def looked(world: Any, recorder: Any, ticks: int) -> None:
        nonlocal began_s
        if recorder.ticks == 1:
            began_s = perf_counter()
        look(world, recorder, ticks)
        if recorder.ticks == tick:
            from PIL import ImageGrab

            ImageGrab.grab(xdisplay=os.environ["DISPLAY"]).save(picture)
        if recorder.ticks == ticks:
            print(perf_counter() - began_s)

    return looked


def main(name: str, out: str, picture: str, tick: str, *settings: str) -> None:
    scenario = load.load(name, settings)
    spectator = task_of(scenario).spectator(scenario)
    spectator.look = photographing(spectator.look, picture, int(tick))
    run(scenario, Path(out), compare=False, report=False, spectator=spectator)
    spectator.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
