"""The verbs of the command line, a module each: `add(verbs)` says what may be asked, a function does it.

What a verb needs is imported when it is done, so that `ganglion --help` starts at once.
"""

from __future__ import annotations

from . import (
    bench,
    build,
    check,
    convert,
    damage,
    deploy,
    devices,
    info,
    monitor,
    nir,
    record,
    replay,
    report,
    run,
    state,
    sweep,
    view,
)

ALL = (
    run,
    sweep,
    damage,
    replay,
    report,
    bench,
    check,
    build,
    deploy,
    monitor,
    state,
    info,
    convert,
    record,
    view,
    devices,
    nir,
)
"""In the order of `ganglion --help`."""
