"""The verb nir: a file in, a controller out that a scenario can run, and back; every mistake is one line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios import load
from scenarios.build import build_brain
from scenarios.cli import main
from scenarios.exchange import declared_in
from sim.bullet import GRIPPER

nir: Any = pytest.importorskip("nir", reason="NIR is not installed: pip install 'ganglion[nir]'")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    nodes = {
        "input": nir.Input({"input": np.array([20])}),
        "w": nir.Affine(rng.normal(0, 0.8, (12, 20)), np.zeros(12)),
        "out": nir.LIF(np.full(12, 0.02), np.ones(12), np.zeros(12), np.full(12, 0.1), np.zeros(12)),
        "output": nir.Output({"output": np.array([12])}),
    }
    nir.write(tmp_path / "net.nir", nir.NIRGraph(nodes, [("input", "w"), ("w", "out"), ("out", "output")]))
    return tmp_path / "net.nir"


def test_a_file_becomes_a_controller_and_goes_back(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = file.with_name("net.toml")
    assert main(["nir", "import", str(file), "--dt-ms", "1", "-o", str(out)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^out +LIF +12 +2[34]\d ", said, re.MULTILINE), said
    assert "% of all alike" in said
    assert said.endswith(f"saved {out}\n")
    scenario = load.load("hoist")
    text = load.dump(scenario)
    pasted = file.with_name("pasted.toml")
    pasted.write_text(text[: text.index("[controller]")] + out.read_text())
    brain = build_brain(load.load(str(pasted)), GRIPPER)
    sensed = GRIPPER.empty_sensed()
    sensed.spikes[:5], sensed.count = np.arange(5), 5
    brain.step(sensed)
    assert declared_in(out).populations["out"].size == 12
    assert main(["nir", "export", str(out), "-o", str(file.with_name("again.nir"))]) == 0
    assert len(nir.read(file.with_name("again.nir")).nodes) == 4
    assert main(["nir", "import", str(file.with_name("again.nir")), "-o", str(file.with_name("net.img"))]) == 0
    assert file.with_name("net.img").read_bytes()[:8] == b"GANGNETW"
    assert not list(file.parent.glob("*.part"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["import", "none.nir", "-o", "x.toml"], "none.nir is no file"),
        (["import", "FILE", "-o", "x.json"], "neither a .toml nor an .img"),
        (["import", "FILE", "-o", "x.toml", "--dt-ms", "0"], "a tick of 0 ms is none"),
        (["import", "FILE", "-o", "x.toml", "--dt-ms", "50"], "below the tick of 50 ms"),
        (["import", "FILE", "-o", "nowhere/x.toml"], "nowhere/x.toml: No such file or directory"),
        (["import", "FILE", "-o", "x.toml", "--rate", "2"], "a rate of 0 to 1"),
        (["export", "grasp", "-o", "x.nir"], "controller of kind reflex"),
        (["export", "hoist", "-o", "x.nir"], "readout load learns (error-driven, stochastic rounding)"),
        (["export", "hoist", "-o", "x.h5"], "x.h5 is no .nir"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(file.parent)
    assert main(["nir", *(str(file) if a == "FILE" else a for a in arguments)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(file.parent.glob("x*"))
