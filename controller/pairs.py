"""The dense product by the processor's own instruction for sums of two 16-bit products, where there is one.

x86 with AVX2 multiplies two inputs of eight neurons at a time and adds each pair, with AVX-512 of sixteen (vpmaddwd).
No compiler finds that in a loop over int8 rows. The sums are those of the plain loop to the bit: int16 times int8,
two of them, stays within 24 bits, and what is added up beyond is taken modulo 2^32 by both.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

TILE_VECTORS = 2
"""Vectors of words of one row in a tile: enough sums side by side to hide the instruction's latency."""
BYTE, WORD, INT, INDEX = (ir.IntType(bits) for bits in (8, 16, 32, 64))


def _words(context: Any) -> int:
    """16-bit words in the widest vector that this processor multiplies so; 0 if it does not."""
    features = getattr(context.codegen(), "_tm_features", "")
    return 32 if "+avx512bw" in features else 16 if "+avx2" in features else 0


def _tile_neurons(_: Any) -> Any:
    """tile_neurons(): how many neurons a tile has on this processor; 0 if there is no such instruction."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        del builder, signature, values
        return ir.Constant(INDEX, TILE_VECTORS * _words(context))

    return types.intp(), emit


def _add_tile(_: Any, x: Any, weight: Any, current: Any, begin: Any, pairs: Any, first: Any, lowest: Any) -> Any:
    """add_tile(x, weight, current, begin, pairs, first, lowest): current += x . weight, of some inputs and neurons.

    x: int16 (D,), of which 2 pairs from `begin` on are used. weight: int8 (D, N), rows without gaps in them. current:
    int32 (N,). The tile begins at neuron `first` and lies within N; neurons below `lowest` are left as they are.
    """
    signature = types.void(x, weight, current, begin, pairs, first, lowest)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        words = _words(context)
        if words:
            x, weight, current = (context.make_array(t)(context, builder, v) for t, v in
                                  zip(signature.args[:3], values[:3], strict=True))  # fmt: skip
            begin, pairs, first, lowest = values[3:]
            stride = builder.extract_value(weight.strides, 0)
            weights = builder.bitcast(weight.data, cgutils.voidptr_t)
            weights = builder.gep(weights, [builder.add(builder.mul(begin, stride), first)])
            sums = _sums(builder, words, builder.gep(x.data, [begin]), weights, stride, pairs)
            _add(builder, words, sums, current.data, first, lowest)
        return context.get_dummy_value()

    return signature, emit


def _sums(builder: Any, words: int, x: Any, weights: Any, stride: Any, pairs_of_inputs: Any) -> list[Any]:
    """Pointers to the tile's sums: for each vector of a row two of int32, neurons 0-3 and 4-7 of each eight."""
    pairs = ir.VectorType(INT, words // 2)
    row_of_words = ir.VectorType(WORD, words)
    multiply = builder.module.declare_intrinsic(
        "llvm.x86.avx512.pmaddw.d.512" if words == 32 else "llvm.x86.avx2.pmadd.wd",
        fnty=ir.FunctionType(pairs, [row_of_words, row_of_words]),
    )
    start = ir.Constant(pairs, [0] * (words // 2))
    place_of: Any = cgutils.alloca_once_value
    sums = [place_of(builder, start) for _ in range(2 * TILE_VECTORS)]
    lower, upper = (
        ir.Constant(
            ir.VectorType(INT, words),
            [eight + k + odd * words for eight in range(0, words, 8) for k in half for odd in (0, 1)],
        )
        for half in (range(4), range(4, 8))
    )
    with cgutils.for_range(builder, pairs_of_inputs) as loop:
        input_ = builder.mul(loop.index, loop.index.type(2))
        two = builder.load(builder.bitcast(builder.gep(x, [input_]), INT.as_pointer()), align=2)
        both = builder.insert_element(ir.Constant(pairs, ir.Undefined), two, INT(0))
        both = builder.shuffle_vector(both, both, start)
        both = builder.bitcast(both, row_of_words)
        for vector in range(TILE_VECTORS):
            rows = []
            for k in (0, 1):
                offset = builder.mul(builder.add(input_, input_.type(k)), stride)
                address = builder.gep(weights, [builder.add(offset, offset.type(vector * words))])
                address = builder.bitcast(address, ir.VectorType(BYTE, words).as_pointer())
                rows.append(builder.sext(builder.load(address, align=1), row_of_words))
            for half, mask in enumerate((lower, upper)):
                place = sums[2 * vector + half]
                product = builder.call(multiply, [builder.shuffle_vector(rows[0], rows[1], mask), both])
                builder.store(builder.add(builder.load(place), product), place)
    return sums


def _add(builder: Any, words: int, sums: list[Any], current: Any, first: Any, lowest: Any) -> None:
    """Put the sums into the order of the neurons and add those of neurons from `lowest` on to int32 `current`."""
    lanes = words // 2
    vector = ir.VectorType(INT, lanes)
    skipped = builder.trunc(builder.sub(lowest, first), INT)
    none = ir.Constant(vector, [0] * lanes)
    skipped = builder.shuffle_vector(builder.insert_element(none, skipped, INT(0)), none, none)
    for number in range(2 * TILE_VECTORS):
        lower, upper = (builder.load(sums[number // 2 * 2 + k]) for k in (0, 1))
        fours = range(number % 2 * lanes // 2, (number % 2 + 1) * lanes // 2, 4)
        order = [four + k + half * lanes for four in fours for half in (0, 1) for k in range(4)]
        total = builder.shuffle_vector(lower, upper, ir.Constant(vector, order))
        places = ir.Constant(vector, [number * lanes + k for k in range(lanes)])
        total = builder.select(builder.icmp_signed(">=", places, skipped), total, none)
        address = builder.gep(current, [builder.add(first, first.type(number * lanes))])
        address = builder.bitcast(address, vector.as_pointer())
        builder.store(builder.add(builder.load(address, align=4), total), address, align=4)


def _no_tile() -> int:
    """Where numba compiles nothing there is no such instruction."""
    return 0


tile_neurons: Any = _no_tile
add_tile: Any = None
if not numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
    tile_neurons, add_tile = intrinsic(_tile_neurons), intrinsic(_add_tile)
