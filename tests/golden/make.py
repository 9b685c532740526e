"""Write what the integer laws answer, as hex words that C and Verilog read as they are: `python tests/golden/make.py`.

One case a line: the law's arguments in the order of its signature, then its results, each a 32-bit two's complement
word. Corners come first, then seeded random cases. The laws run here as plain Python on integers without a width, so a
value that would not fit stops the writing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from controller.guard import guard_step
from controller.loihi import loihi_step
from controller.neuron import lif_step, trace_step
from controller.plasticity import WEIGHT_MAX, pes_step, scramble

FOLDER = Path(__file__).parent
RANDOM_CASES = 400
Case = tuple[int, ...]


def word(value: int) -> str:
    """Two's complement of -2^31..2^32-1."""
    assert -(1 << 31) <= value < 1 << 32, value
    return f"{value & 0xFFFFFFFF:08x}"


def lif_cases(rng: np.random.Generator) -> Iterator[Case]:
    """v, current, leak_shift, threshold."""
    corners = ((-32768, -1, 0, 1, 32767), (-(1 << 24), -1, 0, 1, 1 << 24), (1, 5, 15), (1, 16384, 32767))
    yield from itertools.product(*corners)
    for _ in range(RANDOM_CASES):
        yield tuple(
            map(
                int,
                (
                    rng.integers(-32768, 32768),
                    rng.integers(-40000, 40000),
                    rng.integers(1, 16),
                    rng.integers(1, 32768),
                ),
            )
        )


def trace_cases(rng: np.random.Generator) -> Iterator[Case]:
    """trace, fired, decay_shift, step."""
    yield from itertools.product((0, 1, 31, 32, 32766, 32767), (0, 1), (1, 5, 14), (1, 512, 32767))
    for _ in range(RANDOM_CASES):
        yield tuple(map(int, (rng.integers(32768), rng.integers(2), rng.integers(1, 15), rng.integers(1, 32768))))


def pes_cases(rng: np.random.Generator) -> Iterator[Case]:
    """weight, error, trace, rate_shift, noise."""
    weights, errors = (-WEIGHT_MAX, -1, 0, WEIGHT_MAX), (-32768, -1, 0, 1, 32767)
    yield from itertools.product(weights, errors, (0, 1, 32767), (1, 8, 16), (0, 32768, 65535))
    for _ in range(RANDOM_CASES):
        yield tuple(
            map(
                int,
                (
                    rng.integers(-WEIGHT_MAX, WEIGHT_MAX + 1),
                    rng.integers(-32768, 32768),
                    rng.integers(32768),
                    rng.integers(1, 17),
                    rng.integers(65536),
                ),
            )
        )


def guard_cases(rng: np.random.Generator) -> Iterator[Case]:
    """last, asked, low, high, slew."""
    ends = (-32768, 0, 32767)
    for last, asked, low, high, slew in itertools.product(ends, ends, ends, ends, (1, 800, 32767)):
        if low <= high:
            yield last, asked, low, high, slew
    for _ in range(RANDOM_CASES):
        low, high = sorted(rng.integers(-32768, 32768, 2).tolist())
        yield (*rng.integers(-32768, 32768, 2).tolist(), low, high, int(rng.integers(1, 32768)))


def scramble_cases(rng: np.random.Generator) -> Iterator[Case]:
    """counter."""
    yield from ((n,) for n in (0, 1, 2, 3, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, *(1 << k for k in range(2, 31))))
    yield from ((int(n),) for n in rng.integers(1 << 32, size=RANDOM_CASES))


def loihi_cases(rng: np.random.Generator) -> Iterator[Case]:
    """u, v, a, bias, keep_u, keep_v, threshold; u and v also where truncation toward zero differs from floor."""
    u, v = (-(1 << 23) + 1, -4097, -1, 0, 1 << 23), (-(1 << 23) + 1, -1, 4095, (1 << 23) - 1)
    yield from itertools.product(u, v, (-(1 << 18), -1, 0, 1 << 17), (-(1 << 20), 0, 1), (0, 4095), (0, 4096), (0, 64))
    for _ in range(RANDOM_CASES):
        state = rng.integers(-(1 << 23) + 1, 1 << 23, 2).tolist()
        drive = rng.integers(-(1 << 18), 1 << 18), rng.integers(-(1 << 20), 1 << 20)
        keep = rng.integers(4096), rng.integers(4097)
        yield (*state, *map(int, (*drive, *keep, rng.integers(1 << 23))))


def _answers(law: Callable[..., object], *arguments: int) -> Case:
    with np.errstate(over="ignore"):  # unsigned arithmetic modulo 2^32 is meant
        result = law(*arguments)
    return tuple(int(r) for r in (result if isinstance(result, tuple) else (result,)))


LAWS: dict[str, tuple[Callable[..., object], Callable[[np.random.Generator], Iterator[Case]]]] = {
    "lif": (lif_step.py_func, lif_cases),
    "trace": (trace_step.py_func, trace_cases),
    "pes": (pes_step.py_func, pes_cases),
    "guard": (guard_step.py_func, guard_cases),
    "scramble": (scramble.py_func, scramble_cases),
    "loihi": (loihi_step.py_func, loihi_cases),
}


def cases(name: str) -> Iterator[tuple[Case, Case]]:
    """Arguments and results of every case of one law."""
    law, inputs = LAWS[name]
    for arguments in inputs(np.random.default_rng(20_000)):
        yield arguments, _answers(law, *arguments)


def text(name: str) -> str:
    """What the file of one law must hold."""
    return "".join(" ".join(map(word, given + result)) + "\n" for given, result in cases(name))


if __name__ == "__main__":
    for law_name in LAWS:
        (FOLDER / f"{law_name}.hex").write_text(text(law_name))
        print(f"wrote {FOLDER / f'{law_name}.hex'}")
