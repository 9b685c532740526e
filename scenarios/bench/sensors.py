"""The suite sensors: filters, decoders, a small packet's way through a chain, UDP, and what skins cost."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, perf_counter, process_time
from typing import Any

import numpy as np

from sensors.chain import chain
from sensors.events import open_events
from sensors.filters import BackgroundActivity, Filter, Refractory
from sensors.pixels import AntiFlicker, HotPixels
from sensors.representations import EventImage, TimeSurface, VoxelGrid
from sensors.shaping import Coalesce, Crop, Downsample, Flip, Polarity, Rate
from sensors.signals import EVENT
from sensors.skin import open_skin
from sensors.skins.fingertip import Fingertip
from sensors.stream import Events
from sensors.write import EventWriter

from .ecf_file import PACKINGS, write_metavision
from .scene import HEIGHT, PACKET, WIDTH, rate, sweep
from .suites import Asked
from .table import Goal, Result, Table

CHAIN = "background(2000),refractory(500),hot_pixels(100_000)"
DECODED = ("evt2", "evt21", "evt3", "dat", "es", "aedat4", "csv")
SKINS = (("anyskin", 2000, ()), ("matrix+cobs", 2000, ("--rows", "8", "--columns", "8")))
MISSING = "-"
CODED_CHUNK = 16384


def measure(asked: Asked) -> Result:
    """Measure the parts asked for."""
    result = Result("sensors")
    for part, work in {
        "filters": _filters,
        "chain": _chain,
        "decoders": _decoders,
        "udp": _udp,
        "skins": _skins,
    }.items():
        if asked.wants(part):
            work(result, asked)
    return result


def _filters(result: Result, asked: Asked) -> None:
    events = sweep(2_000_000)
    out: Events = np.zeros(PACKET, EVENT)
    size = (WIDTH, HEIGHT)
    kinds: dict[str, Filter] = {
        "background": BackgroundActivity(*size, 2000, 0),
        "refractory": Refractory(*size, 500, 0),
        "hot_pixels": HotPixels(*size, 1, 50.0, 5.0, 0),
        "anti_flicker": AntiFlicker(*size, 80.0, 520.0, capacity=0),
        "crop": Crop(*size, (100, 100, 300, 300), 0),
        "flip": Flip(*size, "x", 0),
        "polarity": Polarity(*size, "on", 0),
        "downsample": Downsample(*size, 2, 3, 0),
        "coalesce": Coalesce(*size, 1000, 0),
        "rate": Rate(*size, 2_000_000, 1000, 0),
    }
    theirs = _dv_filters(asked, events[:400_000])
    rows = []
    for name, made in kinds.items():
        result.figures[f"{name}_mev_per_s"] = own = rate(partial(_through, made, events, out), asked.seconds)
        rows.append((name, f"{own:.0f}", theirs.get(name, MISSING)))
    surface, voxels, image = TimeSurface(*size), VoxelGrid(*size, 5), EventImage(*size)
    voxels.start(0, 10_000_000)
    for name, shown in {"time surface": surface, "voxel grid": voxels, "event image": image}.items():
        figure = rate(partial(_add, shown, events), asked.seconds)
        result.figures[f"{name.replace(' ', '_')}_mev_per_s"] = figure
        rows.append((name, f"{figure:.0f}", theirs.get(name, MISSING)))
    note = f"640 x 480, packets of {PACKET}, CPU time of one core" + ("" if theirs else "; --peers adds dv-processing")
    result.tables.append(Table("filters, Mev/s", ("", "ours", "dv-processing"), rows, (note,)))
    for name, least in (("background", 100), ("refractory", 90), ("time surface", 250)):
        figure = result.figures[f"{name.replace(' ', '_')}_mev_per_s"]
        result.goals.append(Goal(name, least, figure, " Mev/s", at_least=True))


def _through(made: Filter, events: Events, out: Events) -> int:
    made.reset()
    for at in range(0, events.size, PACKET):
        packet = events[at : at + PACKET]
        made.apply(packet, packet.size, out)
    return events.size


def _add(shown: Any, events: Events) -> int:
    for at in range(0, events.size, PACKET):
        packet = events[at : at + PACKET]
        shown.add(packet, packet.size)
    return events.size


def _dv_filters(asked: Asked, events: Events) -> dict[str, str]:
    """dv-processing's figures for the filters it has, as words; empty where it is not asked for."""
    if not asked.peers:
        return {}
    try:
        import dv_processing as dv
    except ImportError:
        return dict.fromkeys(("background", "crop", "polarity", "hot_pixels", "time surface"), "not installed")
    store = dv.EventStore()
    for t, x, y, p in events.tolist():
        store.push_back(t, x, y, p)
    size = (WIDTH, HEIGHT)
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    makers: dict[str, Callable[[], Any]] = {
        "background": lambda: dv.noise.BackgroundActivityNoiseFilter(size, timedelta(microseconds=2000)),
        "crop": lambda: dv.EventRegionFilter((100, 100, 300, 300)),
        "polarity": lambda: dv.EventPolarityFilter(True),
        "hot_pixels": lambda: dv.EventMaskFilter(mask),
    }
    figures = {}
    for name, make in makers.items():

        def work(make: Callable[[], Any] = make) -> int:
            judge = make()
            judge.accept(store)
            judge.generateEvents()
            return events.size

        figures[name] = f"{rate(work, asked.seconds):.0f}"
    surface = dv.TimeSurface(size)

    def stamp() -> int:
        surface.accept(store)
        return events.size

    figures["time surface"] = f"{rate(stamp, asked.seconds):.0f}"
    return figures


def _chain(result: Result, asked: Asked) -> None:
    events = sweep(1_000_000)
    made = chain(CHAIN, WIDTH, HEIGHT)
    packets = [events[at : at + 1000] for at in range(0, events.size, 1000)]
    for packet in packets:
        made(packet)  # compiled, and the hot pixels learned: what is measured is every day
    times = []
    end = perf_counter() + asked.seconds
    while perf_counter() < end:
        events["t"] += np.uint64(250_000)  # the sweep goes on
        made(packets[0])
        for packet in packets:
            start = perf_counter()
            made(packet)
            times.append(perf_counter() - start)
    p50, p99 = (float(np.percentile(times, q)) * 1e6 for q in (50, 99))
    result.figures |= {"chain_1000_p50_us": p50, "chain_1000_p99_us": p99, "chain_kept": made.kept / made.seen}
    rows = [("p50", f"{p50:.1f} us"), ("p99", f"{p99:.1f} us"), ("passed", f"{made.kept / made.seen:.0%}")]
    result.tables.append(Table(f"1000 events through {CHAIN}", ("", "wall time"), rows))
    result.goals.append(Goal("1000 events through three filters, p50", 15, p50, " us"))


def _decoders(result: Result, asked: Asked) -> None:
    events = sweep(2_000_000)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for form in DECODED:
            path = Path(folder) / f"sweep.{'raw' if form.startswith('evt') else form}"
            writer = EventWriter(path, WIDTH, HEIGHT, form)
            writer.write(events)
            writer.close()
            own = rate(partial(_read, path), asked.seconds)
            result.figures[f"read_{form}_mev_per_s"] = own
            rows.append((form, f"{own:.0f}", _faery(path, form, asked)))
            path.unlink()
        rows += _ecf(result, asked, Path(folder), events[: 30 * CODED_CHUNK])
    note = "a file of 2 million events (ECF: half a million) in the page cache"
    note += "" if asked.peers else "; --peers adds faery"
    result.tables.append(Table("reading files, Mev/s", ("", "ours", "faery"), rows, (note,)))
    result.goals.append(Goal("reading EVT2.1", 40, result.figures["read_evt21_mev_per_s"], " Mev/s", at_least=True))
    figures = [value for name, value in result.figures.items() if name.startswith("read_ecf")]
    slowest = min(figures) if figures else None
    why = "h5py is not installed: pip install 'ganglion[hdf5]'"
    result.goals.append(Goal("reading ECF, its slowest packing", 25, slowest, " Mev/s", why, at_least=True))


def _ecf(result: Result, asked: Asked, folder: Path, events: Events) -> list[tuple[str, str, str]]:
    """A row for each packing of Metavision's HDF5; none without h5py."""
    if find_spec("h5py") is None:
        return []
    rows = []
    for packing in PACKINGS:
        path = folder / f"{packing}.h5"
        write_metavision(path, events, (packing,), CODED_CHUNK)
        result.figures[f"read_ecf_{packing}_mev_per_s"] = own = rate(partial(_read, path), asked.seconds)
        rows.append((f"ECF, {packing}", f"{own:.0f}", MISSING))
    return rows


def _read(path: Path) -> int:
    return sum(packet.size for packet in open_events(path))


def _faery(path: Path, form: str, asked: Asked) -> str:
    if not asked.peers or form == "evt21":  # which faery cannot read
        return MISSING
    try:
        import faery
    except ImportError:
        return "not installed"
    read: Any = faery.events_stream_from_file
    return f"{rate(lambda: sum(len(p) for p in read(path, dimensions_fallback=(WIDTH, HEIGHT))), asked.seconds):.0f}"


def _udp(result: Result, asked: Asked) -> None:
    from .udp import ASKED_MEV, loopback

    goal = "UDP loopback without loss"
    loopback(0.2)  # compiled
    seconds = max(asked.seconds, 1.0)
    sent, lost, figure = loopback(seconds)
    result.figures |= {"udp_mev_per_s": figure, "udp_sent": sent, "udp_lost": lost}
    rows = [("received", f"{figure:.1f} Mev/s"), ("sent", f"{sent} events"), ("lost", f"{lost} events")]
    result.tables.append(Table("UDP on this machine, own layout, wall time", ("", "measured"), rows))
    pace = sent / seconds * 1e-6
    slow = pace < 0.95 * ASKED_MEV  # then it says nothing of the receiver
    why = (
        f"the sender came to {pace:.1f} of {ASKED_MEV:g} Mev/s, is the machine busy?" if slow else f"{lost} events lost"
    )
    result.goals.append(Goal(goal, 20, None if slow or lost else figure, " Mev/s", why, at_least=True))


def _skins(result: Result, asked: Asked) -> None:
    rows = []
    for name, hz, size in SKINS:
        frames, share, damaged = _skin(name, hz, size, max(asked.seconds, 2.0))
        key = name.replace("+", "_")
        result.figures |= {f"{key}_cpu_share": share, f"{key}_frames_per_s": frames}
        rows.append((name, f"{frames:.0f}", f"{damaged}", f"{100 * share:.1f} %"))
        result.goals.append(Goal(f"{name} at {hz} frames/s, share of a core", 5, 100 * share, " %"))
        result.goals.append(Goal(f"{name}, frames damaged", 0, damaged))
    note = "from a simulator on a pty, read every 8 ms, through the baseline and the afferents to events"
    result.tables.append(Table("skins", ("", "frames/s", "damaged", "CPU"), rows, (note,)))


def _skin(name: str, hz: int, size: tuple[str, ...], seconds: float) -> tuple[float, float, int]:
    """(frames a second, share of a core, frames damaged) of one simulated skin."""
    command = [sys.executable, "-m", "sensors.skins.simulator", name, "--hz", str(hz), *size]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        skin = open_skin(program.stdout.readline().strip())
        tip = Fingertip(skin.device)

        def read_for(seconds: float) -> None:
            end = monotonic() + seconds
            while monotonic() < end:
                skin.wait(0.008)
                tip.feel(*skin.poll())

        read_for(1.0)
        first, start, wall = skin.counters.frames, process_time(), monotonic()
        read_for(seconds)
        cpu, wall = process_time() - start, monotonic() - wall
        frames = skin.counters.frames - first
        skin.close()
        program.terminate()
    return frames / wall, cpu / wall, skin.counters.damaged
