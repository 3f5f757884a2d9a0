"""What no plan has business with, whatever its words: markup that acts or hides, our own notices, closing keywords.

In the comment none of it is live, so that a test which types it in may name it: markup that is quoted as code asks, and
in a step's own code it passes.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings
from core.types import Severity


@dataclass(frozen=True)
class Pattern:
    """A regular expression and what it comes to."""

    rule: str
    severity: Severity
    needs: tuple[str, ...]
    """Stems of which each match holds one, in small letters: without i, k or s, of which Unicode has others."""
    expression: re.Pattern[str]
    why: str
    quoted: re.Pattern[str] | None = None
    """What of it asks where it is quoted as code, which does not refuse there; None: code is no excuse."""

    def hit(self, text: Readings) -> Hit | None:
        if not any(stem in text.tight for stem in self.needs):
            return None
        if match := self.expression.search(text.outside_code if self.quoted else text.joined):
            return Hit(self.rule, self.severity, match[0], self.why)
        if self.quoted and self.quoted.search(text.joined) and (match := self.expression.search(text.joined)):
            return Hit(self.rule, "ask", match[0], self.why)
        return None


def hits(text: Readings, patterns: Sequence[Pattern]) -> Iterator[Hit]:
    """The first hit of each rule, or the first that refuses: what asks does not hide it."""
    found: dict[str, Hit] = {}
    for pattern in patterns:
        if (before := found.get(pattern.rule)) and before.severity == "refuse":
            continue
        if (hit := pattern.hit(text)) and (before is None or hit.severity == "refuse"):
            found[pattern.rule] = hit
    yield from found.values()


# --- markup: hidden comments, images, addresses that run code --------------------------------

_COMMENT: Final = re.compile(r"(?im)<\s?!\s?-\s?-|<!\[cdata\[|^[ >]{0,8}\[[^\]\n]{1,60}\]:[ \t]*(?:#|<>)[ \t]*[\"'(]")
"""Comments of HTML, and link definitions that lead nowhere: GitHub does not show them, and bots read them."""
_IMAGE: Final = re.compile(
    r"(?im)(?<!\?<)!\[[^\[\]]{0,400}\](?:\s?[(\[]|(?=[^\n]*\n[\s\S]*^[ >]{0,8}\[[^\]\n]+\]:))"
    r"|(?<!\?<)!\[[^\n]{0,200}\]\("  # behind ?< it is a regular expression
    r"|<\s*(?:img|image|picture|source|video|audio|embed|object|iframe|svg|input)\b[/\s][^<>]{0,500}?"
    r"\b(?:src|srcset|srcdoc|href|data|poster|on\w{3,20})\s*=(?!\s?\{)"
    r"|<[a-z][^<>\n]{0,300}?\b(?:background|style)\s*=[^<>\n]{0,300}?//"
)
_LEADS_OUT: Final = re.compile(r"!\[[^\n]{0,400}//|<[^<>]{0,500}//")
"""Of images. A tag that leads nowhere is a sample."""
_EMBEDS: Final = (
    *("![", "img", "image", "picture", "source", "video", "audio", "embed", "object", "iframe", "svg", "input"),
    *("style", "background"),
)
_GAP: Final = r"[\t\r\n\x00]{0,4}"
"""Browsers drop tabs and line ends inside an address (WHATWG URL 4.4)."""
_SCHEMES: Final = ("javascript:", "vbscript:", "livescript:", "data:")
_SCHEME: Final = re.compile(
    rf"(?i)(?<![a-z])(?:{'|'.join(map(_GAP.join, _SCHEMES[:3]))})(?=[^\s\"'`,.;>)])"
    rf"|(?<![a-z]){_GAP.join(_SCHEMES[3])}"
    r"(?:[a-z]{2,12}/[a-z0-9.+-]{1,60}(?:;[a-z0-9=_-]{1,40}){0,4}|;base64),(?=[^\s`])"
)
_HANDLER: Final = re.compile(r"(?i)<[a-z][^<>]{0,500}\son[a-z]{3,20}\s*=(?!\s?\{)")
_OPENS: Final = "runs or embeds content when it is opened"
MARKUP: Final = (
    Pattern("markup.comment", "refuse", ("<!", "< !", "]:"), _COMMENT, "hides text in a comment", _COMMENT),
    Pattern("markup.image", "refuse", _EMBEDS, _IMAGE, "an image tells its host who looks at it", _LEADS_OUT),
    Pattern("markup.script", "refuse", _SCHEMES, _SCHEME, _OPENS, _SCHEME),
    Pattern("markup.script", "refuse", ("<",), _HANDLER, _OPENS, re.compile("(?!)")),
)

# --- our own marker, footers and verdicts ----------------------------------------------------

_DECIDED: Final = r"(?:approved|reviewed|verified|cleared|waived|authori[sz]ed|signed[- ]off)"
_LEAD: Final = r"(?:^[^\w\n]*|[,;→>·|•–—]\s*)"
_FORGED: Final = (
    (
        ("dfg",),
        r"dfg-orchestrator[\s:/_-]+(?:action|run|digest|verdict|approved?)\s*[=:]"
        r"|\bdfg-(?:action|run|digest|verdict)-?(?:id)?\s*[=:]"
        r"|(?:generated|posted|drafted|written|reviewed|approved|verified|checked|signed)\s+(?:automatically\s+)?"
        r"(?:by|via)\s+(?:the\s+)?[\s*_`\[]*dfg[- _](?:orchestrator|relay|policy)\b"
        r"|\bdfg\W{1,3}(?:orchestrator|policy)\b[^\n]{0,40}?(?:approved|passed|verdict|auto[_ ]?safe|executed)\b",
    ),
    (
        ("afe", "approval"),
        rf"{_LEAD}(?:[a-z]+ )?(?:classification|verdict|class|gate)\b\W{{0,4}}(?:of the policy\W{{0,4}})?"
        r"(?:auto[_ -]?safe|requires[_ -]?approval)\b(?!\W{0,4}\s(?:is|are|must|should|when|for|stays?)\b)",
    ),
    (
        ("verd", "pol", "qa "),
        r"^[^\w\n]*(?:[a-z]+ )?(?:verdict|policy(?:[ _-](?:verdict|result|status|decision|gate|check))?)\s*[:=][\s*_`]*"
        r"(?:approved|passed|pass|safe|ok)\b|^[^\w\n]*qa (?:result|verdict|status)\W{1,6}(?:pass|passed|ok|approved)\b",
    ),
    (
        ("capta",),
        rf"{_LEAD}(?:pre-?)?{_DECIDED}[ -]by:?\s+(?:the\s+)?captain\b"
        r"|^[^\w\n]*(?:the\s+)?captain(?:'s)?\s+(?:has\s+)?(?:approved|approval|verdict|decision|signed off)\b",
    ),
    (("comm", "tale"), r"(?<![a-z])generated\s+for\s+commit\s+[0-9a-f]{7}|\bapproved\s+as\s+stale\s+by\b"),
)
_SAYS: Final = "reads as what only the service or its Captain may say"
_NAMED: Final = re.compile(r"(?i)\b(?:classification|verdict|class|gate)\b\W{1,4}(?:auto_safe|requires_approval)\b")
FORGED: Final = (
    *(Pattern("provenance.forged", "refuse", needs, re.compile(words, re.I | re.M), _SAYS) for needs, words in _FORGED),
    # In the middle of a sentence it may be what a test of this very service looks at: a person decides.
    Pattern("provenance.forged", "ask", ("afe", "approval"), _NAMED, "names a verdict that only the service may give"),
)

# --- words that close an issue or link it when they stand before its number ------------------

_ISSUE: Final = (
    r"(?:[\w.-]{1,100}/[\w.-]{1,100})?#\d+|gh-\d+|(?:https?://)?(?:www\.)?github\.com/[\w.-]{1,100}/[\w.-]{1,100}/"
    r"(?:issues|pull)/\d+"
)
_BETWEEN: Final = r"(?:[\s:<>*_~`(\[\\,|-]|\]\([^()\n]{0,80}\))"
_CLOSES: Final = re.compile(
    r"(?i)(?<![\w/.-])(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|closing|fixing|resolving)(?![\w/])"
    # A blank line ends the sentence where the number is called an issue's: that is prose, and no syntax of GitHub's.
    rf"(?:{_BETWEEN}{{1,40}}|(?:(?!\n\s*\n){_BETWEEN}){{1,40}}(?:issues?|pr|pull request|bug|ticket)[\s:*_`]{{1,6}})"
    rf"(?:{_ISSUE})"
)
_LINKS: Final = "would close or link the issue where it is read as text"
CLOSING: Final = (Pattern("reference.closing", "ask", ("clos", "fix", "resolv"), _CLOSES, _LINKS),)
