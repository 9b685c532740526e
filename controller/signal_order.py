"""In which order a declared network computes its signals, and the words for a name that is not there."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from sensors.errors import UserError

from .declare import Declared


def unknown(what: str, name: str, known: Sequence[str]) -> UserError:
    """The error for a name that nothing has: the nearest one is suggested."""
    near = difflib.get_close_matches(name, known, 1, 0.5)
    shown = ", ".join(known[:20]) + (" ..." if len(known) > 20 else "") if known else "none"
    return UserError(f"{what}; " + (f"did you mean {near[0]}?" if near else f"there are {shown}"))


def early_and_late(spec: Declared, channels: set[str]) -> tuple[list[str], list[str]]:
    """Signals in an order in which each finds its terms computed: those the senses give, and those of read-outs.

    Raises:
        UserError: a signal names what is not there, or signals depend on each other in a circle.
    """
    late: set[str] = set()
    order: list[str] = []
    state: dict[str, int] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if state.get(name) == 2:
            return
        if state.get(name) == 1:
            raise UserError(f"signals depend on each other in a circle: {' -> '.join((*path, name))}; break it")
        state[name] = 1
        for source, _ in spec.signals[name].terms:
            if source in spec.signals:
                visit(source, (*path, name))
                if source in late:
                    late.add(name)
            elif source in spec.readouts:
                late.add(name)
            elif source not in channels:
                raise unknown(f"signal {name} names {source!r}", source, [*channels, *spec.signals, *spec.readouts])
        state[name] = 2
        order.append(name)

    for name in spec.signals:
        visit(name, ())
    return [n for n in order if n not in late], [n for n in order if n in late]
