"""One function inside Lambda's runtime interface emulator: its package, its time limit, real events."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import urllib3

from local.template import Function
from local.web import HOST, listen
from tests.runtime.machine import emulator, interpreter, runtime_client


class Emulated:
    """A function between `enter` and `exit`. One call at a time: two at once crash the emulator."""

    def __init__(self, function: Function, package: Path, environment: Mapping[str, str], log: Path) -> None:
        self._function = function
        self._package = package
        self._environment = environment
        self._log = log
        self._port, runtime_port = _free_port(), _free_port()
        self.url = f"http://{HOST}:{self._port}/2015-03-31/functions/function/invocations"
        self._command = [emulator(), "--log-level", "error"]
        self._command += ["--runtime-interface-emulator-address", f"{HOST}:{self._port}"]
        self._command += ["--runtime-api-address", f"{HOST}:{runtime_port}"]
        # Python's own site-packages stay out: a function has what its package holds, and the runtime's client.
        self._command += [interpreter().path, "-S", "-m", "awslambdaric", function.handler]
        self._process: subprocess.Popen[bytes] | None = None
        self._http = urllib3.PoolManager(retries=urllib3.Retry(connect=8, read=0, backoff_factor=0.05), timeout=60.0)

    def __enter__(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the emulator and our own package
                self._command,
                cwd=self._package,
                env={
                    **self._environment,
                    "PYTHONPATH": str(runtime_client()),
                    "LAMBDA_TASK_ROOT": str(self._package),
                    "AWS_LAMBDA_FUNCTION_NAME": self._function.id,
                    "AWS_LAMBDA_FUNCTION_TIMEOUT": str(self._function.timeout_seconds),
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(self._function.memory_mb),
                    "AWS_LAMBDA_LOG_FORMAT": "JSON",
                },
                stdout=log,
                stderr=log,
                start_new_session=True,  # so that what it starts ends with it
            )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def invoke(self, event: Any) -> Any:
        """The handler's result. Raises AssertionError with the end of the log where it failed or timed out."""
        answer = self._http.request("POST", self.url, body=json.dumps(event).encode())
        result = json.loads(answer.data) if answer.data else None
        if answer.status != 200 or (isinstance(result, dict) and "errorType" in result):
            raise AssertionError(f"{self._function.id}: {result}\n{self.log()[-3000:]}")
        return result

    def log(self) -> str:
        """What the function has written so far."""
        return self._log.read_text(errors="replace")


def _free_port() -> int:
    with listen() as probe:
        port: int = probe.getsockname()[1]
        return port
