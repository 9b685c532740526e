"""The workloads leave the same bits however they are computed: compiled, interpreted, in C, for any processor."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_bridge.toolchain import compiler
from scenarios.bench.exact import FULL, SMALL, state_hash
from tests.scenarios.bench.hashes import grips

SCRIPT = Path(__file__).with_name("hashes.py")
WIDE = "+avx2,+avx512f,+avx512bw,+avx512vl"
LEVELS = {
    "x86-64-v2": ("sse4_2", "+cx16", "xmm"), "x86-64-v3": ("avx2", "+avx2", "ymm"),
    "x86-64-v4": ("avx512vl", WIDE, "zmm"),
}  # fmt: skip
"""What the processor must have, features that a kernel may ask for, and the widest registers then used."""


def compiled(ticks: int, sizes: dict[str, tuple[float, ...]] = SMALL) -> list[str]:
    """By numba, in this process."""
    return [f"{state_hash(work, size, ticks):08x}" for work, size in sizes.items()]


def elsewhere(sizes: str, ticks: int, **environment: str) -> tuple[list[str], str]:
    """By another process: hashes, and the widest registers of its machine code."""
    done = subprocess.run(
        [sys.executable, SCRIPT, sizes, str(ticks)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *hashes, registers = done.stdout.split()
    return hashes, registers


@pytest.mark.skipif(compiler() is None, reason="no C compiler")
@pytest.mark.parametrize("work", SMALL)
def test_ten_thousand_ticks_in_c_leave_the_state_of_numba(work: str) -> None:
    assert state_hash(work, SMALL[work], 10_000, in_c=True) == state_hash(work, SMALL[work], 10_000)


def test_every_tick_counts_in_the_hash() -> None:
    assert all(a != b for a, b in zip(compiled(200), compiled(201), strict=True))


def test_python_without_a_compiler_leaves_the_same_state() -> None:
    assert elsewhere("SMALL", 200, NUMBA_DISABLE_JIT="1") == (compiled(200), "none")


@pytest.mark.slow
def test_ten_thousand_ticks_of_python_leave_the_state_of_numba() -> None:
    assert elsewhere("SMALL", 10_000, NUMBA_DISABLE_JIT="1") == (compiled(10_000), "none")


@pytest.mark.slow
@pytest.mark.parametrize("level", LEVELS)
def test_code_for_older_and_newer_processors_leaves_the_same_state(level: str, tmp_path: Path) -> None:
    flag, features, registers = LEVELS[level]
    if platform.machine() != "x86_64" or flag not in Path("/proc/cpuinfo").read_text().split():
        pytest.skip(f"this processor has no {flag}, which {level} needs")
    environment = {"NUMBA_CPU_NAME": level, "NUMBA_CPU_FEATURES": features, "NUMBA_CACHE_DIR": str(tmp_path)}
    hashes, used = elsewhere("FULL", 1000, **environment)
    assert hashes == [*compiled(1000, FULL), *grips(1000)]
    assert used == registers
