"""Expressions and conditions of the law as instructions; a value ends in the accumulator."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from .machine import BY_INDEX, IMMEDIATE, PORTS, STEP, WIDTHS, Label
from .words import Function, LawError, Words

COMMUTE = {"ADD": "ADD", "AND": "AND", "OR": "OR", "XOR": "XOR", "MUL": "MUL", "SUB": "RSB", "MIN": "MIN", "MAX": "MAX"}
BINARY: dict[type[ast.operator], str] = {
    ast.Add: "ADD", ast.Sub: "SUB", ast.Mult: "MUL", ast.BitAnd: "AND", ast.BitOr: "OR", ast.BitXor: "XOR",
}  # fmt: skip


class Expressions(Words):
    """Words, and what is computed with them."""

    def _inline(self, function: Function, arguments: Sequence[ast.expr], results: int) -> list[int]:
        raise NotImplementedError

    def _call(self, function: Function, arguments: Sequence[ast.expr]) -> None:
        raise NotImplementedError

    def _value(self, node: ast.expr) -> None:
        text = ast.unparse(node)
        if text in self.pins:
            self.used_pins.add(text)
            (one,) = self.pins[text]
            assert isinstance(one, ast.Expr)
            self._value(one.value)
            return
        number = self._fold(node)
        if number is not None:
            if number in IMMEDIATE:
                self.program.emit("LDI", number)
            else:
                self.program.emit("LD", self.constant(number))
            return
        match node:
            case ast.BinOp(left, ast.LShift() | ast.RShift() as op, right):
                self._shift(left, "SHL" if isinstance(op, ast.LShift) else "SAR", right)
            case ast.BinOp(left, ast.FloorDiv(), right):
                self._value(left)
                self.program.emit("DIV", self._known(right))
            case ast.BinOp(left, op, right):
                self._binary(left, BINARY[type(op)], right)
            case ast.UnaryOp(ast.USub(), inner):
                self._binary(ast.Constant(0), "SUB", inner)
            case ast.IfExp(test, yes, no):
                then, other, end = Label("if so"), Label("if not"), Label("either way")
                self._branch(test, then, other, then)
                self.program.place(then)
                self._value(yes)
                self.program.emit("JMP", end)
                self.program.place(other)
                self._value(no)
                self.program.place(end)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(ast.Not()):
                self._value(ast.IfExp(node, ast.Constant(1), ast.Constant(0)))
            case ast.Call() if (address := self._simple(node)) is not None:
                self.program.emit("LD", address)
            case ast.Call(function, arguments):
                self._apply(ast.unparse(function), arguments)
            case _:
                address, _ = self._place_of(node)
                self.program.emit("LD", address)

    def _binary(self, left: ast.expr, operation: str, right: ast.expr) -> None:
        constant = self._fold(right)
        if operation in ("ADD", "SUB") and constant is not None:
            constant = constant if operation == "ADD" else -constant
            if constant in IMMEDIATE:
                self._value(left)
                if constant:
                    self.program.emit("ADDI", constant)
                return
        address = self._simple(right)
        if address is None and (other := self._simple(left)) is not None:
            self._value(right)
            self.program.emit(COMMUTE[operation], other)
            return
        if address is not None:
            self._value(left)
            self.program.emit(operation, address)
            return
        self._value(left)
        slot = self._take("temporary")
        self.program.emit("ST", slot)
        self._value(right)
        self.program.emit(COMMUTE[operation], slot)
        self._release(slot)

    def _shift(self, left: ast.expr, operation: str, right: ast.expr) -> None:
        number = self._fold(right)
        self._value(left)
        if number is not None:
            self.program.emit(operation, number)
            return
        value, times = self._take("shifted"), self._take("by")
        begin, end = Label("shift"), Label("shifted")
        self.program.emit("ST", value)
        self._value(right)
        self.program.emit("ST", times)
        self.program.place(begin, always=True)
        self.program.emit("LD", times)
        self.program.emit("JZ", end)
        self.program.emit("ADDI", -1)
        self.program.emit("ST", times)
        self.program.emit("LD", value)
        self.program.emit(operation, 1)
        self.program.emit("ST", value)
        self.program.emit("JMP", begin)
        self.program.place(end)
        self.program.emit("LD", value)
        self._release(value)
        self._release(times)

    def _apply(self, name: str, arguments: Sequence[ast.expr]) -> None:
        name = name.removeprefix("np.")
        if name in ("min", "max"):
            self._binary(arguments[0], name.upper(), arguments[1])
        elif name in WIDTHS:
            self._value(arguments[0])
            self.program.emit("WRAP", WIDTHS[name])
        elif name in ("read", "read_next"):
            self.program.emit("IN", self._port(arguments[0], name))
        elif name in ("write", "write_next"):
            self._value(arguments[1])
            self.program.emit("OUT", self._port(arguments[0], name))
        elif name not in self.functions:
            raise LawError(f"no function {name}")
        elif self.functions[name].inline:
            (slot,) = self._inline(self.functions[name], arguments, 1)
            self.program.emit("LD", slot)
            self._release(slot)
        else:
            self._call(self.functions[name], arguments)

    @staticmethod
    def _port(node: ast.expr, how: str) -> int:
        name = ast.unparse(node)
        return (BY_INDEX if name == "INDEXED_PORT" else PORTS[name]) + (STEP if how.endswith("_next") else 0)

    # Conditions.

    def _branch(self, node: ast.expr, yes: Label, no: Label, following: Label) -> None:
        """Jump to `yes` or `no`; whichever is `following` stands next and needs no jump."""
        match node:
            case ast.UnaryOp(ast.Not(), inner):
                self._branch(inner, no, yes, following)
            case ast.BoolOp(op, values):
                conjunction = isinstance(op, ast.And)
                for value in values[:-1]:
                    next_one = Label("and" if conjunction else "or")
                    if conjunction:
                        self._branch(value, next_one, no, next_one)
                    else:
                        self._branch(value, yes, next_one, next_one)
                    self.program.place(next_one)
                self._branch(values[-1], yes, no, following)
            case ast.Compare(left, [op, *more], [right, *rest]) if more:
                both = [ast.Compare(left, [op], [right]), ast.Compare(right, more, rest)]
                self._branch(ast.BoolOp(ast.And(), list(both)), yes, no, following)
            case ast.Compare(left, [op], [right]):
                self._compare(left, op, right, yes, no, following)
            case _:
                self._value(node)
                self._jump("JNZ", "JZ", yes, no, following)

    def _jump(self, on_true: str, on_false: str, yes: Label, no: Label, following: Label) -> None:
        if following is yes:
            self.program.emit(on_false, no)
        else:
            self.program.emit(on_true, yes)
            if following is not no:
                self.program.emit("JMP", no)

    def _compare(self, left: ast.expr, op: ast.cmpop, right: ast.expr, yes: Label, no: Label, following: Label) -> None:
        if isinstance(op, ast.Gt | ast.LtE):  # a > b is b < a
            constant = self._fold(right)
            if constant is not None:  # a > 5 is not a < 6
                less = ast.Compare(
                    left, [ast.GtE() if isinstance(op, ast.Gt) else ast.Lt()], [ast.Constant(constant + 1)]
                )
                self._branch(less, yes, no, following)
                return
            self._binary(right, "SUB", left)
            op = ast.Lt() if isinstance(op, ast.Gt) else ast.GtE()
        else:
            self._binary(left, "SUB", right)
        match op:
            case ast.Eq():
                self._jump("JZ", "JNZ", yes, no, following)
            case ast.NotEq():
                self._jump("JNZ", "JZ", yes, no, following)
            case ast.Lt():
                self._jump("JN", "JP", yes, no, following)
            case ast.GtE():
                self._jump("JP", "JN", yes, no, following)
            case _:
                raise LawError(f"no comparison {op}")
