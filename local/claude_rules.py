"""What the Messages API refuses: the stand-in refuses the same, or tests pass that production does not.

Sources: the API reference of the Messages API and of structured outputs, and the anthropic SDK's
`transform_schema`, which knows the keywords of JSON Schema that the API accepts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

MODELS: Final = {"claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"}

_FIELDS: Final = {
    "model", "inference_geo", "max_tokens", "messages", "system", "metadata", "stop_sequences", "stream", "thinking",
    "output_config", "service_tier", "tools", "tool_choice", "cache_control", "temperature", "top_p", "top_k",
}  # fmt: skip
_GEOGRAPHIES: Final = ("global", "us")
_SAMPLING: Final = ("temperature", "top_p", "top_k")
_EFFORTS: Final = ("low", "medium", "high", "xhigh", "max")
_STRING_FORMATS: Final = {
    "date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid",
}  # fmt: skip
_SCHEMA_KEYWORDS: Final[Mapping[str, frozenset[str]]] = {
    "object": frozenset({"properties", "required", "additionalProperties"}),
    "array": frozenset({"items", "minItems"}),
    "string": frozenset({"format"}),
}
_SCHEMA_EVERYWHERE: Final = {
    "type", "title", "description", "enum", "const", "anyOf", "allOf", "$ref", "$defs", "default",
}  # fmt: skip


@dataclass(frozen=True)
class Objection:
    """Why a request is refused, as the API would say it."""

    status: int
    type: str
    message: str


def objection(body: Any) -> Objection | None:
    """What the API objects to in a decoded request body; None when it would take it."""
    if not isinstance(body, dict):
        return _invalid("The request body must be a JSON object")
    if _has_lone_surrogate(body):
        return _invalid("The request body is not valid JSON: unpaired surrogate in a string")
    model = body.get("model")
    if isinstance(model, str) and model not in MODELS:
        return Objection(404, "not_found_error", f"model: {model}")
    for problem in _problems(body):
        return _invalid(problem)
    return None


def _invalid(message: str) -> Objection:
    return Objection(400, "invalid_request_error", message)


def _problems(body: Mapping[str, Any]) -> Iterator[str]:
    for name in body:
        if name not in _FIELDS:
            yield f"{name}: Extra inputs are not permitted"
    for name in ("model", "max_tokens", "messages"):
        if name not in body:
            yield f"{name}: Field required"
            return
    if not isinstance(body["model"], str):
        yield "model: Input should be a valid string"
    if type(body["max_tokens"]) is not int or body["max_tokens"] < 1:
        yield "max_tokens: Input should be an integer greater than or equal to 1"
    if body.get("inference_geo") not in (None, *_GEOGRAPHIES):
        yield "inference_geo: Input should be 'global' or 'us'"
    for name in _SAMPLING:
        if name in body:
            yield f"{name}: sampling parameters are not supported by this model"
    yield from _system_problems(body.get("system", ""))
    yield from _message_problems(body["messages"])
    yield from _thinking_problems(body.get("thinking"))
    choice = body.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") in ("any", "tool"):
        yield "tool_choice: forced tool use is not supported by this model"
    if body.get("service_tier", "auto") not in ("auto", "standard_only"):
        yield "service_tier: Input should be 'auto' or 'standard_only'"
    if body.get("stream"):
        yield "stream: this stand-in does not stream"
    yield from _output_problems(body.get("output_config"))


def _system_problems(system: Any) -> Iterator[str]:
    if isinstance(system, str):
        return
    if not isinstance(system, list):
        yield "system: Input should be a string or a list of text blocks"
        return
    yield from _block_problems("system", system)


def _message_problems(messages: Any) -> Iterator[str]:
    if not isinstance(messages, list) or not messages:
        yield "messages: at least one message is required"
        return
    for index, message in enumerate(messages):
        where = f"messages.{index}"
        if not isinstance(message, dict) or message.get("role") not in ("user", "assistant"):
            yield f"{where}.role: Input should be 'user' or 'assistant'"
            return
        content = message.get("content")
        if isinstance(content, list):
            yield from _block_problems(f"{where}.content", content)
        elif not isinstance(content, str) or not content:
            yield f"{where}.content: must be non-empty text or a list of blocks"
    if messages[0]["role"] != "user":
        yield "messages: first message must use the user role"
    if messages[-1]["role"] == "assistant":
        yield "This model does not support assistant message prefill. The conversation must end with a user message."


def _block_problems(where: str, blocks: list[Any]) -> Iterator[str]:
    for index, block in enumerate(blocks):
        if not isinstance(block, dict) or block.get("type") != "text" or not isinstance(block.get("text"), str):
            yield f"{where}.{index}: this stand-in knows text blocks only"
        elif not block["text"].strip():
            yield f"{where}.{index}: text content blocks must contain non-whitespace text"


def _thinking_problems(thinking: Any) -> Iterator[str]:
    if thinking is None:
        return
    if not isinstance(thinking, dict) or thinking.get("type") != "adaptive":
        yield "thinking.type: only 'adaptive' is supported by this model; use output_config.effort"
    elif set(thinking) - {"type", "display"}:
        yield "thinking: budgets are not supported by this model; use output_config.effort"


def _output_problems(config: Any) -> Iterator[str]:
    if config is None:
        return
    if not isinstance(config, dict) or set(config) - {"effort", "format"}:
        yield "output_config: Extra inputs are not permitted"
        return
    if config.get("effort", "high") not in _EFFORTS:
        yield f"output_config.effort: Input should be one of {', '.join(_EFFORTS)}"
    shape = config.get("format")
    if shape is None:
        return
    if not isinstance(shape, dict) or shape.get("type") != "json_schema" or set(shape) != {"type", "schema"}:
        yield "output_config.format: Input should be {'type': 'json_schema', 'schema': …}"
        return
    yield from schema_problems(shape["schema"], "output_config.format.schema")


def schema_problems(schema: Any, where: str) -> Iterator[str]:
    """What structured output refuses in a JSON schema."""
    if not isinstance(schema, dict):
        yield f"{where}: Input should be a JSON schema object"
        return
    kind = schema.get("type")
    if kind is None and not {"anyOf", "allOf", "$ref", "enum", "const"} & set(schema):
        yield f"{where}: a schema needs a type"
    if isinstance(kind, list):
        yield f"{where}: a list of types is not supported, use anyOf"
        return
    for keyword in schema:
        if keyword not in _SCHEMA_EVERYWHERE and keyword not in _SCHEMA_KEYWORDS.get(str(kind), ()):
            yield f"{where}: For '{kind}' type, property '{keyword}' is not supported"
    if kind == "object":
        if schema.get("additionalProperties") is not False:
            yield f"{where}: For 'object' type, 'additionalProperties' must be explicitly set to false"
        for name, inner in schema.get("properties", {}).items():
            yield from schema_problems(inner, f"{where}.properties.{name}")
    if kind == "array":
        if schema.get("minItems", 0) not in (0, 1):
            yield f"{where}: For 'array' type, 'minItems' values other than 0 or 1 are not supported"
        if "items" in schema:
            yield from schema_problems(schema["items"], f"{where}.items")
    if kind == "string" and schema.get("format", "date") not in _STRING_FORMATS:
        yield f"{where}: string format '{schema['format']}' is not supported"
    for keyword in ("anyOf", "allOf"):
        for index, inner in enumerate(schema.get(keyword, ())):
            yield from schema_problems(inner, f"{where}.{keyword}.{index}")
    for name, inner in schema.get("$defs", {}).items():
        yield from schema_problems(inner, f"{where}.$defs.{name}")


def _has_lone_surrogate(value: Any) -> bool:
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    if isinstance(value, dict):
        return any(_has_lone_surrogate(item) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(_has_lone_surrogate(item) for item in value)
