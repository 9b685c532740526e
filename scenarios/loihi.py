"""The verb check loihi: does the Loihi profile reproduce the traces that another implementation of the chip recorded?

A trace is a file.npz with the arrays of FIELDS: the parameters of one population, its input spikes, and u, v and spikes
after each step.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from controller.loihi import Loihi
from sensors.errors import UserError

FIELDS = {
    "weight": 2, "weight_bits": 0, "weight_exp": 0, "du": 0, "dv": 0, "vth": 0, "bias_mant": 1, "bias_exp": 1,
    "spikes_in": 2, "spikes_out": 2, "u": 2, "v": 2,
}  # fmt: skip
"""Name and number of dimensions: weight (N, M), bias_* (N,) or a scalar, spikes_in (T, M), the last three (T, N)."""
Trace = dict[str, NDArray[np.int64]]


def check_loihi(folder: Path) -> int:
    """Compare every trace in a folder and print what was found; returns 0 if all are identical, 1 otherwise.

    Raises:
        UserError: no such folder, no traces in it, or one that is damaged.
    """
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; name one that holds traces as .npz files")
    files = sorted(folder.glob("*.npz"))
    if not files:
        raise UserError(f"{folder} holds no .npz file; name a folder of traces")
    traces = [(file, read(file)) for file in files]
    found = [first_difference(file, trace) for file, trace in traces]
    for (file, _), difference in zip(traces, found, strict=True):
        if difference:
            print(f"{file.name} differs first in {difference}")
            break
    print(f"{found.count('')} of {len(found)} identical")
    return 1 if any(found) else 0


def read(file: Path) -> Trace:
    """The arrays of one trace as int64, biases one per neuron.

    Raises:
        UserError: not a trace, an array missing, of the wrong kind or shape, or a file that is cut or damaged.
    """
    try:
        with file.open("rb") as handle, np.load(handle, allow_pickle=False) as archive:
            absent = [name for name in FIELDS if name not in archive.files]
            if absent:
                raise UserError(f"{file} lacks {', '.join(absent)}; a trace holds {', '.join(FIELDS)}")
            raw = {name: archive[name] for name in FIELDS}
    except (OSError, ValueError, EOFError, KeyError, AttributeError, NotImplementedError, zipfile.BadZipFile) as error:
        raise UserError(f"{file} cannot be read as a trace ({error}); use another copy") from None
    except Exception as error:  # zlib.error and what else a damaged archive makes its readers raise
        raise UserError(f"{file} is damaged ({type(error).__name__}: {error}); use another copy") from None
    for name, array in raw.items():
        if array.dtype.kind not in "iub":
            raise UserError(f"{file}: {name} is {array.dtype}, expected integers; use another copy")
        if array.size and (int(array.min()) < -(1 << 31) or int(array.max()) >= 1 << 31):
            raise UserError(f"{file}: {name} reaches {int(array.min())} .. {int(array.max())}, expected 32 bits")
        if FIELDS[name] == 0 and array.size == 1:
            raw[name] = array.reshape(())
    trace = {name: array.astype(np.int64) for name, array in raw.items()}
    _fit(file, trace)
    return trace


def _fit(file: Path, trace: Trace) -> None:
    """Give each neuron its bias and see that all shapes belong together."""
    if trace["weight"].ndim != 2 or trace["spikes_in"].ndim != 2:
        raise UserError(f"{file}: weight and spikes_in have to be tables; use another copy")
    neurons, inputs = trace["weight"].shape
    steps = len(trace["spikes_in"])
    for name in ("bias_mant", "bias_exp"):
        if trace[name].size == 1:
            trace[name] = np.full(neurons, trace[name].item())
    wanted = {"spikes_in": (steps, inputs), "bias_mant": (neurons,), "bias_exp": (neurons,)}
    wanted |= dict.fromkeys(("spikes_out", "u", "v"), (steps, neurons))
    for name, dimensions in FIELDS.items():
        shape = wanted.get(name, (neurons, inputs) if dimensions else ())
        if trace[name].shape != shape:
            raise UserError(f"{file}: {name} is {trace[name].shape}, expected {shape}; use another copy")
    if abs(trace["bias_exp"]).max(initial=0) > 31:
        raise UserError(f"{file}: bias_exp reaches {abs(trace['bias_exp']).max()}, expected -31 to 31")
    if not np.isin(trace["spikes_in"], (0, 1)).all():
        raise UserError(f"{file}: spikes_in holds other numbers than 0 and 1; use another copy")


def first_difference(file: Path, trace: Trace) -> str:
    """Step, neuron, variable and both values where the profile first departs from the trace; empty if it never does.

    Raises:
        UserError: the trace has parameters that the chip does not have.
    """
    mantissa, exponent = trace["bias_mant"], trace["bias_exp"]
    bias = np.where(exponent >= 0, mantissa << np.maximum(exponent, 0), mantissa >> np.maximum(-exponent, 0))
    bits, shift, du, dv, vth = (int(trace[name]) for name in ("weight_bits", "weight_exp", "du", "dv", "vth"))
    try:
        population = Loihi(trace["weight"], bits, shift, du, dv, vth, bias.astype(np.int32))
        ours = population.run(trace["spikes_in"].astype(np.uint8))
    except UserError as error:
        raise UserError(f"{file}: {error}") from None
    here: dict[str, NDArray[Any]] = dict(zip(("u", "v", "spikes_out"), ours, strict=True))
    differs = np.any([now != trace[name] for name, now in here.items()], axis=0)
    if not differs.any():
        return ""
    step, neuron = map(int, np.argwhere(differs)[0])
    at = step, neuron
    name = next(name for name, now in here.items() if now[at] != trace[name][at])
    return f"step {step}, neuron {neuron}: {name} is {here[name][at]} here, {trace[name][at]} in the trace"
