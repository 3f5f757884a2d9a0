"""All rules about text, in one table. A rule's version goes into the digest of every action it let pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.policy import commands, credentials, harm, links, markup, provenance
from core.policy.found import Hit, as_finding
from core.policy.version import RULES
from core.text.readings import Readings, read
from core.types import Finding


@dataclass(frozen=True)
class Context:
    """What a rule may need besides the text."""

    repository: str
    canary: str = ""
    own_secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One check."""

    name: str
    version: int
    check: Callable[[Readings, Context], Iterator[Hit]]


def _rule(name: str, check: Callable[[Readings, Context], Iterator[Hit]]) -> Rule:
    return Rule(name, RULES[name], check)


TEXT_RULES: Final[tuple[Rule, ...]] = (
    _rule("text.invisible", lambda text, _: markup.invisible_text(text)),
    _rule("markup.comment", lambda text, _: markup.html_comments(text)),
    _rule("markup.image", lambda text, _: markup.images(text)),
    _rule("markup.script", lambda text, _: markup.script_addresses(text)),
    _rule("command.slash", lambda text, _: commands.slash_commands(text)),
    _rule("command.words", lambda text, _: commands.command_words(text)),
    _rule("command.agent", lambda text, _: commands.agent_mentions(text)),
    _rule("secret.own", lambda text, context: credentials.own_secrets(text, context.own_secrets)),
    _rule("secret.vendor", lambda text, _: credentials.vendor_secrets(text)),
    _rule("secret.keylike", lambda text, _: credentials.key_like_words(text)),
    _rule("provenance.forged", lambda text, _: provenance.forged_provenance(text)),
    _rule("provenance.canary", lambda text, context: credentials.canary(text, context.canary)),
    _rule("link.outside", lambda text, context: links.outside_links(text, context.repository)),
    _rule("reference.closing", lambda text, _: links.closing_keywords(text)),
    _rule("harm", lambda text, _: harm.harmful_steps(text)),
)


_NO_RULES: Final = Rule(
    "policy.no_rules",
    1,
    lambda _text, _context: iter((Hit("policy.no_rules", "refuse", "", "there is no rule to judge by"),)),
)


def objections(field: str, text: str, context: Context, rules: Sequence[Rule] = TEXT_RULES) -> dict[Finding, Rule]:
    """Every objection to one text, with who objects. No rules at all is an objection too."""
    readings = read(text)
    return {as_finding(hit, field): rule for rule in rules or (_NO_RULES,) for hit in rule.check(readings, context)}


def examine(field: str, text: str, context: Context, rules: Sequence[Rule] = TEXT_RULES) -> tuple[Finding, ...]:
    """Every objection to one text."""
    return tuple(objections(field, text, context, rules))
