"""The read-outs and the learning rules of a network that is being built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sensors.errors import UserError

from . import program as op
from .assemble_wires import Wires
from .declare import Lif, Plastic, Readout
from .plasticity import WEIGHT_MAX
from .signal_order import unknown
from .stdp import RULE

if TYPE_CHECKING:
    from .assemble import Assembly


class Rules:
    """Adds to an assembly what reads its populations and moves its weights."""

    def __init__(self, assembly: Assembly, wires: Wires) -> None:
        self.a, self.wires = assembly, wires

    def readouts(self) -> None:
        """Emit traces and read-outs; populations that share a trace's shape share the trace."""
        a = self.a
        for name, r in a.spec.readouts.items():
            if bool(r.source) == bool(r.signals):
                raise UserError(f"readout {name} needs either a source or signals; give one of them")
            if r.source and r.source not in a.spec.populations:
                raise unknown(f"readout {name} reads {r.source!r}", r.source, list(a.spec.populations))
            if r.membrane is not None:
                self._membrane(name, r)
                continue
            x, n = self._activity(name, r)
            weight = a.given(f"{name}.weight", (n,), -WEIGHT_MAX, WEIGHT_MAX)
            place = a.layout.add(f"{name}.weight", "i4", n, r.weight if weight is None else weight)
            if r.learning is not None:
                a.learned.append(f"{name}.weight")
            a.emit(op.READ, place, n, x, a.numbers[name])

    def _membrane(self, name: str, r: Readout) -> None:
        size = self.wires.sizes.get(r.source, 0)
        if r.membrane is None or r.membrane >= size:
            raise UserError(f"readout {name} reads membrane {r.membrane} of {r.source or 'nothing'}, which has {size}")
        self.a.emit(op.MEMBRANE, 0, 0, self.a.layout.at(f"{r.source}.v") + r.membrane, self.a.numbers[name])

    def _activity(self, name: str, r: Readout) -> tuple[int, int]:
        a = self.a
        if r.signals:
            return self.wires.values(name, r.signals), len(r.signals)
        n = self.wires.sizes[r.source]
        trace = f"{r.source}.trace_{r.trace_shift}_{r.trace_bump}"
        if trace not in a.layout.places:
            a.layout.add(trace, "i2", n)
            a.emit(op.TRACE, a.layout.at(trace), n, a.layout.at(f"{r.source}.fired"), r.trace_shift, r.trace_bump)
        return a.layout.at(trace), n

    def learning(self) -> None:
        """Emit every rule, after all signals are known."""
        a, at = self.a, self.a.layout.at
        for name, r in a.spec.readouts.items():
            if r.learning is not None and r.membrane is None:
                error = a.number(r.learning.error, f"readout {name}")
                n = a.layout.places[f"{name}.weight"].shape[0]
                x = at(f"{name}.x") if r.signals else at(f"{r.source}.trace_{r.trace_shift}_{r.trace_bump}")
                code, near = (op.DELTA if r.signals else op.PES), int(r.learning.rounding == "nearest")
                if r.signals and near:
                    raise UserError(f"readout {name}: rounding nearest is for read-outs of spikes; use stochastic")
                a.emit(code, at(f"{name}.weight"), n, x, error, r.learning.rate_shift, a.key(name), near)
        for key, c in a.spec.connections.items():
            if isinstance(c, Plastic):
                self._stdp(key, c)
        for name, p in a.spec.populations.items():
            if isinstance(p, Lif) and p.homeostasis is not None:
                h = p.homeostasis
                target = round(h.rate_hz * 32.768)
                a.emit(op.HOMEOSTASIS, at(f"{name}.threshold"), p.size, at(f"{name}.fired"), target, h.rate_shift,
                       h.low, h.high, a.key(name))  # fmt: skip

    def _stdp(self, key: str, c: Plastic) -> None:
        a, rule = self.a, c.learning
        n, m = self.wires.sizes[c.target], self.wires.sizes[c.source]
        record = np.zeros(1, RULE)
        values: dict[str, Any] = {k: getattr(rule, k) for k in RULE.names or () if hasattr(rule, k)}
        values |= {"key": a.key(key) & 0xFFFFFFFF, "learning": a.spec.learning, "low": c.low, "high": c.high}
        for field, value in values.items():
            record[field] = value
        a.layout.rules.append(record)
        pre, post = a.layout.add(f"{key}.pre", "i2", m), a.layout.add(f"{key}.post", "i2", n)
        active = a.layout.add(f"{key}.active", "i4", m)
        credit = a.layout.add(f"{key}.credit", "i2", (n, m)) if rule.reward else 0
        reward = a.number(rule.reward, f"connection {key}") if rule.reward else -1
        at = a.layout.at
        a.emit(op.STDP, at(f"{key}.weight"), n, m, len(a.layout.rules) - 1, pre, post, at(f"{c.source}.fired"),
               at(f"{c.target}.fired"), active, credit, reward)  # fmt: skip
