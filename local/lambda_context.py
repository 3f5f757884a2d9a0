"""The context that Lambda passes to a handler, as far as handlers may use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from time import monotonic
from typing import Any

from local.template import Function

Handler = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Context:
    """One invocation of one function."""

    function_name: str
    aws_request_id: str
    memory_limit_in_mb: int
    deadline: float
    """On the clock of `time.monotonic`."""
    function_version: str = "$LATEST"
    log_group_name: str = "/aws/lambda/local"
    log_stream_name: str = "local"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:us-east-1:000000000000:function:{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self.deadline - monotonic()) * 1000))


def new_context(function: Function, request_id: str) -> Context:
    """The context of an invocation that begins now."""
    return Context(function.id, request_id, function.memory_mb, monotonic() + function.timeout_seconds)


def load(handler: str) -> Handler:
    """The function that `handlers.health.handler` names. Raises ImportError, AttributeError."""
    module, _, name = handler.rpartition(".")
    loaded: Handler = getattr(import_module(module), name)
    return loaded
