"""Kernels are compiled anew when anything they depend on has changed, and kept when nothing has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from sensors import compiled

LAW = "from numba import njit\nfrom .size import STEP\n@njit(cache=True)\ndef law(x):\n    return x + STEP\n"
KERNEL = "from numba import njit\nfrom .law import law\n@njit(cache=True)\ndef kernel(x):\n    return law(x)\n"
RUN = "import sensors\nfrom controller.kernel import kernel\nprint(kernel(1))"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project of one kernel that calls a law in another file, whose constant is in a third."""
    for folder in compiled.KERNEL_FOLDERS:
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(Path(compiled.__file__), tmp_path / "sensors")
    shutil.copy(Path(compiled.__file__).with_name("__init__.py"), tmp_path / "sensors")
    for name, text in (("__init__", ""), ("law", LAW), ("kernel", KERNEL), ("size", "STEP = 10\n")):
        (tmp_path / "controller" / f"{name}.py").write_text(text)
    return tmp_path


def answer(tree: Path, **more: str) -> int:
    """What the kernel says in a new process, which keeps what it compiles."""
    clean = {name: value for name, value in os.environ.items() if name != compiled.VARIABLE}
    run = [sys.executable, "-P", "-c", RUN]
    return int(subprocess.run(run, cwd=tree, env=clean | {"PYTHONPATH": str(tree)} | more, capture_output=True,
                              check=True, text=True).stdout)  # fmt: skip


def kept(tree: Path) -> dict[str, int]:
    """Compiled kernels of each state of the sources."""
    return {p.name: len(list(p.rglob("*.nbc"))) for p in compiled.home(tree).glob("kernels-*")}


def test_a_constant_in_another_file_reaches_the_kernel(tree: Path) -> None:
    assert answer(tree) == 11
    before = kept(tree)
    assert answer(tree) == 11
    assert kept(tree) == before  # nothing was compiled again
    assert list(before.values()) == [2]
    (tree / "controller" / "size.py").write_text("STEP = 20\n")
    assert answer(tree) == 21
    assert len(kept(tree)) == 2


def test_numba_alone_would_have_kept_the_old_one(tree: Path) -> None:
    own = str(tree / "own")  # a folder that the user names is the user's
    assert answer(tree, NUMBA_CACHE_DIR=own) == 11
    (tree / "controller" / "size.py").write_text("STEP = 20\n")
    assert answer(tree, NUMBA_CACHE_DIR=own) == 11
    assert kept(tree) == {}


def test_only_the_newest_are_kept(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(compiled.VARIABLE, str(compiled.home(tree) / "kernels-of-before"))
    monkeypatch.setattr(numba.config, "CACHE_DIR", "")
    for age in range(6):
        folder = compiled.home(tree) / f"kernels-{age}"
        folder.mkdir(parents=True)
        os.utime(folder, (1e9 - 3600 * age, 1e9 - 3600 * age))
    compiled.settle(tree)
    now = compiled.PREFIX + compiled.fingerprint(tree)
    assert os.environ[compiled.VARIABLE] == numba.config.CACHE_DIR == str(compiled.home(tree) / now)
    assert set(kept(tree)) == {now, "kernels-0", "kernels-1"}


def test_a_place_that_cannot_be_written_is_left_to_numba(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(compiled.VARIABLE, raising=False)
    compiled.home(tree).write_text("a file where the folder should be")
    compiled.settle(tree)
    assert compiled.VARIABLE not in os.environ
    compiled.home(tree).unlink()


RECORDS = """
import sys
import numpy as np
import sensors
from controller.record import last
for n in map(int, sys.argv[1:]):
    record = np.zeros(1, [("room", "<i4", n), ("value", "<i4")])
    record["value"] = n
    print(last(record))
"""
RECORD = """
from numba import njit
@njit(cache=True)
def value(s, by):  # too long for LLVM to put into its callers
    total = 0
    for k in range(s.room.size):
        for j in range(k, s.room.size, by):
            total += s.room[k] // by + (s.room[j] % by) * j
            s.room[k] = total >> 3
        for j in range(by):
            total ^= s.room[(j * j + k) % s.room.size] // (j + 1)
            s.room[(total + k) % s.room.size] += total
        for j in range(by):
            total -= s.room[(j * k + by) % s.room.size] % (j + 7)
    for k in range(s.room.size):
        s.room[k] = 0
    return s.value
@njit(cache=True)
def last(state):
    return value(state[0], 3) + value(state[0], 5) - value(state[0], 7) + 1
"""


@pytest.mark.parametrize("before", ["", "import numba\n"], ids=["numba later", "numba first"])
def test_kernels_of_two_records_that_two_processes_kept_are_told_apart_by_a_third(tree, before):
    (tree / "controller" / "record.py").write_text(RECORD)

    def values(*sizes: int) -> list[int]:
        run = [sys.executable, "-P", "-c", before + RECORDS, *map(str, sizes)]
        clean = {name: value for name, value in os.environ.items() if name != compiled.VARIABLE}
        done = subprocess.run(run, cwd=tree, env=clean | {"PYTHONPATH": str(tree)}, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert done.returncode == 0, done.stderr
        return list(map(int, done.stdout.split()))

    assert values(100) == [101]
    assert values(1000) == [1001]
    assert values(1000, 100, 1000) == [1001, 101, 1001]
