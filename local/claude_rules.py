"""What the Messages API refuses: the stand-in refuses the same, or tests pass that production does not.

Sources: the API reference of the Messages API and of structured outputs, and the anthropic SDK's
`transform_schema`, which knows the keywords of JSON Schema that the API accepts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match

MODELS: Final = {"claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"}

SAYS: Final = "says"
"""The API's own words for a part of a schema that is not met."""
_NO_SAMPLING: Final = {"not": {}, SAYS: "sampling parameters are not supported by this model"}
_BLOCK: Final = {
    "type": "object",
    "required": ["type", "text"],
    "properties": {
        "type": {"const": "text", SAYS: "this stand-in knows text blocks only"},
        "text": {"type": "string", "pattern": r"\S", SAYS: "text content blocks must contain non-whitespace text"},
    },
}
_TEXTS: Final = {"type": ["string", "array"], "items": _BLOCK}
_EVERYWHERE: Final = (
    "type", "title", "description", "enum", "const", "anyOf", "allOf", "$ref", "$defs", "default",
)  # fmt: skip
_KEYWORDS: Final = {
    "object": ("properties", "required", "additionalProperties"),
    "array": ("items", "minItems"),
    "string": ("format",),
}
_FORMATS: Final = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "anyOf": [{"required": [name]} for name in ("type", "anyOf", "allOf", "$ref", "enum", "const")],
    "properties": {
        "type": {"type": "string", SAYS: "a list of types is not supported, use anyOf"},
        "properties": {"additionalProperties": {"$ref": "#/$defs/schema"}},
        "$defs": {"additionalProperties": {"$ref": "#/$defs/schema"}},
        "anyOf": {"items": {"$ref": "#/$defs/schema"}},
        "allOf": {"items": {"$ref": "#/$defs/schema"}},
        "items": {"$ref": "#/$defs/schema"},
        "minItems": {"enum": [0, 1], SAYS: "'minItems' values other than 0 or 1 are not supported"},
        "format": {"enum": [*_FORMATS]},
        "additionalProperties": {"const": False, SAYS: "'additionalProperties' must be explicitly set to false"},
    },
    "propertyNames": {"enum": [*_EVERYWHERE, *(word for words in _KEYWORDS.values() for word in words)]},
    "if": {"properties": {"type": {"const": "object"}}, "required": ["type"]},
    "then": {"required": ["additionalProperties"]},
    "dependentSchemas": {
        word: {
            "required": ["type"],
            "properties": {"type": {"const": kind, SAYS: f"{word!r} is for type {kind!r} alone"}},
        }
        for kind, words in _KEYWORDS.items()
        for word in words
    },
}
REQUEST: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["model", "max_tokens", "messages"],
    "properties": {
        **dict.fromkeys(("metadata", "stop_sequences", "tools", "cache_control"), True),
        **dict.fromkeys(("temperature", "top_p", "top_k"), _NO_SAMPLING),
        "model": {"type": "string"},
        "inference_geo": {"enum": [None, "global", "us"]},
        "max_tokens": {"type": "integer", "minimum": 1},
        "system": _TEXTS,
        "messages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["role", "content"],
                "properties": {"role": {"enum": ["user", "assistant"]}, "content": {**_TEXTS, "minLength": 1}},
            },
        },
        "thinking": {
            "type": ["object", "null"],
            "required": ["type"],
            "additionalProperties": False,
            "properties": {"type": {"const": "adaptive"}, "display": {}},
            SAYS: "only 'adaptive' is supported by this model, without a budget; use output_config.effort",
        },
        "tool_choice": {"properties": {"type": {"not": {"enum": ["any", "tool"]}, SAYS: "it cannot be forced"}}},
        "service_tier": {"enum": ["auto", "standard_only"]},
        "stream": {"enum": [False, None], SAYS: "this stand-in does not stream"},
        "output_config": {
            "type": ["object", "null"],
            "additionalProperties": False,
            "properties": {
                "effort": {"enum": ["low", "medium", "high", "xhigh", "max"]},
                "format": {
                    "type": ["object", "null"],
                    "required": ["type", "schema"],
                    "additionalProperties": False,
                    "properties": {"type": {"const": "json_schema"}, "schema": {"$ref": "#/$defs/schema"}},
                },
            },
        },
    },
    "$defs": {"schema": _SCHEMA},
}
_VALIDATOR: Final = Draft202012Validator(REQUEST)


@dataclass(frozen=True)
class Objection:
    """Why a request is refused, as the API would say it."""

    status: int
    type: str
    message: str


def objection(body: Any) -> Objection | None:
    """What the API objects to in a decoded request body; None when it would take it."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return _invalid("The request body is not valid JSON: unpaired surrogate in a string")
    model = body.get("model") if isinstance(body, dict) else None
    if isinstance(model, str) and model not in MODELS:
        return Objection(404, "not_found_error", f"model: {model}")
    wrong = best_match(_VALIDATOR.iter_errors(body))
    if wrong is not None:
        return _invalid(_in_its_words(wrong))
    roles = [message["role"] for message in body["messages"]]
    if roles[0] != "user":
        return _invalid("messages: first message must use the user role")
    if roles[-1] == "assistant":
        return _invalid("This model does not support assistant message prefill: the last message must be the user's.")
    return None


def _in_its_words(wrong: ValidationError) -> str:
    where = [str(step) for step in wrong.absolute_path]
    if wrong.validator == "required":
        required, given = cast(tuple[list[str], Mapping[str, Any]], (wrong.validator_value, wrong.instance))
        missing = next(name for name in required if name not in given)
        return f"{'.'.join([*where, missing])}: Field required"
    says = wrong.schema.get(SAYS) if isinstance(wrong.schema, dict) else None
    return f"{'.'.join(where)}: {says or wrong.message[:300]}"


def _invalid(message: str) -> Objection:
    return Objection(400, "invalid_request_error", message)
