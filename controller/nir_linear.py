"""NIR's linear nodes applied to batches of arrays, in float64, as PyTorch defines them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sensors.errors import UserError

Float = NDArray[np.float64]
LINEAR = ("Affine", "Linear", "Scale", "Conv1d", "Conv2d", "SumPool2d", "AvgPool2d", "Flatten", "Delay")


def apply(node: Any, x: Float, with_bias: bool, name: str, where: str) -> Float:
    """The node's answer to x (B, *shape), with its constant part or without.

    Raises:
        UserError: x has a shape that the node does not take.
    """
    try:
        return _apply(node, x, with_bias)
    except (ValueError, IndexError) as error:
        words = " ".join(str(error).split())[:120]
        raise UserError(f"{where}: node {name} ({type(node).__name__}) does not take {x.shape[1:]}: {words}") from None


def _apply(node: Any, x: Float, with_bias: bool) -> Float:
    y = x  # a Delay is a matter of the wire
    match type(node).__name__:
        case "Affine" | "Linear":
            y = x @ np.asarray(node.weight, np.float64).T
            if with_bias and getattr(node, "bias", None) is not None:
                y = y + np.asarray(node.bias, np.float64)
        case "Scale":
            y = x * np.asarray(node.scale, np.float64)
        case "Conv1d":
            wide = np.asarray(node.weight, np.float64)[:, :, None]
            step, space, reach = (_pair(v, 1) for v in (node.stride, node.padding, node.dilation))
            beside = space if isinstance(space, str) else (0, *space)
            y = convolve(x[:, :, None], wide, int(node.groups), (1, *step), beside, (1, *reach))[:, :, 0]
            y = y + np.asarray(node.bias, np.float64)[:, None] if with_bias else y
        case "Conv2d":
            step, space, reach = (_pair(v, 2) for v in (node.stride, node.padding, node.dilation))
            y = convolve(x, np.asarray(node.weight, np.float64), int(node.groups), step, space, reach)
            y = y + np.asarray(node.bias, np.float64)[:, None, None] if with_bias else y
        case "SumPool2d" | "AvgPool2d" as kind:
            size, step, space = (_pair(v, 2) for v in (node.kernel_size, node.stride, node.padding))
            y = _windows(x, size, step, space, (1, 1)).sum(axis=(-2, -1))
            y = y / (size[0] * size[1]) if kind == "AvgPool2d" else y
        case "Flatten":  # its shapes are those without the batch
            y = x.reshape(len(x), *(int(s) for s in np.atleast_1d(node.output_type["output"])))
    return y


def _pair(value: Any, n: int) -> Any:
    """A setting of each axis; text ("same", "valid") stays."""
    if isinstance(value, str | bytes):
        return value if isinstance(value, str) else value.decode()
    flat = [int(v) for v in np.atleast_1d(np.asarray(value)).reshape(-1)]
    return tuple(flat * n if len(flat) == 1 else flat)


def _windows(x: Float, size: tuple[int, int], step: tuple[int, int], space: Any, reach: tuple[int, int]) -> Float:
    """What each place of the output sees of x (B, C, H, W): (B, C, H', W', *size)."""
    spans = [r * (k - 1) for r, k in zip(reach, size, strict=True)]
    if space == "same":
        around = [(s // 2, s - s // 2) for s in spans]
    else:
        around = [(0, 0), (0, 0)] if space == "valid" else [(p, p) for p in space]
    padded = np.pad(x, ((0, 0), (0, 0), *around))
    seen = sliding_window_view(padded, [s + 1 for s in spans], axis=(2, 3))
    thinned: Float = seen[:, :, :: step[0], :: step[1], :: reach[0], :: reach[1]]
    return thinned


def convolve(x: Float, weight: Float, groups: int, step: Any, space: Any, reach: Any) -> Float:
    """Cross-correlation, as frameworks call convolution: weight (F, C / groups, K, K)."""
    seen = _windows(x, (weight.shape[2], weight.shape[3]), step, space, reach)
    each, filters = x.shape[1] // groups, weight.shape[0] // groups
    if each != weight.shape[1]:
        raise ValueError(f"{x.shape[1]} channels, {groups} groups of {weight.shape[1]} expected")
    parts = [
        np.einsum("bcyxij,fcij->bfyx", seen[:, g * each : (g + 1) * each], weight[g * filters : (g + 1) * filters])
        for g in range(groups)
    ]
    return np.concatenate(parts, axis=1)
