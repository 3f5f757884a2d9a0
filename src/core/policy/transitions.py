"""The label state machine: what may be added and removed, given the labels that are there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from core.canonical import digest
from core.context.team import Taxonomy
from core.policy.found import Hit


def touched_groups(labels: Iterable[str], taxonomy: Taxonomy) -> tuple[str, ...]:
    """The exclusive groups that a change of these labels touches, sorted: what its approval binds to."""
    changed = frozenset(labels)
    return tuple(sorted(name for name, group in taxonomy.exclusive.items() if group & changed))


def label_state(current: Iterable[str], changed: Iterable[str], taxonomy: Taxonomy) -> str:
    """SHA-256 over what `current` holds of the exclusive groups that a change of `changed` touches."""
    labels = frozenset(current)
    return digest({name: sorted(labels & taxonomy.exclusive[name]) for name in touched_groups(changed, taxonomy)})


def may_move(before: str | None, after: str, taxonomy: Taxonomy) -> bool:
    """Whether an issue may go from one status (None: no status yet) to another."""
    if after not in taxonomy.transitions:
        return False
    return True if before is None else after in taxonomy.transitions.get(before, frozenset())


def _refuse(rule: str, label: str, why: str) -> Hit:
    return Hit(f"label.{rule}", "refuse", label, why)


def label_faults(
    current: frozenset[str], add: tuple[str, ...], remove: tuple[str, ...], taxonomy: Taxonomy
) -> Iterator[Hit]:
    """Everything that forbids this change. Nothing found: the change is valid."""
    if not add and not remove:
        yield _refuse("empty", "", "changes nothing")
    for label in (*add, *remove):
        if label not in taxonomy.labels:
            yield _refuse("unknown", label, "is not in the taxonomy")
    if len(set(add)) != len(add) or len(set(remove)) != len(remove):
        yield _refuse("repeated", ", ".join(add + remove), "names a label twice")
    for label in sorted(set(add) & set(remove)):
        yield _refuse("both", label, "is added and removed at once")
    for label in sorted(set(remove) - current):
        yield _refuse("absent", label, "is to be removed and is not there")
    for label in sorted(set(add) & current):
        yield _refuse("present", label, "is to be added and is there already")
    yield from outcome_faults(current, add, remove, taxonomy)


def outcome_faults(
    current: frozenset[str], add: tuple[str, ...], remove: tuple[str, ...], taxonomy: Taxonomy
) -> Iterator[Hit]:
    """What forbids the labels that the change would leave, whether or not each of its steps is still to be done."""
    after = (current - set(remove)) | set(add)
    for name, group in taxonomy.exclusive.items():
        if len(after & group) > 1 and (set(add) | set(remove)) & group:
            yield _refuse("exclusive", ", ".join(sorted(after & group)), f"leaves more than one {name}")
    yield from _status_faults(current, frozenset(add), frozenset(remove), taxonomy)


def _status_faults(
    current: frozenset[str], add: frozenset[str], remove: frozenset[str], taxonomy: Taxonomy
) -> Iterator[Hit]:
    statuses = taxonomy.exclusive["status"]
    before, added, removed = current & statuses, add & statuses, remove & statuses
    if removed and not added:
        yield _refuse("transition", ", ".join(sorted(removed)), "removes the status without a new one")
    for after in sorted(added):
        for left in sorted(before & removed):
            if not may_move(left, after, taxonomy):
                yield _refuse("transition", f"{left} to {after}", "is not a step of the workflow")
