"""SnapStart: what a snapshot of an initialised function may hold, and what each copy of it makes anew.

Before the snapshot clients are made, and the policy is made ready. That sends nothing and reads no secret, so no
copy shares a connection, a token or the age of one; AWS's own credentials carry their expiry and are fetched again.
Ids, boundaries and salts come from the operating system, which Lambda reseeds. What the copies would share is the state
of `random`, from which botocore takes the pauses between its retries.
https://docs.aws.amazon.com/lambda/latest/dg/snapstart-uniqueness.html
"""

import os
import random

from core import bootstrap
from core.errors import ConfigurationError


def hook_in() -> None:
    """Registers both hooks where the runtime is about to take a snapshot; the module that does so is there alone."""
    if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
        from snapshot_restore_py import register_after_restore, register_before_snapshot

        register_before_snapshot(before_snapshot)
        register_after_restore(after_restore)


def before_snapshot() -> None:
    """Makes what every copy needs. A wrong setting is told to whoever calls the function, and not to the deployment."""
    from core.policy import engine  # not where no snapshot is taken of a function that judges nothing
    from core.tasks import registry

    engine.prepare(registry.draftings())
    try:
        bootstrap.app()
    except ConfigurationError:
        bootstrap.app.cache_clear()


def after_restore() -> None:
    """Tells this copy from the others."""
    random.seed()
