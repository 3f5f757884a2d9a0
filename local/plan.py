"""`make plan PR=case.json`: the QA plan for a pull request in GitHub's REST shape, as it would be posted.

The case is `{"repository", "pull", "files", "issue"}`: what GitHub answers for the pull request, its
files, and the linked issue (or null). The plan goes to standard output, all else to standard error.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from core.errors import ConfigurationError
from local.choice import Contradiction
from local.engine import EngineFailed
from local.run import DispatchedRun, dispatch, without_targets
from local.stack import Stack, StackFailed


def main() -> int:
    if len(sys.argv) != 2 or not sys.argv[1]:
        return _fail("usage: make plan PR=path/to/case.json")
    try:
        case = read_case(Path(sys.argv[1]))
    except OSError as error:
        return _fail(f"{sys.argv[1]}: {error.strerror}")
    except ValueError as error:
        return _fail(f"{sys.argv[1]}: {error}")
    try:
        with Stack(without_targets(os.environ), repository=case["repository"]) as stack:
            number = stack.repository.load(case)
            issue = (case.get("issue") or {}).get("number")
            run = dispatch(stack, number, issue, lambda line: print(line, file=sys.stderr))
            return _show(stack, number, run)
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


def _show(stack: Stack, number: int, run: DispatchedRun) -> int:
    posted = stack.repository.comments(number)
    if posted:
        print(posted[-1]["body"])
    else:
        waiting = stack.client.get("/pending").body["actions"]
        if not waiting:
            logs = f"; what the processes say is in {stack.logs}" if stack.gave_up else ""
            return _fail(f"no plan: {json.dumps(run.reply.body, ensure_ascii=False)}{logs}")
        print(waiting[0]["payload"]["body"])
        print(f"It waits for approval: {waiting[0]['policyReason']}", file=sys.stderr)
    if stack.model:
        print("Drafted by the stand-in model, which is not Claude.", file=sys.stderr)
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
