"""A study runs its plan on the same objects, leaves every run to be replayed, and tells the user's mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from scenarios import load, replay
from scenarios.cli import main
from scenarios.damage import plan, study
from scenarios.grasp.summary import opening, ordeal
from scenarios.grasp.tables import ran
from scenarios.recording import NAME, Recording
from scenarios.run import StoppedError
from scenarios.sweep import sweep
from sensors.errors import UserError

SHORT = (
    "world.camera.enabled=false", "world.trial.settle_s=0.6", "world.trial.lift_s=0.3", "world.trial.hold_s=0.2",
    "world.trial.shake_s=0.3", "world.trial.lower_s=0.2", "controller.damage.from_tick=1000", "episodes=2", "seed=3",
)  # fmt: skip
ARGUMENTS = [word for setting in SHORT for word in ("--set", setting)]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """One share of each kind."""
    monkeypatch.setattr(plan, "SHARES", {"killed": (0.5,), "flipped": (1e-2,)})


def test_the_plan_has_each_damage_under_each_series_on_the_same_objects() -> None:
    points = plan.plan("grasp", SHORT)
    assert len(points) == 2 + 10 * 3
    assert len({p.case.folder for p in points}) == len(points)
    assert len({(p.scenario.seed, p.scenario.episodes, p.scenario.world) for p in points}) == 1
    whole, frozen, *damaged = points
    assert whole.scenario.controller.damage.harmless
    assert whole.scenario.controller.replicas == 1
    assert frozen.scenario.controller.damage.learning is False
    for point in damaged:
        damage = point.scenario.controller.damage
        assert (damage.killed, damage.flipped)[point.kind == "flipped"] == point.share
        assert (damage.killed, damage.flipped)[point.kind == "killed"] == 0
        assert damage.learning == (point.series != plan.ENDS)
        assert point.scenario.controller.replicas == (3 if point.series == plan.VOTE else 1)


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("grasp", ["controller.replicas=3"], "is what this verb varies"),
        ("grasp", ["controller.damage.killed=0.2"], "is what this verb varies"),
        ("grasp", ["controller.damage.from_tick=100"], r"from_tick = 100 is not while the object is up; expected 1900"),
        ("grasp", ["world.dely_ms=3"], "did you mean delay_ms"),
        ("gaze", [], "which alone can be damaged; name grasp"),
        ("hoist", [], "which alone can be damaged; name grasp"),
    ],
)
def test_a_mistake_is_told_before_anything_runs(name: str, settings: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        plan.plan(name, settings)


def test_a_run_says_what_befalls_its_controller() -> None:
    assert ordeal(load.load("grasp")) == ""
    settings = ("controller.replicas=3", "controller.damage.killed=0.3", "controller.damage.learning=false")
    said = ordeal(load.load("grasp", settings))
    assert said == " in 3 replicas, from tick 3300 30% dead, 0 of weight bits flipped, frozen"
    assert said in opening(load.load("grasp", settings))
    assert said in ran(load.load("grasp", settings))


@pytest.mark.usefixtures("few")
def test_a_study_leaves_runs_that_replay_figures_and_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    assert main(["damage", "grasp", *ARGUMENTS, "--workers", "1", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    kept = json.loads((out / study.JSON).read_text())
    assert [p["series"] for p in kept["points"]] == [*list(plan.SERIES)[:2], *list(plan.SERIES) * 2]
    assert len([row for row in printed.splitlines() if row.startswith("| ")]) == 1 + len(kept["points"])
    whole = kept["points"][0]
    assert whole["unhurt"] == whole["compared"] == whole["held"] > 0
    for point in kept["points"]:
        place = out / point["folder"]
        assert replay.replay(place).identical, point
        assert point["held"] + point["dropped"] + point["crushed"] == point["objects"] == 2
        assert point["compared"] == whole["held"]
        assert point["unhurt"] + point["recovered"] + point["out_of_band"] + point["lost"] == point["compared"]
    broken = [Recording(out / p["folder"] / NAME).traces for p in kept["points"] if p["kind"] == "flipped"]
    untouched = Recording(out / whole["folder"] / NAME).traces
    at = kept["from_tick"] - 1
    for traces in broken:
        for a, b in zip(untouched, traces, strict=True):
            assert (a.effort[:at] == b.effort[:at]).all()
            assert (a.effort[at:] != b.effort[at:]).any()
    page = (out / study.PAGE).read_text()
    assert "<script" not in page
    assert page.count('<svg class="chart"') == 6
    assert all(f"{p['held']}/2" in page for p in kept["points"])


@pytest.mark.usefixtures("few")
def test_what_was_done_before_a_stop_stays_and_is_not_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out, arguments = tmp_path / "out", ["damage", "grasp", *ARGUMENTS, "--only", "killed", "--workers", "1", "--resume"]

    def stopped(*given: object, **named: object) -> object:
        for done, row in enumerate(sweep(*given, **named)):  # type: ignore[arg-type]
            if done == 2:
                raise StoppedError("stopped; none of 2 episodes was done yet")
            yield row

    monkeypatch.setattr(study, "sweep", stopped)
    assert main([*arguments, "--out", str(out)]) == 130
    assert "--resume goes on" in capsys.readouterr().err
    assert not (out / study.JSON).exists()
    assert not (out / study.PAGE).exists()
    first = next(out.glob(f"whole*/{NAME}"))
    before = first.stat().st_mtime_ns
    monkeypatch.setattr(study, "sweep", sweep)
    assert main([*arguments, "--json", "--out", str(out)]) == 0
    assert first.stat().st_mtime_ns == before
    assert json.loads(capsys.readouterr().out) == json.loads((out / study.JSON).read_text())
