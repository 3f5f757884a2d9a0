"""A probe, seen from the bench: one process with one function, asked one event at a time."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from local.child import ROOT


@dataclass(frozen=True)
class Step:
    """What one step of the process took. Seconds; `peak_mib` and `modules` are as it ended."""

    cpu: float
    wall: float
    modules: int
    modules_before_sdk: int
    """All of them where the model's SDK is not imported."""
    peak_mib: float
    result: dict[str, Any] | None


class LaneFailed(Exception):
    """The process ended, or answered as it should not."""


class Lane:
    """Started by entering; `imported` is what it took until the handler could be called."""

    def __init__(self, handler: str, environment: Mapping[str, str], python: str = sys.executable) -> None:
        self._command = [python, "-m", "bench.probe", handler]
        self._environment = dict(environment)
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed on leaving
        self._process: subprocess.Popen[bytes] | None = None
        self.imported: Step

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            self._command,
            cwd=ROOT,
            env=self._environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self.imported = self._read()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.communicate()
        self._errors.close()

    def ask(self, event: Mapping[str, Any]) -> Step:
        """One invocation. Raises LaneFailed."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(event).encode() + b"\n")
        self._process.stdin.flush()
        return self._read()

    def expect(self, event: Mapping[str, Any], status: int) -> Step:
        """One invocation that must end with this HTTP status. Raises LaneFailed."""
        step = self.ask(event)
        if step.result is None or step.result.get("statusCode") != status:
            raise LaneFailed(f"expected {status}: {step.result}")
        return step

    def _read(self) -> Step:
        assert self._process is not None
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._errors.seek(0)
            raise LaneFailed(f"{self._command[-1]} ended: {self._errors.read()[-2000:].decode(errors='replace')}")
        figures = json.loads(line)
        return Step(
            cpu=figures["cpu"],
            wall=figures["wall"],
            modules=figures["modules"],
            modules_before_sdk=figures["before_sdk"] or figures["modules"],
            peak_mib=figures["peak_kib"] / 1024,
            result=figures["result"],
        )


def imported(handler: str, environment: Mapping[str, str]) -> Step:
    """The import of a fresh process."""
    with Lane(handler, environment) as lane:
        return lane.imported


def first(handler: str, environment: Mapping[str, str], event: Mapping[str, Any], status: int) -> tuple[Step, Step]:
    """Import and first answer of a fresh process."""
    with Lane(handler, environment) as lane:
        return lane.imported, lane.expect(event, status)
