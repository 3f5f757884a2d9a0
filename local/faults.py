"""How the GitHub and relay stand-ins can fail, and at which moment of the work."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from local.orders import Gate, Journal, Orders
from local.repository import Refused
from local.web import Answer, HangUp, Request

T = TypeVar("T")


@dataclass(frozen=True)
class Fault:
    """One way to fail. Everything left out goes as usual."""

    status: int | None = None
    """Answer this and do nothing."""
    done: bool = False
    """With a status: do the work first."""
    message: str = "Ordered from the stand-in"
    headers: Mapping[str, str] = field(default_factory=dict)
    hold: bool = False
    """Wait before the work until `release`."""
    hang_up: bool = False
    """Do nothing, and close the connection without an answer."""
    lose_answer: bool = False
    """Do the work, and close the connection without an answer."""
    land_later: bool = False
    """Close the connection without an answer, and do the work at the next `land`."""
    delay_seconds: float = 0.0
    """Do the work, and answer so late."""


@dataclass(frozen=True)
class Call:
    """One call as it came. `operation` is the stand-in's name for it, such as `files` or `relay.comment`."""

    operation: str
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


Complain = Callable[[int, str], Answer]
"""Renders an error in the shape of the service: status and message in, answer out."""


class Faults:
    """Decides for each call whether and when its work is done."""

    def __init__(self) -> None:
        self.calls: Journal[Call] = Journal()
        self._orders = Orders(Fault)
        self._gate = Gate()
        self._late: list[Callable[[], object]] = []

    def order(self, operation: str, fault: Fault, times: int | None = 1) -> None:
        """The next `times` calls of the operation fail so; None: all until `clear`; `*` means any operation."""
        self._orders.add(operation, fault, times)

    def release(self) -> None:
        """Lets the calls go on that are held."""
        self._gate.release()

    def land(self) -> None:
        """Does the work of the calls whose work was to land later."""
        late, self._late = self._late, []
        for work in late:
            with contextlib.suppress(Refused):  # nobody is there any more to be told
                work()

    def forget_orders(self) -> None:
        """What is ordered and was not met yet does not happen."""
        self._orders.clear()

    def clear(self) -> None:
        self._orders.clear()
        self.calls.clear()
        self._late.clear()
        self._gate.release()

    def close(self) -> None:
        self._gate.close()

    def perform(self, operation: str, request: Request, work: Callable[[], Answer], complain: Complain) -> Answer:
        """Does the work of one call as ordered. Raises HangUp."""
        releases = self._gate.releases()
        self.calls.add(
            Call(operation, request.method, request.path, request.query, dict(request.headers), request.body)
        )
        fault = self._orders.take(operation) or Fault()
        try:
            return self._follow(fault, releases, work, work)
        except Refused as refused:
            answer = complain(refused.status, refused.message)
            return Answer(answer.status, answer.body, {**answer.headers, **fault.headers})

    def in_steps(self, operation: str, steps: Sequence[Callable[[], object]]) -> None:
        """Does the steps of one call's work, each as ordered for `operation`. Raises Refused, HangUp.

        A step that lands later takes those after it along: the service goes on, and its caller has gone.
        """
        for index, step in enumerate(steps):
            fault = self._orders.take(operation, every=False) or Fault()
            self._follow(fault, self._gate.releases(), step, partial(_one_after_another, steps[index:]))

    def _follow(self, fault: Fault, releases: int, work: Callable[[], T], late: Callable[[], object]) -> T:
        """What the work gives. Raises HangUp, and Refused for an ordered status."""
        if fault.hold:
            self._gate.hold(releases)
        if fault.land_later:
            self._late.append(late)
        if fault.hang_up or fault.land_later:
            raise HangUp
        if fault.status is not None and not fault.done:
            raise Refused(fault.status, fault.message)
        given = work()
        if fault.status is not None:
            raise Refused(fault.status, fault.message)
        self._gate.pause(fault.delay_seconds)
        if fault.lose_answer:
            raise HangUp
        return given

    def control(self, order_body: dict[str, Any]) -> Answer:
        """Orders from another process: the fields of Fault, `operation`, `times`; or clear, release, land."""
        return self._orders.control(order_body, {"clear": self.clear, "release": self.release, "land": self.land})


def _one_after_another(steps: Sequence[Callable[[], object]]) -> None:
    for step in steps:
        step()
