"""What a tick may cost in memory: nothing."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable


def assert_nothing_is_allocated(run: Callable[[], None]) -> None:
    """Watch `run`, 1000 ticks, the second time that it is done."""
    run()
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    tracemalloc.reset_peak()
    run()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert now - before < 2000, f"{now - before} bytes stayed after 1000 ticks"
    assert peak - before < 4000, f"{peak - before} bytes were in use at once"
