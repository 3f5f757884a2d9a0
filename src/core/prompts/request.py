"""The request body for Claude's Messages API, byte for byte as it is stored and sent."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from core.config import Effort
from core.types import Prompt

_GEOGRAPHY: Final = re.compile(rb'\{"model":"[^"]*","inference_geo":"([^"]*)"')


def request_body(
    *,
    model: str,
    inference_geo: str | None,
    max_tokens: int,
    effort: Effort,
    system: Sequence[str],
    user: str,
    wire_schema: Mapping[str, Any],
) -> bytes:
    """JSON in UTF-8. No sampling parameters, forced tools or prefill: current models answer 400 to them.

    Without `inference_geo` the default of the workspace would apply, which may cost more. Nothing is marked as
    cacheable, see `cacheable`. Thinking counts as output: `effort` says how much of it.
    """
    body = {
        "model": model,
        **({} if inference_geo is None else {"inference_geo": inference_geo}),
        "max_tokens": max_tokens,
        "service_tier": "standard_only",
        "system": [{"type": "text", "text": text} for text in system],
        "messages": [{"role": "user", "content": [{"type": "text", "text": user}]}],
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": effort, "format": {"type": "json_schema", "schema": wire_schema}},
    }
    return _written(body)


def geography(body: bytes) -> str | None:
    """The inference geography that a stored request names."""
    match = _GEOGRAPHY.match(body)
    return match[1].decode() if match else None


def asks_for(body: bytes, wire_schema: Mapping[str, Any]) -> bool:
    """Whether a stored request asks for answers of this schema, which is its last value."""
    return body.endswith(_written(wire_schema) + b"}}}")


def cacheable(prompt: Prompt) -> Prompt:
    """The same prompt with all of its system texts but the last, which is private to this request, in the cache.

    For five minutes, each hit beginning them anew. The bound on its price already counts the cache's dearest rate.
    """
    body = json.loads(prompt.body)
    body["system"][-2]["cache_control"] = {"type": "ephemeral"}
    return replace(prompt, body=_written(body))


def _written(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
