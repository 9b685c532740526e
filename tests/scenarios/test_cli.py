"""The command line: helpful words, one line for a mistake, and exit statuses that scripts can rely on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from scenarios import load
from scenarios.cli import main
from scenarios.project import PACKAGES, ROOT, misplaced

TIMES = ("settle_s=0.3", "lift_s=0.2", "hold_s=0.1", "shake_s=0.1", "lower_s=0.2")
SHORT = ["--workers", "1", "--no-baselines", "--no-report", *(w for t in TIMES for w in ("--set", f"world.trial.{t}"))]
RUN_ONE = ["run", "grasp", "--episodes", "1", *SHORT]


def test_help_teaches_by_examples_that_are_sound(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    text = capsys.readouterr().out
    assert text.count("ganglion run grasp") >= 4
    for verb in ("run", "replay", "check"):
        assert verb in text
        with pytest.raises(SystemExit, match="0"):
            main([verb, "--help"])
    settings = [line.split()[k + 1] for line in text.splitlines() for k, w in enumerate(line.split()) if w == "--set"]
    assert len(settings) >= 2
    load.load("grasp", tuple(settings))


def test_the_settings_that_run_help_names_can_be_set(capsys):
    with pytest.raises(SystemExit, match="0"):
        main(["run", "--help"])
    words = capsys.readouterr().out.split()
    settings = [
        words[k + 1]
        for k, w in enumerate(words)
        if w == "--set" and "=" in words[k + 1] and words[k + 1] != "KEY=VALUE"
    ]
    assert len(settings) >= 5
    load.load("grasp", tuple(settings))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "VERB"),
        (["fly"], "invalid choice: 'fly'"),
        (["run"], "SCENARIO"),
        (["run", "grasp", "--workers", "two"], "invalid int value"),
        (["run", "grasp", "--wings"], "--wings"),
    ],
)
def test_words_that_are_not_understood_are_answered_in_one_line(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert said in err
    assert "--help" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["run", "grap"], "did you mean grasp"),
        (["run", "grasp", "--episodes", "0"], "episodes = 0 is out of range; expected 1 to 100000"),
        (["run", "grasp", "--episodes", "many"], "expected a whole number"),
        (["run", "grasp", "--seed", "-1"], "seed = -1 is out of range"),
        (["run", "grasp", "--set", "world.tick_us=1500"], "not a multiple"),
        (["run", "grasp", "--workers", "0"], "--workers 0 is out of range"),
        (["run", "grasp", "--brain-state", "/nowhere/state.bin"], "/nowhere/state.bin"),
        (["run", "grasp", "--out", "/dev/null/r"], "choose another --out"),
        (["replay", "/nowhere"], "/nowhere"),
        (["replay", "/dev/null"], "/dev/null is empty"),
    ],
)
def test_a_mistake_is_one_line_without_a_traceback_and_status_2(arguments, said, capsys):
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1
    assert said in err


def test_a_run_prints_what_runs_what_came_out_and_where_it_lies(tmp_path, capsys):
    out = tmp_path / "r"
    assert main([*RUN_ONE, "--seed", "7", "--out", str(out)]) == 0
    printed = capsys.readouterr()
    lines = printed.out.splitlines()
    assert lines[0].startswith("grasp ")
    assert "seed 7" in lines[0]
    assert any("held" in line and "/1" in line for line in lines)
    assert str(out) in lines[-1]
    assert printed.err == ""
    assert main(["replay", str(out), "--assert-identical"]) == 0
    assert capsys.readouterr().out.startswith("identical: ")


def test_json_is_all_that_is_printed_when_it_is_asked_for(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "scenarios", *RUN_ONE, "--json", "--out", tmp_path / "r"],
        capture_output=True, text=True, cwd=ROOT, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout) == json.loads((tmp_path / "r" / "result.json").read_text())
    assert done.stderr == ""


def test_packages_of_other_projects_under_our_names_are_noticed(tmp_path):
    assert misplaced() is None
    assert len(PACKAGES) == 5
    assert all((ROOT / name / "__init__.py").is_file() for name in PACKAGES)
    assert "expected in" in (misplaced(tmp_path) or "")
    assert "environment of its own" in (misplaced(tmp_path) or "")


def test_a_foreign_package_in_front_of_ours_is_told_in_one_line(tmp_path):
    (tmp_path / "controller").mkdir()
    (tmp_path / "controller" / "__init__.py").write_text("")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n"
        "from scenarios.cli import main; sys.exit(main(['check']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert str(tmp_path / "controller") in done.stderr


def test_the_command_answers_before_anything_heavy_is_loaded():
    code = (
        "import sys\nfrom scenarios.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('numpy', 'numba', 'pybullet', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_check_finds_this_installation_sound(capsys):
    assert main(["check"]) == 0
    text = capsys.readouterr().out
    assert "grasp" in text
    assert "numba" in text


def test_check_notices_a_scenario_that_cannot_be_run_and_a_golden_file_that_is_not_current(tmp_path, monkeypatch):
    from scenarios import check

    (tmp_path / "odd.toml").write_text('name = "odd"\n')
    monkeypatch.setattr(load, "FOLDER", tmp_path)
    monkeypatch.setattr(check, "GOLDEN", tmp_path)
    monkeypatch.setattr(check, "ROOT", tmp_path)
    (tmp_path / "make.py").write_text("LAWS = {'lif': 0, 'pes': 0}\ndef text(name):\n    return name\n")
    (tmp_path / "lif.hex").write_text("lif")
    (tmp_path / "pes.hex").write_text("pas")
    found = {f.what: f.remedy for f in check.findings()}
    assert "title is missing" in found["scenario odd"]
    assert found["golden lif"] == ""
    assert "make.py" in found["golden pes"]
    assert check.check() == 1
