"""How well the safety code is tested: every line of it runs in judge.py, and mutants of it fail there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from firmware_bridge.toolchain import CORE, MCU

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
JUDGED = ("framing", "dispatcher", "requests", "record", "guard")
OPERATORS = (
    (r" < ", " <= "), (r" > ", " >= "), (r" <= ", " < "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "),
    (r" \+ ", " - "), (r" - ", " + "), (r" && ", " || "), (r" \|\| ", " && "), (r"\+\+", "--"), (r" = 0;", " = 1;"),
    (r"return false", "return true"), (r"return true", "return false"), (r" << ", " >> "), (r" >> ", " << "),
    (r" \+= ", " -= "), (r" & ", " | "), (r" = true", " = false"), (r" \^ ", " | "), (r"\? (\w+)", r"? 1 + \1"),
    (r"^(    +)([a-z_>.\[\]-]+\(.*\);)$", r"\1(void)0;"), (r"^(    +)([*a-z_>.\[\]-]+ = .*;)$", r"\1(void)0;"),
)  # fmt: skip


def judge(library: Path, patience_s: float = 60) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(HERE / "judge.py"), str(library)]
    return subprocess.run(
        command, cwd=library.parent, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False,
        timeout=patience_s,
    )  # fmt: skip


def test_every_line_of_framing_dispatcher_and_guard_runs_under_the_judge(tmp_path: Path) -> None:
    if shutil.which("gcc") is None or shutil.which("gcov") is None:
        pytest.skip("gcc or gcov is not on PATH; on Debian: apt-get install gcc")
    objects = []
    for source in [*CORE, HERE / "leaky.c"]:
        arguments = ["gcc", "-std=c99", "-O0", "-fPIC", "--coverage", "-c", str(source), "-o", f"{source.stem}.o"]
        subprocess.run(arguments, cwd=tmp_path, check=True)
        objects.append(f"{source.stem}.o")
    subprocess.run(["gcc", "--coverage", "-shared", "-o", "core.so", *objects], cwd=tmp_path, check=True)
    done = judge(tmp_path / "core.so")
    assert done.returncode == 0, done.stderr
    for name in JUDGED:
        said = subprocess.run(
            ["gcov", f"{name}.o"], cwd=tmp_path, capture_output=True, text=True, check=True, env={"LC_ALL": "C"}
        )
        found = re.search(rf"core/{name}\.c'\nLines executed:([\d.]+)% of (\d+)", said.stdout)
        assert found, said.stdout
        missed = [line for line in (tmp_path / f"{name}.c.gcov").read_text().splitlines() if "#####" in line]
        assert not missed, "\n".join(missed)


def mutants() -> Iterator[tuple[str, int, str]]:
    """(file, line number, changed line) of every change that OPERATORS can make."""
    for name in JUDGED:
        for number, line in enumerate((MCU / "core" / f"{name}.c").read_text().splitlines()):
            code = line.split("//")[0].rstrip()
            if code.startswith(("#", "static", "}")) or "_Static_assert" in code:
                continue
            for pattern, replacement in OPERATORS:
                for match in re.finditer(pattern, code):
                    yield name, number, code[: match.start()] + match.expand(replacement) + code[match.end() :]


def survives(folder: Path, name: str, number: int, changed: str) -> bool | None:
    """Whether the judge passes a mutant; None if the compiler does not."""
    core, out = folder / "core", folder / "mutant.so"
    shutil.copytree(MCU, folder, dirs_exist_ok=True)
    lines = (core / f"{name}.c").read_text().splitlines()
    lines[number] = changed
    (core / f"{name}.c").write_text("\n".join(lines) + "\n")
    leaky = folder / "leaky.c"
    leaky.write_text((HERE / "leaky.c").read_text().replace("../../firmware_bridge/mcu/", ""))
    arguments = [
        "gcc",
        "-std=c99",
        "-O0",
        "-fPIC",
        "-shared",
        "-fsanitize=bounds",
        "-fsanitize-undefined-trap-on-error",
    ]
    done = subprocess.run(
        [*arguments, "-o", str(out), *map(str, core.glob("*.c")), str(leaky)], capture_output=True, check=False
    )
    if done.returncode:
        return None
    try:
        return judge(out, 20).returncode == 0
    except subprocess.TimeoutExpired:
        return False


@pytest.mark.parametrize("sample", [pytest.param(8, id="some"), pytest.param(100, id="many", marks=pytest.mark.slow)])
def test_the_judge_fails_what_was_changed_in_a_place(tmp_path: Path, sample: int) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not on PATH; on Debian: apt-get install gcc")
    every = list(mutants())
    assert len(every) > 200
    chosen = np.random.default_rng(1).permutation(len(every))[:sample]
    alive, dead = [], 0
    for index in chosen:
        name, number, changed = every[index]
        survived = survives(tmp_path, name, number, changed)
        dead += survived is False
        if survived:
            alive.append(f"{name}.c:{number + 1}: {changed.strip()}")
    print(f"{dead} of {dead + len(alive)} mutants fail, of {len(every)}; alive:", *alive, sep="\n")
    assert len(alive) <= max(1, 0.05 * (dead + len(alive))), "\n".join(alive)
