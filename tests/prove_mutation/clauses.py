"""Finds every clause of every conditional write in the core, and makes the source without it. Pure.

In expressions a clause `C` becomes `(C OR NOT (C))`, always true, and one of several cases `(C AND NOT (C))`, never
true: all names and values are still used, so that DynamoDB takes the request and nothing but the condition is gone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

CONDITIONAL: Final = frozenset({"Update", "Delete"})
"""Writes of a transaction whose `where` names attributes and values."""
AND, OR = " AND ", " OR "


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
                if keyword.arg == "where":
                    yield from _without_each_key(keyword.value)
        case ast.keyword(arg="condition", value=ast.Constant(value=str(condition)) as value):
            if len(_split(condition, AND)) == 1:
                yield value, condition, repr(always_true(condition))
            for clause, rest in _weakened(condition):
                yield value, clause, repr(rest)
        case ast.keyword(arg="clauses", value=ast.List(elts=clauses)):
            yield from _each_always_true(clauses, source)
        case ast.AugAssign(target=ast.Name(id="clauses"), value=ast.List(elts=clauses)):
            yield from _each_always_true(clauses, source)
        case ast.Call(func=ast.Attribute(value=ast.Name(id="clauses"), attr="append"), args=clauses):
            yield from _each_always_true(clauses, source)


def _without_each_key(where: ast.expr) -> Iterator[tuple[ast.expr, str, str]]:
    if not isinstance(where, ast.Dict):
        raise TypeError(f"line {where.lineno}: `where` has to be written out, or its clauses are not found")
    for index, (key, value) in enumerate(zip(where.keys, where.values, strict=True)):
        assert key is not None
        rest = ast.Dict(
            keys=[k for n, k in enumerate(where.keys) if n != index],
            values=[v for n, v in enumerate(where.values) if n != index],
        )
        yield where, f"{ast.unparse(key)} = {ast.unparse(value)}", ast.unparse(rest)


def _weakened(expression: str) -> Iterator[tuple[str, str]]:
    """(the clause, the expression without it) for each part of an expression, at any depth."""
    for word, gone, told in ((OR, never_true, " (as one of the cases)"), (AND, always_true, "")):
        parts = _split(expression, word)
        if len(parts) > 1:
            for index, part in enumerate(parts):
                before, after = parts[:index], parts[index + 1 :]
                yield f"{part}{told}", word.join([*before, gone(part), *after])
                for clause, inner in _weakened(part):
                    yield clause, word.join([*before, inner, *after])
            return
    if _is_group(expression):
        for clause, inner in _weakened(expression[1:-1]):
            yield clause, f"({inner})"


def _split(expression: str, word: str) -> list[str]:
    """The parts between each `word` that no parenthesis holds."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(expression):
        depth += (character == "(") - (character == ")")
        if depth == 0 and expression.startswith(word, at):
            parts.append(expression[start:at])
            start = at + len(word)
    return [*parts, expression[start:]]


def _each_always_true(clauses: list[ast.expr], source: str) -> Iterator[tuple[ast.expr, str, str]]:
    for clause in clauses:
        if isinstance(clause, ast.Constant | ast.JoinedStr):
            text = ast.get_source_segment(source, clause) or ""
            yield clause, text.strip('f"'), always_true_of(text)


def always_true(clause: str) -> str:
    return f"({clause} OR NOT {_grouped(clause)})"


def never_true(clause: str) -> str:
    return f"({clause} AND NOT {_grouped(clause)})"


def _grouped(clause: str) -> str:
    """In parentheses once: DynamoDB refuses redundant ones."""
    return clause if _is_group(clause) else f"({clause})"


def _is_group(expression: str) -> bool:
    """Whether one pair of parentheses holds all of it."""
    depths = list(accumulate((character == "(") - (character == ")") for character in expression))
    return expression.startswith("(") and 0 not in depths[:-1]


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
