"""The report of a run can be made again from what the run left, or is refused in one line that says why."""

from __future__ import annotations

import dataclasses
import io
import json
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from scenarios import container, load
from scenarios.build import build_world
from scenarios.cli import main
from scenarios.folder import FILES, OutFolder
from scenarios.grasp.showcase import feel_again
from scenarios.recording import NAME, Recording, Writer
from scenarios.run import run

SHORT = (
    "episodes=2", "world.trial.settle_s=0.5", "world.trial.lift_s=0.3", "world.trial.hold_s=0.2",
    "world.trial.shake_s=0.3", "world.trial.lower_s=0.3",
)  # fmt: skip
DRAWN = ("report.html", "trial.gif")


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Path:
    """The folder of a short run, which no test may change."""
    out = tmp_path_factory.mktemp("run") / "r"
    run(load.load("grasp", SHORT), out)
    return out


@pytest.fixture
def mine(done, tmp_path) -> Path:
    """A copy of it, to be changed."""
    return Path(shutil.copytree(done, tmp_path / "r"))


def drawn(out: Path) -> list[bytes]:
    return [(out / name).read_bytes() for name in DRAWN]


def rewritten(out: Path, change) -> None:
    """Replace a recording by one, sound in itself, in which `change(traces)` altered what happened."""
    recording = Recording(out / NAME)
    traces = [
        dataclasses.replace(
            t, truth=t.truth.copy(), effort=t.effort.copy(), analog=t.analog.copy(), spikes=t.spikes.copy()
        )
        for t in recording.traces
    ]
    change(traces)
    writer = Writer(out / NAME, recording.schema, recording.scenario, recording.versions, recording.learned)
    for trace in traces:
        writer.append(trace)
    writer.close()


def test_a_run_leaves_a_page_and_a_moving_picture(done):
    page, gif = drawn(done)
    assert {p.name for p in done.iterdir()} <= FILES
    assert page.startswith(b"<!doctype html>")
    assert b"Held " in page
    assert gif.startswith(b"GIF89a")
    assert b"object-1" in page


def test_the_report_made_again_is_the_same_to_the_byte(mine, capsys):
    before = drawn(mine)
    for name in DRAWN:
        (mine / name).unlink()
    assert main(["report", str(mine)]) == 0
    assert capsys.readouterr().out == f"saved {mine / 'report.html'}\n"
    assert drawn(mine) == before


def test_another_trial_can_be_shown_with_its_pictures(mine):
    first = b'id="object-0" hidden' not in drawn(mine)[0]
    other = 1 if first else 0
    before = drawn(mine)
    assert main(["report", str(mine), "--trial", str(other)]) == 0
    page, gif = drawn(mine)
    assert f'id="object-{other}">'.encode() in page
    assert f'id="object-{1 - other}" hidden>'.encode() in page
    assert gif != before[1]


def damage(out: Path) -> None:
    data = bytearray((out / NAME).read_bytes())
    data[len(data) // 2] ^= 1
    (out / NAME).write_bytes(data)


def altered(out: Path) -> None:
    def change(traces) -> None:
        traces[0].effort[100, 1] += 1

    rewritten(out, change)


def figures_of(out: Path, text: str) -> None:
    (out / "result.json").write_text(text)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (damage, "is damaged"),
        (lambda out: (out / NAME).unlink(), "No such file"),
        (lambda out: (out / NAME).write_bytes(b""), "is empty"),
        (lambda out: (out / "result.json").unlink(), "result.json does not exist"),
        (lambda out: figures_of(out, "{"), "is damaged"),
        (lambda out: figures_of(out, "[]"), "is damaged: Expected `object`"),
        (lambda out: figures_of(out, '{"commands_crc32": 1, "baseline_trials": {"a": [1]}}'), "is damaged: Expected"),
        (altered, "is of other commands"),
        (lambda out: (out / "trial.gif.part").mkdir(), "could not be written"),
    ],
)  # fmt: skip
def test_a_run_that_is_not_whole_keeps_its_old_report_and_one_line_says_why(mine, capsys, spoil, said):
    before = drawn(mine)
    spoil(mine)
    assert main(["report", str(mine)]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert len(err.splitlines()) == 1
    assert drawn(mine) == before
    assert not (mine / "report.html.part").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/nowhere"], "/nowhere does not exist"),
        (["/dev/null"], "/dev/null is a file"),
        (["."], "result.json does not exist"),
    ],
)
def test_what_is_no_run_is_told(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["report", *words]) == 2
    assert said in capsys.readouterr().err


def test_a_trial_that_is_not_there_is_told(mine, capsys):
    assert main(["report", str(mine), "--trial", "7"]) == 2
    assert "--trial 7 is not in this run; there are 0 to 1" in capsys.readouterr().err


def test_a_recording_of_a_newer_program_is_refused(mine, capsys):
    data = bytearray((mine / NAME).read_bytes())
    prefix = container.PREFIX.pack(container.MAGIC, container.VERSION + 1)
    data[: len(prefix) + 4] = prefix + container.CRC.pack(zlib.crc32(prefix))
    (mine / NAME).write_bytes(data)
    assert main(["report", str(mine)]) == 2
    err = capsys.readouterr().err
    assert "newer than" in err
    assert len(err.splitlines()) == 1


def test_what_the_skin_felt_is_felt_again_bit_for_bit(done):
    scenario = load.load("grasp", SHORT)
    trace = Recording(done / NAME).traces[0]
    world = build_world(scenario)
    one, two = feel_again(world, trace), feel_again(world, trace)
    world.close()
    assert one is not None
    assert two is not None
    assert one.taxels.shape[1:] == (2, 8, 8, 3)
    assert one.taxels.any()
    assert one.taxels.tobytes() == two.taxels.tobytes()
    assert one.skin_events.tobytes() == two.skin_events.tobytes()
    assert one.frames.tobytes() == two.frames.tobytes()


def test_the_object_is_marked_in_the_pictures_of_the_scene_and_rises_in_them(done):
    scenario = load.load("grasp", SHORT)
    trace = max(Recording(done / NAME), key=lambda t: float(t.truth["object_m"].max()))
    highest = int(trace.truth["object_m"].argmax())
    risen_m = float(trace.truth["object_m"][highest] - trace.truth["object_m"][400])
    world = build_world(scenario)
    rich = feel_again(world, trace)
    world.close()
    assert rich is not None
    at = [np.argwhere(frame & 1) for frame in rich.frames]
    assert all(len(a) > 100 for a in at)
    start, top = 400 // 40, highest // 40
    assert risen_m > 0.02
    assert at[start][:, 0].mean() - at[top][:, 0].mean() == pytest.approx(risen_m * 236 / 0.34, rel=0.3), "pixels"
    assert abs(at[start][:, 1].mean() - at[top][:, 1].mean()) < 5, "pixels"


def other_truth(trace) -> None:
    trace.truth["object_m"][1000] += 1e-6


def other_force(trace) -> None:
    trace.analog[1000, 5] += 1


def other_spike(trace) -> None:
    trace.spikes[len(trace.spikes) // 2] ^= 1


@pytest.mark.parametrize("differ", [other_truth, other_force, other_spike])
def test_a_simulator_that_does_otherwise_is_not_believed(mine, differ):
    def change(traces) -> None:
        for trace in traces:
            differ(trace)

    rewritten(mine, change)
    assert main(["report", str(mine)]) == 0
    assert "does not repeat it bit for bit" in (mine / "report.html").read_text(encoding="utf-8")


def test_a_report_without_the_baselines_says_that_they_were_not_run(mine):
    figures = json.loads((mine / "result.json").read_text())
    figures_of(mine, json.dumps({"commands_crc32": figures["commands_crc32"]}))
    assert main(["report", str(mine)]) == 0
    page = (mine / "report.html").read_text(encoding="utf-8")
    assert "Simpler controllers were not run" in page
    assert "Beside simpler controllers" not in page


def test_what_a_killed_report_left_does_not_stand_in_the_way_of_the_next_run(mine):
    (mine / "report.html.part").write_bytes(b"half")
    with OutFolder(mine) as folder:
        folder.write("result.json", b"{}")
    assert [p.name for p in mine.iterdir()] == ["result.json"]


def test_what_the_camera_saw_is_seen_again_and_shown(tmp_path):
    settings = (*SHORT, "episodes=1", "world.camera.enabled=true", "world.camera.width=64", "world.camera.height=96")
    run(load.load("grasp", settings), tmp_path / "r", compare=False)
    page, gif = drawn(tmp_path / "r")
    assert b"What the camera saw" in page
    assert b"The event camera was off" not in page
    with Image.open(io.BytesIO(gif)) as picture:
        four_panels = picture.width
    trace = Recording(tmp_path / "r" / NAME).traces[0]
    world = build_world(load.load("grasp", settings))
    rich = feel_again(world, trace)
    world.close()
    assert rich is not None
    assert rich.camera_size == (64, 96)
    assert len(rich.camera_events) > 100
    assert rich.camera_events["x"].max() < 64 <= rich.camera_events["y"].max() < 96
    assert four_panels == 4 * 244 + 8


def test_a_run_without_skin_is_reported_too(tmp_path):
    run(load.load("grasp", (*SHORT, "episodes=1", "world.skin.enabled=false")), tmp_path / "r", compare=False)
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "The skin was off in this run; <code>--set world.skin.enabled=true</code> switches it on." in page
    assert "What the left and the right pad feel" not in page
