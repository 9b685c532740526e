"""How kernels that run in a tick are compiled."""

from __future__ import annotations

from functools import partial
from typing import Any

from numba import njit

kernel: Any = partial(njit, cache=True, _nrt=False)
"""numba without counting references: what allocates is an error when it is compiled, and every slice costs less."""
