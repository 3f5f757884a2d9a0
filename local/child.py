"""A process of the stack: started, watched, stopped. Its output goes to a log file."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Final

import urllib3

ROOT: Final = Path(__file__).resolve().parent.parent
LEASH: Final = Path(__file__).with_name("leash.py")


class PartFailed(Exception):
    """A part of the stack did not come up, or fell; the message holds the end of what it said."""


class Child:
    """One module running in a process of its own that cannot outlive this one."""

    def __init__(
        self,
        name: str,
        module: Sequence[str],
        environment: Mapping[str, str],
        logs: Path,
        *,
        python: str = sys.executable,
        listener: socket.socket | None = None,
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self._command = [python, str(LEASH), *module]
        self._environment = dict(environment)
        self._listener = listener
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._begun = False

    def start(self) -> None:
        """Starts it unless it runs."""
        with self._lock:
            if self._process is not None and self._process.poll() is None:
                return
            self.log.parent.mkdir(parents=True, exist_ok=True)
            # The first start forgets what an earlier stack wrote; a restart goes on after the crash.
            with self.log.open("ab" if self._begun else "wb") as log:
                self._begun = True
                self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                    self._command,
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    pass_fds=() if self._listener is None else (self._listener.fileno(),),
                    # Ctrl-C reaches the parent alone, which then stops its children in order.
                    start_new_session=True,
                )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Ends it as a crash would: no clean-up, no last words."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.kill(process.pid, how)
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def wait_for_answer(self, url: str, seconds: float) -> int:
        """The status of its first answer to a GET. Raises PartFailed where it ends before, or takes longer."""
        http = urllib3.PoolManager(retries=False, timeout=2.0)
        deadline = monotonic() + seconds
        while self.running and monotonic() < deadline:
            try:
                return http.request("GET", url).status
            except urllib3.exceptions.HTTPError:
                sleep(0.05)
        raise self.failed()

    def failed(self) -> PartFailed:
        """That it did not start, with the end of its log."""
        return PartFailed(f"the {self.name} did not start:\n{self.last_words()}")

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        return self.log.read_text(errors="replace")[-2000:] if self.log.exists() else ""
