"""The C of mcu/, built for this machine once a session."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_bridge.sitl import Sitl
from firmware_bridge.toolchain import CORE, NO_COMPILER, SITL, compile_c, compiler

HERE = Path(__file__).parent
CHECKED = ("-O1", "-g", "-fno-sanitize-recover=all")


def _needs_compiler() -> None:
    if compiler() is None:
        pytest.skip(NO_COMPILER)


def _memory_checks() -> tuple[str, ...]:
    return ("-fsanitize=address,undefined",) if "ziglang" not in (compiler() or ()) else ("-fsanitize=undefined",)


@pytest.fixture(scope="session")
def fuzz() -> int:
    """How many frames are thrown at a parser: what the environment variable GANGLION_FUZZ says, else a million."""
    return int(os.environ.get("GANGLION_FUZZ", "1000000"))


@pytest.fixture(scope="session")
def core(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """mcu/core as a library that stops the process at undefined behaviour; inline laws by their own name with _c."""
    _needs_compiler()
    out = tmp_path_factory.mktemp("core") / "core.so"
    options = (*CHECKED, "-fsanitize=undefined", "-fPIC", "-shared")
    return ctypes.CDLL(str(compile_c([*CORE, HERE / "laws.c", HERE / "leaky.c"], out, *options)))


@pytest.fixture(scope="session")
def fuzzer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """fuzz.c under the address and undefined-behaviour sanitizers."""
    _needs_compiler()
    out = tmp_path_factory.mktemp("fuzz") / "fuzz"
    return compile_c([*CORE, HERE / "fuzz.c", HERE / "leaky.c"], out, *CHECKED, *_memory_checks())


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """sitl.c with the leaky brain, under the same sanitizers."""
    _needs_compiler()
    out = tmp_path_factory.mktemp("sitl") / "sitl"
    return compile_c([*CORE, SITL, HERE / "leaky.c"], out, *CHECKED, *_memory_checks())


@pytest.fixture
def sitl(program: Path) -> Iterator[Sitl]:
    with Sitl(program) as running:
        yield running
