"""The finished comment, judged as bytes: what is checked here is what is posted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from core.config import MAX_COMMENT_CHARACTERS
from core.policy.found import Hit, as_finding
from core.policy.rules import ON_BYTES, TEXT_RULES, Context, Field, Rule, examine
from core.text.document import Document
from core.text.markdown import size
from core.text.read_back import faults
from core.types import Finding

FIELD: Final = "comment"


def _refuse(rule: str, text: str, why: str) -> Finding:
    return as_finding(Hit(f"comment.{rule}", "refuse", text, why), FIELD)


def examine_body(
    body: str, document: Document, context: Context, rules: Sequence[Rule] = TEXT_RULES
) -> Iterator[Finding]:
    """Objections to a comment that was written from this document."""
    if size(body) > MAX_COMMENT_CHARACTERS:
        yield _refuse("length", f"{len(body)} characters", f"longer than GitHub's {MAX_COMMENT_CHARACTERS} characters")
        return
    for fault in faults(document, body):
        yield _refuse("tree", body[:60], fault)
    bytewise = [rule for rule in rules if rule.name in ON_BYTES]
    yield from examine(Field(FIELD, body.rpartition("\n")[0]), context, bytewise) if bytewise else ()
