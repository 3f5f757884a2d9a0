"""What a drafter makes of an answer: documents and label changes, for the engine to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING

from core.context.labels import Labels
from core.context.team import Taxonomy, Team
from core.policy.approved import digest_of
from core.text.document import Block, as_json
from core.text.markdown import marker, write
from core.types import Action, ActionType, Facts, Finding, Json, Target

if TYPE_CHECKING:
    from core.tasks.answer import Strict  # the answers' models, and pydantic, are for those who read an answer

Unfit = Callable[[Sequence[str]], frozenset[str]]
"""Which of GitHub's own texts (file names, titles) may not be repeated in a comment."""


@dataclass(frozen=True)
class CommentDraft:
    """A comment on the run's target, as the document it is built from."""

    document: tuple[Block, ...]

    @cached_property
    def _words(self) -> str:
        return write(self.document, "")

    def body(self, action_id: str) -> str:
        """GitHub's bytes. The document is written once, whatever is asked about its length."""
        return self._words + marker(action_id)


@dataclass(frozen=True)
class LabelChange:
    """What to add to an issue's labels and remove from them, as they were read. `why` is told to the Captain."""

    target: Target
    before: tuple[str, ...]
    add: tuple[str, ...]
    remove: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True)
class Drafted:
    """An answer's proposals, in the order in which they are carried out, and what its facts object to."""

    parts: tuple[CommentDraft | LabelChange, ...]
    reason: str
    evidence: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Drafting:
    """How a task's answers are read, and what each proposes: its fields meet what is known of the target.

    The model itself never names a label, a target or an action.
    """

    model: type[Strict]
    draft: Callable[[Strict, Facts, Unfit, Team], Drafted]


def label_change(
    target: Target, before: Sequence[str], suggested: Iterable[str], facts: Facts, team: Team, why: str
) -> tuple[LabelChange, ...]:
    """The change that makes all wanted labels present, each instead of the others of its exclusive group.

    What is added is spelled as the repository spells it, what is removed as the issue does.
    Nothing when they are there already. Whether the change is allowed is for the engine to say.
    """
    labels, there, taxonomy = Labels(suggested), Labels(before), team.taxonomy
    replaced = Labels(chain(*(taxonomy.exclusive[name] for name in taxonomy.touched(labels))))
    spelled = Labels(facts.labels or ()).spelled
    add, remove = tuple(map(spelled, labels - there)), tuple((there & replaced) - labels)
    return (LabelChange(target, tuple(before), add, remove, why),) if add or remove else ()


def action_of(
    part: CommentDraft | LabelChange,
    drafted: Drafted,
    facts: Facts,
    action_id: str,
    run_id: str,
    policy: str,
    taxonomy: Taxonomy,
) -> Action:
    """A drafted part as the bytes and labels that would be sent, not yet classified. `policy` is its version."""
    if isinstance(part, CommentDraft):
        kind: ActionType = "add_comment"
        target, state, why, document = facts.target, facts.target_state, "", as_json(part.document)
        payload: Json = {"body": part.body(action_id)}
    else:
        kind, target, why, document = "change_labels", part.target, part.why, None
        payload = {"add": list(part.add), "remove": list(part.remove), "before": sorted(part.before)}
        state = taxonomy.state(part.before, (*part.add, *part.remove))
    action = Action(
        id=action_id,
        run_id=run_id,
        task_type=facts.task_type,
        type=kind,
        repository=facts.repository,
        target=target,
        payload=payload,
        target_state=state,
        reason=why or drafted.reason,
        evidence=drafted.evidence,
        classification="rejected",
        policy_reason="",
        policy_version=policy,
        document=document,
        digest="",
    )
    return replace(action, digest=digest_of(action))
