"""The request body for Claude's Messages API, byte for byte as it is stored and sent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any


def request_body(
    *, model: str, max_tokens: int, system: Sequence[str], user: str, wire_schema: Mapping[str, Any]
) -> bytes:
    """JSON in UTF-8. No sampling parameters, forced tools or prefill: current models answer 400 to them.

    No cache_control: each prompt is sent once. Thinking counts as output, so the effort is low.
    """
    body = {
        "model": model,
        "max_tokens": max_tokens,
        "service_tier": "standard_only",
        "system": [{"type": "text", "text": text} for text in system],
        "messages": [{"role": "user", "content": [{"type": "text", "text": user}]}],
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": wire_schema}},
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
