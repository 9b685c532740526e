"""Where numba keeps compiled kernels, and by which names, so that no other than the one that was meant is called.

A folder named after the sources: numba looks only at the file a kernel stands in. A kernel that calls a law in another
file, or reads a constant there, would go on computing with the old one after an update, silently and with other bits
than the other targets.

Records named after their fields: numba (0.68 and before) numbers them as they come in a process. Kernels of two records
that were kept by two processes then have one name, and in a third that loads both each calls whatever came first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
import zlib
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

KERNEL_FOLDERS = ("sensors", "controller", "sim", "scenarios/bench")
"""All that has kernels or constants that kernels read."""
VARIABLE, PREFIX = "NUMBA_CACHE_DIR", "kernels-"
KEPT, KEPT_S = 3, 3600.0
RECORDS = "numba.core.types.npytypes"
"""The module that declares numba's type of a record."""


def fingerprint(root: Path) -> str:
    """CRC-32 of every source file below `root` that a kernel can depend on, 8 hexadecimal digits."""
    crc = 0
    for folder in KERNEL_FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            crc = zlib.crc32(path.read_bytes(), zlib.crc32(str(path.relative_to(root)).encode(), crc))
    return f"{crc:08x}"


def home(root: Path) -> Path:
    """The folder that holds a folder of kernels for each state of the sources."""
    return root / "sensors" / "__pycache__"


def settle(root: Path) -> None:
    """Have numba keep kernels of the sources as they are now, and remove those of states long gone.

    A folder that the user names (NUMBA_CACHE_DIR) is left to the user. Where the place cannot be written numba finds
    one itself, as it would have without this.
    """
    given, place = os.environ.get(VARIABLE), home(root)
    if given and Path(given).parent != place:
        return
    folder = place / (PREFIX + fingerprint(root))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        os.utime(folder)
    except OSError:
        return
    os.environ[VARIABLE] = str(folder)
    if "numba" in sys.modules:  # it has read its settings already
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    _forget(place)


def _forget(place: Path) -> None:
    """Remove all but the newest few, unless used within the hour before the newest: another process may be at it."""
    with contextlib.suppress(OSError):
        ages = sorted((p.stat().st_mtime, p) for p in place.glob(PREFIX + "*"))
        for used_s, folder in ages[:-KEPT]:
            if ages[-1][0] - used_s > KEPT_S:
                shutil.rmtree(folder, ignore_errors=True)


def name_records() -> None:
    """Have numba name records after their fields, now or as soon as anybody imports it."""
    if RECORDS in sys.modules:
        _rename(sys.modules[RECORDS])
    elif not any(isinstance(finder, _Watch) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Watch())


def _rename(module: ModuleType) -> None:
    def mangling_args(record: Any) -> tuple[str, tuple[str]]:
        return "Record", (hashlib.blake2b(record.name.encode(), digest_size=8).hexdigest(),)

    module.Record.mangling_args = property(mangling_args)


class _Watch(MetaPathFinder):
    """Waits for numba's records to be declared."""

    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != RECORDS:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                _rename(module)

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
