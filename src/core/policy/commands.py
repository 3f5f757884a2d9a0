"""Orders to bots, by the shape in which bots take them: a line that is a slash and a word, or one of their formulas.

The comment's bytes begin no line with the model's characters, so no bot that keeps to its own rules obeys these; they
are refused because nobody who plans a test writes them. A sentence about an order, or a route, is none.
"""

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings

_SLASH_WORDS: Final = re.compile(
    r"approve|assign|azp|backport|cc|cherry-pick|close|deploy|hold|label|lgtm|lifecycle|lock|merge|milestone|ok-to-test|"
    r"override|rebase|remove-label|reopen|retest|retitle|squash|unassign",
    re.IGNORECASE,
)
"""Prow's commonest (https://prow.k8s.io/command-help), Azure Pipelines', and those of ChatOps on GitHub."""
_SLASH: Final = re.compile(
    r"/([a-z][a-z0-9_-]{1,30})((?:[,;:=(@]\S{0,60})?(?:[ \t]+[^\s|'\"`][^\s|]{0,59}){0,6})[ \t]*[.!?…]?", re.IGNORECASE
)
_PROSE: Final = re.compile(
    r"[\"'`*:,]*\s+(?:[a-z]{1,20}s|and|or|as|at|in|on|to|for|of|be|by|with|when|while|should|must|will|can|not?|"
    r"then|after|before|also|only|never|endpoint|route|page|path|url|api|handler|command|request|response|screen|view|"
    r"form|call|resource|->|→|=>|\(|—|-)(?:\W|$)",
    re.IGNORECASE,
)
"""What makes a sentence of the words behind a route or an order."""
_FORMULAS: Final = re.compile(
    r"@?(?:bors|homu)[:\s]\s*(?:r[+=-]|try|merge|retry|d[+=]|delegate|cancel|p=)"
    r"|atlantis\s+(?:plan|apply|unlock|import|approve_policies|state)\b.{0,80}$"
    r"|(?:recheck|reverify)$|(?:jenkins|bot|pre-commit\.ci)[,:]?\s+(?:run|test|retest|merge|autofix|build)\b.{0,40}$"
    r"|r\?\s+@\S+$|duplicate\s+of\s+\S*#\d+\W?$"
    r"|\.(?:deploy|noop|lock|unlock)\b.{0,40}$",
    re.IGNORECASE,
)
"""bors and homu, Atlantis, Zuul, Jenkins, pre-commit.ci, triagebot, branch-deploy, and GitHub's own."""
_ANYWHERE: Final = re.compile(
    r"\b(?:re)?test\W+this\W+please\b|\badd\W+to\W+whitelist\b|^[^\w\n]*ok\W+to\W+test[^\w\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""What Jenkins' ghprb looks for anywhere in a comment: no place in a line protects from it."""


def orders(text: Readings) -> Iterator[Hit]:
    """The first line that a bot would take as an order; another slash word with arguments, standing alone, asks.

    Without arguments it is a route, of which plans make lists.
    """
    match = _ANYWHERE.search(text.plain)
    if match:
        yield Hit("command.order", "refuse", match[0], "a bot looks for these words anywhere in a comment")
        return
    asked = None
    for line in text.lines:
        slash = _SLASH.fullmatch(line) if line[0] == "/" else None
        if _FORMULAS.match(line) or (slash and _SLASH_WORDS.fullmatch(slash[1]) and not _PROSE.match(slash[2])):
            yield Hit("command.order", "refuse", line, "a bot would take this line as an order")
            return
        if slash and slash[2] and not _PROSE.match(slash[2]):
            asked = asked or line
    if asked:
        yield Hit("command.alone", "ask", asked, "stands by itself as orders to bots do")
