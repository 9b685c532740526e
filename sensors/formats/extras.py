"""Libraries that a plain install leaves out: imported where one is asked for, or the sentence how to get it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from sensors.errors import UserError


def need(what: object, module: str, extra: str, name: str = "") -> ModuleType:
    """Import `module` (of the distribution `name`), which `what` takes and 'ganglion[extra]' brings.

    Raises:
        UserError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise UserError(f"{what} needs {name or module}: pip install 'ganglion[{extra}]'") from None
