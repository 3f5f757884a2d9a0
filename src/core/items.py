"""A plain value in DynamoDB's wire form, and the room that it takes there. Pure.

boto3 has this too: its import costs more than all of the store.
"""

from collections.abc import Mapping
from typing import Any

Item = dict[str, Any]


def size(value: Any) -> int:
    """Bytes that a value takes in an item, rounded up.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    """
    match value:
        case str():
            return len(value.encode())
        case bytes():
            return len(value)
        case Mapping():
            return 3 + sum(len(name.encode()) + 1 + size(part) for name, part in value.items())
        case list() | tuple():
            return 3 + sum(1 + size(part) for part in value)
        case _:
            return 21


def to_attribute(value: Any) -> Any:
    """A plain value in DynamoDB's wire form. Numbers are integers only."""
    match value:
        case bool():
            return {"BOOL": value}
        case int():
            return {"N": str(value)}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case None:
            return {"NULL": True}
        case Mapping():
            return {"M": to_item(value)}
        case list() | tuple():
            return {"L": [to_attribute(v) for v in value]}
        case frozenset():
            return {"SS": sorted(value)}
        case _:
            raise TypeError(f"no DynamoDB form for {type(value).__name__}")


def from_attribute(attribute: Any) -> Any:
    """The plain value of DynamoDB's wire form. Raises ValueError for kinds that this service never writes."""
    ((kind, value),) = attribute.items()
    match kind:
        case "N":
            return int(value)
        case "S" | "BOOL":
            return value
        case "B":
            return bytes(value)
        case "NULL":
            return None
        case "M":
            return from_item(value)
        case "L":
            return [from_attribute(v) for v in value]
        case "SS":
            return frozenset(value)
        case _:
            raise ValueError(f"unexpected attribute kind {kind}")


def to_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: to_attribute(value) for name, value in item.items()}


def from_item(item: Mapping[str, Any]) -> Item:
    return {name: from_attribute(value) for name, value in item.items()}
