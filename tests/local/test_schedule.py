"""The local stand-in for EventBridge Scheduler."""

from __future__ import annotations

from typing import Any

from local.schedule import Scheduler
from local.template import Template


def test_the_scheduled_handlers_are_called_at_the_rate_of_the_template(template: Template) -> None:
    assert {(s.function.handler, s.seconds) for s in template.schedules} >= {
        ("handlers.checkpoint.handler", 300),
        ("handlers.reconcile.handler", 900),
    }


def test_a_handler_that_raises_is_called_again(template: Template) -> None:
    called: list[dict[str, Any]] = []
    waited: list[float] = []

    def handler_of(name: str) -> Any:
        def handler(event: dict[str, Any], context: Any) -> None:
            called.append(event)
            assert context.get_remaining_time_in_millis() > 0
            raise RuntimeError(name)

        return handler

    def wait(seconds: float) -> bool:
        waited.append(seconds)
        return len(waited) > 3

    [thread] = Scheduler(template.schedules[:1], handler_of, wait).start()
    thread.join()
    assert waited == [template.schedules[0].seconds] * 4
    assert [event["source"] for event in called] == ["aws.scheduler"] * 3
