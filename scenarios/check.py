"""The verb check: is all here that a run needs, are the scenario files sound, is what is generated current."""

from __future__ import annotations

import os
import platform
import runpy
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from firmware_bridge import codegen
from sensors import compiled
from sensors.errors import UserError

from . import load
from .project import ROOT

GOLDEN = ROOT / "tests" / "golden"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it is, and what to do about it; no remedy means that all is well."""

    what: str
    how: str
    remedy: str = ""


def check() -> int:
    """Print a line for each thing looked at; returns 0 when all is well, 1 otherwise."""
    bad = 0
    for found in findings():
        bad += bool(found.remedy)
        print(f"{found.what:16} {found.how}{f'; {found.remedy}' if found.remedy else ''}")
    print("all is well" if not bad else f"{bad} to mend")
    return 1 if bad else 0


def findings() -> Iterator[Finding]:
    """Look at the machine, the libraries, the scenario files and, in a checkout, the generated files."""
    where = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    yield Finding("python", f"{platform.python_version()} on {where}")
    yield from _libraries()
    yield _cache()
    for name in load.names():
        yield _scenario(name)
    yield from _golden()


def _libraries() -> Iterator[Finding]:
    try:
        needed = [r for r in requires("ganglion") or [] if "extra ==" not in r]
    except PackageNotFoundError:
        yield Finding("ganglion", "not installed", "pip install -e .")
        return
    installed = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] if _checkout() else None
    stale = installed not in (None, version("ganglion"))
    remedy = f"the checkout is {installed}; install it again" if stale else ""
    yield Finding("ganglion", f"{version('ganglion')} in {ROOT}", remedy)
    for requirement in needed:
        name = requirement.split(">")[0].split("=")[0].strip()
        try:
            yield Finding(name, version(name))
        except PackageNotFoundError:
            yield Finding(name, "missing", f"pip install '{requirement}'")


def _checkout() -> bool:
    return (ROOT / "pyproject.toml").is_file()


def _cache() -> Finding:
    folder = Path(os.environ.get(compiled.VARIABLE) or compiled.home(ROOT))
    place = next(p for p in (folder, *folder.parents) if p.exists())
    if os.access(place, os.W_OK):
        kept = len(list(folder.glob("**/*.nbc")))
        return Finding(
            "compiled kernels", f"{kept} kept in {folder}" if kept else "none yet; the first run takes longer"
        )
    return Finding("compiled kernels", f"cannot be kept in {folder}", "set NUMBA_CACHE_DIR to a folder of yours")


def _scenario(name: str) -> Finding:
    try:
        scenario = load.load(name)
        if load.parse(load.dump(scenario), name) != scenario:
            return Finding(f"scenario {name}", "does not survive being written and read", "mend scenarios/load.py")
        for settings in scenario.variants.values():
            load.load(name, settings)
    except UserError as error:
        return Finding(f"scenario {name}", "cannot be run", str(error))
    return Finding(f"scenario {name}", f"sound, {scenario.episodes} episodes")


def _golden() -> Iterator[Finding]:
    if not (GOLDEN / "make.py").is_file():
        return
    for name in codegen.GENERATED:
        current = name not in codegen.stale()
        how = "current" if current else "differs from protocol.py"
        yield Finding(f"wire {Path(name).name}", how, "" if current else f"run {codegen.COMMAND_LINE}")
    make = runpy.run_path(str(GOLDEN / "make.py"))
    for name in make["LAWS"]:
        file = GOLDEN / f"{name}.hex"
        current = file.is_file() and file.read_text() == make["text"](name)
        remedy = "" if current else f"if the law was meant to change, run python {GOLDEN.relative_to(ROOT)}/make.py"
        yield Finding(f"golden {name}", "current" if current else "differs from its law", remedy)
