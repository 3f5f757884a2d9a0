"""Who wrote what the model read. A comment is posted without a human only where all of them may write here.

Words persuade in any language and any form; who may write to the repository needs no model to do harm in it. So what
anybody else wrote is drafted from and shown, and the Captain decides. Whoever pushes a stranger's commits into the
repository vouches for them.
"""

from collections.abc import Sequence
from typing import Final

from core.config import Settings
from core.context.labels import Labels
from core.context.team import Team
from core.types import GHOST, Action, Author, Context, Finding, PullRequest, Trust

_MAY_WRITE: Final = frozenset({"admin", "maintain", "write"})
_TEAM: Final = frozenset({"OWNER", "MEMBER", "COLLABORATOR"})


def is_listed(author: Author, settings: Settings) -> bool:
    """Whether the deployment names this account in TRUSTED_AUTHORS, by login, or by login and id."""
    login = author.login.lower()
    return login != GHOST.login and not settings.trusted_authors.isdisjoint({login, f"{login}:{author.id}"})


def may_write(author: Author, settings: Settings) -> bool:
    """Whether what this account writes may be acted on by itself."""
    return not _objection(author, settings)


def description_allowed(pull: PullRequest, settings: Settings) -> bool:
    """Whether the model may read a pull request's description. A listed bot is trusted with its change alone.

    It quotes release notes, and these are strangers' words.
    """
    return not (_is_bot(pull.author) and is_listed(pull.author, settings))


def judge(context: Context, settings: Settings) -> Trust:
    """Whether everything that the model reads was written by people who may write to the repository, and by whom.

    For whoever decides: `alice, from a fork of alice; issue 12 by bob`.
    """
    asks: list[str] = []
    written_by: list[str] = []
    pull, issues = context.pull, tuple(dict.fromkeys(filter(None, (context.issue, *context.issues))))
    if pull is not None:
        fork = _fork(pull, settings)
        asks += _asks("the pull request", pull.author, settings)
        if fork and not (pull.head_owner_id and pull.head_owner_id == pull.author.id):
            asks.append(f"its branch is in {fork}")
        written_by.append(pull.author.login + (f", from {fork}" if fork else ""))
    for issue in issues:
        asks += _asks(f"issue {issue.number}", issue.author, settings)
        written_by.append(f"issue {issue.number} by {issue.author.login}")
    logins = {issue.author.login for issue in issues}
    return Trust(tuple(asks), "; ".join(logins if pull is None and len(logins) == 1 else written_by))


def findings(trust: Trust | None) -> tuple[Finding, ...]:
    """What the verdict says of it. None: drafted before trust was recorded, when a person was asked by other rules."""
    asks = trust.asks if trust else ()
    return tuple(Finding("trust.author", "context", "ask", "", f"asks, because {why}") for why in asks)


def held(action: Action, untrusted: Sequence[Finding], team: Team) -> Sequence[Finding]:
    """What trust has to say of one action: labels, whose words are closed, wait only where they call for haste."""
    rules = team.rules
    grave = Labels((rules.ready, *(rules.priorities[name].label for name in ("P0", "P1"))))
    return () if action.type == "change_labels" and grave.isdisjoint(action.payload["add"]) else untrusted


def _is_bot(author: Author) -> bool:
    return author.type != "User" or author.login.lower().endswith("[bot]")


def _objection(author: Author, settings: Settings) -> str:
    """Why an account is not trusted; empty when it is."""
    if author.login.lower() == GHOST.login or not author.login:
        return "whose account is gone"
    if is_listed(author, settings):
        return ""
    if _is_bot(author):
        return "which is not a person: bots quote strangers"
    if author.permission is not None:
        return "" if author.permission in _MAY_WRITE else "who may not write here"
    if author.association == "OWNER" or author.login.lower() == settings.repository.partition("/")[0].lower():
        return ""
    if settings.trust_associations and author.association in _TEAM:
        return ""
    return "of whom GitHub does not tell whether they may write here"


def _asks(name: str, author: Author, settings: Settings) -> Sequence[str]:
    why = _objection(author, settings)
    return [f"{name} is by {author.login}, {why}"] if why else ()


def _fork(pull: PullRequest, settings: Settings) -> str:
    """Where a branch is that others than the team can push to; empty for one of the repository's own."""
    if pull.head_repository.lower() == settings.repository.lower():
        return ""
    owner = pull.head_repository.partition("/")[0]
    return f"a fork of {owner}" if owner else "a repository that is gone"
