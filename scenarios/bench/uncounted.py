"""W1 as declared, but with the ledger's lines taken out of the tick before it is compiled: what counting costs.

It must be made in a process of its own, before anything else has imported the tick.
"""

from __future__ import annotations

import ast
import sys
import tempfile
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING

from numba import njit

from controller import kernels, wiring

if TYPE_CHECKING:
    from .declared import W1 as Declared

TICK = "controller.program"


class _NoLedger(ast.NodeTransformer):
    """Replaces `ledger[...] += ...` by nothing and counts how often."""

    taken = 0

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        target = node.target
        if isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name) and target.value.id == "ledger":
            self.taken += 1
            return ast.Pass()
        return node


def W1(*size: int) -> Declared:
    """The contestant; spikes are one of the counts, so its rate is 0."""
    if TICK in sys.modules:
        raise RuntimeError(f"{TICK} is there already, with its ledger")
    taking = _NoLedger()
    source = ast.unparse(taking.visit(ast.parse(Path(wiring.__file__).with_name("program.py").read_text())))
    if not taking.taken:
        raise RuntimeError(f"no line of {TICK} counts for the ledger")
    kernels.kernel = partial(njit, _nrt=False)  # not kept: nobody else may find these
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(source)
        spec = spec_from_file_location(TICK, path)
        assert spec is not None
        assert spec.loader is not None
        module = module_from_spec(spec)
        sys.modules[TICK] = module
        spec.loader.exec_module(module)
        from .declared import W1 as declared_w1

        return declared_w1(*size)
