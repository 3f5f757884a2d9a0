"""`make plan PR=case.json`: the QA plan for a pull request in GitHub's REST shape, as it would be posted.

The case is `{"repository", "pull", "files", "issue"}`: what GitHub answers for the pull request, its
files, and the linked issue (or null). The plan goes to standard output, all else to standard error.
Nothing is posted anywhere. Repositories other than the sample's are planned by the team `plain`,
which knows no product, unless TEAM names one of `core/context/teams` or the folder of another.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any, Final

from core.dispatcher import pricing
from local.choice import team_folder
from local.run import DispatchedRun, asked_for, dispatch, fail, in_plain_words, spread, without_targets
from local.stack import REPOSITORY, Stack

_OF_POSTING: Final = "  action."


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1]:
        return fail("usage: make plan PR=path/to/case.json [TEAM=plain or path/to/folder]")
    try:
        case = read_case(Path(sys.argv[1]))
    except OSError as error:
        return fail(f"{sys.argv[1]}: {error.strerror}")
    except ValueError as error:
        return fail(f"{sys.argv[1]}: {error}")
    team = team_folder(os.environ, "dfg" if case["repository"] == REPOSITORY else "plain")
    env = {**without_targets(os.environ), "TEAM_FILES": team, "SHADOW_MODE": "on"}
    with Stack(env, repository=case["repository"]) as stack:
        number = stack.repository.load(case)
        issue = (case.get("issue") or {}).get("number")
        return _show(stack, number, issue, dispatch(stack, number, issue, _progress))


def read_case(path: Path) -> dict[str, Any]:
    """Raises OSError, and ValueError saying what the case lacks."""
    case = json.loads(path.read_text(encoding="utf-8"))
    if (
        not isinstance(case, dict)
        or not isinstance(case.get("repository"), str)
        or not isinstance(case.get("pull"), dict)
        or type(case["pull"].get("number")) is not int
        or not isinstance(case.get("files"), list)
    ):
        raise ValueError('a case is {"repository", "pull", "files", "issue"} in the shape of GitHub\'s REST answers')
    return case


def figures(run: DispatchedRun, body: str) -> list[str]:
    """How much was read, covered and reserved, of a run's events and contents. Pure."""
    content, events = run.audit.get("content", {}), {event["type"]: event["data"] for event in run.events}
    if "context" not in content or "prompt.stored" not in events:
        return []
    facts = json.loads(content["context"]["text"])["facts"]
    sent = events["prompt.stored"]
    changed, unread = facts["changed_paths"], facts["unread"]
    covered = run.covered.difference(unread)
    worst = pricing.worst_case(sent["model"], sent["inputBound"], sent["maxTokens"])
    read = f"{facts['extra']['linesRead']:,} of {facts['extra']['linesChanged']:,}"
    attempts = facts["attempts"]
    lines = [
        f"Files     {len(changed) - len(unread)} of {len(changed)} read; {spread(body, changed, covered)}",
        f"Lines     {read} changed lines of source, tests and documentation read",
        f"Tokens    about {sent['inputEstimate']:,} in, at most {sent['maxTokens']:,} out",
        f"Reserved  ${worst / 1_000_000:.2f} for an attempt at worst; "
        f"the run's ceiling pays for {attempts} attempt{'' if attempts == 1 else 's'}",
    ]
    if "charge.settled" in events:
        lines.append(f"Paid      ${events['charge.settled']['charged'] / 1_000_000:.4f}")
    return [*lines, *(f"Cut       {cut}" for cut in facts["cuts"])]


def _progress(line: str) -> None:
    """What happens, but for the action's end: in shadow mode there is none."""
    if not line.startswith(_OF_POSTING):
        print(line, file=sys.stderr)


def _show(stack: Stack, number: int, issue: int | None, run: DispatchedRun) -> int:
    reply = run.reply
    if reply.status == 202:  # it took longer than a caller waits: the same request now has the run's result
        reply = stack.client.post("/dispatch/qa-plan", asked_for(number, issue))
    body = reply.body.get("wouldSend", {}).get("body")
    waits = ""
    if body is None and (waiting := stack.client.get("/pending").body["actions"]):
        body, waits = waiting[0]["payload"]["body"], waiting[0]["policyReason"]
    if body is None:
        logs = f"; what the processes say is in {stack.logs}" if stack.gave_up else ""
        return fail(f"no plan: {json.dumps(reply.body, ensure_ascii=False)}{logs}")
    print(body)
    for line in figures(run, body):
        print(line, file=sys.stderr)
    print(
        f"Nothing was posted. It would wait for approval: {waits}" if waits else "Nothing was posted.", file=sys.stderr
    )
    if stack.model:
        print("Drafted by the stand-in model, which is not Claude.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(in_plain_words(main))
