"""The suite core: three workloads beside C and other systems, how cost grows, start, memory, and whether bits agree."""

from __future__ import annotations

from collections.abc import Sequence

from firmware_bridge.toolchain import compiler

from . import scaling, start, w1, w3
from .exact import same_bits
from .suites import Asked
from .table import Goal, Result, Table
from .worker import Contestant, Turns, compete

NOT_ASKED, C_TWIN = "run with --peers", "C, gcc -O3"
PEERS_W1 = (
    ("Nengo, float64", "peers_nengo:w1_double"), ("Nengo, float32", "peers_nengo:w1_single"),
    ("torch, plain", "peers_torch:w1_plain"), ("Norse", "peers_torch:w1_norse"),
    ("snnTorch", "peers_torch:w1_snntorch"),
)  # fmt: skip
PEERS_W2 = (("Brian2, C++ standalone", "peers_brian:W2"), ("NEST", "peers_nest:W2"))
PEERS_W3 = (
    ("torch, conv2d", "peers_torch:w3_plain"), ("Norse", "peers_torch:w3_norse"),
    ("snnTorch", "peers_torch:w3_snntorch"),
)  # fmt: skip
SMALL, LARGE = ((4000, 1.0), (4000, 0.1)), ((20_000, 1.0), (20_000, 0.1), (40_000, 1.0), (40_000, 0.1))
EVENT_RATES = (50, 300)


def measure(asked: Asked) -> Result:
    """Run the parts that are asked for."""
    result = Result("core", tell=asked.tell)
    parts = {"w1": _w1, "w2": _w2, "w2-large": _w2_large, "w3": _w3, "ledger": _ledger,
             "scaling": _scaling, "start": _start}  # fmt: skip
    for name, part in parts.items():
        if asked.wants(name):
            part(result, asked)
    if asked.wants("exact"):
        result.add(same_bits())
    return result


def _contest(
    result: Result, asked: Asked, key: str, title: str, work: str, size: tuple[float, ...],
    peers: Sequence[tuple[str, str]], rounds: int = 9,
) -> dict[str, Turns]:  # fmt: skip
    """Measure one workload: ours in numba, in C if there is a compiler, and the peers if asked for."""
    names = [("numba", f"ours:{work}_numba"), *([(C_TWIN, f"ours:{work}_c")] if compiler() else [])]
    if work == "w1":
        names.append(("numba, declared network", "declared:W1"))
    entries = [Contestant(name, make, size) for name, make in (*names, *(peers if asked.peers else ()))]
    turns = compete(entries, asked.seconds, rounds)
    rows = []
    ours = turns[0].cpu
    for t in turns:
        if t.skipped:
            rows.append((t.name, "-", "-", "-", "-", f"skipped: {t.skipped}"))
            continue
        facts = ", ".join(f"{value:.3g} {name.replace('_', ' ')}" for name, value in t.facts.items())
        rows.append((t.name, f"{t.cpu:.2f}", f"{t.wall:.2f}", f"{t.cpu / ours:.2f}", f"{t.rss_mb:.0f}", facts))
        result.figures[f"{key}, {t.name}"] = {
            "cpu_us": round(t.cpu, 3), "wall_us": round(t.wall, 3), "rss_mb": t.rss_mb, **t.facts
        }  # fmt: skip
    result.add(Table(title, (key, "CPU us/step", "wall us/step", "x numba", "MB", "work"), rows))
    return {t.name: t for t in turns}


def _against(result: Result, what: str, turns: dict[str, Turns], other: str, limit: float) -> None:
    """A goal on our CPU time over another's."""
    them = turns.get(other)
    if them is None or them.skipped:
        why = NOT_ASKED if them is None and other != C_TWIN else (them.skipped if them else "no C compiler")
        result.goals.append(Goal(what, limit, None, " x", why))
        return
    result.goals.append(Goal(what, limit, turns["numba"].cpu / them.cpu, " x"))


def _w1(result: Result, asked: Asked) -> None:
    title = "W1: 100 analog inputs, 1000 LIF, 7 outputs, PES in every step; a step is one call from Python"
    turns = _contest(result, asked, "w1", title, "w1", w1.SIZE, PEERS_W1)
    _against(result, "W1 over Nengo, float64", turns, "Nengo, float64", 1 / 18)
    _against(result, "W1 over plain torch", turns, "torch, plain", 1 / 9)
    _against(result, "W1 over its C twin", turns, C_TWIN, 1.2)


def _recurrent(result: Result, asked: Asked, neurons: int, dt_ms: float, rounds: int) -> dict[str, Turns]:
    title = f"W2: {neurons} recurrent CUBA neurons, 2 % connectivity, dt {dt_ms:g} ms"
    return _contest(result, asked, f"w2 {neurons} {dt_ms:g} ms", title, "w2", (neurons, dt_ms), PEERS_W2, rounds)


def _w2(result: Result, asked: Asked) -> None:
    for neurons, dt_ms in SMALL:
        turns = _recurrent(result, asked, neurons, dt_ms, 9)
        limit = 1 / 2.5 if dt_ms == 1.0 else 1 / 3.5
        _against(result, f"W2 over Brian2, dt {dt_ms:g} ms", turns, PEERS_W2[0][0], limit)
        if dt_ms == 1.0:
            _against(result, "W2 over NEST, dt 1 ms", turns, "NEST", 1 / 25)


def _w2_large(result: Result, asked: Asked) -> None:
    for neurons, dt_ms in LARGE:
        turns = _recurrent(result, asked, neurons, dt_ms, 3)
        if neurons == 20_000 and dt_ms == 1.0:
            result.goals.append(Goal("memory with 20 000 neurons", 200, turns["numba"].rss_mb, " MB"))


def _w3(result: Result, asked: Asked) -> None:
    for each in EVENT_RATES:
        title = f"W3: {each} k events/s of 128 x 128 into 32768 LIF by a 5 x 5 convolution; a step is 1 ms"
        turns = _contest(result, asked, f"w3 {each} k/s", title, "w3", (w3.SIDE, each), PEERS_W3)
        if each == 300:
            _against(result, "W3 over torch conv2d, 300 k events/s", turns, "torch, conv2d", 1 / 12)
            result.goals.append(Goal("W3 per ms, 300 k events/s", 15, turns["numba"].cpu, " us"))


def _ledger(result: Result, asked: Asked) -> None:
    entries = [Contestant("counted", "declared:W1", w1.SIZE), Contestant("not counted", "uncounted:W1", w1.SIZE)]
    counted, bare = compete(entries, asked.seconds, 9)
    share = 100 * (counted.cpu / bare.cpu - 1)
    rows = [(t.name, f"{t.cpu:.2f}") for t in (counted, bare)]
    result.add(Table("W1 declared part by part, with its ledger and without", ("ledger", "CPU us/step"), rows))
    result.goals.append(Goal("the ledger's share of a tick", 5, share, " %"))
    result.figures["ledger_percent"] = round(share, 2)


def _scaling(result: Result, asked: Asked) -> None:
    tables, goals, figures = scaling.measure(asked.seconds)
    for table in tables:
        result.add(table)
    result.goals += goals
    result.figures |= figures


def _start(result: Result, _asked: Asked) -> None:
    table, goals, figures = start.measure()
    result.add(table)
    result.goals += goals
    result.figures |= figures
