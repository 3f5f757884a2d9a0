"""A stand-in for EventBridge Scheduler: calls the scheduled handlers at the rate that template.yaml gives them."""

from __future__ import annotations

import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from local.function import Handler, load, new_context
from local.template import Function, Schedule


class Scheduler:
    """One thread per schedule. `wait` pauses for some seconds, and says whether it is time to end."""

    def __init__(
        self,
        schedules: Sequence[Schedule],
        handler_of: Callable[[str], Handler] = load,
        wait: Callable[[float], bool] | None = None,
    ) -> None:
        self._schedules = [(schedule, handler_of(schedule.function.handler)) for schedule in schedules]
        self._wait = wait or threading.Event().wait

    def start(self) -> list[threading.Thread]:
        """The threads, which end with the process."""
        threads = [threading.Thread(target=self._keep, args=entry, daemon=True) for entry in self._schedules]
        for thread in threads:
            thread.start()
        return threads

    def _keep(self, schedule: Schedule, handler: Handler) -> None:
        while not self._wait(schedule.seconds):
            try:
                handler(event(schedule.function, datetime.now(UTC)), new_context(schedule.function))
            except Exception:  # noqa: BLE001 - Lambda reports what a handler raises, and the next time comes all the same
                traceback.print_exc(file=sys.stderr)


def event(function: Function, now: datetime) -> dict[str, Any]:
    """What a schedule hands to its function."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": "000000000000",
        "time": now.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [f"arn:aws:scheduler:us-east-1:000000000000:schedule/default/local-{function.id}Schedule"],
        "detail": "{}",
    }
