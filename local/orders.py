"""What a stand-in has been told to do, what it was asked, and how to hold it in mid-air."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from typing import Any, Generic, TypeVar

from local.web import Answer, json_answer

T = TypeVar("T")

EVERY = "*"
"""Matches every operation."""


class Orders(Generic[T]):
    """Orders of one kind, a dataclass, for the next calls, by operation: first given, first used. Thread-safe."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._lock = threading.Lock()
        self._queue: deque[tuple[str, T, int | None]] = deque()

    def add(self, operation: str, order: T, times: int | None = 1) -> None:
        """`times` calls of the operation follow the order; None: all until `clear`."""
        with self._lock:
            self._queue.append((operation, order, times))

    def take(self, operation: str, *, every: bool = True) -> T | None:
        """The order this call must follow. `every`: also one for every operation."""
        with self._lock:
            for index, (asked, order, times) in enumerate(self._queue):
                if asked == operation or (every and asked == EVERY):
                    if times == 1:
                        del self._queue[index]
                    elif times is not None:
                        self._queue[index] = (asked, order, times - 1)
                    return order
        return None

    def clear(self) -> None:
        with self._lock:
            self._queue.clear()

    def control(self, asked: dict[str, Any], at_once: Mapping[str, Callable[[], object]]) -> Answer:
        """Orders from another process: the fields of the kind, `operation`, `times`; or what is done at once."""
        for name, act in at_once.items():
            if asked.pop(name, False):
                act()
        operation, times = asked.pop("operation", EVERY), asked.pop("times", 1)
        unknown = set(asked) - {known.name for known in fields(self._kind)}  # type: ignore[arg-type]
        if unknown:
            return json_answer(400, {"error": f"unknown: {', '.join(sorted(unknown))}"})
        order = self._kind(**asked) if asked else None
        if order is not None:
            self.add(operation, order, times)
        return json_answer(200, {"ordered": order and asdict(order)})  # type: ignore[call-overload]


class Journal(Generic[T]):
    """A record of calls that a test can wait on, so that no test has to sleep."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._entries: list[T] = []

    def add(self, entry: T) -> None:
        with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()

    def entries(self) -> tuple[T, ...]:
        with self._changed:
            return tuple(self._entries)

    def clear(self) -> None:
        with self._changed:
            self._entries.clear()

    def wait_for(self, enough: Callable[[tuple[T, ...]], bool], timeout: float) -> bool:
        """Waits up to `timeout` seconds until the entries are enough; whether they are."""
        with self._changed:
            return self._changed.wait_for(lambda: enough(tuple(self._entries)), timeout)


class Gate:
    """Where calls wait: for a while, or until they are let through. Closing lets everyone through."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._releases = 0
        self._closed = False

    def pause(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._closed, seconds)

    def releases(self) -> int:
        """How many there were: read before a call is on record, so that whoever saw it there can let it through."""
        with self._changed:
            return self._releases

    def hold(self, releases: int) -> None:
        """Waits until there were more than so many."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._releases > releases)

    def release(self) -> None:
        """Lets everyone through who has come so far."""
        with self._changed:
            self._releases += 1
            self._changed.notify_all()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify_all()
