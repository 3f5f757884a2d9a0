"""`make plan PR=case.json`: the QA plan for a pull request in GitHub's REST shape, as it would be posted.

The case is `{"repository", "pull", "files", "issue"}`: what GitHub answers for the pull request, its
files, and the linked issue (or null). The plan goes to standard output, all else to standard error.
Nothing is posted anywhere. Repositories other than the sample's are planned by the team `plain`,
which knows no product, unless TEAM names one of `core/context/teams` or TEAM_FILES a folder.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from core.context.team import TEAMS
from core.dispatcher import pricing
from core.errors import ConfigurationError
from local.choice import Contradiction
from local.engine import EngineFailed
from local.run import DispatchedRun, dispatch, without_targets
from local.stack import REPOSITORY, Stack, StackFailed

_OF_POSTING: Final = "  action."


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1]:
        return _fail("usage: make plan PR=path/to/case.json [TEAM=plain]")
    try:
        case = read_case(Path(sys.argv[1]))
    except OSError as error:
        return _fail(f"{sys.argv[1]}: {error.strerror}")
    except ValueError as error:
        return _fail(f"{sys.argv[1]}: {error}")
    try:
        env = {**without_targets(os.environ), **team_files(os.environ, case["repository"]), "SHADOW_MODE": "on"}
        with Stack(env, repository=case["repository"]) as stack:
            number = stack.repository.load(case)
            issue = (case.get("issue") or {}).get("number")
            run = dispatch(stack, number, issue, _progress)
            return _show(stack, number, issue, run)
    except KeyboardInterrupt:
        return _fail("stopped")
    except (Contradiction, ConfigurationError, EngineFailed, StackFailed) as error:
        return _fail(str(error))


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


def team_files(env: Mapping[str, str], repository: str) -> dict[str, str]:
    """The setting that chooses whose words the model reads beside a repository's own."""
    if env.get("TEAM_FILES"):
        return {"TEAM_FILES": env["TEAM_FILES"]}
    name = env.get("TEAM") or ("dfg" if repository == REPOSITORY else "plain")
    if not (TEAMS / name / "packs.json").is_file():
        known = ", ".join(sorted(folder.name for folder in TEAMS.iterdir() if (folder / "packs.json").is_file()))
        raise ConfigurationError(f"there is no team {name!r}: choose one of {known}, or set TEAM_FILES")
    return {"TEAM_FILES": str(TEAMS / name)}


def figures(audit: Mapping[str, Any]) -> list[str]:
    """How much was read, covered and reserved, of a run's events and contents. Pure."""
    content, events = audit.get("content", {}), {event["type"]: event["data"] for event in audit.get("events", ())}
    if "context" not in content or "prompt.stored" not in events:
        return []
    facts = json.loads(content["context"]["text"])["facts"]
    sent = events["prompt.stored"]
    changed, unread = facts["changed_paths"], facts["unread"]
    covered = _covered(content.get("answer", {}).get("text", ""))
    worst = pricing.worst_case(sent["model"], sent["inputBound"], sent["maxTokens"])
    read = f"{facts['extra']['linesRead']:,} of {facts['extra']['linesChanged']:,}"
    attempts = facts["attempts"]
    lines = [
        f"Files     {len(changed)} changed, {len(changed) - len(unread)} read, "
        f"{len(covered.intersection(changed).difference(unread))} covered by the plan",
        f"Lines     {read} changed lines of source, tests and documentation read",
        f"Tokens    about {sent['inputEstimate']:,} in, at most {sent['maxTokens']:,} out",
        f"Reserved  ${worst / 1_000_000:.2f} for an attempt at worst; "
        f"the run's ceiling pays for {attempts} attempt{'' if attempts == 1 else 's'}",
    ]
    if "charge.settled" in events:
        lines.append(f"Paid      ${events['charge.settled']['charged'] / 1_000_000:.4f}")
    return [*lines, *(f"Cut       {cut}" for cut in facts["cuts"])]


def _covered(answer: str) -> frozenset[str]:
    """The paths that a plan says it covers; none where it cannot be read."""
    try:
        blocks = json.loads(answer)["content"]
        plan = json.loads(next(block["text"] for block in blocks if block["type"] == "text"))
        return frozenset(path for test in plan["test_plan"] for path in test["covers"])
    except (ValueError, KeyError, TypeError, StopIteration):
        return frozenset()


def _progress(line: str) -> None:
    """What happens, but for the action's end: in shadow mode there is none."""
    if not line.startswith(_OF_POSTING):
        print(line, file=sys.stderr)


def _show(stack: Stack, number: int, issue: int | None, run: DispatchedRun) -> int:
    reply = run.reply
    if reply.status == 202:  # it took longer than a caller waits: the same request now has the run's result
        reply = stack.client.post(
            "/dispatch/qa-plan", {"prNumber": number, **({"linkedIssue": issue} if issue else {})}
        )
    body = reply.body.get("wouldSend", {}).get("body")
    waits = ""
    if body is None and (waiting := stack.client.get("/pending").body["actions"]):
        body, waits = waiting[0]["payload"]["body"], waiting[0]["policyReason"]
    if body is None:
        logs = f"; what the processes say is in {stack.logs}" if stack.gave_up else ""
        return _fail(f"no plan: {json.dumps(reply.body, ensure_ascii=False)}{logs}")
    print(body)
    for line in figures(run.audit):
        print(line, file=sys.stderr)
    print(
        f"Nothing was posted. It would wait for approval: {waits}" if waits else "Nothing was posted.", file=sys.stderr
    )
    if stack.model:
        print("Drafted by the stand-in model, which is not Claude.", file=sys.stderr)
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
