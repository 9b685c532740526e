"""A scenario file says all that is run, and a mistake in it is told in one line that helps."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scenarios import load
from scenarios.spec import Scenario
from sensors.errors import UserError

TEXT = (load.FOLDER / "grasp.toml").read_text()


def told(text: str = TEXT, *edits: str) -> str:
    with pytest.raises(UserError) as caught:
        load.parse(text, "my.toml", edits)
    line = str(caught.value)
    assert "\n" not in line
    return line


@pytest.mark.parametrize("name", load.names())
def test_every_scenario_that_comes_along_loads_and_survives_being_written(name):
    scenario = load.load(name)
    assert scenario.name == name
    assert load.parse(load.dump(scenario), "again") == scenario


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@given(
    texts,
    st.floats(0, 1e6),
    st.floats(0.02, 1.0),
    st.tuples(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9)).map(sorted),
    st.booleans(),
    st.integers(0, 2**31 - 1),
)
@settings(max_examples=60, deadline=None)
def test_whatever_a_scenario_holds_it_survives_being_written(title, leak, threshold, mass, learning, seed):
    document = msgspec.to_builtins(load.load("grasp"))
    document.update(title=title, seed=seed)
    document["world"]["camera"]["pixel"].update(leak_hz=leak, threshold=threshold)
    document["world"]["trial"]["mass_kg"] = mass
    document["controller"]["learning"] = learning
    scenario = msgspec.convert(document, Scenario)
    assert load.parse(load.dump(scenario), "again") == scenario


def test_edits_win_over_the_file_and_bare_words_are_texts():
    scenario = load.load(
        "grasp",
        ("world.robot=panda", "world.delay_ms = 20", "world.trial.mass_kg=[0.1, 0.2]", "controller.learning=false"),
    )
    assert scenario.world.robot == "panda"
    assert scenario.world.delay_ms == 20
    assert scenario.world.trial.mass_kg == (0.1, 0.2)
    assert scenario.controller.learning is False


def test_a_file_of_ones_own_is_found_by_its_path(tmp_path):
    (tmp_path / "mine.toml").write_text(TEXT.replace('"grasp"', '"mine"', 1))
    assert load.load(str(tmp_path / "mine.toml")).name == "mine"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("grap", "did you mean grasp"),
        ("Grasp", "did you mean grasp"),
        ("nowhere/x.toml", "does not exist"),
        ("x.toml", "does not exist"),
    ],
)
def test_an_unknown_scenario_is_answered_with_those_there_are(name, said):
    with pytest.raises(UserError, match=said) as caught:
        load.load(name)
    assert all(known in str(caught.value) for known in load.names())


def test_files_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "b.toml").write_bytes(b"a = \xff")
    with pytest.raises(UserError, match="UTF-8"):
        load.load(str(tmp_path / "b.toml"))
    with pytest.raises(UserError, match="is a folder"):
        load.load(str(tmp_path))


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ("world.delay=3", '--set world.delay=3: world.delay is not a setting of kind "bullet"; did you mean delay_ms?'),
        ("world.camera.pixel.treshold=1", "world.camera.pixel.treshold is not a setting; did you mean threshold?"),
        ("controler.learning=false", "controler is not a setting; did you mean controller?"),
        ("world.delay_ms=50", "world.delay_ms = 50 is out of range; expected 0 to 40"),
        ("world.force_noise=0.5", "world.force_noise = 0.5 is out of range; expected 0 to 0.2"),
        ("world.force_noise=nan", "world.force_noise = nan is out of range; expected 0 to 0.2"),
        ("world.camera.pixel.leak_hz=-1", "expected at least 0"),
        ("world.camera.pixel.leak_hz=inf", "leak_hz = inf is not a number to work with"),
        ("world.robot=pand", "world.robot = 'pand' is not one of the choices; expected column or panda"),
        ("world.skin.taxels=9", "world.skin.taxels = 9 is out of range; expected 4 to 8"),
        ("world.kind=mujoco", "expected bullet"),
        ("world.delay_ms=soon", "world.delay_ms = 'soon' is a text; expected a whole number"),
        ("episodes=2.5", "episodes = 2.5 is a number; expected a whole number"),
        ("episodes=0", "expected 1 to 100000"),
        ("controller.learning=no", "expected true or false"),
        ("world.camera=1", "world.camera = 1 is a whole number; expected a group of settings"),
        ("world.trial.mass_kg=[1]", "has 1 of 2 values"),
        ("world.trial.mass_kg=[1,'a']", "world.trial.mass_kg[1] = 'a' is a text; expected a number"),
        ("world.trial.mass_kg=[2,1]", "is not a range; expected 0 < low <= high"),
        ("world.trial.friction=[0,1]", "is not a range; expected 0 < low <= high"),
        ("world.tick_us=1500", "world.tick_us = 1500 is not a multiple of world.physics_step_us = 1000"),
        ("name=A b", "name = 'A b' does not match"),
        ("seed.a=3", "'seed' is a value, not a group of settings"),
        ("world.robot", "expected KEY=VALUE"),
        ("world..robot=panda", "expected KEY=VALUE"),
        ("=3", "expected KEY=VALUE"),
        ("episodes=1\nseed=2", "expected a whole number"),
    ],
)
def test_a_mistake_on_the_command_line_names_setting_value_and_what_is_expected(edit, said):
    line = told(TEXT, edit)
    assert said in line
    assert line.startswith("--set ")


def test_a_mistake_in_the_file_names_the_file():
    assert told(TEXT.replace("delay_ms = 5", "delay_ms = -5")) == (
        "my.toml: world.delay_ms = -5 is out of range; expected 0 to 40"
    )
    assert told(TEXT.replace("delay_ms", "delay_m")).startswith("my.toml: world.delay_m is not a setting of kind")


def test_broken_toml_is_told_with_its_line():
    assert "line 3" in told('name = "x"\ntitle = "y"\nepisodes = = 3\n')
    assert "line 2" in told('name = "x"\ntitle = ')


def test_what_a_file_must_say_is_told():
    assert "name is missing" in told("")
    assert 'a table [world] with kind = "bullet"' in told('name="a"\ntitle="b"\n[controller]\nkind="reflex"')


def outcome(edit: str) -> str:
    try:
        return load.parse(TEXT, "my.toml", (edit,)).name
    except UserError as error:
        return str(error)


@given(st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_no_edit_however_odd_ends_in_anything_but_a_scenario_or_one_line(edit):
    assert len(outcome(edit).splitlines()) == 1


paths = st.sampled_from(
    ["world", "world.delay_ms", "world.camera.pixel", "controller.kind", "seed", "world.trial.mass_kg"]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


@given(paths, values)
@settings(max_examples=150, deadline=None)
def test_no_value_however_odd_ends_in_anything_but_a_scenario_or_one_line(path, value):
    edit = f"{path}={msgspec.json.encode(value).decode()}"
    assert len(outcome(edit).splitlines()) == 1


def test_arrays_of_a_network_lie_beside_the_file_that_names_them_wherever_one_stands(tmp_path, monkeypatch):
    text = load.dump(load.load("hoist"))
    folder, elsewhere = tmp_path / "here", tmp_path / "there"
    for place in (folder, elsewhere):
        place.mkdir()
    (folder / "mine.toml").write_text(text.replace('arrays = ""', 'arrays = "net.npz"'), encoding="utf-8")
    monkeypatch.chdir(elsewhere)
    for name in (str(folder / "mine.toml"), "../here/mine.toml"):
        assert Path(load.load(name).controller.arrays).resolve() == folder / "net.npz"
    assert load.load(str(folder / "mine.toml"), ("controller.arrays=other.npz",)).controller.arrays == "other.npz"
    scenario = load.load("../here/mine.toml")
    assert load.parse(load.dump(scenario), "as run") == scenario, "a run's own scenario.toml names the same file"
    assert load.load("hoist").controller.arrays == ""
