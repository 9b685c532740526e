"""A sweep runs a scenario's variants on the same episodes and leaves each as a run of its own."""

from __future__ import annotations

import json

import pytest

from scenarios import load, sweep
from sensors.errors import UserError

from .test_run import COMMAND, ROOT, SHORT, subprocess

ONE = ("episodes=1", *(s for s in SHORT if not s.startswith("episodes")))


def names(*settings: str) -> list[str]:
    return [case.name for case in sweep.cases("grasp", settings)]


def test_without_several_values_the_variants_of_the_scenario_are_compared():
    assert names() == list(load.load("grasp").variants)
    assert {"skin only", "camera only", "learning frozen"} <= set(names())
    assert all(case.scenario.world.delay_ms == 7 for case in sweep.cases("grasp", ["world.delay_ms=7"])[:-1])


def test_two_settings_with_several_values_make_every_combination():
    assert names("world.delay_ms=5,20", "seed=3", "controller.margin=1.2,1.3") == [
        "world.delay_ms=5, controller.margin=1.2",
        "world.delay_ms=5, controller.margin=1.3",
        "world.delay_ms=20, controller.margin=1.2",
        "world.delay_ms=20, controller.margin=1.3",
    ]


def test_a_comma_in_brackets_or_quotes_separates_nothing():
    made = sweep.cases("grasp", ["world.trial.mass_kg=[0.1,0.5],[1,2]", 'title="a, b"'])
    assert [case.scenario.world.trial.mass_kg for case in made] == [(0.1, 0.5), (1.0, 2.0)]
    assert {case.scenario.title for case in made} == {"a, b"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (["world.delay_ms=5,99"], "world.delay_ms = 99 is out of range; expected 0 to 40"),
        (["controller.margn=1,2"], "did you mean margin"),
        (["world.delay_ms=5,5"], "would write to the same folder"),
        (["seed=" + ",".join(map(str, range(1001)))], "1001 cases are more than 1000"),
    ],
)
def test_a_mistake_in_any_variant_is_told_before_anything_runs(settings, said):
    with pytest.raises(UserError, match=said):
        sweep.cases("grasp", settings)


def test_a_scenario_without_variants_says_what_to_do(tmp_path):
    file = tmp_path / "plain.toml"
    text = load.FOLDER.joinpath("grasp.toml").read_text()
    file.write_text(text[: text.index("[variants]")])
    with pytest.raises(UserError, match="names no variants to compare; give a setting several values"):
        sweep.cases(str(file), [])


def test_variants_with_spaces_in_their_names_survive_being_written_and_read():
    scenario = load.load("grasp")
    assert "camera only" in scenario.variants
    assert load.parse(load.dump(scenario), "a copy") == scenario


def test_each_variant_leaves_a_run_on_the_same_objects_and_what_is_done_is_not_done_again(tmp_path):
    settings = [word for setting in ONE for word in ("--set", setting)]
    arguments = ["sweep", "grasp", *settings, "--set", "controller.learning=true,false", "--out", str(tmp_path)]
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    kept = json.loads((tmp_path / sweep.NAME).read_text())["cases"]
    assert list(kept) == ["controller.learning=true", "controller.learning=false"]
    learned, frozen = (case["result"] for case in kept.values())
    assert learned["commands_crc32"] != frozen["commands_crc32"]
    assert [t["index"] for t in learned["trials"]] == [t["index"] for t in frozen["trials"]]
    table = [line for line in done.stdout.splitlines() if line.startswith("| ")]
    assert [row.split("|")[1].strip() for row in table] == ["variant", *kept]
    stamp = (tmp_path / "controller.learning=true" / "recording.gang").stat().st_mtime_ns
    made = sweep.cases("grasp", [*ONE, "controller.learning=true,false"])
    again = list(sweep.sweep(made, tmp_path, resume=True))
    assert [row.result for row in again] == [learned, frozen]
    assert (tmp_path / "controller.learning=true" / "recording.gang").stat().st_mtime_ns == stamp
