"""What policy says of your own texts, one JSON line each: `python -m tools.judge text|answers < cases.jsonl`.

`text` reads `{"id","body"}`: the body as if the model had written it as the comment for pull request 42 of
GITHUB_REPOSITORY, from words of somebody who may not write there where `"trusted": false` says so. `answers` reads raw
model answers, `{"id","raw"|"raw_b64","files"}`: `files` are those that the pull request changes or that a brief may
name, none where they are left out; as in the service, the model knows them with hidden characters made visible. A
case of triage may have the issue's `labels`; one of sprint_plan has `issues`, such as
`{"12": {"title": "…", "labels": [], "dependsOn": [10]}}`, and may have a `capacity`.
Secrets of the environment are the service's own, as in the service; so are the team's files (TEAM_FILES).
A line that is no such case is answered with what is wrong with it as `error`, and the exit status is 1 in the end.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from core.bootstrap import SECRETS
from core.config import MAX_COMMENT_CHARACTERS
from core.context.team import DEFAULT, Team, load
from core.policy.classifier import classify
from core.policy.engine import by_other_rules, examine_body, is_refused, judge_answer, shown
from core.policy.found import refusal
from core.policy.rules import Field, RuleContext, examine
from core.policy.trust import findings as untrusted
from core.prompts.changes import behaves
from core.tasks import registry
from core.text.invisible import visible_line
from core.text.markdown import marker, size, write
from core.text.prose import blocks
from core.types import TASK_TYPES, ChangedFile, Facts, Json, Target, TaskType, Trust, Verdict

ACTION_ID: Final = str(uuid.UUID("00000000-0000-4000-8000-000000000042"))
COMMIT: Final = "0" * 40
TEAM: Final = load()
_INVALID: Final = ("answer.", "grounding.path", "brief.path", "triage.component", "sprint.")
_NO_WORDS: Final[Json] = {"title": "", "labels": [], "dependsOn": []}
_NO_TEXT: Final[Json] = {"classification": "rejected", "findings": [], "rendered": None}
_NO_ANSWER: Final[Json] = {"valid": False, "classification": "rejected", "rendered": None, "findings": []}
STRANGER: Final = Trust(("the pull request is by somebody who may not write here",), "somebody")


def judge_text(body: str, context: RuleContext, trust: Trust | None = None) -> dict[str, Any]:
    """Classification, findings and the bytes that would be posted (None when refused)."""
    document = blocks(body)
    rendered = write(document, marker(ACTION_ID))
    if not body.strip():
        findings = [refusal("comment.blank", "body", "says nothing")]
    elif size(body) > MAX_COMMENT_CHARACTERS:
        findings = [refusal("comment.length", "body", "longer than GitHub takes")]
    else:
        findings = [*examine(Field("body", body), context), *untrusted(trust)]
    if not is_refused(findings):
        findings += by_other_rules(findings, examine_body(rendered, document, context))
    classification, _ = classify("add_comment", findings, "phase0", "qa_plan")
    return {
        "classification": classification,
        "findings": [finding.as_json() for finding in shown(findings)],
        "rendered": None if classification == "rejected" else rendered,
    }


def judge_raw(
    raw: str | bytes,
    files: tuple[str, ...],
    task_type: TaskType,
    context: RuleContext,
    extra: Json | None = None,
    team: Team = TEAM,
) -> dict[str, Any]:
    """Whether an answer is valid, its classification, what is wrong with it, and the bytes that would be posted.

    `findings` are all objections; `error` is the first that refuses. Of the tasks about issues it also tells the
    changes of labels. `extra` is Facts.extra.
    """
    facts = Facts(
        task_type,
        context.repository,
        Target(registry.task(task_type).target, 42),
        target_state=COMMIT,
        changed_paths=tuple(dict.fromkeys(map(visible_line, files))),
        canary=context.canary,
        extra={**_NO_WORDS, "issues": {}, "capacity": None, **(extra or {}), "risky": _risky(files)},
    )
    verdict = judge_answer(
        raw,
        facts,
        registry.drafting(task_type),
        team=team,
        run_id="judge",
        action_ids=lambda _: ACTION_ID,
        phase="phase0",
        own_secrets=context.own_secrets,
        rules=context.rules,
    )
    refused = [finding for finding in verdict.findings if finding.severity == "refuse"]
    faults = [finding for finding in refused if finding.rule.startswith(_INVALID)]
    first = next(iter(faults or refused), None)
    bodies = [action.payload["body"] for action in verdict.actions if action.type == "add_comment"]
    return {
        "valid": not faults,
        "classification": verdict.classification,
        "error": f"{first.field}: {first.why} ({first.rule})" if first else None,
        "rendered": next(iter(bodies), None),
        "findings": [finding.as_json() for finding in verdict.findings],
        **({} if task_type == "qa_plan" else {"labels": _label_changes(verdict)}),
    }


def _risky(files: tuple[str, ...]) -> list[str]:
    """Those files that can change behaviour, as far as their names tell."""
    known = (path for path in dict.fromkeys(files) if behaves(ChangedFile(path, "modified", 1, 1, "")))
    return [visible_line(path) for path in known]


def _label_changes(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"issue": action.target.number, "add": action.payload["add"], "remove": action.payload["remove"]}
        for action in verdict.actions
        if action.type == "change_labels"
    ]


class BadCase(Exception):
    """What is wrong with a case, in words for who wrote it."""


def _is_list(value: Any, of: type) -> bool:
    return isinstance(value, list) and all(type(item) is of for item in value)


def _are_issues(value: Any) -> bool:
    return isinstance(value, dict) and all(
        number.isdecimal()
        and isinstance(issue, dict)
        and isinstance(issue.get("title", ""), str)
        and _is_list(issue.get("labels", []), str)
        and _is_list(issue.get("dependsOn", []), int)
        for number, issue in value.items()
    )


def _bytes(text: Any) -> bytes | None:
    """None where it is not base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError):
        return None


_SHAPES: Final[Mapping[str, tuple[Callable[[Any], bool], str]]] = {
    "id": (lambda value: value is None or type(value) in (str, int), "neither a text nor a whole number"),
    "body": (lambda value: isinstance(value, str), "not a text"),
    "trusted": (lambda value: isinstance(value, bool), "neither true nor false"),
    "raw": (lambda value: isinstance(value, str), "not a text"),
    "raw_b64": (lambda value: _bytes(value) is not None, "not base64"),
    "files": (lambda value: value is None or _is_list(value, str), "not a list of paths"),
    "labels": (lambda value: value is None or _is_list(value, str), "not a list of names"),
    "issues": (
        lambda value: value is None or _are_issues(value),
        "not a title, labels and dependsOn under each issue's number",
    ),
    "capacity": (lambda value: value is None or type(value) is int, "not a number"),
}
"""Field of a case → what may stand there, and what is said of anything else."""


def text_case(case: Mapping[str, Any], context: RuleContext) -> dict[str, Any]:
    """The judgement of one `{"id","body","trusted"?}`. Raises BadCase."""
    if "body" not in case:
        raise BadCase("it has no body")
    _check(case, "body", "trusted")
    return judge_text(case["body"], context, trust=None if case.get("trusted", True) else STRANGER)


def answer_case(
    case: Mapping[str, Any], task_type: TaskType, context: RuleContext, team: Team = TEAM
) -> dict[str, Any]:
    """The judgement of one `{"id","raw"|"raw_b64","files"}`. Raises BadCase."""
    if ("raw" in case) == ("raw_b64" in case):
        raise BadCase("a case has either raw or raw_b64")
    _check(case, "raw", "raw_b64", "files", "labels", "issues", "capacity")
    raw = case["raw"] if "raw" in case else base64.b64decode(case["raw_b64"])
    facts = {
        "labels": case.get("labels") or [],
        "issues": {number: _NO_WORDS | issue for number, issue in (case.get("issues") or {}).items()},
        "capacity": case.get("capacity"),
    }
    return judge_raw(raw, tuple(case.get("files") or ()), task_type, context, facts, team)


def judged(
    lines: Iterable[bytes], judge: Callable[[Mapping[str, Any]], dict[str, Any]], refused: Mapping[str, Any]
) -> Iterator[tuple[bool, dict[str, Any]]]:
    """Each line's case judged, and whether it was one. Of what is none, `refused` and an `error`."""
    seen: dict[str, int] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name = None
        try:
            case = _case(line)
            name = case.get("id") if _SHAPES["id"][0](case.get("id")) else None
            _check(case, "id")
            _claim(name, number, seen)
            yield True, {"id": name, **judge(case)}
        except BadCase as error:
            yield False, {"id": name, **refused, "error": f"line {number}: {error}"}


def _check(case: Mapping[str, Any], *fields: str) -> None:
    """Raises BadCase for a field in which something else stands than may."""
    for field in fields:
        fits, words = _SHAPES[field]
        if field in case and not fits(case[field]):
            raise BadCase(f"{field} is {words}")


def _claim(name: Any, number: int, seen: dict[str, int]) -> None:
    """Raises BadCase. `seen`: each id's first line."""
    first = seen.setdefault(json.dumps(name), number) if name is not None else number
    if first != number:
        raise BadCase(f"line {first} has this id already")


def _case(line: bytes) -> Mapping[str, Any]:
    try:
        case = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BadCase("it is not JSON in UTF-8") from None
    if not isinstance(case, dict):
        raise BadCase("it is not a JSON object")
    return case


def run(arguments: Sequence[str], env: Mapping[str, str], lines: Iterable[bytes], printed: TextIO) -> int:
    """The tool's exit status: 1 where a line was no case."""
    parser = argparse.ArgumentParser(prog="python -m tools.judge", description=__doc__)
    parser.add_argument("what", choices=("text", "answers"))
    parser.add_argument("--task", choices=TASK_TYPES, default="qa_plan")
    options = parser.parse_args(arguments)
    own = tuple(env[name] for name in SECRETS if env.get(name))
    context = RuleContext(repository=env.get("GITHUB_REPOSITORY") or "example/app", own_secrets=own)
    if options.what == "text":
        results = judged(lines, partial(text_case, context=context), _NO_TEXT)
    else:
        team = load(Path(env.get("TEAM_FILES") or DEFAULT))
        judge = partial(answer_case, task_type=options.task, context=context, team=team)
        results = judged(lines, judge, _NO_ANSWER)
    status = 0
    for was_case, result in results:
        status = status if was_case else 1
        printed.write(json.dumps(result) + "\n")
        printed.flush()
    return status


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], os.environ, sys.stdin.buffer, sys.stdout))
