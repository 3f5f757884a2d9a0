"""The finished comment, judged as bytes: what is checked here is what is posted."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from core.config import MAX_COMMENT_CHARACTERS
from core.policy.found import Hit, as_finding
from core.policy.rules import TEXT_RULES, Context, Rule, examine
from core.policy.tree import live_node, read_back
from core.text.markdown import Outline, size
from core.types import Finding

FIELD: Final = "comment"


def _refuse(rule: str, text: str, why: str) -> Finding:
    return as_finding(Hit(f"comment.{rule}", "refuse", text, why), FIELD)


def examine_body(
    body: str, meant: Outline | None, context: Context, rules: Sequence[Rule] = TEXT_RULES
) -> Iterator[Finding]:
    """Objections to a comment. `meant` is what the renderer wrote; None when a stored comment is judged again."""
    if size(body) > MAX_COMMENT_CHARACTERS:
        yield _refuse("length", f"{len(body)} characters", f"longer than GitHub's {MAX_COMMENT_CHARACTERS} characters")
        return
    found, marked = read_back(body)
    if not marked:
        yield _refuse("marker", body[-60:], "does not end with its marker")
        return
    if meant is not None and found != meant:
        yield _refuse("tree", body[:60], "a Markdown parser reads something else than was meant")
    words, _, _ = body.rpartition("\n")
    forms = (body, unicodedata.normalize("NFKC", body), unicodedata.normalize("NFKC", html.unescape(body)))
    for form in dict.fromkeys(forms):
        live = live_node(found if form == body else read_back(form)[0])
        if live is not None:
            yield _refuse("live", live, "something in the comment would act on its own")
            break
    yield from examine(FIELD, words, context, rules)
