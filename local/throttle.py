"""The throttle of API Gateway: a bucket of tokens for each route, which is full after a rest.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from time import monotonic

from local.template import Throttle


class Bucket:
    """Lets `throttle.burst` requests through at once, and `throttle.per_second` of them from then on. Thread-safe."""

    def __init__(self, throttle: Throttle, clock: Callable[[], float] = monotonic) -> None:
        self._throttle = throttle
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = float(throttle.burst)
        self._at = clock()

    def take(self) -> bool:
        """Whether there is a token left for one request."""
        with self._lock:
            now = self._clock()
            grown = self._tokens + (now - self._at) * self._throttle.per_second
            self._tokens, self._at = min(grown, float(self._throttle.burst)), now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
