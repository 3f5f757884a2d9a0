"""Our own marker, footers and verdicts: only the service may write what people and tools know it by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings

_DECIDED: Final = r"(?:approved|reviewed|verified|cleared|waived|authori[sz]ed|signed[- ]off)"
_LEAD: Final = r"(?:^[^\w\n]*|[,;→>·|•–—]\s*)"
_OURS: Final = (
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
    (("capta",), rf"{_LEAD}(?:pre-?)?{_DECIDED}[ -]by:?\s+(?:the\s+)?captain\b"),
    (("comm", "tale"), r"(?<![a-z])generated\s+for\s+commit\s+[0-9a-f]{7}|\bapproved\s+as\s+stale\s+by\b"),
    (
        ("capta",),
        r"^[^\w\n]*(?:the\s+)?captain(?:'s)?\s+(?:has\s+)?(?:approved|approval|verdict|decision|signed off)\b",
    ),
)
"""What each looks for needs one of its stems, which have no i, k or s: Unicode has other letters of the same case."""
_FORGED: Final = tuple((stems, re.compile(pattern, re.IGNORECASE | re.MULTILINE)) for stems, pattern in _OURS)
_NAMED: Final = re.compile(
    r"\b(?:classification|verdict|class|gate)\b\W{1,4}(?:auto_safe|requires_approval)\b", re.IGNORECASE
)
"""In the middle of a sentence it may be what a test of this very service looks at: a person decides."""
_NEEDS: Final = ("dfg", "captain", "verdict", "policy", "class", "gate", "qa ", "for commit", "as stale")


def forged(text: Readings) -> Iterator[Hit]:
    """Our marker, a footer of ours, or a verdict of ours or of the Captain's."""
    if not any(word in text.small for word in _NEEDS):
        return
    likely = [pattern for stems, pattern in _FORGED if any(stem in text.small for stem in stems)]
    matches = [match for pattern in likely if (match := pattern.search(text.joined))]
    if matches:
        first = min(matches, key=lambda match: match.start())
        yield Hit("provenance.forged", "refuse", first[0], "reads as what only the service or its Captain may say")
    elif match := _NAMED.search(text.joined):
        yield Hit("provenance.forged", "ask", match[0], "names a verdict that only the service may give")
