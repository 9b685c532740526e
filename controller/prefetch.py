"""A hint to the processor that memory will be read soon; it changes no value, so no bit hangs on it.

Rows of synapses of the few neurons that spiked lie far apart, and the processor's own guess starts anew with each. Once
the synapses fill more than the second cache, waiting for a row's first lines is half the time of a step.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

READ, KEEP_NEAR, DATA = 0, 3, 1


def _prefetch(_: Any, array: Any, index: Any) -> Any:
    """prefetch(array, index): ask for the cache line of array[index], a vector; any index will do, nothing is read."""
    signature = types.void(array, index)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        vector = context.make_array(signature.args[0])(context, builder, values[0])
        address = builder.bitcast(builder.gep(vector.data, [values[1]]), cgutils.voidptr_t)
        word = ir.IntType(32)
        hint = builder.module.declare_intrinsic(
            "llvm.prefetch", [address.type], ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        )
        builder.call(hint, [address, word(READ), word(KEEP_NEAR), word(DATA)])
        return context.get_dummy_value()

    return signature, emit


def _nothing(array: Any, index: Any) -> None:
    """What is left of the hint where numba compiles nothing."""


prefetch = _nothing if numba.config.DISABLE_JIT else intrinsic(_prefetch)  # type: ignore[attr-defined]
