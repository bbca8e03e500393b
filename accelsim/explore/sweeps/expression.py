"""Arithmetic in a space file: `= 2 * array.rows`, `rows * cols <= 4096`. Read by a walk over a few kinds of nodes.

Python's parser makes the tree; every node is then translated here or refused, so that nothing can run that is not
arithmetic. Lengths, depths and sizes of numbers are bounded: no expression takes long.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from accelsim.config.schema import shortened
from accelsim.errors import InputError, nearest_name

Value: TypeAlias = "bool | int | float | str | list[int] | list[str] | None"
Values: TypeAlias = Mapping[str, Value]
_Node: TypeAlias = Callable[[Values], Any]

MAX_CHARACTERS = 400
MAX_DEPTH = 40
LARGEST_EXPONENT = 64
LARGEST_NUMBER = 2**128

_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max}
_ALLOWED = "numbers, text in quotes, paths such as array.rows, + - * / // % **, comparisons, and, or, not, min(), max()"


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression that was read: its text, where it stands, the paths that it names, and its value for theirs."""

    text: str
    where: str
    names: frozenset[str]
    _node: _Node

    def value(self, values: Values) -> Any:
        """The value where `values` has each of `names`; InputError where there is none: 1 / 0, arithmetic with null."""
        try:
            return self._node(values)
        except (ArithmeticError, TypeError) as error:
            held = ", ".join(f"{name} = {values[name]!r}" for name in sorted(self.names))
            raise InputError(self.where, f"{self.text} has no value with {held}: {error}") from None

    def holds(self, values: Values) -> bool:
        """Whether a condition is met; InputError as `value`, and where the expression is no condition."""
        found = self.value(values)
        if not isinstance(found, bool):
            raise InputError(self.where, f"{self.text} is {found!r}, not a condition", "such as rows * cols <= 4096")
        return found


def parse_expression(text: str, where: str, paths: Mapping[str, str]) -> Expression:
    """Read an expression; `paths` maps what may be named, `array.rows` and where unique `rows`, to dotted paths.

    InputError at `where` for anything but arithmetic, for an unknown name (with the nearest), and for too long a text.
    """
    if len(text) > MAX_CHARACTERS:
        raise InputError(where, f"an expression of {len(text)} characters", f"at most {MAX_CHARACTERS}")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(where, f"{shortened(text)} is no expression", _ALLOWED) from None
    translator = _Translator(text, where, paths)
    node = translator.translate(tree.body, 0)
    return Expression(text.strip(), where, frozenset(translator.names), node)


class _Translator:
    """Turns a syntax tree into nested functions of the values; collects the names on its way."""

    def __init__(self, text: str, where: str, paths: Mapping[str, str]) -> None:
        self._text, self._where, self._paths = text, where, paths
        self.names: set[str] = set()

    def translate(self, node: ast.expr, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise InputError(self._where, "an expression nested too deep", f"at most {MAX_DEPTH} levels")
        parts = [self.translate(part, depth + 1) for part in _operands(node)]
        match node:
            case ast.Constant(value=bool() | int() | float() | str() as constant) if _is_small(constant):
                return lambda values: constant
            case ast.Name() | ast.Attribute():
                return self._name(node)
            case ast.BinOp(op=kind) if type(kind) in _ARITHMETIC:
                left, right = parts
                function = _ARITHMETIC[type(kind)]
                return lambda values: _bounded(function, left(values), right(values))
            case ast.UnaryOp(op=ast.USub()):
                return lambda values: _bounded(operator.sub, 0, parts[0](values))
            case ast.UnaryOp(op=ast.Not()):
                return lambda values: not parts[0](values)
            case ast.BoolOp(op=ast.And()):
                return lambda values: all(part(values) for part in parts)
            case ast.BoolOp(op=ast.Or()):
                return lambda values: any(part(values) for part in parts)
            case ast.Compare(ops=kinds) if all(type(kind) in _COMPARISONS for kind in kinds):
                return _chain([_COMPARISONS[type(kind)] for kind in kinds], parts)
            case ast.Call(func=ast.Name(id=name), keywords=[]) if name in _FUNCTIONS and len(parts) > 1:
                return lambda values: _FUNCTIONS[name](*(part(values) for part in parts))
        raise self._refused(node)

    def _name(self, node: ast.expr) -> _Node:
        try:
            name = ast.unparse(node)
            path = self._paths[name]
        except KeyError:
            raise InputError(self._where, f"no field {shortened(name)}", "", nearest_name(name, self._paths)) from None
        self.names.add(path)
        return lambda values: values[path]

    def _refused(self, node: ast.expr) -> InputError:
        found = ast.get_source_segment(self._text.strip(), node) or self._text
        return InputError(self._where, f"{shortened(found)} in an expression", _ALLOWED)


def _operands(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.BinOp():
            return [node.left, node.right]
        case ast.UnaryOp():
            return [node.operand]
        case ast.BoolOp():
            return node.values
        case ast.Compare():
            return [node.left, *node.comparators]
        case ast.Call(func=ast.Name(id=name)) if name in _FUNCTIONS:
            return node.args
    return []


def _is_small(constant: bool | int | float | str) -> bool:
    return isinstance(constant, str) or abs(constant) <= LARGEST_NUMBER


def _bounded(function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
    """Arithmetic on numbers alone, whose results and exponents stay small."""
    if not all(isinstance(side, int | float) for side in (left, right)):
        raise TypeError("arithmetic is for numbers")
    if function is operator.pow and (abs(right) > LARGEST_EXPONENT or (left < 0 and right != int(right))):
        raise OverflowError(f"exponents are whole or of positive numbers, and at most {LARGEST_EXPONENT}")
    found = function(left, right)
    if abs(found) > LARGEST_NUMBER:
        raise OverflowError("the number is too large")
    return found


def _chain(comparisons: list[Callable[[Any, Any], bool]], parts: list[_Node]) -> _Node:
    """`a < b <= c`, as Python reads it."""

    def compare(values: Values) -> bool:
        found = [part(values) for part in parts]
        return all(test(*pair) for test, pair in zip(comparisons, pairwise(found), strict=True))

    return compare
