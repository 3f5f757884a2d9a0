"""The label state machine: what may be added and removed, given the labels that are there."""

from collections.abc import Iterable, Iterator
from itertools import product

from core.context.labels import Labels
from core.context.team import Taxonomy
from core.policy.found import Hit


def _refuse(rule: str, label: str, why: str) -> Hit:
    return Hit(f"label.{rule}", "refuse", label, why)


def label_faults(
    current: Iterable[str], add: tuple[str, ...], remove: tuple[str, ...], taxonomy: Taxonomy
) -> Iterator[Hit]:
    """Everything that forbids this change. Nothing found: the change is valid."""
    there, plus, minus, both = Labels(current), Labels(add), Labels(remove), add + remove
    wrong = (
        ("empty", [] if both else [""], "changes nothing"),
        ("unknown", [label for label in both if label not in taxonomy.labels], "is not in the taxonomy"),
        ("repeated", [", ".join(both)] * (len(both) > len(plus) + len(minus)), "names a label twice"),
        ("both", sorted(plus & minus), "is added and removed at once"),
        ("absent", sorted(minus - there), "is to be removed and is not there"),
        ("present", sorted(plus & there), "is to be added and is there already"),
    )
    yield from (_refuse(rule, label, why) for rule, labels, why in wrong for label in labels)
    yield from outcome_faults(there, add, remove, taxonomy)


def outcome_faults(
    current: Iterable[str], add: tuple[str, ...], remove: tuple[str, ...], taxonomy: Taxonomy
) -> Iterator[Hit]:
    """What forbids the labels that the change would leave, whether or not each of its steps is still to be done."""
    after = (Labels(current) - remove) | add
    for name in taxonomy.touched(add + remove):
        left = after & taxonomy.exclusive[name]
        if len(left) > 1:
            yield _refuse("exclusive", ", ".join(sorted(left)), f"leaves more than one {name}")
    before, added, removed = (Labels(names) & taxonomy.exclusive["status"] for names in (current, add, remove))
    if removed and not added:
        yield _refuse("transition", ", ".join(sorted(removed)), "removes the status without a new one")
    for then, first in product(sorted(added), sorted(before & removed)):
        if not taxonomy.may_move(first, then):
            yield _refuse("transition", f"{first} to {then}", "is not a step of the workflow")
