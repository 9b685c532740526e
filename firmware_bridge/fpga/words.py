"""Where the compiler keeps values: words of the machine's data, named by the law, and what is known beforehand."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from .machine import INDEXED, PORTS, WIDTHS, Label, Program

FOLD: dict[type[ast.operator], Callable[[int, int], int]] = {
    ast.Add: int.__add__, ast.Sub: int.__sub__, ast.Mult: int.__mul__, ast.BitAnd: int.__and__, ast.BitOr: int.__or__,
    ast.BitXor: int.__xor__, ast.LShift: int.__lshift__, ast.RShift: int.__rshift__, ast.FloorDiv: int.__floordiv__,
}  # fmt: skip


class LawError(Exception):
    """The text says something that this compiler has no word for."""


@dataclass
class Function:
    """A function of a source, with the constants that its module knows."""

    node: ast.FunctionDef
    constants: Mapping[str, object]
    inline: bool
    label: Label
    parameters: list[int] = field(default_factory=list)
    frame: list[int] = field(default_factory=list)
    calls: set[str] = field(default_factory=set)
    called: bool = False


@dataclass
class Scope:
    """Names of the function that is being compiled."""

    function: Function
    names: dict[str, int] = field(default_factory=dict)
    results: list[int] = field(default_factory=list)
    end: Label | None = None
    taken: list[int] = field(default_factory=list)


class Words:
    """The words of a Program, by the names that a law gives them.

    Args:
        fields: data address of each field of `s`. arrays: of each named array (analog, goal, x ...), each `p.field`.
        widths: width in which a field of `s` is stored: a name of WIDTHS, or "" for all 48 bits.
        shapes: how many words a row of a field has, for fields of two dimensions.
        pins: law text (as ast.unparse writes it) to the statements or expression that stand for it.
    """

    def __init__(
        self,
        program: Program,
        fields: Mapping[str, int],
        arrays: Mapping[str, int],
        widths: Mapping[str, str],
        shapes: Mapping[str, int],
        pins: Mapping[str, Sequence[ast.stmt]],
    ) -> None:
        self.program, self.fields, self.arrays, self.widths, self.shapes = program, fields, arrays, widths, shapes
        self.pins, self.used_pins = pins, set[str]()
        self.functions: dict[str, Function] = {}
        self._constants: dict[int, int] = {}
        self._globals: dict[str, int] = {}
        self._free: list[int] = []
        self._scopes: list[Scope] = []

    def _new(self, function: Function, name: str) -> int:
        word = self.program.local(f"{function.node.name}.{name}")
        function.frame.append(word)
        return word

    def constant(self, value: int) -> int:
        """Address of a word that holds `value`."""
        if value not in self._constants:
            self._constants[value] = self.program.allocate(f"{value}", value)
        return self._constants[value]

    def _take(self, name: str) -> int:
        address = self._free.pop() if self._free else self._new(self._scopes[0].function, name)
        self._scopes[-1].taken.append(address)
        return address

    def _release(self, address: int) -> None:
        self._scopes[-1].taken.remove(address)
        self._free.append(address)

    def _local(self, name: str) -> int:
        scope = self._scopes[-1]
        if name in scope.names:
            return scope.names[name]
        scope.names[name] = self._take(f"{scope.function.node.name}.{name}")
        return scope.names[name]

    def _prepare(self, function: Function) -> None:
        if not function.called:
            function.called = True
            function.parameters = [self._new(function, a.arg) for a in function.node.args.args]

    def _place_of(self, node: ast.expr) -> tuple[int, str]:
        """Where a variable, field or element with a constant index is, and the width it is stored in."""
        match node:
            case ast.Name(name):
                return self._local(name), ""
            case ast.Attribute(ast.Name("s"), name):
                return self.fields[name], self.widths[name]
            case ast.Attribute(ast.Name("p"), name):
                return self.arrays[f"p.{name}"], ""
            case ast.Subscript(ast.Attribute(ast.Name("s"), name), index):
                parts = index.elts if isinstance(index, ast.Tuple) else [index]
                numbers = [self._known(p) for p in parts]
                offset = numbers[-1] + (numbers[0] * self.shapes[name] if len(numbers) == 2 else 0)
                return self.fields[name] + offset, self.widths[name]
            case ast.Subscript(ast.Name(name), index) if name in self.arrays:
                number = self._fold(index)
                if number is None:
                    self._value(index)
                    self.program.emit("OUT", PORTS["INDEX"])
                    return self.arrays[name] | INDEXED, ""
                return self.arrays[name] + number, ""
        raise LawError(f"no place for `{ast.unparse(node)}`")

    def _value(self, node: ast.expr) -> None:
        raise NotImplementedError

    # What is known beforehand.

    def _fold(self, node: ast.expr) -> int | None:
        """The value of an expression of constants."""
        match node:
            case ast.Constant(bool() | int() as value):
                return int(value)
            case ast.Name(name):
                scope = self._scopes[-1]
                constant = None if name in scope.names else scope.function.constants.get(name)
                return constant if isinstance(constant, int) else None
            case ast.UnaryOp(ast.USub(), inner):
                number = self._fold(inner)
                return None if number is None else -number
            case ast.BinOp(left, op, right):
                a, b = self._fold(left), self._fold(right)
                return None if a is None or b is None else FOLD[type(op)](a, b)
            case ast.Call(function, [argument]) if ast.unparse(function).removeprefix("np.") in WIDTHS:
                return self._fold(argument)
        return None

    def _known(self, node: ast.expr) -> int:
        value = self._fold(node)
        if value is None:
            raise LawError(f"`{ast.unparse(node)}` is not constant")
        return value

    def _simple(self, node: ast.expr) -> int | None:
        """Address of an operand that is a word of memory already."""
        value = self._fold(node)
        if value is not None:
            return self.constant(value)
        if ast.unparse(node) in self.pins:
            return None
        inner = node
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "int32" and isinstance(node.args[0], ast.Subscript):
            inner = node.args[0]  # of an element, which is within 32 bits anyway
        match inner:
            case ast.Subscript(ast.Name(), index) if self._fold(index) is None:
                return None
            case ast.Name() | ast.Attribute() | ast.Subscript():
                return self._place_of(inner)[0]
        return None
