"""The instructions and ports of rtl/sequencer.v, and a program as words of its memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sensors.errors import UserError

OPERATIONS = (
    "LD", "ST", "ADD", "SUB", "RSB", "AND", "OR", "XOR", "MIN", "MAX", "MUL", "DIV", "LDI", "ADDI", "SHL", "SAR",
    "WRAP", "JMP", "JZ", "JNZ", "JN", "JP", "CALL", "RET", "IN", "OUT",
)  # fmt: skip
"""By operation code. RSB: memory - accumulator. DIV: floor by 1..15. JN, JP: accumulator negative, or not."""
JUMPS = ("JMP", "JZ", "JNZ", "JN", "JP", "CALL")
ENDS = ("JMP", "RET")
CALLS_DEEP = 8
PORTS = {
    "RX_READY": 0, "RX": 1, "TX": 2, "BYTE_AT": 3, "BYTE": 4, "CRC_RESET": 5, "CRC16": 6, "CRC32": 7, "CRC32_WORD": 8,
    "CYCLES": 9, "INDEX": 10, "PACED": 11, "NEURON": 16, "LAST": 17, "X0": 18, "X1": 19, "DRIVE": 20, "NOISE": 21,
    "GO": 22, "SUM": 23, "ENCODER": 24, "BIAS": 25, "V": 26, "TRACE": 27, "LATE": 28, "WEIGHT": 29, "FLAGS": 30,
    "CURRENT": 31,
}  # fmt: skip
STEP = 32
"""Added to a bank's port: go on to the next neuron."""
BY_INDEX = 64
"""Instead of a port: that which INDEX says."""
INDEXED = 1 << 8
"""Added to a data address: INDEX is added."""
WIDTHS = {"int32": 1, "uint32": 2, "int16": 3, "uint16": 4, "uint8": 5}
"""Codes of WRAP; the first three also of ST, in bits 9 and 10."""
DEPTH, DATA_WORDS, WORD_BITS = 2560, 256, 48
NEAR = 2048
"""Jumps to here and beyond have operation codes of their own, behind the others."""
LOCALS = 1 << 12
"""Addresses from here on stand for words that `Program.places` will place."""
IMMEDIATE = range(-1024, 1024)


@dataclass(eq=False)
class Label:
    """A place in a program."""

    name: str
    uses: int = 0


@dataclass
class Program:
    """Instructions as they are written, and the data memory that they name.

    Attributes:
        lines: (operation, operand) or a Label. data: initial value of each allocated word. names: what each word is.
        tables: words that stand in the weight bank where sense neurons have none.
        locals: names of words whose place is not known yet; places: where they are in the end.
    """

    lines: list[tuple[str, int | Label] | Label] = field(default_factory=list)
    data: list[int] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    tables: list[int] = field(default_factory=list)
    locals: list[str] = field(default_factory=list)
    places: dict[int, int] = field(default_factory=dict)

    def local(self, name: str) -> int:
        """A word of a subroutine; `places` tells where it is before the program is written out."""
        self.locals.append(name)
        return LOCALS + len(self.locals) - 1

    def allocate(self, name: str, value: int = 0) -> int:
        """Take the next word of data. Raises UserError when all are taken."""
        if len(self.data) == DATA_WORDS:
            raise UserError(f"the program needs more than {DATA_WORDS} words of data, {name} is one too many")
        self.data.append(value)
        self.names.append(name)
        return len(self.data) - 1

    def allocate_run(self, name: str, values: Sequence[int]) -> int:
        """Take words that follow each other; returns the first one's address."""
        first = len(self.data)
        for i, value in enumerate(values):
            self.allocate(f"{name}[{i}]", value)
        return first

    def emit(self, operation: str, operand: int | Label = 0) -> None:
        """Append one instruction; a load of what was stored in the line before is left out."""
        before = self.lines[-1] if self.lines else None
        if operation == "LD" and before == ("ST", operand):
            return
        dead = isinstance(before, tuple) and before[0] in ENDS
        if not dead:  # nothing reaches what stands behind a jump
            self.lines.append((operation, operand))
            if isinstance(operand, Label):
                operand.uses += 1

    def place(self, label: Label, always: bool = False) -> None:
        """Put a label here, if anything so far jumps to it; `always` if something will."""
        if self.lines and self.lines[-1] == ("JMP", label):
            self.lines.pop()
            label.uses -= 1
        if label.uses or always:
            self.lines.append(label)

    def addresses(self) -> dict[Label, int]:
        """Where each label stands."""
        found, at = {}, 0
        for line in self.lines:
            if isinstance(line, Label):
                found[line] = at
            else:
                at += 1
        return found

    def words(self) -> list[int]:
        """The instructions as 16-bit words. Raises UserError when they are too many."""
        where, words = self.addresses(), []
        for line in self.lines:
            if not isinstance(line, Label):
                operation, operand = line
                number = where[operand] if isinstance(operand, Label) else self.places.get(operand, operand)
                far = isinstance(operand, Label) and number >= NEAR
                code = len(OPERATIONS) + JUMPS.index(operation) if far else OPERATIONS.index(operation)
                words.append(code << 11 | number & 0x7FF)
        if len(words) > DEPTH:
            raise UserError(f"the program has {len(words)} instructions, the memory holds {DEPTH}")
        return words

    def listing(self) -> str:
        """The program for people, one instruction a line."""
        where, at, text = self.addresses(), 0, []
        for line in self.lines:
            if isinstance(line, Label):
                text.append(f"{line.name}:")
                continue
            operation, operand = line
            says = f"{operand.name} ({where[operand]})" if isinstance(operand, Label) else str(operand)
            if isinstance(operand, int) and operand >= LOCALS:
                says = f"{self.locals[operand - LOCALS]} at {self.places[operand]}"
            elif isinstance(operand, int) and operation in OPERATIONS[:11]:
                says = f"{self.names[operand & 0xFF]} {'+ INDEX' if operand & INDEXED else ''}"
            text.append(f"{at:5} {operation:5} {says}".rstrip())
            at += 1
        return "\n".join([*text, ""])
