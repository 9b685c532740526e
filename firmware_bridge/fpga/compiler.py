"""Compiles the scalar part of the controller's law, from its own Python text, for the machine of rtl/sequencer.v.

What the machine is given is what numba is given: reflex.py, servo.py, guard.py, network.py. Loops over populations are
the engine's; `laws.seq` says, text for text, which statement of the law which pass of the engine stands for, so a loop
that changes stops the build until the engine has followed. `link.seq` is written in the same few words of Python.

Values are integers of 48 bits; they wrap where the law wraps them (int16(), int32(), a field of the record) and nowhere
else. Functions of the law are compiled in line, those of .seq files once, as subroutines.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence

from .expressions import Expressions
from .machine import WIDTHS, Label
from .words import Function, LawError, Scope


def _targets(node: ast.AST) -> list[ast.expr]:
    """What a statement assigns."""
    if isinstance(node, ast.AugAssign):
        return [node.target]
    if isinstance(node, ast.Assign):
        return [e for t in node.targets for e in (t.elts if isinstance(t, ast.Tuple) else [t])]
    return []


class Compiler(Expressions):
    """Source to Program: `add` sources, then `compile`."""

    def add(self, source: str, constants: Mapping[str, object], inline: bool) -> None:
        """Take the functions of a source; a .seq file's own constants are assigned at its top."""
        tree, known = ast.parse(source), dict(constants)
        for node in tree.body:
            if isinstance(node, ast.FunctionDef):
                self.functions[node.name] = Function(node, known, inline, Label(node.name))
            elif isinstance(node, ast.Assign) and not inline:
                assert isinstance(node.targets[0], ast.Name)
                known[node.targets[0].id] = eval(ast.unparse(node.value), {}, dict(known))

    def compile(self, entry: str) -> None:
        """Compile `entry`, which must not return, and every subroutine that is called from it."""
        self._prepare(self.functions[entry])
        done: set[str] = set()
        while todo := [n for n, f in self.functions.items() if f.called and n not in done]:
            # The entry stands first: the machine starts at 0.
            name = entry if entry not in done else todo[0]
            done.add(name)
            self._subroutine(self.functions[name])
        self._lay_out()

    def _lay_out(self) -> None:
        """Give each subroutine's words a place behind those of all that may call it; others may have the same."""
        base = dict.fromkeys((n for n, f in self.functions.items() if f.called), 0)
        for _ in base:  # as often as calls can be deep
            for name in base:
                for callee in self.functions[name].calls:
                    base[callee] = max(base[callee], base[name] + len(self.functions[name].frame))
        size = max(base[n] + len(self.functions[n].frame) for n in base)
        first = self.program.allocate_run("local", [0] * size)
        for name, at in base.items():
            for i, word in enumerate(self.functions[name].frame):
                self.program.places[word] = first + at + i

    # Functions.

    def _subroutine(self, function: Function) -> None:
        """The last argument comes in the accumulator, as the result leaves."""
        kept, self._free = self._free, []  # a caller's temporary words are not ours
        names = {a.arg: p for a, p in zip(function.node.args.args, function.parameters, strict=True)}
        self._scopes.append(Scope(function, names))
        self.program.place(function.label, always=True)
        if names:
            self.program.emit("ST", function.parameters[-1])
        self._body(function.node.body)
        self.program.emit("RET")
        self._scopes.pop()
        self._free = kept

    def _inline(self, function: Function, arguments: Sequence[ast.expr], results: int) -> list[int]:
        """Compile a call in line; returns where its results are, which the caller releases."""
        slots = [self._take("result") for _ in range(results)]
        names: dict[str, int] = {}
        given: dict[str, object] = {}
        changed = {ast.unparse(t) for n in ast.walk(function.node) for t in _targets(n)}
        outer = self._scopes[-1]
        owned = []
        for parameter, argument in zip(function.node.args.args, arguments, strict=True):
            name, known = parameter.arg, self._fold(argument)
            if isinstance(argument, ast.Name) and argument.id in (*self.arrays, "s", "state", "probe", "spikes"):
                continue  # an array keeps its name
            if known is not None and name not in changed:
                given[name] = known
            elif isinstance(argument, ast.Name) and name not in changed:
                names[name] = self._local(argument.id)  # nobody writes it meanwhile
            else:
                self._value(argument)
                names[name] = self._take(name)
                owned.append(names[name])
                self.program.emit("ST", names[name])
        there = Function(function.node, {**function.constants, **given}, True, function.label)
        scope = Scope(there, names, slots, Label(f"{function.node.name} ends"), owned)
        outer.taken = [a for a in outer.taken if a not in owned]
        self._scopes.append(scope)
        self._body(function.node.body)
        assert scope.end is not None
        self.program.place(scope.end)
        self._scopes.pop()
        self._free += scope.taken
        return slots

    def _call(self, function: Function, arguments: Sequence[ast.expr]) -> None:
        self._prepare(function)
        self._scopes[0].function.calls.add(function.node.name)
        for i, (argument, parameter) in enumerate(zip(arguments, function.parameters, strict=True)):
            self._value(argument)
            if i < len(arguments) - 1:
                if any(self._calls(a, function) for a in arguments[i + 1 :]):
                    raise LawError(f"{function.node.name} in an argument of itself")
                self.program.emit("ST", parameter)
        self.program.emit("CALL", function.label)

    @staticmethod
    def _calls(node: ast.expr, function: Function) -> bool:
        return any(isinstance(n, ast.Call) and ast.unparse(n.func) == function.node.name for n in ast.walk(node))

    # Statements.

    def _body(self, body: Sequence[ast.stmt]) -> None:
        for statement in body:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        text = ast.unparse(node)
        if text in self.pins:
            self.used_pins.add(text)
            self._body(self.pins[text])
            return
        match node:
            case ast.Pass() | ast.Expr(ast.Constant()):
                pass
            case ast.Expr(ast.Call() as call):
                self._value(call)
            case ast.Assign(targets, value):
                self._assign(targets, value)
            case ast.AugAssign(target, op, value):
                self._assign([target], ast.BinOp(target, op, value))
            case ast.If(test, body, other):
                yes, no, end = Label("then"), Label("else"), Label("end if")
                self._branch(test, yes, no, yes)
                self.program.place(yes)
                self._body(body)
                if other:
                    self.program.emit("JMP", end)
                self.program.place(no)
                self._body(other)
                self.program.place(end)
            case ast.While(test, body):
                begin, inside, end = Label("while"), Label("do"), Label("end while")
                self.program.place(begin, always=True)
                if self._fold(test) is None:  # `while 1` asks nothing
                    self._branch(test, inside, end, inside)
                self.program.place(inside)
                self._body(body)
                self.program.emit("JMP", begin)
                self.program.place(end)
            case ast.Return(value):
                self._return(value)
            case ast.Global(names):
                for name in names:
                    if name not in self._globals:
                        self._globals[name] = self.program.allocate(name)
                    self._scopes[-1].names[name] = self._globals[name]
            case _:
                raise LawError(f"no word for `{text}`")

    def _return(self, value: ast.expr | None) -> None:
        scope = self._scopes[-1]
        if scope.end is None:
            if value is not None:
                self._value(value)
            self.program.emit("RET")
            return
        values = value.elts if isinstance(value, ast.Tuple) else [] if value is None else [value]
        for slot, one in zip(scope.results, values, strict=False):
            self._value(one)
            self.program.emit("ST", slot)
        self.program.emit("JMP", scope.end)

    def _assign(self, targets: Sequence[ast.expr], value: ast.expr) -> None:
        if isinstance(targets[0], ast.Tuple):
            several = targets[0].elts
            if isinstance(value, ast.Tuple) and self._independent(several, value.elts):
                for target, one in zip(several, value.elts, strict=True):
                    self._assign([target], one)
                return
            if isinstance(value, ast.Tuple):
                slots = [self._take("value") for _ in several]
                for slot, one in zip(slots, value.elts, strict=True):
                    self._value(one)
                    self.program.emit("ST", slot)
            else:
                assert isinstance(value, ast.Call)
                slots = self._inline(self.functions[ast.unparse(value.func)], value.args, len(several))
            for slot, target in zip(slots, several, strict=True):
                self.program.emit("LD", slot)
                self._store(target)
            for slot in slots:
                self._release(slot)
            return
        match targets[0]:
            case ast.Subscript(ast.Name(), index) if self._fold(index) is None:
                self._value(value)
                slot = self._take("value")
                self.program.emit("ST", slot)
                address, _ = self._place_of(targets[0])  # leaves the index in INDEX
                self.program.emit("LD", slot)
                self.program.emit("ST", address)
                self._release(slot)
                return
        self._value(value)
        for target in targets:
            self._store(target)

    @staticmethod
    def _independent(targets: Sequence[ast.expr], values: Sequence[ast.expr]) -> bool:
        """Whether no value reads a target that is written before it."""
        for i, value in enumerate(values):
            reads = {ast.unparse(n) for n in ast.walk(value)}
            if reads & {ast.unparse(t) for t in targets[:i]}:
                return False
        return True

    def _store(self, target: ast.expr) -> None:
        if ast.unparse(target) == "_":
            return
        address, width = self._place_of(target)
        self.program.emit("ST", address | (WIDTHS[width] << 9 if width else 0))
