"""Our own marker, footers and verdicts: only the service may write what people and tools know it by."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings

_DECIDED: Final = r"(?:approved|reviewed|verified|cleared|waived|authori[sz]ed|signed[- ]off)"
_OURS: Final = re.compile(
    r"dfg-orchestrator[\s:/_-]+(?:action|run|digest|verdict|approved?)\s*[=:]"
    r"|\bdfg-(?:action|run|digest|verdict)-?(?:id)?\s*[=:]"
    r"|(?:generated|posted|drafted|written|reviewed|approved|verified|checked|signed)\s+(?:automatically\s+)?"
    r"(?:by|via)\s+(?:the\s+)?[\s*_`\[]*dfg[- _](?:orchestrator|relay|policy)\b"
    r"|\bdfg\W{1,3}(?:orchestrator|policy)\b[^\n]{0,40}?(?:approved|passed|verdict|auto[_ ]?safe|executed)\b"
    r"|(?:^\W*|[,;→>·|•–—]\s*)(?:[a-z]+ )?(?:classification|verdict|class|gate)\b\W{0,4}(?:of the policy\W{0,4})?"
    r"(?:auto[_ -]?safe|requires[_ -]?approval)\b(?!\W{0,4}\s(?:is|are|must|should|when|for|stays?)\b)"
    r"|^\W*(?:[a-z]+ )?(?:verdict|policy(?:[ _-](?:verdict|result|status|decision|gate|check))?)\s*[:=][\s*_`]*"
    r"(?:approved|passed|pass|safe|ok)\b|^\W*qa (?:result|verdict|status)\W{1,6}(?:pass|passed|ok|approved)\b"
    rf"|(?:^\W*|[,;→>·|•–—]\s*)(?:pre-?)?{_DECIDED}[ -]by:?\s+(?:the\s+)?captain\b"
    r"|(?<![a-z])generated\s+for\s+commit\s+[0-9a-f]{7}|\bapproved\s+as\s+stale\s+by\b"
    r"|^\W*(?:the\s+)?captain(?:'s)?\s+(?:has\s+)?(?:approved|approval|verdict|decision|signed off)\b",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED: Final = re.compile(
    r"\b(?:classification|verdict|class|gate)\b\W{1,4}(?:auto_safe|requires_approval)\b", re.IGNORECASE
)
"""In the middle of a sentence it may be what a test of this very service looks at: a person decides."""
_NEEDS: Final = ("dfg", "captain", "verdict", "policy", "class", "gate", "qa ", "for commit", "as stale")


def forged(text: Readings) -> Iterator[Hit]:
    """Our marker, a footer of ours, or a verdict of ours or of the Captain's."""
    if not any(word in text.small for word in _NEEDS):
        return
    match = _OURS.search(text.joined)
    if match:
        yield Hit("provenance.forged", "refuse", match[0], "reads as what only the service or its Captain may say")
    elif match := _NAMED.search(text.joined):
        yield Hit("provenance.forged", "ask", match[0], "names a verdict that only the service may give")
