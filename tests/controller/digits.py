"""Digits of our own making as spikes, and a small network trained on them in Norse: `digits.py FILE` writes it.

A digit is a glyph of 5 x 7 pixels somewhere in 8 x 8, some pixels flipped, each pixel firing at random for TICKS ticks.
"""

from __future__ import annotations

import sys
import warnings
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

TICKS, PIXELS, HIDDEN, CLASSES = 20, 64, 64, 10
GLYPHS = (
    "01110 10001 10011 10101 11001 10001 01110", "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00010 00100 01000 11111", "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010", "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110", "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110", "01110 10001 10001 01111 00001 00010 01100",
)  # fmt: skip


def digits(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Spikes uint8 (count, TICKS, PIXELS) and labels (count,)."""
    rng = np.random.default_rng(seed)
    glyphs = np.array([[[int(p) for p in row] for row in glyph.split()] for glyph in GLYPHS])
    labels = rng.integers(0, CLASSES, count)
    images = np.zeros((count, 8, 8))
    for image, label in zip(images, labels, strict=True):
        y, x = rng.integers(0, 2), rng.integers(0, 4)
        image[y : y + 7, x : x + 5] = glyphs[label]
    images = np.where(rng.random(images.shape) < 0.04, 1 - images, images)
    rate = 0.02 + 0.33 * images.reshape(count, 1, PIXELS) * rng.uniform(0.6, 1.0, (count, 1, 1))
    return (rng.random((count, TICKS, PIXELS)) < rate).astype(np.uint8), labels


def train(file: str) -> None:
    """Train by surrogate gradients, print the accuracy in Norse, write the network as NIR."""
    warnings.simplefilter("ignore")
    import nir
    import norse.torch as norse
    import torch

    torch.manual_seed(1)
    torch.set_num_threads(1)
    parameters = norse.LIFBoxParameters(
        tau_mem_inv=torch.as_tensor(1 / 0.01), v_leak=torch.as_tensor(0.0), v_th=torch.as_tensor(0.5), alpha=10.0
    )
    first, second = torch.nn.Linear(PIXELS, HIDDEN), torch.nn.Linear(HIDDEN, CLASSES)
    hidden, out = norse.LIFBoxCell(parameters), norse.LIFBoxCell(parameters)

    def counts(spikes: Any) -> Any:
        """Spikes of each class over all ticks, (batch, CLASSES)."""
        a = b = None
        total: Any = 0
        for tick in range(TICKS):
            z, a = hidden(first(spikes[:, tick]), a)
            z, b = out(second(z), b)
            total = total + z
        return total

    spikes, labels = digits(4000, seed=1)
    x, y = torch.tensor(spikes, dtype=torch.float32), torch.tensor(labels)
    # First on mean rates, with rectified neurons for spiking ones, which is quick; then as it is, spike by spike.
    weights = [*first.parameters(), *second.parameters()]
    optimiser, rates = torch.optim.Adam(weights, 5e-3), x.mean(1)
    for _ in range(600):
        optimiser.zero_grad()
        drive = first(10 * rates)
        loss = torch.nn.functional.cross_entropy(second(torch.relu(drive)), y) + 0.02 * drive.square().mean()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        first.weight *= 10  # of a spike instead of ten times a rate
        second.weight *= 4
        second.bias *= 0.5
    optimiser = torch.optim.Adam(weights, 5e-3)
    for _epoch in range(3):
        for batch in torch.randperm(len(x)).split(100):
            optimiser.zero_grad()
            loss = torch.nn.functional.cross_entropy(counts(x[batch]), y[batch])
            loss.backward()
            optimiser.step()
        print(f"loss {loss.item():.3f}", flush=True)
    spikes, labels = digits(2000, seed=2)
    with torch.no_grad():
        right = (counts(torch.tensor(spikes, dtype=torch.float32)).argmax(1).numpy() == labels).mean()
    print(f"accuracy in Norse {100 * right:.2f} % of 2000 digits of seed 2")

    def affine(layer: Any) -> Any:
        return nir.Affine(layer.weight.detach().numpy(), layer.bias.detach().numpy())

    def lif(n: int) -> Any:
        return nir.LIF(np.full(n, 0.01), np.ones(n), np.zeros(n), np.full(n, 0.5), np.zeros(n))

    nodes = {
        "input": nir.Input({"input": np.array([PIXELS])}),
        "first": affine(first),
        "hidden": lif(HIDDEN),
        "second": affine(second),
        "out": lif(CLASSES),
        "output": nir.Output({"output": np.array([CLASSES])}),
    }
    names = list(nodes)
    nir.write(file, nir.NIRGraph(nodes, list(pairwise(names))))


if __name__ == "__main__":
    train(sys.argv[1])
