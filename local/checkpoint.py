"""`make checkpoint`: a checkpoint of the audit of a running `make serve`, at once.

The gateway takes the request where Lambda's Invoke API has it, for the checkpointer alone, and runs the real function
in a process of its own. There it waits a second instead of five minutes for writes that are under way.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import urllib3

from local.child import ROOT
from local.function import call
from local.schedule import event
from local.template import read_template

FUNCTION: Final = "CheckpointFunction"
PATH: Final = f"/2015-03-31/functions/{FUNCTION}/invocations"
AT_ONCE: Final = {"CHECKPOINT_LAG_SECONDS": "1", "GUARDRAIL_OVERRIDE": "acknowledged"}


def invoke(environment: Mapping[str, str]) -> dict[str, Any]:
    """How many checkpoints were made, over how many events. Raises what `call` does."""
    function = read_template(ROOT / "template.yaml").functions[FUNCTION]
    return call(FUNCTION, event(function, datetime.now(UTC)), {**environment, **AT_ONCE})


def main() -> None:
    url = f"http://127.0.0.1:{os.environ.get('PORT') or '3000'}"
    try:
        answer = urllib3.request("POST", url + PATH, body=b"{}", retries=False, timeout=60.0)
    except urllib3.exceptions.HTTPError:
        sys.exit(f"nothing answers at {url}: start `make serve` in another terminal, or name its PORT=…")
    if answer.status != 200:
        sys.exit(f"{url} answers {answer.status}: {answer.data.decode(errors='replace')[:500]}")
    made = json.loads(answer.data)
    if made["checkpoints"]:
        print(f"Signed a checkpoint over {made['events']} events.")
    else:
        print("Nothing is new since the last checkpoint.")
    print("It is signed with a key that everybody has. See it, with the token that `make serve` printed:\n")
    print(f"  curl {url}/audit/checkpoint -H 'Authorization: Bearer <the token>'")


if __name__ == "__main__":
    main()
