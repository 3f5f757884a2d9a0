"""All rules about text, in one table. A rule's version goes into the digest of every action it let pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from core.policy import commands, credentials, harm, links, markup, provenance
from core.policy.found import Hit, as_finding
from core.policy.readings import Readings, read
from core.types import Finding


@dataclass(frozen=True)
class Context:
    """What a rule may need besides the text."""

    repository: str
    canary: str = ""
    own_secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One check. Raise `version` when it judges differently."""

    name: str
    version: int
    check: Callable[[Readings, Context], Iterator[Hit]]


TEXT_RULES: Final[tuple[Rule, ...]] = (
    Rule("text.invisible", 3, lambda text, _: markup.invisible_text(text)),
    Rule("markup.comment", 3, lambda text, _: markup.html_comments(text)),
    Rule("markup.image", 4, lambda text, _: markup.images(text)),
    Rule("markup.script", 3, lambda text, _: markup.script_addresses(text)),
    Rule("command.slash", 4, lambda text, _: commands.slash_commands(text)),
    Rule("command.words", 4, lambda text, _: commands.command_words(text)),
    Rule("command.agent", 2, lambda text, _: commands.agent_mentions(text)),
    Rule("secret.own", 3, lambda text, context: credentials.own_secrets(text, context.own_secrets)),
    Rule("secret.vendor", 4, lambda text, _: credentials.vendor_secrets(text)),
    Rule("secret.keylike", 4, lambda text, _: credentials.key_like_words(text)),
    Rule("provenance.forged", 4, lambda text, _: provenance.forged_provenance(text)),
    Rule("provenance.canary", 3, lambda text, context: credentials.canary(text, context.canary)),
    Rule("link.outside", 4, lambda text, context: links.outside_links(text, context.repository)),
    Rule("reference.closing", 3, lambda text, _: links.closing_keywords(text)),
    Rule("harm", 4, lambda text, _: harm.harmful_steps(text)),
)


def examine(field: str, text: str, context: Context, rules: Sequence[Rule] = TEXT_RULES) -> tuple[Finding, ...]:
    """Every objection to one text. No rules at all is an objection too."""
    if not rules:
        return (as_finding(Hit("policy.no_rules", "refuse", "", "there is no rule to judge by"), field),)
    readings = read(text)
    found = (as_finding(hit, field) for rule in rules for hit in rule.check(readings, context))
    return tuple(dict.fromkeys(found))
