"""Request bodies: strict types, no coercion, no unknown fields."""

from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.config import MAX_SPRINT_ISSUES
from core.errors import BadRequest
from core.types import Json

Number = Annotated[int, Field(strict=True, ge=1, le=2**31 - 1)]
Several = Annotated[list[Number], Field(min_length=1, max_length=MAX_SPRINT_ISSUES)]


class Body(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class EmptyBody(Body):
    """A route that takes no fields."""


B = TypeVar("B", bound=Body)


def read_body(model: type[B], body: Json) -> B:
    """The body as its model. Raises BadRequest naming every field that is wrong."""
    try:
        return model.model_validate(body)
    except ValidationError as error:
        unknown = f"no such field; the body may have {', '.join(model.model_fields) or 'none'}"
        faults = [
            f"{'.'.join(str(part) for part in e['loc'])[:60] or 'body'}: "
            f"{unknown if e['type'] == 'extra_forbidden' else e['msg'].removeprefix('Value error, ')}"
            for e in error.errors()[:5]
        ]
        raise BadRequest("; ".join(faults)) from None
