"""How the policy does on its corpora, by tier and class: `python -m tools.policy_report`.

Exits 1 if a hostile text is live or not treated as its tier demands, an ordinary one or a drafted plan is stopped, or a
broken answer passes.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import Final

from core.policy.rules import Field, RuleContext, examine_all
from core.types import Finding
from tests.corpus.bots import live
from tests.corpus.load import CANARY, OWN, REPOSITORY, Case, Plan, broken, hostile, ordinary, plans
from tools.judge import STRANGER, judge_raw, judge_text

CONTEXT: Final = RuleContext(REPOSITORY, CANARY, OWN)
_ALLOWED: Final = {
    "passes": {"auto_safe"},
    "refused": {"rejected"},
    "asks": {"requires_approval", "rejected"},
    "inert": {"auto_safe", "requires_approval", "rejected"},
    "trust": {"auto_safe", "requires_approval", "rejected"},
}
"""What the rules about text may say of each tier. None is ever live."""


def fault(case: Case, context: RuleContext = CONTEXT) -> str | None:
    """What is wrong with the treatment of one corpus line; None when it is as it must be."""
    judged = judge_text(case.body, context)
    classification = judged["classification"]
    if classification not in _ALLOWED[case.tier]:
        rules_hit = ", ".join(sorted({finding["rule"] for finding in judged["findings"]})) or "nothing"
        return f"{classification} by {rules_hit}, must be {case.tier}"
    strange = judge_text(case.body, context, STRANGER)["classification"] if case.tier == "trust" else ""
    if strange == "auto_safe":
        return "auto_safe, though a stranger's words were read"
    acts = live(judged["rendered"]) if judged["rendered"] is not None else None
    acts = acts or next(filter(None, (live(finding["excerpt"]) for finding in judged["findings"])), None)
    return f"live: {acts}" if acts else None


def stopped(plan: Plan) -> Iterator[str]:
    """What the rules object to in a plan that a model drafted, and should not; and what they should and do not."""
    found = _findings(plan)
    for finding in found:
        if f"{finding.rule} ({finding.severity})" not in plan.stops:
            yield f"{plan.name}: {finding.rule} ({finding.severity}) at {finding.field}: {finding.excerpt}"
    for missing in sorted(plan.stops - {f"{finding.rule} ({finding.severity})" for finding in found}):
        yield f"{plan.name}: {missing} is not found"


def _findings(plan: Plan) -> Sequence[Finding]:
    return examine_all([Field(path, text) for path, text in plan.texts], CONTEXT)


_COLUMNS: Final = ("cases", "rejected", "requires_approval", "auto_safe", "wrong")
_HEAD: Final = ("", "cases", "refused", "asked", "passed", "wrong")


def _judged() -> Iterator[tuple[str, str, list[str]]]:
    """The kind of each sample, what became of it, and what is wrong with that."""
    for case in (*hostile(), *ordinary()):
        wrong = fault(case)
        line = [f"{case.id} {case.kind}: {wrong}: {ascii(case.body)[:100]}"] if wrong else []
        yield f"{case.tier}: {case.kind}", judge_text(case.body, CONTEXT)["classification"], line
    for plan in plans():
        severities = {finding.severity for finding in _findings(plan)}
        did = "rejected" if "refuse" in severities else "requires_approval" if severities else "auto_safe"
        yield "plans that a model drafted", did, list(stopped(plan))
    for broken_case in broken():
        judged = judge_raw(broken_case.raw, broken_case.files, "qa_plan", CONTEXT)
        passes = judged["valid"] or judged["classification"] != "rejected"
        yield f"broken: {broken_case.kind}", judged["classification"], [f"{broken_case.id} passes"] if passes else []


def main() -> int:
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    faults = []
    for kind, did, wrong in _judged():
        for row in (kind, "all"):
            counts[row].update(["cases", did, *(["wrong"] if wrong else [])])
        faults += wrong
    print("".join(f"{name:>9}" if name else f"{name:<36}" for name in _HEAD))
    for row in sorted(counts, key=lambda name: (name == "all", name)):
        print(f"{row:<36}" + "".join(f"{counts[row][column]:>9}" for column in _COLUMNS))
    print("\n".join([*faults, f"{len(faults)} wrong"]))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
