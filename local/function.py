"""Functions as Lambda calls them: with a context, in a process of their own.

    python -m local.function serve FD NAME     each request to the listening socket FD is one invocation
    python -m local.function call NAME         one invocation, as EventBridge Scheduler makes it; the event is the input

A server takes what `local.invoke` sends: the event as body, the answer as JSON, 500 with `errorType` when the handler
raised, as the Lambda runtime reports it. What a call returns is the last line of its output, after its logs.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from typing import Any

from local.child import ROOT, PartFailed
from local.template import Function, read_template
from local.web import Answer, Request, Server, json_answer

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Context:
    """One invocation of one function, as far as handlers may use it."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int
    deadline: float
    """On the clock of `time.monotonic`."""

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - monotonic()) * 1000))


def new_context(function: Function, request_id: str = "") -> Context:
    """The context of an invocation that begins now."""
    return Context(
        function.id, request_id or str(uuid.uuid4()), function.memory_mb, monotonic() + function.timeout_seconds
    )


def load(handler: str) -> Handler:
    """The function that `handlers.health.handler` names. Raises ImportError, AttributeError."""
    module, _, name = handler.rpartition(".")
    loaded: Handler = getattr(import_module(module), name)
    return loaded


def answer(function: Function, handler: Handler, request: Request) -> Answer:
    """One invocation by HTTP."""
    try:
        return json_answer(200, handler(request.json(), new_context(function, request.headers["x-amzn-requestid"])))
    except Exception as error:  # noqa: BLE001 - the runtime reports whatever a handler raises
        traceback.print_exc()
        return json_answer(500, {"errorType": type(error).__name__, "errorMessage": str(error)})


def call(function: str, event: Mapping[str, Any], environment: Mapping[str, str]) -> dict[str, Any]:
    """What the function returns for an event, in the environment that it gets. Raises PartFailed."""
    done = subprocess.run(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "local.function", "call", function],
        cwd=ROOT,
        env=dict(environment),
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise PartFailed(f"{function} failed:\n{done.stderr[-2000:]}")
    returned: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return returned


def main() -> None:
    function = read_template(ROOT / "template.yaml").functions[sys.argv[-1]]
    sys.path.insert(0, str(function.code))
    handler = load(function.handler)
    if sys.argv[1] == "call":
        print(json.dumps(handler(json.load(sys.stdin), new_context(function))))
        return
    Server(lambda request: answer(function, handler, request), socket.socket(fileno=int(sys.argv[2]))).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
