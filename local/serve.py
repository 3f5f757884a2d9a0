"""`make serve`: the stack as a server on PORT (3000 if unset), until Ctrl-C or TERM."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Final

from core.errors import ConfigurationError
from local.choice import Contradiction
from local.engine import EngineFailed
from local.queue_demo import load_queue
from local.stack import Stack, StackFailed

SAMPLE: Final = Path(__file__).parent / "sample" / "pull_request.json"


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    port = os.environ.get("PORT") or "3000"
    if not port.isdigit() or not 0 < int(port) < 65_536:
        return _fail(f"PORT must be a number from 1 to 65535, not {port!r}")
    try:
        with Stack(os.environ, port=int(port)) as stack:
            target = 'N, "linkedIssue": M'
            if stack.github is not None:
                sample = json.loads(SAMPLE.read_text())
                stack.repository.load({**sample, "repository": stack.repository.name})
                load_queue(stack.repository)
                target = f'{sample["pull"]["number"]}, "linkedIssue": {sample["issue"]["number"]}'
            health = stack.client.get("/health")
            print("\n".join(stack.describe()))
            print(f"logs       {stack.logs}")
            print(f"\nGET /health answers {health.status}: {json.dumps(health.body)}")
            print(f"Ready on {stack.url}. Try:\n")
            token = "<your token>" if os.environ.get("ORCHESTRATOR_SECRET") else stack.token
            print(f"  curl -X POST {stack.url}/dispatch/qa-plan -H 'Authorization: Bearer {token}' \\")
            print(f"""    -H 'Content-Type: application/json' -d '{{"prNumber": {target}}}'\n""")
            print("Ctrl-C ends it.", flush=True)
            threading.Event().wait()
    except KeyboardInterrupt:
        print("\nStopped.")
    except OSError as error:
        return _fail(f"port {port} cannot be used: {error.strerror}; name another one with PORT=…")
    except (Contradiction, ConfigurationError, EngineFailed, StackFailed) as error:
        return _fail(str(error))
    return 0


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
