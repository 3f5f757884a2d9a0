"""What policy says of your own texts, one JSON line each: `python -m local.judge text|answers < cases.jsonl`.

`text` reads `{"id","body"}`: the body as if the model had written it as the comment for pull request 42
of GITHUB_REPOSITORY. `answers` reads raw model answers, `{"id","raw"|"raw_b64","files"}`: `files` are those that the
pull request changes or that a brief may name. A case of triage may have the issue's `labels`; one of sprint_plan has
`issues`, such as `{"12": {"title": "…", "labels": [], "dependsOn": [10]}}`, and may have a `capacity`.
Secrets of the environment are the service's own, as in the service; so are the team's files (TEAM_FILES).
"""

from __future__ import annotations

import argparse
import base64
import binascii
import json
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TextIO

from core.policy.engine import examine_comment, judge_answer
from core.policy.rules import TEXT_RULES, Context, Rule
from core.prompts.markdown import Quote, blocks, marker, write
from core.team import DEFAULT, Team, load
from core.types import TASK_TYPES, Facts, Json, Target, TaskType, Verdict

ACTION_ID: Final = str(uuid.UUID("00000000-0000-4000-8000-000000000042"))
PULL_REQUEST: Final = Target("pull_request", 42)
ISSUE: Final = Target("issue", 42)
COMMIT: Final = "0" * 40
TEAM: Final = load()
_INVALID: Final = ("answer.", "grounding.path", "brief.path", "triage.component", "sprint.")
_SECRETS: Final = ("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "GITHUB_APP_PRIVATE_KEY", "DFG_RELAY_TOKEN")


def own_secrets(env: Mapping[str, str]) -> tuple[str, ...]:
    """The service's own secrets, as its environment holds them."""
    found = [env[name] for name in _SECRETS if env.get(name)]
    orchestrator = env.get("ORCHESTRATOR_SECRET", "")
    if orchestrator.lstrip().startswith("{"):
        for principal in json.loads(orchestrator).values():
            found += principal["tokens"]
    elif orchestrator:
        found.append(orchestrator)
    return tuple(found)


def judge_text(body: str, context: Context, rules: Sequence[Rule] = TEXT_RULES) -> dict[str, Any]:
    """Classification, findings and the bytes that would be posted (None when refused)."""
    document = (Quote(blocks(body)),)
    rendered = write(document, marker(ACTION_ID))
    classification, findings = examine_comment(document, rendered, body, context, "phase0", rules)
    return {
        "classification": classification,
        "findings": [finding.as_json() for finding in findings],
        "rendered": None if classification == "rejected" else rendered,
    }


def judge_raw(
    raw: str | bytes,
    files: tuple[str, ...],
    task_type: TaskType,
    context: Context,
    rules: Sequence[Rule] = TEXT_RULES,
    extra: Json | None = None,
    team: Team = TEAM,
) -> dict[str, Any]:
    """Whether an answer is valid, its classification, what is wrong with it, and the bytes that would be posted.

    Of the tasks about issues it also tells the changes of labels. `extra` is Facts.extra.
    """
    facts = Facts(
        task_type,
        context.repository,
        PULL_REQUEST if task_type == "qa_plan" else ISSUE,
        target_state=COMMIT,
        changed_paths=files,
        canary=context.canary,
        extra=extra if extra is not None else _extra({}),
    )
    verdict = judge_answer(
        raw,
        facts,
        team=team,
        run_id="judge",
        action_ids=lambda _: ACTION_ID,
        phase="phase0",
        own_secrets=context.own_secrets,
        rules=rules,
    )
    refused = [finding for finding in verdict.findings if finding.severity == "refuse"]
    faults = [finding for finding in refused if finding.rule.startswith(_INVALID)]
    told = next(iter(faults or refused), None)
    bodies = [action.payload["body"] for action in verdict.actions if action.type == "add_comment"]
    return {
        "valid": not faults,
        "classification": verdict.classification,
        "error": f"{told.field}: {told.why} ({told.rule})" if told else None,
        "rendered": next(iter(bodies), None),
        **({} if task_type == "qa_plan" else {"labels": _label_changes(verdict)}),
    }


def _label_changes(verdict: Verdict) -> list[dict[str, Any]]:
    return [
        {"issue": action.target.number, "add": action.payload["add"], "remove": action.payload["remove"]}
        for action in verdict.actions
        if action.type == "change_labels"
    ]


class _BadCase(Exception):
    """What is wrong with a case."""


def _extra(case: Mapping[str, Any]) -> Json:
    """What the prompt's facts would say of the case. Raises _BadCase."""
    labels, issues, capacity = case.get("labels") or [], case.get("issues") or {}, case.get("capacity")
    if not _is_list(labels, str):
        raise _BadCase("labels is not a list of names")
    if capacity is not None and type(capacity) is not int:
        raise _BadCase("capacity is not a number")
    if not isinstance(issues, dict):
        raise _BadCase("issues is not an object")
    return {
        "title": "",
        "labels": labels,
        "issues": {number: _issue(number, issue) for number, issue in issues.items()},
        "capacity": capacity,
    }


def _issue(number: str, issue: Any) -> Json:
    known = {"title": "", "labels": [], "dependsOn": []} | (issue if isinstance(issue, dict) else {})
    if (
        not (isinstance(issue, dict) and number.isdecimal() and isinstance(known["title"], str))
        or not _is_list(known["labels"], str)
        or not _is_list(known["dependsOn"], int)
    ):
        raise _BadCase(f"issues[{number}] is not a title, labels and dependsOn under the issue's number")
    return known


def _is_list(value: Any, of: type) -> bool:
    return isinstance(value, list) and all(type(item) is of for item in value)


def _unreadable(why: str) -> dict[str, Any]:
    return {"valid": False, "classification": "rejected", "error": why, "rendered": None}


def _raw(case: Mapping[str, Any]) -> str | bytes | None:
    if isinstance(case.get("raw"), str):
        return str(case["raw"])
    try:
        return base64.b64decode(case["raw_b64"], validate=True)
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None


def texts(lines: TextIO, context: Context) -> Iterator[dict[str, Any]]:
    """One answer for each line of `{"id","body"}`."""
    for line in lines:
        if not line.strip():
            continue
        case = json.loads(line)
        body = case.get("body")
        if isinstance(body, str):
            yield {"id": case.get("id"), **judge_text(body, context)}
        else:
            yield {"id": case.get("id"), "classification": "rejected", "findings": [], "rendered": None}


def answers(lines: TextIO, task_type: TaskType, context: Context, team: Team = TEAM) -> Iterator[dict[str, Any]]:
    """One answer for each line of `{"id","raw"|"raw_b64","files"}`."""
    for line in lines:
        if not line.strip():
            continue
        case = json.loads(line)
        raw = _raw(case)
        files = case.get("files") or []
        if raw is None or not _is_list(files, str):
            yield {"id": case.get("id"), **_unreadable("the case has no raw text, or files is not a list of paths")}
            continue
        try:
            extra = _extra(case)
        except _BadCase as error:
            yield {"id": case.get("id"), **_unreadable(str(error))}
            continue
        yield {"id": case.get("id"), **judge_raw(raw, tuple(files), task_type, context, extra=extra, team=team)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m local.judge", description=__doc__)
    parser.add_argument("what", choices=("text", "answers"))
    parser.add_argument("--task", choices=TASK_TYPES, default="qa_plan")
    options = parser.parse_args(arguments)
    context = Context(
        repository=os.environ.get("GITHUB_REPOSITORY") or "example/app", own_secrets=own_secrets(os.environ)
    )
    team = load(Path(os.environ.get("TEAM_FILES") or DEFAULT))
    judged = texts(sys.stdin, context) if options.what == "text" else answers(sys.stdin, options.task, context, team)
    for result in judged:
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
