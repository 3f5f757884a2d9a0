"""The Claude client: one request through the `anthropic` SDK, exactly the stored bytes.

Importing the SDK costs about two seconds of CPU, so only `bootstrap.model()` imports this module.
The SDK's own retries are off: ours charge the budget before each attempt.
"""

from __future__ import annotations

import anthropic
import httpx2

from core.dispatcher.reply import Reply, Unanswered, read_reply


class ClaudeClient:
    """Sends a stored request body to the Messages API."""

    def __init__(self, api_key: str, base_url: str | None) -> None:
        self._client = anthropic.Anthropic(api_key=api_key, base_url=base_url, max_retries=0)

    def send(self, body: bytes, timeout: float) -> Reply:
        """One attempt, at most `timeout` seconds. Never raises for what the other side does."""
        try:
            response = self._client.post(
                "/v1/messages",
                content=body,
                cast_to=httpx2.Response,
                options={"timeout": timeout, "headers": {"content-type": "application/json"}},
            )
        except anthropic.APIStatusError as error:
            return read_reply(error.status_code, error.response.content, error.response.headers.get("retry-after"))
        except anthropic.APITimeoutError:
            return Unanswered("no_answer", f"the model did not answer within {timeout:.0f} s")
        except anthropic.APIConnectionError as error:
            if isinstance(error.__cause__, httpx2.ConnectError):
                return Unanswered("not_sent", "the model's address cannot be reached")
            return Unanswered("no_answer", "the connection to the model broke before it answered")
        return read_reply(response.status_code, response.content, response.headers.get("retry-after"))
