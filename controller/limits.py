"""What a declared network must not exceed, found when it is built: accumulators, and the memory of a named target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sensors.errors import UserError

MEMORY = {
    "f405": (192 * 1024, "STM32F405: 128 KiB SRAM and 64 KiB core-coupled, datasheet DS8626, features"),
    "f411": (128 * 1024, "STM32F411: 128 KiB SRAM, reference manual RM0383, section 2.1"),
    "rp2040": (264 * 1024, "RP2040: 264 KiB SRAM in six banks, datasheet, section 2.6.2"),
    "ice40-up5k": (15 * 1024, "iCE40 UP5K: 120 kbit in 30 blocks, data sheet FPGA-DS-02008"),
    "ice40-hx8k": (16 * 1024, "iCE40 HX8K: 128 kbit in 32 blocks, data sheet FPGA-DS-02029, product family"),
}
"""Bytes that hold the state and the weights of a network, by the name of a target, and where the figure is from."""

CURRENT_MOST = {"lif": 1 << 24, "adaptive": 1 << 24, "izhikevich": (1 << 31) - 1, "cuba": 1 << 17}
"""Largest input of a tick that each law takes; Izhikevich limits it to 65535 itself, a cuba current wraps beyond."""


def check_fan_in(name: str, kind: str, worst: NDArray[np.int64], parts: list[str]) -> None:
    """Compare the largest current that could reach each neuron, (N,), with what its law takes.

    Raises:
        UserError: neuron, sum and limit in numbers.
    """
    most = CURRENT_MOST[kind]
    if worst.size and worst.max() > most:
        at = int(worst.argmax())
        raise UserError(
            f"population {name}: neuron {at} may receive {int(worst[at])} in one tick (bias and all inputs of "
            f"{', '.join(parts) or 'none'} at once), a {kind} neuron takes {most}; lower weights, exponents or fan-in"
        )


def check_sum(connection: str, worst: int, fan_in: int) -> None:
    """Compare the largest sum of products that a connection could form with its 32-bit accumulator.

    Raises:
        UserError: sum and limit in numbers.
    """
    if worst > (1 << 31) - 1:
        raise UserError(
            f"connection {connection}: {fan_in} inputs may sum to {worst}, its accumulator holds {(1 << 31) - 1}; "
            f"at int16 inputs and weights of 127 that is 516 inputs; lower weights or inputs"
        )


def check_memory(target: str, needed: int) -> None:
    """Compare the bytes of an image with the memory of `target`.

    Raises:
        UserError: no such target, or it does not fit.
    """
    if target not in MEMORY:
        raise UserError(f'target "{target}" is not known; expected one of {", ".join(MEMORY)}')
    has, _ = MEMORY[target]
    if needed > has:
        raise UserError(
            f"the network needs {needed} bytes, target {target} has {has}: {needed / has:.1f} times as much; use "
            f"fewer neurons, sparse connections or another target "
            f"({', '.join(f'{k} {v[0]}' for k, v in MEMORY.items())})"
        )
