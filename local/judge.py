"""What policy says of your own texts, one JSON line each: `python -m local.judge text|answers < cases.jsonl`.

`text` reads `{"id","body"}`: the body as if the model had written it as the comment for pull request 42
of GITHUB_REPOSITORY. `answers` reads raw model answers, `{"id","raw"|"raw_b64","files"}`.
Secrets of the environment are the service's own, as in the service.
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
from typing import Any, Final, TextIO

from core.policy.engine import examine_comment, judge_answer
from core.policy.rules import TEXT_RULES, Context, Rule
from core.prompts.markdown import Quote, blocks, marker, write
from core.types import TASK_TYPES, Facts, Target, TaskType

ACTION_ID: Final = str(uuid.UUID("00000000-0000-4000-8000-000000000042"))
PULL_REQUEST: Final = Target("pull_request", 42)
COMMIT: Final = "0" * 40
_INVALID: Final = ("answer.", "grounding.path")
_SECRETS: Final = ("ANTHROPIC_API_KEY", "GITHUB_TOKEN", "DFG_RELAY_TOKEN")


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
    raw: str | bytes, files: tuple[str, ...], task_type: TaskType, context: Context, rules: Sequence[Rule] = TEXT_RULES
) -> dict[str, Any]:
    """Whether an answer is valid, its classification, what is wrong with it, and the bytes that would be posted."""
    facts = Facts(
        task_type, context.repository, PULL_REQUEST, target_state=COMMIT, changed_paths=files, canary=context.canary
    )
    verdict = judge_answer(
        raw,
        facts,
        run_id="judge",
        action_ids=lambda _: ACTION_ID,
        phase="phase0",
        own_secrets=context.own_secrets,
        rules=rules,
    )
    faults = [finding for finding in verdict.findings if finding.rule.startswith(_INVALID)]
    refused = [finding for finding in verdict.findings if finding.severity == "refuse"]
    told = next(iter(faults or refused), None)
    return {
        "valid": not faults,
        "classification": verdict.classification,
        "error": f"{told.field}: {told.why} ({told.rule})" if told else None,
        "rendered": verdict.actions[0].payload["body"] if verdict.actions else None,
    }


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


def answers(lines: TextIO, task_type: TaskType, context: Context) -> Iterator[dict[str, Any]]:
    """One answer for each line of `{"id","raw"|"raw_b64","files"}`."""
    for line in lines:
        if not line.strip():
            continue
        case = json.loads(line)
        raw = _raw(case)
        files = case.get("files") or []
        known = isinstance(files, list) and all(isinstance(path, str) for path in files)
        if raw is None or not known:
            yield {"id": case.get("id"), **_unreadable("the case has no raw text, or files is not a list of paths")}
        else:
            yield {"id": case.get("id"), **judge_raw(raw, tuple(files), task_type, context)}


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m local.judge", description=__doc__)
    parser.add_argument("what", choices=("text", "answers"))
    parser.add_argument("--task", choices=TASK_TYPES, default="qa_plan")
    options = parser.parse_args(arguments)
    context = Context(
        repository=os.environ.get("GITHUB_REPOSITORY") or "example/app", own_secrets=own_secrets(os.environ)
    )
    judged = texts(sys.stdin, context) if options.what == "text" else answers(sys.stdin, options.task, context)
    for result in judged:
        sys.stdout.write(json.dumps(result) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
