"""Request bodies: strict types, no coercion, no unknown fields."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadRequest
from core.types import Json

Number = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class QaPlanBody(Body):
    """POST /dispatch/qa-plan."""

    prNumber: Number  # noqa: N815 - the API's field name
    linkedIssue: Number | None = None  # noqa: N815
    force: bool = False


class RejectBody(Body):
    """POST /reject/{id}."""

    reason: Annotated[str, Field(max_length=1000)] = ""


class EraseBody(Body):
    """POST /audit/{runId}/erase."""

    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class EmptyBody(Body):
    """A route that takes no fields."""


B = TypeVar("B", bound=Body)


def read_body(model: type[B], body: Json) -> B:
    """The body as its model. Raises BadRequest naming every field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        faults = [f"{'.'.join(str(part) for part in e['loc'])[:60] or 'body'}: {e['msg']}" for e in error.errors()[:5]]
        raise BadRequest("; ".join(faults)) from None
