"""Finds every clause of every conditional write in the core, and makes the source without it. Pure.

Removed clauses are replaced, in expressions, by themselves or their opposite: `(C OR NOT (C))` is always
true and still uses every name and value, so that DynamoDB takes the request and only the condition is gone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

CONDITIONAL: Final = frozenset({"Update", "Delete"})
"""Writes of a transaction whose `where` names attributes and values."""


@dataclass(frozen=True)
class Mutant:
    """The source of one file without one clause."""

    path: str
    line: int
    function: str
    clause: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.path}:{self.line} {self.function}"


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Every clause of the file at `path`, removed in turn."""
    tree = ast.parse(source)
    for function, node in _in_functions(tree):
        for old, clause, new in _without_each(node, source):
            yield Mutant(path, old.lineno, function, clause, _replaced(source, old, new))


def _in_functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    """Every node inside a function, with that function's name; a nested function's nodes are its own."""

    def walk(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
        for child in ast.iter_child_nodes(node):
            inner = child.name if isinstance(child, ast.FunctionDef) else function
            yield inner, child
            yield from walk(child, inner)

    return walk(tree, "")


def _without_each(node: ast.AST, source: str) -> Iterator[tuple[ast.expr, str, str]]:
    """(what is replaced, the clause, by what) for the clauses that this node itself holds."""
    match node:
        case ast.Call(func=ast.Name(id=name), keywords=keywords) if name in CONDITIONAL:
            for keyword in keywords:
                if keyword.arg == "where" and isinstance(keyword.value, ast.Dict):
                    yield from _without_each_key(keyword.value)
        case ast.keyword(arg="condition", value=ast.Constant(value=str(condition)) as value):
            yield from _without_each_conjunct(value, condition)
        case ast.keyword(arg="clauses", value=ast.List(elts=clauses)):
            yield from _each_always_true(clauses, source)
        case ast.AugAssign(target=ast.Name(id="clauses"), value=ast.List(elts=clauses)):
            yield from _each_always_true(clauses, source)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="clauses"), attr="append"), args=clauses):
            yield from _each_always_true(clauses, source)


def _without_each_key(where: ast.Dict) -> Iterator[tuple[ast.expr, str, str]]:
    for index, (key, value) in enumerate(zip(where.keys, where.values, strict=True)):
        assert key is not None
        rest = ast.Dict(
            keys=[k for n, k in enumerate(where.keys) if n != index],
            values=[v for n, v in enumerate(where.values) if n != index],
        )
        yield where, f"{ast.unparse(key)} = {ast.unparse(value)}", ast.unparse(rest)


def _without_each_conjunct(value: ast.expr, condition: str) -> Iterator[tuple[ast.expr, str, str]]:
    clauses = condition.split(" AND ")
    for index, clause in enumerate(clauses):
        rest = [always_true(c) if n == index else c for n, c in enumerate(clauses)]
        yield value, clause, repr(" AND ".join(rest))
    if len(clauses) == 1:
        for case in condition.split(" OR ") if " OR " in condition else ():
            others = [c for c in condition.split(" OR ") if c != case]
            yield value, f"{case} (as one of the cases)", repr(" OR ".join(others))


def _each_always_true(clauses: list[ast.expr], source: str) -> Iterator[tuple[ast.expr, str, str]]:
    for clause in clauses:
        if isinstance(clause, ast.Constant | ast.JoinedStr):
            text = ast.get_source_segment(source, clause) or ""
            yield clause, text.strip('f"'), always_true_of(text)


def always_true(clause: str) -> str:
    return f"({clause} OR NOT ({clause}))"


def always_true_of(literal: str) -> str:
    """As `always_true`, for a string literal of the source that may have fields."""
    return f'"(" + {literal} + " OR NOT (" + {literal} + "))"'


def _replaced(source: str, old: ast.expr, new: str) -> str:
    lines = source.encode().splitlines(keepends=True)
    assert old.end_lineno is not None
    assert old.end_col_offset is not None
    start = sum(map(len, lines[: old.lineno - 1])) + old.col_offset
    end = sum(map(len, lines[: old.end_lineno - 1])) + old.end_col_offset
    data = source.encode()
    return (data[:start] + new.encode() + data[end:]).decode()
