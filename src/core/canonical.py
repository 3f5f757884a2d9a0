"""One byte form for one value, so that a hash means the same to everybody."""

import hashlib
import json
from datetime import UTC, datetime
from typing import Any


def canonical(value: Any) -> bytes:
    """JSON with sorted keys and no blanks, in UTF-8. Floats are refused (they print differently elsewhere)."""
    if _has_float(value):
        raise TypeError("canonical JSON holds no floats: write micro-dollars, milliseconds or text")
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, in hex."""
    return sha256(canonical(value))


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def camel(name: str) -> str:
    """The name under which a field `like_this` is stored: `likeThis`."""
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


def named(value: object, *names: str) -> dict[str, Any]:
    """These attributes of a value, under the names that they are stored by."""
    return {camel(name): getattr(value, name) for name in names}


def iso(milliseconds: int) -> str:
    """RFC 3339 in UTC with milliseconds: sorts as text in order of time."""
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{milliseconds % 1000:03d}Z"


def dollars(micro: int) -> str:
    """Micro-dollars as dollars with six decimals."""
    return f"{micro // 1_000_000}.{micro % 1_000_000:06d}"


def _has_float(value: Any) -> bool:
    if isinstance(value, float):
        return True
    if isinstance(value, dict):
        return any(_has_float(v) for v in value.values())
    if isinstance(value, list | tuple):
        return any(_has_float(v) for v in value)
    return False
