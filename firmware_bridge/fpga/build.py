"""The files that rtl/ needs beside itself: program.hex and data.hex, compiled from controller/ and program/."""

from __future__ import annotations

import ast
import inspect
import zlib
from pathlib import Path
from types import ModuleType

import numpy as np

from controller import guard, image, network, plasticity, reflex, servo, stale
from controller.image import AHEAD, EYE, FEELERS, FRICTION, IMAGE, SENSES
from controller.spec import PROBE
from firmware_bridge import protocol
from firmware_bridge.framing import FRAME_MAX
from firmware_bridge.table import Message
from sensors.errors import UserError
from sensors.signals import GRIPPER_ANALOG, GRIPPER_EFFORT, GRIPPER_GOAL, MAX_SPIKES

from .compiler import Compiler
from .machine import DATA_WORDS, DEPTH, NEAR, PORTS, WORD_BITS, Program
from .words import LawError

FOLDER = Path(__file__).parent
RTL = tuple(sorted((FOLDER / "rtl").glob("*.v")))
LAWS: tuple[ModuleType, ...] = (guard, stale, plasticity, servo, reflex, network)
SIMULATED = "verilator"
FPGAS = ("ice40-up5k", "ice40-hx8k", "ecp5-25")
"""What targets made of rtl/ call themselves: the one in simulation, and those of `synthesis.BOARDS`."""
NEURONS = FRICTION + AHEAD + SENSES
SENSE_AT, AHEAD_AT = 160, 256
"""Where the banks hold the first sense and feed-forward neuron; friction begins at 0."""
ADDRESSES = reflex.EYE_FIRST + EYE
WIDTHS = {"<u4": "uint32", "<i4": "int32", "<i2": "int16", "<i8": ""}
PAIR, FLAG = 32, 64
"""Of record.seq: a word of two neurons' 16 bits, of four neurons' bytes."""
FIRED, ALIVE, DOOMED = (FLAG | bit << 8 for bit in (1, 2, 4))
POPULATIONS = {
    "friction_encoder": (PAIR | PORTS["ENCODER"], 0), "friction_bias": (PORTS["BIAS"], 0),
    "friction_v": (PORTS["V"], 0), "friction_alive": (ALIVE, 0), "friction_trace": (PAIR | PORTS["TRACE"], 0),
    "friction_weight": (PORTS["WEIGHT"], 0), "ahead_encoder": (PAIR | PORTS["ENCODER"], AHEAD_AT),
    "ahead_bias": (PORTS["BIAS"], AHEAD_AT), "ahead_v": (PORTS["V"], AHEAD_AT), "ahead_alive": (ALIVE, AHEAD_AT),
    "ahead_trace": (PAIR | PORTS["TRACE"], AHEAD_AT), "ahead_late": (PAIR | PORTS["LATE"], AHEAD_AT),
    "ahead_weight": (PORTS["WEIGHT"], AHEAD_AT), "sense_v": (PORTS["V"], SENSE_AT), "sense_alive": (ALIVE, SENSE_AT),
    "current": (PORTS["CURRENT"], AHEAD_AT), "doomed": (DOOMED, 0), "fired": (FIRED, 0),
}  # fmt: skip
"""Fields of the record that are in the engine's banks: kind of word as record.seq knows it, and where they begin."""
SCALAR, EFFORT, LEDGER = 0, 1, 2


def _pins() -> dict[str, list[ast.stmt]]:
    """laws.seq: text of the law to what stands for it."""
    pins = {}
    text = (FOLDER / "program" / "laws.seq").read_text()
    blocks = [
        b for b in ("\n".join(p for p in t.splitlines() if not p.startswith("#")) for t in text.split("\n\n")) if b
    ]
    for block in blocks:
        before, arrow, after = block.partition("\n=>\n")
        if not arrow:
            raise LawError(f"no arrow in {block!r}")
        (statement,) = ast.parse(before).body
        pins[ast.unparse(statement)] = ast.parse(after).body
    return pins


def segments(fields: dict[str, int]) -> list[int]:
    """The record as runs of like words, in its order: how many | first << 9 | kind << 18; then an end."""
    runs: list[tuple[int, int, int]] = []
    for name in IMAGE.names or ():
        words = IMAGE[name].itemsize // 4
        if name in ("doomed", "fired"):  # in the order of the record; the banks have the sense neurons in between
            kind = POPULATIONS[name][0]
            runs += [(FRICTION // 4, 0, kind), (AHEAD // 4, AHEAD_AT, kind), (SENSES // 4, SENSE_AT, kind)]
        elif name in POPULATIONS:
            runs.append((words, POPULATIONS[name][1], POPULATIONS[name][0]))
        elif name in ("effort", "ledger"):
            runs.append((words, 0, EFFORT if name == "effort" else LEDGER))
        elif runs and runs[-1][2] == SCALAR and runs[-1][0] + runs[-1][1] == fields[name]:
            runs[-1] = (runs[-1][0] + words, runs[-1][1], SCALAR)
        else:
            runs.append((words, fields[name], SCALAR))
    if sum(r[0] for r in runs) * 4 != IMAGE.itemsize:
        raise LawError("the record has gaps, which record.seq does not know")
    return [words | first << 9 | kind << 18 for words, first, kind in runs] + [0]


def compile_program(target: str, clock_mhz: int) -> Program:
    """Compile law and link for a board of this name. Raises LawError where the law says what the machine cannot."""
    program = Program()
    fields, widths, shapes = {}, {}, {}
    for name in IMAGE.names or ():
        if name in POPULATIONS:
            continue
        base, shape = IMAGE[name].base, IMAGE[name].shape
        widths[name], shapes[name] = WIDTHS[base.str], shape[-1] if shape else 1
        fields[name] = program.allocate_run(f"s.{name}", [0] * int(np.prod(shape, dtype=int)))
    arrays = {"words": 0}
    for name, size in (("analog", len(GRIPPER_ANALOG)), ("goal", len(GRIPPER_GOAL)), ("x", 2)):
        arrays[name] = program.allocate_run(name, [0] * size)
    arrays["senses"] = arrays["analog"]
    for name in PROBE.names or ():
        arrays[f"p.{name}"] = program.allocate(f"p.{name}")
    known = [p.low | p.high << 16 | fields[p.name] << 40 for p in protocol.PARAMETERS]
    arrays["parameters"] = program.allocate_run("parameters", known)

    compiler = Compiler(program, fields, arrays, widths, shapes, _pins())
    for module in LAWS:
        compiler.add(inspect.getsource(module), vars(module), inline=True)
    constants = _constants(target, clock_mhz) | {"LEDGER_AT": fields["ledger"]}
    program.tables = segments(fields)
    constants |= {"SENSE_AT": SENSE_AT, "SEGMENTS_AT": SENSE_AT, "REQUESTS_AT": SENSE_AT + len(program.tables)}
    program.tables += [_request(m) for m in protocol.MESSAGES if m.sender == "host" and m.name != "HELLO"] + [0]
    if len(program.tables) > SENSES:
        raise LawError(f"{len(program.tables)} words of tables, {SENSES} weights are free for them")
    engine = (FOLDER / "program" / "engine.seq").read_text()
    modes: dict[str, object] = {}
    exec("\n".join(line for line in engine.splitlines() if line[:1].isupper()), {}, modes)
    for function in compiler.functions.values():
        function.constants = {**function.constants, **modes}
    for name in ("engine", "record", "link"):
        compiler.add((FOLDER / "program" / f"{name}.seq").read_text(), constants, inline=False)
    compiler.compile("main")
    unused = set(compiler.pins) - compiler.used_pins
    if unused:
        raise LawError(f"laws.seq has what the law does not: {sorted(unused)[0]!r}")
    return program


def _request(message: Message) -> int:
    """A word of link.seq's table of requests."""
    answers = {"STEP": "COMMAND", "STATE_HASH": "HASH", "HEARTBEAT": "ALIVE", "STATS": "COUNTERS", "SAVE": "PIECE",
               "GET": "VALUE", "SET": "VALUE", "STATUS": "REPORT"}  # fmt: skip
    codes = {m.name: m.code for m in protocol.MESSAGES}
    needs_record = message.name not in ("HEARTBEAT", "STATS", "LOAD", "COMMIT", "SUBSCRIBE", "STATUS", "PACE")
    answer = codes[answers.get(message.name, "DONE")]
    head = message.dtype.itemsize if message.fields else 0
    return message.code | head << 8 | bool(message.tail) << 16 | needs_record << 17 | answer << 20


def _constants(target: str, clock_mhz: int) -> dict[str, object]:
    codes: dict[str, object] = {m.name: m.code for m in protocol.MESSAGES}
    codes["VALUE_ANSWER"] = codes["VALUE"]
    codes |= {name: code for code, (name, _) in protocol.REFUSALS.items()}
    name = target.encode().ljust(16, b"\0")
    codes |= {f"TARGET_{i}": int.from_bytes(name[4 * i : 4 * i + 4], "little") for i in range(4)}
    return codes | {
        "MAGIC": protocol.MAGIC, "PROTOCOL": protocol.PROTOCOL_ID, "BUILD": identity(), "LAYOUT": image.LAYOUT,
        "RECORD_SIZE": IMAGE.itemsize, "ANALOGS": len(GRIPPER_ANALOG), "GOALS": len(GRIPPER_GOAL),
        "EFFORTS": len(GRIPPER_EFFORT), "MAX_SPIKES": MAX_SPIKES, "ADDRESSES": ADDRESSES, "NEURONS": NEURONS,
        "BITMAP": protocol.BITMAP, "PIECE_MAX": protocol.PIECE_MAX, "PARAMETERS": len(protocol.PARAMETERS),
        "WIRE_MAX": FRAME_MAX, "FEELERS": FEELERS, "EYE": EYE, "EYE_FIRST": reflex.EYE_FIRST, "CLOCK_MHZ": clock_mhz,
    }  # fmt: skip


def identity() -> int:
    """CRC-32 of everything that the bitstream is made of; what simulates it is not part of it."""
    crc = 0
    for file in sorted([*(FOLDER / "rtl").iterdir(), *(FOLDER / "program").iterdir(), *FOLDER.glob("*.py")]):
        if file.is_file() and file.name != "simulator.py":
            crc = zlib.crc32(file.read_bytes(), crc)
    for module in LAWS:
        crc = zlib.crc32(inspect.getsource(module).encode(), crc)
    return crc


def write_memories(folder: Path, target: str, clock_mhz: int) -> Program:
    """Write program.hex, data.hex and program.lst (for people) into a folder.

    Raises:
        UserError: the law says what the machine cannot, or it does not fit.
    """
    try:
        program = compile_program(target, clock_mhz)
    except LawError as error:
        raise UserError(f"the controller does not compile for the FPGA: {error}") from None
    write_program(program, folder)
    return program


def write_program(program: Program, folder: Path) -> None:
    """Write a program's memories. Raises UserError if it does not fit."""
    words = program.words()
    words += [0] * (DEPTH - len(words))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "program.hex").write_text("".join(f"{w:04x}\n" for w in words[:NEAR]))
    (folder / "program_far.hex").write_text("".join(f"{w:04x}\n" for w in words[NEAR:]))
    data = [d & ((1 << WORD_BITS) - 1) for d in program.data]
    (folder / "data.hex").write_text("".join(f"{d:012x}\n" for d in data + [0] * (DATA_WORDS - len(data))))
    weights = [0] * SENSE_AT + program.tables
    (folder / "weight.hex").write_text("".join(f"{w:08x}\n" for w in weights + [0] * (512 - len(weights))))
    (folder / "program.lst").write_text(program.listing())
