"""The wire, once: messages, fields, dtypes, units and codes between a host and a target that computes a brain.

`codegen.py` prints PROTOCOL.md and mcu/protocol.h from these tables. Numbers are little-endian, structures packed. The
host asks, the target answers; what travels around a message (sequence number, CRC, COBS) is `framing.py`'s.
"""

from __future__ import annotations

import json
import zlib

import numpy as np
from numpy.typing import NDArray

from sensors.signals import MAX_SPIKES, Sensed

from .table import Field, Message, Parameter

MAGIC = 0x4C474E47  # "GNGL"
PAYLOAD_MAX = 240  # with header and CRC below 254 bytes, so that COBS costs one byte
PIECE_MAX = 232  # of LOAD and SAVE, a multiple of 4
ANALOG_MAX, GOAL_MAX, EFFORT_MAX, ADDRESS_MAX = 32, 8, 16, 256
BITMAP = 0x80
BAUD = 921_600


HELLO = Message(0x01, "HELLO", "host", "Who are you? Begins a session, or takes it up again after the link was lost.", (
    Field("magic", "<u4", "", "MAGIC; it and `protocol` stay where they are in every version"),
    Field("protocol", "<u4", "", "PROTOCOL_ID of the host"),
    Field("session", "<u4", "", "drawn by the host; the same number again continues, another begins at sequence 0"),
))  # fmt: skip
WELCOME = Message(0x81, "WELCOME", "target", "What this target is; every protocol is answered, to be named.", (
    Field("magic", "<u4", "", "MAGIC"),
    Field("protocol", "<u4", "", "PROTOCOL_ID of the target"),
    Field("session", "<u4", "", "as in HELLO"),
    Field("sequence", "<u2", "", "last sequence number answered in this session, 0 for none"),
    Field("target", "S16", "", "board, padded with zeros"),
    Field("build", "<u4", "", "identity of the firmware"),
    Field("image", "<u4", "", "CRC-32 of the record that COMMIT made valid, 0 while there is none"),
    Field("layout", "<u4", "", "CRC-32 of the names, types and offsets of the brain's record"),
    Field("size", "<u4", "bytes", "of the brain's record"),
    Field("analog", "u1", "channels", "of STEP"),
    Field("goal", "u1", "channels", "of STEP"),
    Field("effort", "u1", "channels", "of COMMAND"),
    Field("spikes", "u1", "addresses", "most that one STEP may carry"),
    Field("addresses", "<u2", "addresses", "0 .. addresses-1 are legal"),
    Field("neurons", "<u2", "neurons", "of the brain"),
))  # fmt: skip
STEP = Message(0x02, "STEP", "host", "What the body senses in this tick; advances the brain by one tick.", (), (
    Field("analog", "(analog,)<i2", "Body.analog's LSB", "as in WELCOME"),
    Field("goal", "(goal,)<i2", "Body.goal's LSB", "as in WELCOME"),
    Field("spikes", "u1, then bytes", "addresses", "see Spikes"),
))  # fmt: skip
COMMAND = Message(0x82, "COMMAND", "target", "What the body should do, as the guard let it pass.", (
    Field("cycles", "<u4", "cycles", "of the processor for this tick; 0 where there is no counter"),
    Field("spikes", "<u2", "spikes", "of all neurons in this tick"),
), (
    Field("effort", "(effort,)<i2", "Body.effort's LSB", "one per actuator"),
    Field("thought", "wire_thought_t", "", "in every tick that SUBSCRIBE asked for, see Thought"),
))  # fmt: skip
RESET = Message(
    0x03, "RESET", "host", "Return to the record as committed. Answer: DONE, or NACK EMPTY where no copy is kept: LOAD."
)
FREEZE = Message(0x04, "FREEZE", "host", "Stop or resume learning: SET of the parameter learning. Answer: DONE.", (
    Field("frozen", "u1", "", "1 stop, 0 resume"),
))  # fmt: skip
DONE = Message(0x83, "DONE", "target", "It is done.")
STATE_HASH = Message(0x05, "STATE_HASH", "host", "Ask for the CRC of all state, learned weights too. Answer: HASH.")
HASH = Message(0x85, "HASH", "target", "The state of the brain in one number.", (
    Field("crc", "<u4", "", "CRC-32 of the brain's record"),
    Field("ticks", "<u4", "ticks", "since RESET"),
))  # fmt: skip
HEARTBEAT = Message(0x06, "HEARTBEAT", "host", "Are you there? Changes nothing. Answer: ALIVE.")
ALIVE = Message(0x86, "ALIVE", "target", "Yes.", (Field("ticks", "<u4", "ticks", "since RESET"),))
STATS = Message(0x07, "STATS", "host", "Ask for the link's counters since power-on. Answer: COUNTERS.")
COUNTERS = Message(0x87, "COUNTERS", "target", "What the target has seen on the link; each wraps at 2**32.", (
    Field("frames", "<u4", "frames", "with a good CRC"),
    Field("garbled", "<u4", "frames", "with a bad CRC, bad COBS, or too long or short"),
    Field("repeated", "<u4", "frames", "answered from the cache"),
    Field("refused", "<u4", "frames", "answered by NACK for their content or sequence"),
    Field("steps", "<u4", "ticks", "that the brain was advanced"),
))  # fmt: skip
LOAD = Message(0x08, "LOAD", "host", "A piece of the record that the brain shall start from. Answer: DONE.", (
    Field("offset", "<u4", "bytes", "a multiple of 4; from the first piece to COMMIT the brain is empty"),
), (
    Field("bytes", "u1[]", "", "to the end of the payload, a multiple of 4, at most PIECE_MAX"),
))  # fmt: skip
COMMIT = Message(0x09, "COMMIT", "host", "Start from what was loaded, ticks = 0. Answer: DONE, or NACK CHECKSUM.", (
    Field("crc", "<u4", "", "CRC-32 of the whole record"),
))  # fmt: skip
SAVE = Message(0x0A, "SAVE", "host", "Ask for a piece of the record as it is now. Answer: PIECE.", (
    Field("offset", "<u4", "bytes", "a multiple of 4"),
    Field("size", "u1", "bytes", "a multiple of 4, at most PIECE_MAX"),
))  # fmt: skip
PIECE = Message(0x8A, "PIECE", "target", "A piece of the record.", (), (
    Field("bytes", "u1[]", "", "as many as SAVE asked for"),
))  # fmt: skip
GET = Message(0x0B, "GET", "host", "Ask for a parameter. Answer: VALUE.", (
    Field("parameter", "u1", "", "see Parameters"),
))  # fmt: skip
SET = Message(0x0C, "SET", "host", "Change a parameter now, and for every RESET to come. Answer: VALUE.", (
    Field("parameter", "u1", "", "see Parameters"),
    Field("value", "<i4", "", "within its range, else NACK VALUE"),
))  # fmt: skip
VALUE = Message(0x8B, "VALUE", "target", "A parameter as it is.", (
    Field("parameter", "u1", "", "see Parameters"),
    Field("value", "<i4", "", ""),
))  # fmt: skip
SUBSCRIBE = Message(0x0D, "SUBSCRIBE", "host", "Let COMMAND carry what the brain thought. Answer: DONE.", (
    Field("every", "<u2", "ticks", "when (ticks since RESET) % every == 0, the first tick being 1; 0 never"),
))  # fmt: skip
STATUS = Message(0x0E, "STATUS", "host", "Ask how it goes, for a monitor. Changes nothing. Answer: REPORT.")
REPORT = Message(0x8E, "REPORT", "target", "How it goes.", (
    Field("ticks", "<u4", "ticks", "since RESET"),
    Field("cycles", "<u4", "cycles", "of the last tick"),
    Field("cycles_most", "<u4", "cycles", "of any tick since RESET"),
    Field("spikes", "<u4", "spikes", "of all neurons since RESET, modulo 2**32"),
    Field("missed", "<u4", "ticks", "that no STEP came in, since PACE"),
    Field("silent", "<u2", "ticks", "of the present silence, at most 65535"),
    Field("settled", "<u2", "ticks", "of the last silence after which every effort was safe, 0 for none"),
    Field("frozen", "u1", "", "1 while learning is stopped"),
    Field("loaded", "u1", "", "1 when there is a record to step"),
), (
    Field("effort", "(effort,)<i2", "Body.effort's LSB", "as they stand now"),
))  # fmt: skip
PACE = Message(0x0F, "PACE", "host", "Whether time passes by itself. Answer: DONE.", (
    Field("tick_us", "<u4", "us", "0: lockstep, the brain waits for STEP; else efforts decay in ticks without one"),
    Field("hold", "<u2", "ticks", "for which the last efforts are held before they decay"),
))  # fmt: skip
ACT = Message(0x10, "ACT", "host", "Of a body, not a brain: apply these efforts, then sense. Answer: SENSED.", (), (
    Field("effort", "(effort,)<i2", "Body.effort's LSB", "one per actuator"),
))  # fmt: skip
SENSED = Message(0x90, "SENSED", "target", "What a body senses.", (), (
    Field("analog", "(analog,)<i2", "Body.analog's LSB", "as in WELCOME"),
    Field("spikes", "u1, then bytes", "addresses", "see Spikes"),
))  # fmt: skip
NACK = Message(0xFF, "NACK", "target", "Nothing was done. For GARBLED the sequence number is not known, and 0.", (
    Field("code", "u1", "", "why, see Refusals"),
    Field("expected", "<u2", "", "sequence number that would be new"),
))  # fmt: skip

MESSAGES = (
    HELLO,
    WELCOME,
    STEP,
    COMMAND,
    RESET,
    FREEZE,
    DONE,
    STATE_HASH,
    HASH,
    HEARTBEAT,
    ALIVE,
    STATS,
    COUNTERS,
    LOAD,
    COMMIT,
    SAVE,
    PIECE,
    GET,
    SET,
    VALUE,
    SUBSCRIBE,
    STATUS,
    REPORT,
    PACE,
    ACT,
    SENSED,
    NACK,
)
THOUGHT = Message(0, "THOUGHT", "target", "What the brain thought in a tick, as controller.spec.PROBE; in COMMAND.", (
    Field("flags", "u1", "", "bit 0: the slip detector bursts, bit 1: it began in this tick"),
    Field("compliance", "<i4", "1/2048", "learned grip force per load"),
    Field("grip_target", "<i4", "Body.effort's LSB", "asked of each finger"),
    Field("load_ahead", "<i4", "load channel's LSB", "load foreseen"),
))  # fmt: skip


PARAMETERS = (
    Parameter("learning", 0, 1, "1 on"),
    Parameter("margin", 256, 1024, "1/256"),
    Parameter("prior", 2048, 20480, "1/2048"),
    Parameter("touch_grip", 20, 4000, "Body.effort's LSB"),
    Parameter("boost", 0, 2048, "1/256"),
    Parameter("feeler_weight", 0, 136_000, ""),
    Parameter("eye_weight", 0, 136_000, ""),
    Parameter("dead_from", 0, 1_000_000, "ticks, 0 never"),
)
"""By index: what GET and SET name. The ranges are those that a scenario may ask for."""

REFUSALS = {
    1: ("GARBLED", "a frame came with a bad CRC; send the request again"),
    2: ("UNKNOWN", "no such request"),
    3: ("LENGTH", "the payload has another length than the request asks for"),
    4: ("SEQUENCE", "neither the last sequence number nor the next one, or no session"),
    5: ("CONFLICT", "the last sequence number again, with other content"),
    6: ("VALUE", "a value out of its range"),
    7: ("EMPTY", "there is no record to start from; LOAD and COMMIT one"),
    8: ("CHECKSUM", "the record that was loaded has another CRC-32; load it again"),
}
SPIKES_RULE = (
    f"One byte form, then addresses of one byte each. form 0..{MAX_SPIKES}: a list of so many addresses. "
    f"form {BITMAP:#x} + r: a bitmap of ceil(addresses / 8) bytes, address a at bit a % 8 of byte a / 8, then r "
    "addresses that spoke once more. The shorter one is sent. Order is not carried: a brain may only sum over spikes."
)


def _identity() -> int:
    table = [[m.code, m.name, [[f.name, f.dtype, f.unit] for f in (*m.fields, *m.tail)]] for m in (*MESSAGES, THOUGHT)]
    parameters = [[p.name, p.low, p.high, p.unit] for p in PARAMETERS]
    codes = {code: name for code, (name, _) in REFUSALS.items()}
    return zlib.crc32(json.dumps([table, parameters, codes, SPIKES_RULE, PAYLOAD_MAX, MAX_SPIKES]).encode())


PROTOCOL_ID = _identity()
"""CRC-32 of the table; what only explains is not part of it."""


def pack_spikes(spikes: NDArray[np.uint16], count: int, addresses: int) -> bytes:
    """Addresses `spikes[:count]`, each below `addresses` <= ADDRESS_MAX, as list or bitmap, whichever is shorter."""
    size = (addresses + 7) // 8
    if count <= size:
        return bytes((count, *spikes[:count].tolist()))
    times = np.bincount(spikes[:count], minlength=addresses)
    again = np.repeat(np.arange(addresses), np.maximum(times - 1, 0))
    if size + len(again) >= count:
        return bytes((count, *spikes[:count].tolist()))
    bitmap = np.packbits(times > 0, bitorder="little").tobytes()
    return bytes((BITMAP | len(again),)) + bitmap + bytes(again.tolist())


def unpack_spikes(data: bytes, addresses: int) -> list[int]:
    """What `pack_spikes` packed, in any order. Raises ValueError for what it would not have made."""
    form, body = (data[0], data[1:]) if data else (0xFF, b"")
    size = (addresses + 7) // 8 if form & BITMAP else 0
    listed = form & ~BITMAP
    if len(body) != size + listed:
        raise ValueError(f"spikes of form {form:#x} in {len(body)} bytes")
    bits = np.unpackbits(np.frombuffer(body[:size], np.uint8), bitorder="little")
    found = [*np.flatnonzero(bits).tolist(), *body[size:]]
    if len(found) > MAX_SPIKES or any(a >= addresses for a in found):
        raise ValueError(f"{len(found)} spikes, the highest at {max(found)} of {addresses}")
    return found


def pack_step(sensed: Sensed, addresses: int) -> bytes:
    """The payload of STEP: what a body senses in one tick."""
    spikes = pack_spikes(sensed.spikes, sensed.count, addresses)
    return sensed.analog.astype("<i2", copy=False).tobytes() + sensed.goal.astype("<i2", copy=False).tobytes() + spikes


def unpack_command(payload: bytes, effort: NDArray[np.int16]) -> tuple[int, int, bytes]:
    """Read COMMAND into int16 (E,) `effort`; returns cycles, spikes, and the bytes of THOUGHT or none.

    Raises:
        ValueError: the payload has another length.
    """
    head = COMMAND.struct.size
    end = head + 2 * effort.size
    if len(payload) not in (end, end + THOUGHT.struct.size):
        raise ValueError(f"COMMAND of {len(payload)} bytes where {end} belong")
    cycles, spikes = COMMAND.struct.unpack_from(payload)
    effort[:] = np.frombuffer(payload, "<i2", effort.size, head)
    return cycles, spikes, payload[end:]


def unpack_thought(thought: bytes, spikes: int, probe: NDArray[np.void]) -> None:
    """Read THOUGHT and the tick's spikes into PROBE (1,) `probe`."""
    flags, compliance, grip_target, load_ahead = THOUGHT.struct.unpack(thought)
    probe[0] = (flags & 1, flags >> 1, compliance, grip_target, load_ahead, spikes)
