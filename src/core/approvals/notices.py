"""What comes to wait is told by itself, three times in a quarter of an hour; what comes after is held for one digest.

    comes to wait ──fewer than 3 told──▶ told
          └─────────3 told─────────────▶ held ──digest──▶ forgotten, with those told

One record has both. An id leaves it only once a message that names it was sent: whoever dies in between, it is told
twice rather than never.
"""

from typing import Final

from core.errors import StoreUnavailable
from core.store import Item, NotApplied, Store

KEY: Final = {"key": "notices"}
AT_ONCE: Final = 3
TRIES: Final = 5
_TELL: Final = ("ADD #told :one", "attribute_not_exists(#told) OR size(#told) < :most OR contains(#told, :id)")
_HOLD: Final = ("ADD #held :one", "size(#told) >= :most")


def tell_now(store: Store, table: str, action_id: str) -> bool:
    """Whether it is to be told by itself; else it is held. Both are on record."""
    values = {":one": frozenset({action_id}), ":most": AT_ONCE, ":id": action_id}
    for _ in range(TRIES):
        if _update(store, table, *_TELL, values):
            return True
        if _update(store, table, *_HOLD, {name: values[name] for name in (":one", ":most")}):
            return False  # lost: a digest has emptied the record in between
    raise StoreUnavailable("too many notices at once; try again")


def read(store: Store, table: str) -> Item:
    """The ids in `told` and `held`, as far as there are any."""
    return store.get(table, KEY) or {}


def forget(store: Store, table: str, seen: Item) -> None:
    """What was read leaves the record; what came since stays."""
    names = [name for name in ("told", "held") if name in seen]
    if names:
        expression = "DELETE " + ", ".join(f"#{name} :{name}" for name in names)
        _update(store, table, expression, "attribute_exists(#key)", {f":{name}": seen[name] for name in names})


def _update(store: Store, table: str, expression: str, condition: str, values: Item) -> bool:
    return not isinstance(
        store.update(table, KEY, expression=expression, condition=condition, values=values), NotApplied
    )
