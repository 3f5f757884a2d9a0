"""All rules about text, in one table: what each does to prose and to a step's own code.

`refuse` refuses the whole answer, `ask` leaves it to the Captain. In code a hit counts for no more than its column.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from core.policy import commands, harm, links, patterns, secrets
from core.policy.found import Hit, as_finding
from core.policy.readings import BREAK, Readings
from core.text.invisible import found
from core.types import Finding, Severity


@dataclass(frozen=True)
class Rule:
    """One check."""

    name: str
    check: Callable[[Readings, RuleContext], Iterator[Hit]]
    in_code: Severity | None
    """The most that a hit comes to in a step's code; None: it passes there."""


@dataclass(frozen=True)
class Field:
    """One text of an answer. What a person reads is prose; what a step hands to a machine is code."""

    path: str
    text: str

    @property
    def is_code(self) -> bool:
        return self.path.endswith(".code")


def _unseen(text: Readings) -> Iterator[Hit]:
    for at, why in islice(found(text.raw), 1):
        yield Hit("text.invisible", "refuse", text.raw[max(0, at - 8) : at + 8], why)


_OWN: Final = ("secret.own", "one of this service's own secrets")
_CANARY: Final = ("provenance.canary", "repeats a part of the system prompt")
TEXT_RULES: Final[tuple[Rule, ...]] = (
    # name                 what it looks for                                                     at most, in code
    Rule("secret.own", lambda text, context: secrets.kept(text, context.own_secrets, *_OWN), "refuse"),
    Rule("provenance.canary", lambda text, context: secrets.kept(text, (context.canary,), *_CANARY), "refuse"),
    Rule("secret.vendor", lambda text, _: secrets.vendors(text), "refuse"),
    Rule("text.invisible", lambda text, _: _unseen(text), "refuse"),
    Rule("provenance.forged", lambda text, _: patterns.hits(text, patterns.FORGED), "refuse"),
    Rule("command", lambda text, _: commands.orders(text), "ask"),
    Rule("markup", lambda text, _: patterns.hits(text, patterns.MARKUP), None),
    Rule("secret.random", lambda text, _: secrets.random_words(text), "ask"),
    Rule("link.outside", lambda text, context: links.outside(text, context.repository), "ask"),
    Rule("reference.closing", lambda text, _: patterns.hits(text, patterns.CLOSING), "ask"),
    Rule("harm", lambda text, _: harm.harmful_steps(text), "ask"),
)
ON_BYTES: Final = frozenset({"secret.own", "provenance.canary", "text.invisible"})
"""Rules that look at the finished comment too: no field says what its neighbours make of it."""
_NO_RULES: Final = Rule(
    "policy.no_rules",
    lambda _text, _context: iter((Hit("policy.no_rules", "refuse", "", "there is no rule to judge by"),)),
    "refuse",
)
_ONLY_PROSE: Final = frozenset({"command.alone"})


@dataclass(frozen=True)
class RuleContext:
    """What texts are judged by: the rules, and what these may need besides the text."""

    repository: str
    canary: str = ""
    own_secrets: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = TEXT_RULES

    def only(self, names: Container[str]) -> RuleContext:
        """With the rules of these names alone."""
        return replace(self, rules=tuple(rule for rule in self.rules if rule.name in names))


def examine(field: Field, context: RuleContext) -> tuple[Finding, ...]:
    """Every objection to one text. No rules at all is an objection too."""
    return tuple(finding for finding, _ in _objections(field, context))


def examine_all(fields: Sequence[Field], context: RuleContext) -> tuple[Finding, ...]:
    """All fields of a kind at once; what objects to that is asked about each field by itself, to name it."""
    findings: list[Finding] = []
    for path, is_code in (("answer", False), ("answer.code", True)):
        own = [field for field in fields if field.is_code == is_code]
        whole = dict(_objections(Field(path, BREAK.join(field.text for field in own)), context)) if own else {}
        objecting = context.only({rule.name for rule in whole.values()})
        single = [finding for field in own if whole for finding in examine(field, objecting)]
        named = {finding.rule for finding in single}
        findings += [*single, *(finding for finding in whole if finding.rule not in named)]
    return tuple(findings)


def _objections(field: Field, context: RuleContext) -> Iterator[tuple[Finding, Rule]]:
    text = Readings(field.text)
    for rule in context.rules or (_NO_RULES,):
        for hit in rule.check(text, context):
            if not field.is_code:
                yield as_finding(hit, field.path), rule
            elif rule.in_code and hit.rule not in _ONLY_PROSE:
                severity: Severity = "ask" if "ask" in (rule.in_code, hit.severity) else "refuse"
                yield as_finding(replace(hit, severity=severity), field.path), rule
