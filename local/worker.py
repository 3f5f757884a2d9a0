"""The worker function in a process of its own: each request is one invocation, several run at once.

    python -m local.worker FD FUNCTION

serves on the listening socket FD what `local.invoke` sends: the event as body, the answer as JSON,
500 with `errorType` when the handler raised, as the Lambda runtime reports it.
"""

from __future__ import annotations

import socket
import sys
import threading
import traceback

from local.child import ROOT
from local.lambda_context import Handler, load, new_context
from local.template import Function, read_template
from local.web import Answer, Request, Server, json_answer


class Worker:
    """Runs one handler for the invocations that come in."""

    def __init__(self, function: Function, handler: Handler) -> None:
        self._function = function
        self._handler = handler

    def answer(self, request: Request) -> Answer:
        context = new_context(self._function, request.headers["x-amzn-requestid"])
        try:
            return json_answer(200, self._handler(request.json(), context))
        except Exception as error:  # noqa: BLE001 - the runtime reports whatever a handler raises
            traceback.print_exc()
            return json_answer(500, {"errorType": type(error).__name__, "errorMessage": str(error)})


def main() -> None:
    function = read_template(ROOT / "template.yaml").functions[sys.argv[2]]
    sys.path.insert(0, str(function.code))
    worker = Worker(function, load(function.handler))
    Server(worker.answer, socket.socket(fileno=int(sys.argv[1]))).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
