"""Pieces of a page as HTML: figures with their legends, tiles, and the plain page around them."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import Any

FOLDER = Path(__file__).parent
FRAME = FOLDER / "frame.html"


def page(headline: str, lead: str, ran: str, tiles: Iterable[tuple[str, str]], sections: Iterable[str]) -> str:
    """A page without scripts. headline: plain text; the rest but the tiles: HTML. tiles: (figure, words) each."""
    boxes = (f'<div class="tile"><b>{escape(big)}</b><span>{escape(small)}</span></div>' for big, small in tiles)
    content = "".join(f"<section>{s}</section>\n" for s in sections)
    return frame(headline, headline, lead, ran, "".join(boxes), content)


def frame(title: str, headline: str, lead: str, ran: str, tiles: str, content: str, script: str = "") -> str:
    """What every page has around its content. title, headline: plain text. script: JavaScript; none may run without."""
    return Template(FRAME.read_text(encoding="utf-8")).substitute(
        policy="; script-src 'unsafe-inline'" if script else "",
        style=(FOLDER / "style.css").read_text(encoding="utf-8"),
        title=escape(title),
        headline=escape(headline),
        lead=lead,
        ran=ran,
        tiles=tiles,
        content=content,
        script=f"<script>\n{script}</script>\n" if script else "",
    )


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its first column is to the left. Cells are HTML."""
    left = [' class="left"', *[""] * (len(heads) - 1)]
    top = "".join(f'<th scope="col"{css}>{escape(h)}</th>' for h, css in zip(heads, left, strict=True))
    body = "".join(
        f"<tr>{''.join(f'<td{css}>{cell}</td>' for cell, css in zip(row, left, strict=True))}</tr>" for row in rows
    )
    return (
        f'<figure><div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div></figure>'
    )


def facts(rows: Iterable[tuple[str, str]]) -> str:
    """Words and what they stand for; both are HTML."""
    return f"<dl>{''.join(f'<dt>{name}</dt><dd>{text}</dd>' for name, text in rows)}</dl>"


def key_line(css: str, text: str) -> str:
    """A legend entry for a line."""
    return f'<svg viewBox="0 0 26 12" aria-hidden="true"><path class="line {css}" d="M1 6h24"/></svg>{text}'


def key_span(css: str, text: str) -> str:
    """A legend entry for an area."""
    return f'<svg viewBox="0 0 26 12" aria-hidden="true"><rect class="{css}" width="26" height="12"/></svg>{text}'


def key_mark(css: str, text: str) -> str:
    """A legend entry for a triangle."""
    return f'<svg viewBox="0 0 26 12" aria-hidden="true"><path class="{css}" d="M13 11l-5 -9h10z"/></svg>{text}'


def figure(content: str, caption: str, keys: Sequence[str] = (), title: str = "") -> str:
    """A figure with title and legend above and its explanation below; on a narrow screen the content scrolls."""
    legend = "".join(f"<span>{k}</span>" for k in keys)
    legend = f'<div class="keys">{legend}</div>' if legend else ""
    title = f"<h4>{title}</h4>" if title else ""
    return f'<figure>{title}{legend}<div class="scroll">{content}</div><figcaption>{caption}</figcaption></figure>'


def moving(gif: bytes, caption: str) -> str:
    """A figure of an animated GIF, inside the page."""
    uri = "data:image/gif;base64," + base64.b64encode(gif).decode()
    return figure(f'<img class="moving" alt="The trial, moving" src="{uri}">', caption)


def usual_facts(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What every run says of its cost, its checksums and its versions; what is missing is left out."""
    rows = []
    if result.get("spikes_per_s") is not None:
        rows.append(("work", f"{result['spikes_per_s']:,.0f} spikes a second"))
    if result.get("realtime_factor") is not None:
        rows.append(("speed", f"{result['realtime_factor']:.3g} times real time on one core, physics included"))
    for key, name in (("commands_crc32", "checksum of all commands"), ("state_hash", "state of the brain at the end")):
        if isinstance(result.get(key), int):
            rows.append((name, f"<code>{result[key]:08x}</code> (CRC-32)"))
    if result.get("versions"):
        rows.append(("versions", escape(", ".join(f"{k} {v}" for k, v in result["versions"].items()))))
    return rows
