"""Before anything is paid: may this dispatch run? Gather in one read, decide, claim in one step.

The gathered values only choose the answer that is told; what holds under races are the conditions of
the two writes: the reservation on the breaker's item, and the claim of the idempotency key.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from core.app import App
from core.audit import content, events, log
from core.audit.chain import Head
from core.audit.content import Content
from core.canonical import canonical
from core.config import DISPATCH_SLACK_SECONDS, TASK_LIMITS
from core.dispatcher import breaker, dedupe, pricing
from core.dispatcher.breaker import BREAKER_ID, Refusal
from core.dispatcher.ledger import Charge, Reserved
from core.dispatcher.tripping import audit_breaker
from core.errors import StoreUnavailable
from core.policy.version import version
from core.runs import record, results
from core.runs.record import Run
from core.store import Item, Lost, Write
from core.tasks import registry
from core.types import Context, Json, Prompt, TaskRequest

TRIES: Final = 4


@dataclass(frozen=True)
class Gathered:
    """What was read at once before deciding."""

    key: Item | None
    storm: Item | None
    breaker: Item | None


def open_run(app: App, request: TaskRequest, context: Context, prompt: Prompt) -> Run | Json:
    """The claimed and charged run, or the body that says why there is none."""
    run_id = app.new_id()
    key = dedupe.task_key(app.settings.repository, request, context, prompt)
    if request.force:
        key += f"#{run_id}"
    for _ in range(TRIES):
        gathered = _gather(app, request, key)
        now = app.now()
        worst = pricing.worst_case(prompt.model, prompt.input_bound, prompt.max_tokens)
        refused = _decide(app, request, prompt, gathered, worst, run_id, now)
        if refused is not None:
            return _record_refusal(app, request, run_id, refused, now)
        opened = _claim(app, request, prompt, gathered, key, run_id, worst, now)
        if opened is not None:
            return opened
    raise StoreUnavailable("too many dispatches of the same content at once; try again")


def known(app: App, request: TaskRequest, context: Context, prompt: Prompt) -> str:
    """Why a dispatch would not run now whatever the money; empty when it would. One read."""
    gathered = _gather(app, request, dedupe.task_key(app.settings.repository, request, context, prompt))
    now = app.now()
    match dedupe.judge(gathered.key, now):
        case dedupe.Duplicate():
            return "the same text was worked on within DEDUPE_WINDOW_HOURS"
        case dedupe.InProgress():
            return "a run for it is under way"
    storm = dedupe.storms(gathered.storm, prompt.facts.target_state, now, app.settings.limits.storm_seconds)
    return "a comment of this kind was posted lately" if storm else ""


def _gather(app: App, request: TaskRequest, key: str) -> Gathered:
    settings = app.settings
    storm = dedupe.storm_key(settings.repository, request.target, request.task_type)
    return Gathered(
        *app.store.batch_get(
            [
                (settings.dedupe_table, {"key": key}),
                (settings.dedupe_table, {"key": storm}),
                (settings.breaker_table, {"id": BREAKER_ID}),
            ]
        )
    )


def _decide(
    app: App, request: TaskRequest, prompt: Prompt, gathered: Gathered, worst: int, run_id: str, now: int
) -> Json | None:
    limits = app.settings.limits
    match dedupe.judge(gathered.key, now):
        case dedupe.Duplicate(_, result):
            return results.duplicate(result)
        case dedupe.InProgress(other):
            return results.in_progress(other)
    if not request.force and dedupe.storms(gathered.storm, prompt.facts.target_state, now, limits.storm_seconds):
        return results.skipped(
            run_id, "comment_storm", "a comment of this kind was posted here lately and the head has not moved"
        )
    if gathered.breaker is None:
        return results.skipped(run_id, "circuit_open", "the breaker has no row yet: POST /circuit/reset creates it", 60)
    refusal = breaker.open_for(gathered.breaker, now, limits) or breaker.over_budget(
        gathered.breaker, now, worst, 1, limits
    )
    if refusal is None and worst > registry.ceiling(app, request):
        refusal = Refusal("budget_exhausted", 3600, "the worst case of one attempt is above the run's cost ceiling")
    return _skipped(run_id, refusal) if refusal else None


def _record_refusal(app: App, request: TaskRequest, run_id: str, body: Json, now: int) -> Json:
    """The decision as a chain of its own."""
    started = events.run_started(request, app.settings, version(app.team))
    head = Head.new(run_id)
    opened = log.append(app.settings.audit_table, head, now, [started])
    finished = events.run_finished(
        str(body["status"]),
        opened.writes[0].item["at"],
        reason=body.get("reason", ""),
        firstRunId=body["runId"] if body["runId"] != run_id else "",
        **events.run_summary(started),
    )
    closed = log.append(app.settings.audit_table, opened.head, now, [finished], closes=True)
    app.store.transact([*opened.writes, *closed.writes])
    app.measure("DispatchesSkipped", 1)
    return body


def _claim(
    app: App, request: TaskRequest, prompt: Prompt, gathered: Gathered, key: str, run_id: str, worst: int, now: int
) -> Run | Json | None:
    """Reserve and claim at once. None: somebody else took the key in between."""
    settings = app.settings
    timeout = TASK_LIMITS[request.task_type].timeout_seconds
    until = now + int((DISPATCH_SLACK_SECONDS + timeout) * 1000)
    inline = app.start_worker is None
    run = Run(
        id=run_id,
        stage="accepted",
        task_type=request.task_type,
        target=request.target,
        target_state=prompt.facts.target_state,
        principal=request.principal,
        model=prompt.model,
        max_tokens=prompt.max_tokens,
        ceiling=registry.ceiling(app, request),
        dedupe_key=key,
        storm_seen=gathered.storm["actionId"] if gathered.storm else "",
        force=request.force,
        started_at=now,
        charge=Charge(run_id, 1, worst, until),
        charged=0,
        action_id=record.action_id(run_id, 0),
        head=Head.new(run_id),
        holder=app.new_id() if inline else "",
        lease_until=until + record.LEASE_MARGIN_MS if inline else 0,
        deliveries=1 if inline else 0,
        result=None,
    )
    sent = Content("prompt", prompt.body, bytes.fromhex(app.random_hex()))
    about = Content("context", canonical(_context(prompt)), bytes.fromhex(app.random_hex()))
    appended = log.append(
        settings.audit_table,
        run.head,
        now,
        [
            events.run_started(request, settings, version(app.team), prompt.facts.attempts),
            events.prompt_stored(prompt, key, sent.digest, about.digest),
            events.charge_requested(1, worst, until),
        ],
    )
    run = replace(run, head=appended.head)
    free = dedupe.judge(gathered.key, now)
    assert isinstance(free, dedupe.Free)
    writes: list[Write] = [
        dedupe.claim(settings.dedupe_table, key, run_id, free, until + record.LEASE_MARGIN_MS, _day_after(until)),
        record.insert(settings.dedupe_table, run),
        content.insert(settings.content_table, run_id, sent),
        content.insert(settings.content_table, run_id, about),
        *appended.writes,
    ]
    reserved, lost = app.together(
        [
            lambda: app.ledger.reserve(run_id, worst, 1, until, now, ceiling=run.ceiling),
            lambda: app.store.transact(writes),
        ]
    )
    if isinstance(lost, Lost):
        if isinstance(reserved, Reserved):
            app.ledger.cancel(reserved.charge, 1)
        return None
    if isinstance(reserved, Refusal):
        return _withdraw(app, run, reserved, now)
    if reserved.probe:
        audit_breaker(app, "half_open", "the cooldown is over: this run is the probe", run_id)
    return run


def _withdraw(app: App, run: Run, refusal: Refusal, now: int) -> Json:
    """The key was ours and the money was not: give the key back and say so."""
    body = _skipped(run.id, refusal)
    _, writes = record.advance(
        app.settings,
        run,
        now,
        [
            events.charge_refused(refusal.reason, refusal.message),
            events.run_finished("skipped", run.started_iso, reason=refusal.reason, **record.summary(run)),
        ],
        closes=True,
        stage="finished",
        result=body,
    )
    app.store.transact([*writes, record.release_key(app.settings, run)])
    app.measure("DispatchesSkipped", 1)
    return body


def _skipped(run_id: str, refusal: Refusal) -> dict[str, Any]:
    return results.skipped(run_id, refusal.reason, refusal.message, refusal.retry_after)


def _context(prompt: Prompt) -> dict[str, Any]:
    """What a later judgement needs apart from the prompt's bytes."""
    return {
        "facts": asdict(prompt.facts),
        "template": prompt.template,
        "packs": {pack.name: pack.sha256 for pack in prompt.packs},
        "inputBound": prompt.input_bound,
    }


def _day_after(milliseconds: int) -> int:
    return milliseconds // 1000 + 86_400
