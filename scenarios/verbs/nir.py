"""The verb nir: networks from and to other frameworks, through the Neuromorphic Intermediate Representation."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .common import DONE, add_verb

if TYPE_CHECKING:
    from .common import Verbs

TEXT = """\
import: reads an NIR file (as Norse, snnTorch, Sinabs and others write it), turns its neurons and weights into the
integers of this program, prints what error that introduced, layer by layer, and plays random spikes to both to show how
far they agree. Leaves a controller that a scenario file can take over, its arrays in an .npz beside it, or an image.
export: writes a network that is declared (the [controller] of a file) as NIR, or says what NIR has no words for:
learning, stochastic rounding, population codes, neurons that it does not know.

Known: IF, LIF, CubaLIF, I, LI, CubaLI, Affine, Linear, Scale, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten, Delay.
NIR says nothing of the length of a tick: give it as --dt-ms, the one that the network was trained with.
"""
EXAMPLES = """\
examples:
  ganglion nir import trained.nir --dt-ms 1 -o net.toml       a [controller] for a scenario, and net.npz
  ganglion nir import trained.nir --dt-ms 1 -o net.img        the flat image alone
  ganglion nir export net.toml --dt-ms 1 -o again.nir
needs the extra: pip install 'ganglion[nir]'
"""


def add(verbs: Verbs) -> None:
    """Declare the verb's arguments."""
    verb = add_verb(verbs, "nir", "import a network from another framework, or export one", TEXT, EXAMPLES)
    verb.add_argument("what", choices=["import", "export"])
    verb.add_argument("file", type=Path, metavar="FILE", help="the NIR file, or the .toml that declares a network")
    verb.add_argument("-o", "--out", type=Path, required=True, metavar="OUT", help="NAME.toml or NAME.img; NAME.nir")
    verb.add_argument("--dt-ms", type=float, default=1.0, metavar="MS", help="length of a tick (default 1)")
    verb.add_argument(
        "--ticks", type=int, default=200, metavar="N", help="of random spikes to compare by (default 200)"
    )
    verb.add_argument(
        "--rate", type=float, default=0.1, metavar="P", help="spikes an input and tick then (default 0.1)"
    )
    verb.set_defaults(do=do)


def do(args: argparse.Namespace) -> int:
    """Do it; returns the exit status."""
    from scenarios import exchange

    if args.what == "import":
        print(exchange.bring_in(args.file, args.out, args.dt_ms * 1e-3, args.ticks, args.rate))
    else:
        print(exchange.send_out(args.file, args.out, args.dt_ms * 1e-3))
    print(f"saved {args.out}")
    return DONE
