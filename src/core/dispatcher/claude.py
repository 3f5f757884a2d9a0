"""The Claude client: one request through the `anthropic` SDK, exactly the stored bytes.

Importing the SDK costs about two seconds of CPU, so only `bootstrap.model()` imports this module.
The SDK's own retries are off: ours charge the budget before each attempt.
"""

import time
from typing import Any

import anthropic
import httpcore2
import httpx2

from core.dispatcher.reply import Reply, Unanswered, read_reply
from core.http.deadline import Clock, Late, LateToConnect, WholeExchange

_NOT_SENT = (LateToConnect, httpcore2.ConnectError, httpcore2.ConnectTimeout, httpcore2.UnsupportedProtocol)


class ClaudeClient:
    """Sends a stored request body to the Messages API, each over a connection of its own."""

    def __init__(self, api_key: str, base_url: str | None, clock: Clock = time.monotonic) -> None:
        transport: Any = WholeExchange(httpcore2, httpx2.Response, httpx2.create_ssl_context(), clock=clock)
        self._client = anthropic.Anthropic(
            api_key=api_key, base_url=base_url, max_retries=0, http_client=httpx2.Client(transport=transport)
        )

    def send(self, body: bytes, timeout: float) -> Reply:
        """One attempt, at most `timeout` seconds from now to the answer's last byte.

        Never raises for what the other side does.
        """
        try:
            response = self._client.post(
                "/v1/messages",
                content=body,
                cast_to=httpx2.Response,
                options={"timeout": timeout, "headers": {"content-type": "application/json"}},
            )
        except anthropic.APIStatusError as error:
            return read_reply(error.status_code, error.response.content, error.response.headers.get("retry-after"))
        except anthropic.APIConnectionError as error:
            if isinstance(error.__cause__, _NOT_SENT):
                return Unanswered("not_sent", "the model's address cannot be reached")
            if isinstance(error.__cause__, Late | httpcore2.TimeoutException):
                return Unanswered("no_answer", f"the model did not answer within {timeout:.0f} s")
            return Unanswered("no_answer", "the connection to the model broke before it answered")
        return read_reply(response.status_code, response.content, response.headers.get("retry-after"))
