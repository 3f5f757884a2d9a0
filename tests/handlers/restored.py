"""A function that is initialised once and then runs twice, as SnapStart lets it: by forking.

    python restored.py

Says on standard output, one JSON line each: what stood when the snapshot was taken, and what each copy did.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from typing import Any

import snapshot_restore_py

from core import bootstrap
from handlers.health import handler


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 10_000


def tell(**what: Any) -> None:
    os.write(1, json.dumps(what).encode() + b"\n")


def copy(state: Any) -> None:
    """One restored environment. Its memory is the snapshot's; Python's own `random` is reseeded by a fork alone."""
    random.setstate(state)
    for hook in snapshot_restore_py.after:
        hook()
    answer = handler({"requestContext": {"requestId": "r"}}, Context())
    app = bootstrap.app()
    credentials = [principal.token_hash.hex() for principal in app.credentials()]
    tell(
        random=random.random(),  # noqa: S311 - botocore's pauses come from it
        id=app.new_id(),
        hex=app.random_hex(),
        status=answer["statusCode"],
        credentials=credentials,
    )


def main() -> None:
    for hook in snapshot_restore_py.before:
        hook()
    tell(apps=bootstrap.app.cache_info().currsize, threads=threading.active_count())
    state = random.getstate()
    sys.stdin.readline()  # until the test has looked at what was sent, and changed the secret
    for _ in range(2):
        child = os.fork()
        if child == 0:
            copy(state)
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
