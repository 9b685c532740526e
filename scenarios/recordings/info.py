"""What `ganglion info` says of a recording."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tqdm import tqdm

from sensors.stream import DamageError
from sensors.survey import Survey

from .asked import about, count

if TYPE_CHECKING:
    from sensors.stream import Stream


def survey(stream: Stream, gap_us: int, quiet: bool) -> tuple[dict[str, object], str | None]:
    """Read all of a stream; returns its figures and the damage found."""
    seen, damage = Survey(stream.width, stream.height, gap_us), None
    inputs: set[int] = set()
    with tqdm(unit=" events", unit_scale=True, delay=2, disable=None if not quiet else True, leave=False) as bar:
        try:
            for packet in stream:
                seen.add(packet)
                inputs.update(stream.triggers["id"].tolist())
                bar.update(packet.size)
        except DamageError as error:
            damage = str(error)
    figures = {
        "source": stream.name,
        "format": stream.form,
        "sensor": stream.sensor,
        "width": stream.width,
        "height": stream.height,
        "geometry_from": stream.geometry_from,
        "start_us": stream.start_us,
        **seen.figures(),
        "counters": stream.counters.as_dict(),
        "trigger_inputs": sorted(inputs),
        "damage": damage,
    }
    return figures, damage


def show(stream: Stream, gap_us: int, as_json: bool) -> bool:
    """Print it; returns whether the recording is sound."""
    if not as_json:
        print(f"{stream.name}   {about(stream)}", flush=True)
    figures, damage = survey(stream, gap_us, as_json)
    if as_json:
        print(json.dumps(figures, indent=2))
        return damage is None
    print("\n".join(f"  {line}" for line in _lines(figures)))
    print(f"damage: {damage or 'none found'}")
    return damage is None


def _lines(f: dict[str, object]) -> list[str]:
    counters: dict[str, int] = f["counters"]  # type: ignore[assignment]
    if not f["events"]:
        return ["no events" + (f", {counters['triggers']} triggers" if counters["triggers"] else "")]
    rate = f"{count(f['rate_hz'])}/s" if f["rate_hz"] else "at one time"  # type: ignore[arg-type]
    found = [
        f"{count(f['events'])} events in {_s(f['duration_us'])} s: {rate}, "  # type: ignore[arg-type]
        f"busiest 10 ms at {count(f['busiest_hz'])}/s",  # type: ignore[arg-type]
        f"from {_s(f['first_us'])} s to {_s(f['last_us'])} s"
        + (f", start {f['start_us']} us" if f["start_us"] else ""),
        f"on {100 * float(f['on_share']):.1f} %   off {100 - 100 * float(f['on_share']):.1f} %",  # type: ignore[arg-type]
    ]
    pixel: dict[str, int] = f["busiest_pixel"]  # type: ignore[assignment]
    pixels = int(f["width"]) * int(f["height"])  # type: ignore[call-overload]
    found.append(
        f"pixels without events {count(f['silent_pixels'])} of {count(pixels)}, "  # type: ignore[arg-type]
        f"busiest ({pixel['x']}, {pixel['y']}) with {count(pixel['events'])}"
    )
    gaps: list[list[int]] = f["longest_gaps"]  # type: ignore[assignment]
    limit_ms = int(f["gap_limit_us"]) / 1000  # type: ignore[call-overload]
    if gaps:
        longest = ", ".join(f"{_s(length)} s at {_s(at)} s" for at, length in gaps)
        found.append(f"{f['gaps']} silences over {limit_ms:g} ms, the longest {longest}")
    else:
        found.append(f"no silence over {limit_ms:g} ms")
    if counters["triggers"]:
        inputs = ", ".join(str(k) for k in f["trigger_inputs"])  # type: ignore[attr-defined]
        found.append(f"{count(counters['triggers'])} triggers on input {inputs}")
    found.append(
        "   ".join(f"{k.replace('_', ' ')} {count(counters[k])}" for k in ("out_of_order", "dropped", "overflow"))
    )
    return found


def _s(us: object) -> str:
    return f"{int(us) / 1e6:.6f}".rstrip("0").rstrip(".")  # type: ignore[call-overload]
