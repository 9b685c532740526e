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

from controller.adaptive import ADAPTATION_MAX, adaptive_step
from controller.delta import delta_step
from controller.guard import guard_step
from controller.homeostasis import homeostasis_step
from controller.loihi import loihi_step
from controller.neuron import lif_step, trace_step
from controller.plasticity import WEIGHT_MAX, pes_step, scramble
from controller.rounding import noise_start
from controller.stdp import eligibility_step, pairing, reward_step, stdp_step
from sensors.izhikevich import U_MOST, V_LEAST, V_PEAK, izhikevich_step

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


def _random(rng: np.random.Generator, *ranges: tuple[int, int]) -> Iterator[Case]:
    for _ in range(RANDOM_CASES):
        yield tuple(int(rng.integers(low, high, endpoint=True)) for low, high in ranges)


def adaptive_cases(rng: np.random.Generator) -> Iterator[Case]:
    """v, adaptation, current, leak_shift, sink_shift, threshold, bump."""
    states = ((-32768, 0, 32767), (0, 4095, ADAPTATION_MAX))
    yield from itertools.product(*states, (-(1 << 24), 0, 1 << 24), (1, 15), (1, 12), (1, 32767), (0, 32767))
    drive = ((-40000, 60000), (1, 15), (1, 12), (1, 32767), (0, 32767))
    yield from _random(rng, (-32768, 32767), (0, 1 << 24), *drive)


def izhikevich_cases(rng: np.random.Generator) -> Iterator[Case]:
    """v, u, current, a, b, c, d."""
    yield from itertools.product(
        (V_LEAST, -1, 0, V_PEAK), (-U_MOST, -1, U_MOST), (-65536, 65535), (1, 255), (0, 255), (V_LEAST,), (0, 32767)
    )
    kinds = ((1, 255), (0, 255), (V_LEAST, V_PEAK - 1), (0, 4096))
    yield from _random(rng, (V_LEAST, V_PEAK), (-30000, 30000), (-65536, 65535), *kinds)


def delta_cases(rng: np.random.Generator) -> Iterator[Case]:
    """weight, error, x, rate_shift, noise."""
    ends = (-32767, -1, 0, 32767)
    yield from itertools.product((-WEIGHT_MAX, 0, WEIGHT_MAX), ends, (-32768, *ends), (1, 8, 16), (0, 65535))
    yield from _random(rng, (-WEIGHT_MAX, WEIGHT_MAX), (-32767, 32767), (-32768, 32767), (1, 16), (0, 65535))


def pairing_cases(rng: np.random.Generator) -> Iterator[Case]:
    """pre_fired, post_fired, pre_trace, post_trace, potentiation, depression."""
    yield from itertools.product((0, 1), (0, 1), *[(0, 1, 32767)] * 4)
    yield from _random(rng, (0, 1), (0, 1), *[(0, 32767)] * 4)


PAIRS = (-(1 << 30), 1 << 30)


def stdp_cases(rng: np.random.Generator) -> Iterator[Case]:
    """weight, pairs, rate_shift, low, high, noise."""
    yield from itertools.product(
        (-WEIGHT_MAX, 0, WEIGHT_MAX), (*PAIRS, -1, 0), (1, 16), (-WEIGHT_MAX, 0), (0, 9), (0, 65535)
    )
    yield from _random(rng, (-1 << 20, 1 << 20), PAIRS, (1, 16), (-1 << 21, 0), (0, 1 << 21), (0, 65535))


def eligibility_cases(rng: np.random.Generator) -> Iterator[Case]:
    """eligibility, pairs, rate_shift, credit_shift, noise, forgetting."""
    yield from itertools.product((-32767, -1, 0, 32767), (*PAIRS, 0), (1, 16), (1, 16), (0, 65535), (0, 65535))
    yield from _random(rng, (-32767, 32767), (-1 << 24, 1 << 24), (1, 16), (1, 16), (0, 65535), (0, 65535))


def reward_cases(rng: np.random.Generator) -> Iterator[Case]:
    """weight, eligibility, reward, reward_shift, low, high, noise."""
    ends = (-32767, -1, 0, 32767)
    yield from itertools.product(
        (-WEIGHT_MAX, 0, WEIGHT_MAX), ends, ends, (1, 16), (-WEIGHT_MAX, 0), (0, 9), (0, 65535)
    )
    limits = ((-1 << 21, 0), (0, 1 << 21))
    yield from _random(rng, (-1 << 20, 1 << 20), *[(-32767, 32767)] * 2, (1, 16), *limits, (0, 65535))


def homeostasis_cases(rng: np.random.Generator) -> Iterator[Case]:
    """threshold, fired, target, rate_shift, low, high, noise."""
    yield from itertools.product((1, 32767), (0, 1), (0, 1, 32768), (1, 16), (1, 99), (100, 32767), (0, 65535))
    yield from _random(rng, (1, 32767), (0, 1), (0, 32768), (1, 16), (1, 9999), (10000, 32767), (0, 65535))


def noise_cases(rng: np.random.Generator) -> Iterator[Case]:
    """key, tick, stream."""
    yield from itertools.product(*[(0, 1, (1 << 32) - 1)] * 2, range(4))
    yield from _random(rng, *[(0, (1 << 32) - 1)] * 2, (0, 3))


def _answers(law: Callable[..., object], modular: bool, *arguments: int) -> Case:
    with np.errstate(over="ignore" if modular else "raise"):
        result = law(*arguments)
    return tuple(int(r) for r in (result if isinstance(result, tuple) else (result,)))


MODULAR = ("scramble", "noise", "loihi")
"""Laws whose arithmetic is meant modulo 2^32; in all others a sum that does not fit stops the writing."""
LAWS: dict[str, tuple[Callable[..., object], Callable[[np.random.Generator], Iterator[Case]]]] = {
    "lif": (lif_step.py_func, lif_cases),
    "trace": (trace_step.py_func, trace_cases),
    "pes": (pes_step.py_func, pes_cases),
    "guard": (guard_step.py_func, guard_cases),
    "scramble": (scramble.py_func, scramble_cases),
    "loihi": (loihi_step.py_func, loihi_cases),
    "adaptive": (adaptive_step.py_func, adaptive_cases),
    "izhikevich": (izhikevich_step.py_func, izhikevich_cases),
    "delta": (delta_step.py_func, delta_cases),
    "pairing": (pairing.py_func, pairing_cases),
    "stdp": (stdp_step.py_func, stdp_cases),
    "eligibility": (eligibility_step.py_func, eligibility_cases),
    "reward": (reward_step.py_func, reward_cases),
    "homeostasis": (homeostasis_step.py_func, homeostasis_cases),
    "noise": (noise_start.py_func, noise_cases),
}


def cases(name: str) -> Iterator[tuple[Case, Case]]:
    """Arguments and results of every case of one law."""
    law, inputs = LAWS[name]
    for arguments in inputs(np.random.default_rng(20_000)):
        yield arguments, _answers(law, name in MODULAR, *arguments)


def text(name: str) -> str:
    """What the file of one law must hold."""
    return "".join(" ".join(map(word, given + result)) + "\n" for given, result in cases(name))


if __name__ == "__main__":
    for law_name in LAWS:
        (FOLDER / f"{law_name}.hex").write_text(text(law_name))
        print(f"wrote {FOLDER / f'{law_name}.hex'}")
