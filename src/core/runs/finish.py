"""The one writer of endings: the run's record and events, its key, its rows and its charge.

    [settle ∥ record + events + key + rows] ─▶ breaker follows ─▶ metrics

A successor may hold the key by then, another run the target, and a look may have moved the action: these writes yield.
"""

from collections.abc import Callable

from core.app import App
from core.dispatcher.tripping import follow_outcome, trip
from core.errors import LeaseHeld, StoreUnavailable
from core.runs import record
from core.runs.ending import Bill, Ending
from core.store import Item, Lost
from core.types import Json


def finish(app: App, ending: Ending) -> Json:
    """Write it, and carry out what follows. Raises LeaseHeld when another invocation has taken the run over."""
    run, body, now = ending.run, ending.body, app.now()
    _, advanced = record.advance(
        app.settings,
        run,
        now,
        [*ending.entries, ending.finished],
        closes=True,
        stage="finished",
        result=body,
        holder="",
        lease_until=0,
    )
    key = record.keep_key(app.settings, run, body, now) if ending.keeps_key else record.release_key(app.settings, run)
    writes = [*advanced, key, *ending.rows]
    if settle_beside(app, ending.bill, lambda: app.store.transact_yielding(writes)) is not None:
        raise LeaseHeld("another invocation has taken this run over")
    if ending.gives_back:
        app.ledger.cancel(run.charge, 1)
    if ending.ill:
        follow_outcome(app, app.ledger.count_failure(run.id, now), run.id, failed=True)
    app.measure("DispatchesSkipped" if body["status"] == "skipped" else "RunsFinished", 1)
    if ending.waiting:
        app.measure("ActionsWaiting", ending.waiting)
    return body


def settle_beside(app: App, bill: Bill | None, write: Callable[[], Lost | None]) -> Lost | None:
    """Both at once: neither needs the other. A settlement that fails leaves the larger charge standing."""
    if bill is None:
        return write()

    def settled() -> Item | None:
        try:
            return app.ledger.settle(bill.charge, bill.amount, bill.at, failed=bill.failed, ended=app.now())
        except StoreUnavailable:
            return None

    item, lost = app.together([settled, write])
    if bill.failed is not None:
        follow_outcome(app, item, bill.charge.run, failed=bill.failed)
    if bill.amount > bill.charge.amount:
        trip(app, "reported usage above its bound", bill.charge.run)
    return lost if isinstance(lost, Lost) else None
