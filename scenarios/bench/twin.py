"""The C twin of the workloads (`twin.c`): compiled for this machine, called on the arrays of the numba kernels."""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from firmware_bridge.toolchain import compile_c

from . import w2, w3

SOURCE = Path(__file__).with_name("twin.c")
OPTIONS = ("-std=c11", "-O3", "-march=native", "-shared", "-fPIC")
W1 = ("tick", "key", "learning", "encoder", "bias", "current", "v", "alive", "fired", "activity", "weight", "output",
      "spikes")  # fmt: skip
W2 = ("fired", "addresses", "keep_u", "keep_v", "threshold", "u", "v", "a", "bias", "start", "spikes", "events")
W3 = (
    "fired",
    "patch",
    "current",
    "v",
    "alive",
    "addresses",
    "place",
    "pooled",
    "readout",
    "output",
    "spikes",
    "events",
)


def load() -> ctypes.CDLL:
    """Compile and load it.

    Raises:
        UserError: no C compiler, or it refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        return ctypes.CDLL(str(compile_c([SOURCE], Path(folder) / "twin.so", *OPTIONS)))


def _pointer(array: NDArray) -> int:
    return int(array.ctypes.data)


def _struct(sizes: Mapping[str, int], pointers: Mapping[str, int]) -> ctypes.Structure:
    """A C struct of sizes, then pointers, in that order."""
    fields = [(name, ctypes.c_size_t) for name in sizes] + [(name, ctypes.c_void_p) for name in pointers]
    kind = type("Arguments", (ctypes.Structure,), {"_fields_": fields})
    made: ctypes.Structure = kind(*sizes.values(), *pointers.values())
    return made


def _fields(state: NDArray[np.void], names: tuple[str, ...]) -> dict[str, int]:
    """Addresses of a record's fields; the record must outlive them."""
    return {name: _pointer(state[name]) for name in names}


def w1_run(
    library: ctypes.CDLL, state: NDArray[np.void], x: NDArray[np.int16], target: NDArray[np.int16]
) -> Callable[[int, int], None]:
    """`w1.tick` on `state` in C, as a function of the first tick and how many; rows of x and target come round."""
    neurons, outputs = state["v"].shape[1], state["output"].shape[1]
    sizes = {"inputs": state["encoder"].shape[1], "neurons": neurons, "outputs": outputs}
    arguments = _struct(sizes, _fields(state, W1))

    def run(since: int, ticks: int) -> None:
        rows = (
            ctypes.c_void_p(_pointer(x)),
            ctypes.c_void_p(_pointer(target)),
            *map(ctypes.c_size_t, (len(x), since, ticks)),
        )
        library.w1_run(ctypes.byref(arguments), *rows)

    return run


def w2_run(library: ctypes.CDLL, net: w2.Recurrent) -> Callable[[int], None]:
    """`w2.run` in C, as a function of the number of ticks."""
    synapses = {"target": _pointer(net.target), "weight": _pointer(net.weight)}
    arguments = _struct({"neurons": net.state["v"].shape[1]}, _fields(net.state, W2) | synapses)

    def run(ticks: int) -> None:
        library.w2_run(ctypes.byref(arguments), ctypes.c_size_t(ticks))

    return run


def w3_run(
    library: ctypes.CDLL, state: NDArray[np.void], xs: NDArray[np.uint16], ys: NDArray[np.uint16], ps: NDArray[np.uint8]
) -> Callable[[int, int], None]:
    """`w3.tick` on `state` in C, likewise; a row of xs, ys and ps holds the events of a tick."""
    side = state["current"].shape[1] * w3.STRIDE
    sizes = {"side": side, "outputs": w3.OUTPUTS, "cells": state["pooled"].shape[1]}
    arguments = _struct(sizes, _fields(state, W3))
    rows, each = xs.shape

    def run(since: int, ticks: int) -> None:
        events = (ctypes.c_void_p(_pointer(a)) for a in (xs, ys, ps))
        library.w3_run(ctypes.byref(arguments), *events, *map(ctypes.c_size_t, (each, rows, since, ticks)))

    return run
