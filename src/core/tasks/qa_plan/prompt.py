"""The request for a QA plan: the pull request's words, the issues it is linked to, as much of its diffs as fits."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.context.team import Team
from core.prompts.changes import READ, behaves, kind, largest_first
from core.prompts.diffs import Diffs, FileNames, Ranked, Shown, name_files
from core.prompts.frame import NONE, Frame, issue_text, shortened
from core.prompts.shares import Cut, cut_prose, fair_shares, prose_demand
from core.prompts.tokens import UNITS, units
from core.text.invisible import visible_line
from core.types import Context, Issue, Prompt, PullRequest, TaskRequest

_WEIGHTS: Final = (2, 3)
"""How description and issues divide their half, where all of it does not fit."""


@dataclass(frozen=True)
class _Parts:
    """The untrusted texts as far as they fit."""

    title: Cut
    body: Cut
    issues: tuple[Cut, ...]
    named: FileNames
    shown: Shown

    @property
    def texts(self) -> tuple[str, ...]:
        prose = (self.title.text, self.body.text, *(issue.text for issue in self.issues))
        files = (self.named.text(self.shown.read), self.shown.text)
        return tuple(text or NONE for text in (*prose, *files))


def build(frame: Frame, request: TaskRequest, context: Context, team: Team) -> Prompt:
    """The request, whatever the size of the pull request. Pure, and linear in its size."""
    pull, issues = context.pull, context.issues
    assert pull is not None
    ranked = largest_first(pull.files)
    head = f"Write the QA plan for pull request #{pull.number} of {frame.repository}.\n"
    titles = ["title", "description", *(f"linked issue #{issue.number}" for issue in issues), "changed files", "diffs"]
    diffs = Diffs(ranked, frame.limits.input_tokens * UNITS)
    parts = frame.fit(head, titles, lambda room: _fit(frame, pull, issues, ranked, diffs, room))
    facts = frame.facts(
        request.target,
        pull.target_state,
        changed_paths=tuple(visible_line(file.path) for file in pull.files),
        cuts=(*_cuts(pull, issues, ranked, parts), *context.unread),
        extra={
            "title": parts.title.text,
            "head": pull.head_sha,
            "author": pull.author.login,
            "risky": [visible_line(file.path) for file, _ in ranked if behaves(file)],
            "former": {
                visible_line(file.path): visible_line(file.previous_path)
                for file in pull.files
                if file.status == "renamed" and file.previous_path
            },
            "linked": [issue.number for issue in issues],
            "linesRead": parts.shown.lines_read,
            "linesChanged": parts.shown.lines_changed,
        },
        unread=tuple(
            visible_line(file.path)
            for file in pull.files
            if file.path not in parts.shown.read and (file.additions + file.deletions or kind(file) not in READ)
        ),
    )
    return frame.prompt(head, titles, parts.texts, facts)


def _fit(frame: Frame, pull: PullRequest, issues: Sequence[Issue], ranked: Ranked, diffs: Diffs, room: int) -> _Parts:
    """Title, description and issues come first, in at most half of the room where the diffs need the other half."""
    title, room = frame.title(pull.title, room - (4 + len(issues)) * units(NONE))
    linked = [issue_text(issue) for issue in issues]
    demands = [prose_demand(text, room) for text in (pull.body, *linked)]
    named = name_files(ranked, max(room // 4, room - sum(demands) - diffs.demand))
    room -= named.cost
    prose = max(room // 2, room - diffs.demand)
    shares = fair_shares(prose, demands, [_WEIGHTS[0], *(_WEIGHTS[1] for _ in linked)])
    body, *cut = (cut_prose(text, share) for text, share in zip((pull.body, *linked), shares, strict=True))
    left = room - sum(units(part.text) for part in (body, *cut))
    return _Parts(title, body, tuple(cut), named, diffs.show(left))


def _cuts(pull: PullRequest, issues: Sequence[Issue], ranked: Ranked, parts: _Parts) -> tuple[str, ...]:
    """What the prompt lacks, without a word of the untrusted text: it goes into the comment too."""
    of_all = f"of {len(pull.files):,} changed files"
    linked = [(f"Issue #{issue.number}", cut) for issue, cut in zip(issues, parts.issues, strict=True)]
    cuts = shortened((("Title", parts.title), ("Description", parts.body), *linked))
    shown = parts.shown
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
    if parts.named.left_out:
        cuts.append(f"Not named to the model: {parts.named.left_out:,} {of_all}.")
    if pull.unlisted_files:
        total = len(pull.files) + pull.unlisted_files
        cuts.append(f"Not listed by GitHub: {pull.unlisted_files:,} of {total:,} changed files.")
    return tuple(cuts)
