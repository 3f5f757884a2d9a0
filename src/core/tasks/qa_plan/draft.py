"""A QA plan's answer becomes one comment on the pull request, and is held against what that changes."""

from collections.abc import Iterator
from dataclasses import replace

from core.context.file_names import names_of
from core.context.team import Team
from core.policy.found import Hit, as_finding
from core.tasks.answer import Strict
from core.tasks.drafted import Drafted, Unfit
from core.tasks.qa_plan import comment
from core.tasks.qa_plan.grounding import grounding
from core.tasks.qa_plan.schema import QaPlan
from core.types import Facts, Finding, Severity

_UNTOLD = "A part that cannot be described here."


def draft(answer: Strict, facts: Facts, unfit: Unfit, team: Team) -> Drafted:
    """The plan, and whether it is about this pull request."""
    assert isinstance(answer, QaPlan)
    strange = unfit(facts.cuts)
    shown = replace(facts, cuts=tuple(_UNTOLD if cut in strange else cut for cut in facts.cuts))
    plan = comment.build(answer, shown, unfit(facts.changed_paths))
    return Drafted((plan,), answer.reason, answer.evidence, tuple(_faults(answer, facts)))


def _faults(plan: QaPlan, facts: Facts) -> Iterator[Finding]:
    """Refuses files that the pull request does not change; asks where the plan speaks of something else."""
    changed = names_of(facts)
    for number, scenario in enumerate(plan.test_plan):
        for index, path in enumerate(scenario.covers):
            if path not in changed:
                hit = Hit("grounding.path", "refuse", path, "is not a file of this pull request")
                yield as_finding(hit, f"test_plan[{number}].covers[{index}]")
    for number, one in enumerate(plan.observations):
        if not comment.located(one, changed):
            hit = Hit("grounding.where", "ask", one.where, "does not begin with a file of this pull request")
            yield as_finding(hit, f"observations[{number}].where")
    risky = facts.extra.get("risky", ())
    if risky and not set(risky) & set(comment.covered(plan, facts)):
        why = f"none of the {len(risky)} files that can change behaviour is covered"
        yield as_finding(Hit("grounding.coverage", "ask", risky[0], why), "test_plan")
    found = grounding(plan, facts.material) if facts.material else None
    if found and found.strange:
        why = f"{len(found.strange)} of {len(found.named)} names are not in what the model was shown"
        severity: Severity = "ask" if found.doubtful else "note"
        yield as_finding(Hit("grounding.names", severity, ", ".join(found.strange), why), "observations")
