"""One invocation of a function in a process of its own, as EventBridge Scheduler makes it.

    python -m local.call ScheduleFunction < events/schedule.json

What the handler returns is the last line of the output; the lines before are its logs.
"""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Mapping
from typing import Any

from local.child import ROOT, PartFailed
from local.lambda_context import load, new_context
from local.template import read_template


def call(function: str, event: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What the function returns for an event, in the environment that it gets. Raises PartFailed."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "local.call", function],
        cwd=ROOT,
        env=dict(environment),
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PartFailed(f"{function} failed:\n{done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    function = read_template(ROOT / "template.yaml").functions[sys.argv[1]]
    sys.path.insert(0, str(function.code))
    answer = load(function.handler)(json.load(sys.stdin), new_context(function, str(uuid.uuid4())))
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
