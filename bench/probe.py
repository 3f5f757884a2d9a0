"""One function in a process of its own: `python -m bench.probe handlers.health.handler`.

Imports the handler as Lambda's init phase does, then answers one event per line of standard input. Each line of
its output says what that step took; what the handler prints is thrown away. Standard library only, so that
nothing is measured as loaded already.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

SDK = "anthropic"
ELSEWHERE = ("click", "rich")
"""The command line's, which shares this environment: httpx would import them here, and no package holds them."""
INVOCATION_MS = 60_000


class Lookout:
    """Sits in the import system: notes what is loaded when the model's SDK is asked for, hides what is elsewhere."""

    def __init__(self) -> None:
        self.before_sdk: int | None = None

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name == SDK and self.before_sdk is None:
            self.before_sdk = len(sys.modules)
        if name in ELSEWHERE:
            raise ModuleNotFoundError(name)


class Context:
    """The context that Lambda passes, as far as the handlers use it."""

    function_name = "probe"
    function_version = "$LATEST"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:us-east-1:000000000000:function:probe"
    aws_request_id = "00000000-0000-4000-8000-000000000000"
    log_group_name = log_stream_name = "local"

    def get_remaining_time_in_millis(self) -> int:
        return INVOCATION_MS


def peak_kib() -> int:
    """The most memory that this process has held. On Linux `ru_maxrss` begins with the parent's, so it is not asked."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    lookout = Lookout()
    sys.meta_path.insert(0, lookout)  # type: ignore[arg-type]

    def measured(step: Callable[[], Any]) -> Any:
        wall, cpu = time.perf_counter(), time.process_time()
        result = step()
        took = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall}
        took |= {"modules": len(sys.modules), "before_sdk": lookout.before_sdk, "peak_kib": peak_kib()}
        channel.write(json.dumps({**took, "result": result if isinstance(result, dict) else None}) + "\n")
        return result

    module, _, name = sys.argv[1].rpartition(".")
    handler = measured(lambda: getattr(import_module(module), name))
    context = Context()
    for line in sys.stdin:
        event = json.loads(line)
        measured(lambda event=event: handler(event, context))


if __name__ == "__main__":
    main()
