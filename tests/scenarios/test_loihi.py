"""The verb check loihi: identical traces pass, the first difference is named, a damaged folder is one line."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest

from scenarios.cli import main
from scenarios.project import ROOT

LAVA = ROOT.parent / "shared" / "golden" / "loihi_lif"
naive = runpy.run_path(str(ROOT / "tests" / "controller" / "naive.py"))


def trace(seed: int) -> dict[str, np.ndarray]:
    """What the naive twin records, in the format of the traces."""
    rng = np.random.default_rng(seed)
    numbers = {"weight_bits": 7, "weight_exp": int(rng.integers(-3, 6)), "du": 700, "dv": 90, "vth": 900}
    weight, mantissa, exponent = rng.integers(-256, 256, (6, 9)), rng.integers(-99, 99, 6), rng.integers(-2, 7, 6)
    spikes = rng.integers(0, 2, (50, 9))
    bias = [m * 2**e if e >= 0 else m // 2**-e for m, e in zip(mantissa.tolist(), exponent.tolist(), strict=True)]
    u, v, fired = naive["run"](weight.tolist(), *numbers.values(), bias, spikes.tolist())
    arrays = {"weight": weight, "bias_mant": mantissa, "bias_exp": exponent, "spikes_in": spikes}
    return {k: np.array(x) for k, x in (arrays | numbers | {"u": u, "v": v, "spikes_out": fired}).items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for case in range(3):
        np.savez_compressed(tmp_path / f"case_{case}.npz", **trace(case))
    return tmp_path


@pytest.mark.skipif(not LAVA.is_dir(), reason=f"no traces of Lava in {LAVA}")
def test_every_trace_of_lava_is_reproduced(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "loihi", str(LAVA)]) == 0
    many = len(list(LAVA.glob("*.npz")))
    assert capsys.readouterr().out == f"{many} of {many} identical\n"


def test_traces_of_the_naive_twin_pass(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "loihi", str(folder)]) == 0
    assert capsys.readouterr().out == "3 of 3 identical\n"


@pytest.mark.parametrize("name", ["u", "v", "spikes_out"])
def test_the_first_difference_is_named(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arrays = trace(1)
    was = int(arrays[name][31, 4])
    arrays[name][31, 4] ^= 1
    arrays["v"][40, 0] += 1
    np.savez(folder / "case_1.npz", **arrays)
    assert main(["check", "loihi", str(folder)]) == 1
    said = f"case_1.npz differs first in step 31, neuron 4: {name} is {was} here, {was ^ 1} in the trace"
    assert capsys.readouterr().out == f"{said}\n2 of 3 identical\n"


def _damage(folder: Path, how: str) -> Path:
    file, arrays = folder / "case_2.npz", trace(2)
    whole = file.read_bytes()
    match how:
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "empty":
            file.write_bytes(b"")
        case "rotten":
            file.write_bytes(whole[:300] + bytes(60) + whole[360:])
        case "text":
            file.write_text("no archive\n")
        case "folder":
            file.unlink()
            file.mkdir()
        case "lacking":
            np.savez(file, **{k: v for k, v in arrays.items() if k != "vth"})
        case "shape":
            np.savez(file, **arrays | {"u": arrays["u"][:-1]})
        case "scalar":
            np.savez(file, **arrays | {"du": np.arange(6)})
        case "float":
            np.savez(file, **arrays | {"v": arrays["v"] * 0.5})
        case "object":
            np.savez(file, **arrays | {"v": np.array([None, {}])})
        case "wild":
            np.savez(file, **arrays | {"du": np.array(-9)})
        case "wide":
            np.savez(file, **arrays | {"weight": arrays["weight"] << 40})
        case "spikes":
            np.savez(file, **arrays | {"spikes_in": arrays["spikes_in"] * 3})
    return file


DAMAGE = (
    "cut", "empty", "rotten", "text", "folder", "lacking", "shape", "scalar", "float", "object", "wild", "wide",
    "spikes",
)  # fmt: skip


@pytest.mark.parametrize("how", DAMAGE)
def test_a_damaged_trace_is_one_line_and_a_mistake(how: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _damage(folder, how)
    assert main(["check", "loihi", str(folder)]) == 2
    out, err = capsys.readouterr()
    assert not out
    assert len(err.splitlines()) == 1
    assert str(file) in err


def test_a_folder_without_traces_is_one_line_and_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in ([str(tmp_path)], [str(tmp_path / "absent")], []):
        assert main(["check", "loihi", *words]) == 2
        assert len(capsys.readouterr().err.splitlines()) == 1
