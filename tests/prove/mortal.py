"""Runs a step in a process of its own, which a fuse may kill."""

from __future__ import annotations

import json
import os
import signal
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.prove.fuse import Fuse


@dataclass(frozen=True)
class Life:
    """How the process ended. `passed` and `answer` are known only of one that was not killed."""

    killed: bool
    passed: tuple[str, ...]
    answer: Any


def live(step: Callable[[Fuse], Any], at: int | str | None) -> Life:
    """Forks, and carries out `step` with a fuse set to `at`. Raises AssertionError when it failed otherwise."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _live_and_leave(step, Fuse(at), writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        told = pipe.read()
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return Life(True, (), None)
    report = json.loads(told)
    assert "error" not in report, report["error"]
    return Life(False, tuple(report["passed"]), report["answer"])


def _live_and_leave(step: Callable[[Fuse], Any], fuse: Fuse, writing: int) -> None:
    """Never returns: the parent's clean-up is not this process's to run."""
    try:
        answer = step(fuse)
        report = {"passed": fuse.passed, "answer": answer}
    except BaseException:  # noqa: BLE001 - told to the parent, which raises it
        report = {"error": traceback.format_exc()}
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(json.dumps(report).encode())
    os._exit(0)
