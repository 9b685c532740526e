"""Networks from and to NIR files: imported with a report of what was lost, exported or refused in a clear sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec
import numpy as np
from msgspec.structs import replace

from controller.assemble import read_arrays
from controller.declare import Declared
from controller.declared import DeclaredNetwork
from controller.nir_export import export, write
from controller.nir_float import FloatNetwork
from controller.nir_graph import FIRING, Layer, read
from controller.nir_import import Imported, quantise
from sensors.errors import UserError
from sensors.explain import explain
from sensors.signals import Body
from sim.bullet import GRIPPER

from . import load

BODILESS = Body((), (), ())


def bring_in(file: Path, out: Path, dt_s: float, ticks: int, rate: float) -> str:
    """Import an NIR file into `out` (.toml, with its .npz, or .img); returns the report.

    Raises:
        UserError: the file is none, has what we do not know or cannot hold; `out` is neither.
    """
    if out.suffix not in (".toml", ".img"):
        raise UserError(f"{out} is neither a .toml nor an .img; name it after what it shall be, as -o net.toml")
    if ticks < 1 or not 0 <= rate <= 1:
        raise UserError(f"--ticks {ticks} --rate {rate:g}: expected at least 1 tick, and a rate of 0 to 1")
    layers = read(file)
    imported = quantise(layers, dt_s)
    network = DeclaredNetwork(imported.spec, BODILESS, imported.arrays)
    report = f"{imported.report()}\n{agreement(layers, imported, network, dt_s, ticks, rate)}"
    network.reset()
    try:
        if out.suffix == ".img":
            network.save(out)
        else:
            _leave(imported, out)
    except OSError as error:
        raise UserError(f"{out}: {error.strerror}; name a place that can be written") from None
    return f"{report}\n{network.neurons} neurons, {network.image.nbytes} bytes"


def agreement(
    layers: list[Layer], imported: Imported, network: DeclaredNetwork, dt_s: float, ticks: int, rate: float
) -> str:
    """A line per layer on how the integers compare with float64 on random spikes, drawn from seed 1."""
    floats, rng = FloatNetwork(layers, dt_s), np.random.default_rng(1)
    inputs = next((x.size for x in layers if x.kind == "Input"), 0)
    firing = [x for x in layers if x.kind in FIRING]
    spikes = {x.name: np.zeros(2, np.int64) for x in firing}
    same = dict.fromkeys(spikes, 0)
    none = np.zeros(0, np.int16)
    for _ in range(ticks):
        x = rng.random(inputs) < rate
        out = floats.step(x.astype(np.float64))
        events = np.flatnonzero(x).astype(np.uint32)
        network.tick(events, len(events), none, none)
        for layer in firing:
            mine, theirs = network.arrays[f"{imported.names[layer.name]}.fired"], out[layer.name]
            spikes[layer.name] += int(theirs.sum()), int(mine.sum())
            same[layer.name] += int((mine == theirs).sum())
    lines = [f"on {ticks} ticks of random spikes, {rate:g} an input and tick:"]
    for layer in firing:
        float_, int_ = spikes[layer.name]
        share = 100 * same[layer.name] / (ticks * layer.size)
        lines.append(
            f"  {imported.names[layer.name]}: {float_} spikes in float64, {int_} here; {share:.2f} % of all alike"
        )
    return "\n".join(lines)


def _leave(imported: Imported, out: Path) -> None:
    """Write the declaration and beside it its arrays, the arrays first, each whole or not at all."""
    npz = out.with_suffix(".npz")
    part = npz.with_name(f"{npz.name}.part")
    with part.open("wb") as file:
        np.savez_compressed(file, **imported.arrays)  # type: ignore[arg-type]
    part.replace(npz)
    spec = replace(imported.spec, arrays=npz.name)
    part = out.with_name(f"{out.name}.part")
    part.write_text(load.toml({"controller": msgspec.to_builtins(spec)}), encoding="utf-8")
    part.replace(out)


def send_out(file: Path, out: Path, dt_s: float) -> str:
    """Export the [controller] of a file as NIR; returns a line that says what it holds.

    Raises:
        UserError: the file declares no network, or one that NIR cannot say.
    """
    if out.suffix != ".nir":
        raise UserError(f"{out} is no .nir; name it after what it shall be, as -o net.nir")
    if not dt_s > 0:
        raise UserError(f"a tick of {dt_s * 1e3:g} ms is none; expected more than 0, as --dt-ms 1")
    spec = declared_in(file)
    arrays = read_arrays(spec.arrays) if spec.arrays else {}
    network = DeclaredNetwork(replace(spec, arrays=""), GRIPPER, arrays)
    graph = export(network, dt_s)
    try:
        write(graph, out)
    except OSError as error:
        raise UserError(f"{out}: {error}; name a place that can be written") from None
    return f"{len(graph.nodes)} nodes, {len(graph.edges)} edges"


def declared_in(file: Path) -> Declared:
    """The declared network of a file's [controller], be it a scenario or what an import left.

    Raises:
        UserError: there is none, or it is not legal.
    """
    path = load.find(str(file))
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(f"{file}: {error}; name a .toml that declares a network") from None
    controller = document.get("controller", {})
    if not isinstance(controller, dict) or controller.get("kind") != "network":
        kind = controller.get("kind", "none") if isinstance(controller, dict) else "none"
        raise UserError(f'{file} has a controller of kind {kind}; only kind = "network" can be exported')
    try:
        return load.beside(path, msgspec.convert(controller, Declared))
    except msgspec.ValidationError as error:
        where, what = explain(str(error), controller, Declared)
        raise UserError(f"{file}: controller: {what or where}") from None
