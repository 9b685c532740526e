"""The report's words and numbers: headline, tiles, table of trials, what ran. HTML, escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from controller.ledger import SILICON
from scenarios.spec import Grasping
from scenarios.trace import Trace
from sim.spec import BOX, CYLINDER, SPHERE, Episode

from .score import Verdict
from .summary import ordeal

Result = Mapping[str, Any]
Baselines = Mapping[str, Sequence[str]]

NOTHING = "\u2013"
ICON = {"held": "✓", "dropped": "↓", "crushed": "✕"}
SHAPE = {BOX: "box", CYLINDER: "cylinder", SPHERE: "sphere"}


def number(value: float | None, unit: str = "", digits: int = 3) -> str:
    """A value to so many digits with its unit, or a dash."""
    return NOTHING if value is None else f"{value:.{digits}g}{unit}"


def mass(kg: float) -> str:
    """Kilograms, or grams below one."""
    return f"{kg:.2f} kg" if kg >= 1 else f"{1000 * kg:.0f} g"


def size(episode: Episode) -> str:
    """Outer size in millimetres."""
    a, b, c = (f"{2000 * h:.0f}" for h in episode.half_m)
    return {BOX: f"{a} × {b} × {c} mm", CYLINDER: f"⌀ {a} × {c} mm"}.get(episode.shape, f"⌀ {a} mm")  # noqa: RUF001


def is_oracle(name: str) -> bool:
    """Whether a baseline is told what only the simulator knows, as its name says."""
    return "oracle" in name.lower()


def headline(verdicts: Sequence[Verdict], result: Result, baselines: Baselines) -> tuple[str, str]:
    """(what the run showed, in one sentence; what it is compared with and how it was done)."""
    total = len(verdicts)
    held = sum(v.outcome == "held" for v in verdicts)
    first = f"Held {held} of {total} objects it had never met" if total != 1 else _one(verdicts[0])
    parts = []
    best = max(((list(o).count("held"), n) for n, o in baselines.items() if not is_oracle(n)), default=None)
    if best is not None:
        parts.append(f"The best of the simpler controllers ({escape(best[1])}) held {best[0]}")
        oracle = next((list(o).count("held") for n, o in baselines.items() if is_oracle(n)), None)
        parts[-1] += f"; the oracle, which is told mass and friction, {oracle}." if oracle is not None else "."
    latency, missed = result.get("slip_latency_ms", {}), result.get("slip_missed", {})
    if missed.get("of"):
        found = f"Of {missed['of']} slips it reported {missed['of'] - missed['count']}"
        if latency.get("p50") is not None:
            found += f", half of them within {number(latency['p50'], ' ms')}"
        parts.append(found + ".")
    else:
        parts.append("No object slipped by 0.05 mm or more.")
    if result.get("force_ratio_median") is not None:
        parts.append(f"It gripped with {number(result['force_ratio_median'])} times the force that was needed.")
    return first + ".", " ".join(parts)


def _one(verdict: Verdict) -> str:
    return {"held": "Held", "dropped": "Dropped", "crushed": "Crushed"}[verdict.outcome] + " the one object of this run"


def tiles(verdicts: Sequence[Verdict], result: Result) -> str:
    """The figures at a glance."""
    count = {kind: sum(v.outcome == kind for v in verdicts) for kind in ICON}
    latency, moved = result.get("slip_latency_ms", {}), result.get("slip_distance_mm", {})
    missed, alarms = result.get("slip_missed", {}), result.get("false_alarms_per_min", {})
    minutes, tick = result.get("minutes", {}), result.get("tick_us", {})
    shown = [
        (f"{count['held']} / {len(verdicts)}", f"held; {count['dropped']} dropped, {count['crushed']} crushed"),
        (number(latency.get("p50"), " ms"), f"slip latency, median; p99 {number(latency.get('p99'), ' ms')}"),
        (number(moved.get("p50"), " mm"), f"slipped until reported; p90 {number(moved.get('p90'), ' mm')}"),
        (
            f"{missed.get('count', 0)} of {missed.get('of', 0)}",
            f"slips missed; longest {number(missed.get('max_mm'), ' mm')}",
        ),
        (number(alarms.get("hold")), f"false alarms a minute, holding ({number(minutes.get('hold'))} min)"),
        (number(alarms.get("load")), f"false alarms a minute, loading ({number(minutes.get('load'))} min)"),
        (number(result.get("force_ratio_median"), " ×"), "of the needed force, median"),  # noqa: RUF001
    ]
    if tick.get("p50") is not None:
        shown.append(
            (number(tick["p50"], " µs"), f"from senses to command, median; p99 {number(tick.get('p99'), ' µs')}")
        )
    return "".join(f'<div class="tile"><b>{escape(big)}</b><span>{escape(small)}</span></div>' for big, small in shown)


def _cell(shown: str, value: object, css: str = "") -> str:
    return f'<td data-v="{escape(str(value))}"{_class(css)}>{shown}</td>'


def _class(css: str) -> str:
    return f' class="{css}"' if css else ""


def _outcome(kind: str, word: bool) -> str:
    text = f" {kind}" if word else f'<span class="sr"> {kind}</span>'
    return f'<span class="o {escape(kind)}" title="{escape(kind)}">{ICON.get(kind, "?")}{text}</span>'


def trial_table(
    traces: Sequence[Trace], verdicts: Sequence[Verdict], baselines: Baselines, charted: set[int], shown: int
) -> str:
    """Head and body of the table; a row of `charted` opens its trial, `shown` is the one that is open at first."""
    heads = [("object", "stay"), ("ganglion", "left"), *((name, "base wrap") for name in baselines)]
    heads += [("mass", ""), ("friction", ""), ("shape", "left"), ("size", "left")]
    heads += [("slips found", "wrap"), ("false alarms", "wrap"), ("force ratio", "wrap")]
    head = "".join(
        f'<th scope="col"{_class(css)}><button type="button">{escape(name)}</button></th>' for name, css in heads
    )
    rows = []
    for k, (trace, verdict) in enumerate(zip(traces, verdicts, strict=True)):
        episode, found = trace.episode, sum(s.report is not None for s in verdict.slips)
        alarms = len(verdict.alarms_hold) + len(verdict.alarms_load)
        ratio = "" if verdict.force_ratio is None else verdict.force_ratio
        opener = '<button type="button">{}</button>' if k in charted else "{}"
        cells = [
            _cell(opener.format(episode.index), episode.index, "stay"),
            _cell(_outcome(verdict.outcome, True), verdict.outcome, "left"),
            *(_cell(_outcome(o[k], False) if k < len(o) else NOTHING, o[k] if k < len(o) else "", "base")
              for o in baselines.values()),
            _cell(mass(episode.mass_kg), episode.mass_kg),
            _cell(f"{episode.friction:.2f}", episode.friction),
            _cell(SHAPE.get(episode.shape, "?"), SHAPE.get(episode.shape, "?"), "left"),
            _cell(size(episode), episode.half_m[0], "left"),
            _cell(f"{found} / {len(verdict.slips)}" if verdict.slips else NOTHING, len(verdict.slips)),
            _cell(str(alarms), alarms),
            _cell(number(verdict.force_ratio), ratio),
        ]  # fmt: skip
        css = ' class="shown"' if k == shown else ""
        rows.append(f'<tr data-object="{episode.index}"{css}>{"".join(cells)}</tr>')
    return f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"


def ran(scenario: Grasping) -> str:
    """One line: scenario, robot, sensors, learning, delay, seed."""
    world = scenario.world
    senses = [name for name, on in (("skin", world.skin.enabled), ("event camera", world.camera.enabled)) if on]
    learning = ("learning on" if scenario.controller.learning else "learning frozen") + ordeal(scenario)
    return escape(
        f"Scenario {scenario.name} ({scenario.title}), simulated: {world.robot} gripper, "
        f"{' and '.join(senses) or 'joints only'}, sensors {world.delay_ms} ms late, {learning}, seed {scenario.seed}."
    )


def cost(ledger: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Rows of the ledger: what a tick and a decision cost, and the energy estimated from it, with its sources."""

    def words(counts: Mapping[str, float]) -> str:
        return ", ".join(f"{n:,.0f} {k.replace('_', ' ')}" for k, n in counts.items())

    energy = ", ".join(f"{k} {number(uj)} µJ" for k, uj in ledger["energy_estimate_uj_per_decision"].items())
    sources = "; ".join(f"{s.name}: {s.source}" for s in SILICON)
    decision = escape(ledger["decision"])
    return [
        ("cost of a tick", escape(words(ledger["per_tick"]))),
        (f"cost of {decision}", escape(words(ledger["per_decision"]))),
        (
            f"energy of {decision}, an estimate, not measured",
            escape(f"{energy} ({ledger['energy_estimate_says']}. Sources: {sources})"),
        ),
    ]


def facts(scenario: Grasping, result: Result) -> str:
    """Rows of what ran: how to repeat it, versions, checksums, cost."""
    camera, skin = scenario.world.camera, scenario.world.skin
    eye = f"{camera.width} by {camera.height} pixels, on the {camera.mount}" if camera.enabled else "off"
    again = f"ganglion run {scenario.name} --seed {scenario.seed} --episodes {scenario.episodes}"
    rows = [
        ("to repeat", f"<code>{escape(again)}</code> with the settings of <code>scenario.toml</code> beside this page"),
        ("time step", f"{scenario.world.tick_us} µs; physics {scenario.world.physics_step_us} µs"),
        ("event camera", eye),
        ("skin", f"{skin.taxels} by {skin.taxels} taxels on each of two pads" if skin.enabled else "off"),
    ]  # fmt: skip
    if result.get("spikes_per_s") is not None:
        work = f"{result['spikes_per_s']:,.0f} spikes a second"
        if result.get("synaptic_events_per_s") is not None:
            work += f", {result['synaptic_events_per_s']:,.0f} synaptic events a second"
        rows.append(("work", work))
    if result.get("ledger") is not None:
        rows += cost(result["ledger"])
    if result.get("realtime_factor") is not None:
        rows.append(("speed", f"{number(result['realtime_factor'])} times real time on one core, physics included"))
    for key, name in (("commands_crc32", "checksum of all commands"), ("state_hash", "state of the brain at the end")):
        value = result.get(key)
        if isinstance(value, int):
            rows.append((name, f"<code>{value:08x}</code> (CRC-32)"))
    if result.get("versions"):
        rows.append(("versions", escape(", ".join(f"{k} {v}" for k, v in result["versions"].items()))))
    return "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows)
