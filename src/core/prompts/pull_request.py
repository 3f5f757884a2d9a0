"""A pull request in a prompt: its words, the issues it is linked to, and as much of its diffs as fits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.prompts.changes import READ, behaves, kind, largest_first
from core.prompts.diffs import Diffs, Named, Ranked, Shown, name_files
from core.prompts.estimate import UNITS, units
from core.prompts.frame import NONE, TITLE_ROOM, Frame, issue_text, shortened
from core.prompts.shares import Cut, cut_prose, fair_shares, prose_demand
from core.text.invisible import visible_line
from core.types import Facts, Issue, Prompt, PullRequest, Target, TaskType

_WEIGHTS: Final = (2, 3)
"""How description and issues divide their half, where all of it does not fit."""


@dataclass(frozen=True)
class _Context:
    """The untrusted text as far as it fits."""

    title: Cut
    body: Cut
    issues: tuple[Cut, ...]
    named: Named
    shown: Shown

    @property
    def texts(self) -> tuple[str, ...]:
        parts = (self.title.text, self.body.text, *(issue.text for issue in self.issues))
        files = (self.named.text(self.shown.read), self.shown.text)
        return tuple(text or NONE for text in (*parts, *files))


def build(
    frame: Frame,
    head: str,
    task_type: TaskType,
    repository: str,
    pull: PullRequest,
    issues: Sequence[Issue] = (),
    unread: Sequence[str] = (),
) -> Prompt:
    """The request, whatever the size of the pull request. Pure, and linear in its size.

    `unread` are sentences about what was named and not read. Raises ValueError and ConfigurationError as `Frame` does.
    """
    ranked = largest_first(pull.files)
    titles = ["title", "description", *(f"linked issue #{issue.number}" for issue in issues), "changed files", "diffs"]
    diffs = Diffs(ranked, frame.limits.input_tokens * UNITS)
    context = frame.fit(head, titles, lambda room: _fit(pull, issues, ranked, diffs, room))
    facts = Facts(
        task_type=task_type,
        repository=repository,
        target=Target("pull_request", pull.number),
        target_state=pull.target_state,
        changed_paths=tuple(visible_line(file.path) for file in pull.files),
        cuts=(*_cuts(pull, issues, ranked, context), *unread),
        canary=frame.canary,
        extra={
            "title": context.title.text,
            "head": pull.head_sha,
            "author": pull.author.login,
            "risky": [visible_line(file.path) for file, _ in ranked if behaves(file)],
            "linked": [issue.number for issue in issues],
            "linesRead": context.shown.lines_read,
            "linesChanged": context.shown.lines_changed,
        },
        unread=tuple(
            visible_line(file.path)
            for file in pull.files
            if file.path not in context.shown.read and (file.additions + file.deletions or kind(file) not in READ)
        ),
    )
    return frame.prompt(head, list(zip(titles, context.texts, strict=True)), facts)


def _fit(pull: PullRequest, issues: Sequence[Issue], ranked: Ranked, diffs: Diffs, room: int) -> _Context:
    """Title, description and issues come first, in at most half of the room where the diffs need the other half."""
    title = cut_prose(visible_line(pull.title), TITLE_ROOM)
    room -= units(title.text) + (4 + len(issues)) * units(NONE)
    linked = [issue_text(issue) for issue in issues]
    demands = [prose_demand(text, room) for text in (pull.body, *linked)]
    named = name_files(ranked, max(room // 4, room - sum(demands) - diffs.demand))
    room -= named.cost
    prose = max(room // 2, room - diffs.demand)
    shares = fair_shares(prose, demands, [_WEIGHTS[0], *(_WEIGHTS[1] for _ in linked)])
    body, *cut = (cut_prose(text, share) for text, share in zip((pull.body, *linked), shares, strict=True))
    left = room - sum(units(part.text) for part in (body, *cut))
    return _Context(title, body, tuple(cut), named, diffs.show(left))


def _cuts(pull: PullRequest, issues: Sequence[Issue], ranked: Ranked, context: _Context) -> tuple[str, ...]:
    """What the prompt lacks, without a word of the untrusted text: it goes into the comment too."""
    of_all = f"of {len(pull.files):,} changed files"
    linked = [(f"Issue #{issue.number}", cut) for issue, cut in zip(issues, context.issues, strict=True)]
    cuts = shortened((("Title", context.title), ("Description", context.body), *linked))
    shown = context.shown
    if shown.partly or shown.unshown:
        lines = f"{shown.lines_read:,} of {shown.lines_changed:,} changed lines"
        files = f"{shown.partly:,} {of_all} in part, {shown.unshown:,} not at all"
        cuts.append(f"Read: {lines}; {files}.")
    kinds = Counter(its_kind for _, its_kind in ranked if its_kind not in READ)
    if kinds:
        listed = ", ".join(f"{count:,} {its_kind}" for its_kind, count in sorted(kinds.items()))
        cuts.append(f"Diff not read, by kind of file: {listed}.")
    without = sum(
        its_kind in READ and not file.patch and file.additions + file.deletions > 0 for file, its_kind in ranked
    )
    if without:
        cuts.append(f"Without a diff from GitHub: {without:,} {of_all}.")
    if context.named.left_out:
        cuts.append(f"Not named to the model: {context.named.left_out:,} {of_all}.")
    if pull.unlisted_files:
        total = len(pull.files) + pull.unlisted_files
        cuts.append(f"Not listed by GitHub: {pull.unlisted_files:,} of {total:,} changed files.")
    return tuple(cuts)
