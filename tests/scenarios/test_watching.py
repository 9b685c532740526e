"""A run on a target, from outside: it is watched while it goes on, and the target is safe when it is killed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from controller.stale import HOLD_TICKS
from firmware_bridge import targets, window
from firmware_bridge.boards import board, build_elf
from firmware_bridge.qemu import Qemu
from firmware_bridge.remote import RemoteBrain
from scenarios.cli import main
from sensors.errors import UserError
from sim.bullet import GRIPPER

BOARD = "mps2-an386"


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A board in QEMU, and a folder for the windows of this test's runs only."""
    if lacking := targets.missing(f"qemu:{BOARD}"):
        pytest.skip(lacking)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    with Qemu(board(BOARD), build_elf(board(BOARD))) as running:
        yield running.url


@contextmanager
def running(url: str, out: Path, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "scenarios", "run", "grasp", "--episodes", "1", "--no-baselines", "--no-report"]
    run = subprocess.Popen([*command, "--out", str(out), "--brain", url, *words], stdout=subprocess.DEVNULL)
    try:
        yield run
    finally:
        run.kill()
        run.wait()


def seen(run: subprocess.Popen[bytes], url: str, until: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """What the run shows, once it is as asked for."""
    begin = monotonic()
    while True:
        shown = window.look(window.at(url))
        if shown is not None and until(shown):
            return shown
        assert run.poll() is None, "the run ended before that was seen"
        assert monotonic() - begin < 120, shown
        try:
            run.wait(0.01)
        except subprocess.TimeoutExpired:
            continue


def test_while_a_run_has_the_port_it_is_watched_and_who_has_it_is_told(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["monitor"]) == 2
    assert "no run on a target goes on; name a target, such as /dev/ttyACM0" in capsys.readouterr().err
    with running(url, tmp_path / "out") as run:
        seen(run, url, lambda shown: shown["ticks"] > 100)
        for words in ((), (url,)):
            assert main(["monitor", *words, "--json", "--count", "2", "--every", "0.3"]) == 0
            first, second = map(json.loads, capsys.readouterr().out.splitlines())
            assert first["target"] == BOARD
            assert second["ticks"] > first["ticks"] > 100
            assert second["ticks_per_s"] > 0
            assert second["tick_us"] > 0
            assert set(second["efforts"]) == {"lift_n", "grip_n"}
        assert main(["monitor", "--count", "1", "--every", "0.01"]) == 0
        shown = re.search(r"asked again (\d+) stale \d+ reconnected 0", capsys.readouterr().out)
        assert shown is not None
        assert int(shown[1]) >= second["link"]["asked_again"], "0 unless the machine is busy"
        with pytest.raises(
            UserError, match=rf"{url} is in use by process {run.pid} \(.*run grasp .*\); close it there"
        ):
            RemoteBrain(url, GRIPPER)
    assert window.look(window.at(url)) is None


def test_a_host_that_is_killed_in_mid_grasp_leaves_lifting_ended_within_twenty_ms_and_the_grip(
    url: str, tmp_path: Path
) -> None:
    with running(url, tmp_path / "out", "--free", "--episodes", "5") as run:
        seen(run, url, lambda shown: shown["effort"][0] > 100 and shown["effort"][1] > 100)
        run.kill()  # SIGKILL
        run.wait()
    after = RemoteBrain(url, GRIPPER, timeout_s=0.2, patience_s=20.0)
    before = after.now_s()
    report, effort = after.status()
    while not report["settled"]:
        assert after.now_s() - before < 20.0, report
        report, effort = after.status()
    after.close()
    assert HOLD_TICKS < report["settled"] <= 20
    assert report["ticks"] > 50
    assert effort[0] == 0
    assert effort[1] > 0


def test_what_a_dead_run_has_left_is_nothing_to_look_at(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    window.folder().mkdir()
    for name, text in (("a", b""), ("b", b"{"), ("c", b'{"pid": 1e9}'), ("d", b'{"pid": %d}' % int(ended.stdout))):
        (window.folder() / name).write_bytes(text)
        assert window.look(window.folder() / name) is None
    assert list(window.runs()) == []
    assert window.look(window.folder() / "none") is None
    (window.folder() / "e").write_text(json.dumps({"pid": os.getpid()}))
    assert [path for path, _ in window.runs()] == [window.folder() / "e"]


def test_where_no_file_can_be_made_a_run_goes_on_unseen(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "ganglion").write_text("in the way")
    with window.Window("/dev/x", "sitl", dict) as unseen:
        for _ in range(window.EVERY):
            unseen.tick(1, 2, GRIPPER.idle())
    assert window.look(window.at("/dev/x")) is None
    assert list(window.runs()) == []
