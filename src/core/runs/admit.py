"""Before anything is paid: may this dispatch run? Gather in one read, decide, claim in one step.

The gathered values only choose the answer that is told; what holds under races are the conditions of
the two writes: the reservation on the breaker's item, and the claim of the idempotency key.
"""

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from core.actions import states
from core.app import App
from core.audit import content, events, log
from core.audit.content import Content
from core.canonical import canonical, iso
from core.config import DISPATCH_SLACK_SECONDS, TASK_LIMITS
from core.dispatcher import breaker, dedupe, gates, pricing
from core.dispatcher.breaker import BREAKER_ID, Refusal, billed_by
from core.dispatcher.ledger import Charge, Reserved
from core.dispatcher.tripping import audit_breaker
from core.errors import LeaseHeld, StoreUnavailable, TooLarge
from core.policy.version import version
from core.prompts.request import geography
from core.runs import record, results
from core.runs.ending import abandoned, unpaid
from core.runs.finish import finish
from core.runs.record import Run
from core.store import Item, Write
from core.tasks import registry
from core.types import ActionState, Context, Json, Prompt, TaskRequest

TRIES: Final = 4
GONE: Final[frozenset[ActionState]] = frozenset({"rejected", "expired", "shadowed", "superseded"})
"""What has ended without an effect. Where the Captain has rejected some of a draft and all of it is gone, its content
may be dispatched again."""


@dataclass(frozen=True)
class Candidate:
    """A run that is to be admitted, charged for the worst case of one attempt, and what it is made from."""

    run: Run
    request: TaskRequest
    prompt: Prompt
    contents: tuple[Content, Content]
    """The request's bytes, and what a later judgement needs apart from them."""


@dataclass(frozen=True)
class Gathered:
    """What was read at once before deciding."""

    key: Item | None
    storm: Item | None
    breaker: Item | None


def open_run(app: App, request: TaskRequest, context: Context, prompt: Prompt) -> Run | Json:
    """The claimed and charged run, or the body that says why there is none. Raises TooLarge for what cannot be kept."""
    candidate = _candidate(app, request, context, prompt)
    if not all(content.fits(one.data) for one in candidate.contents):
        why = "what the model would read is too large to be kept: split the change, or lower MAX_INPUT_TOKENS"
        body = {"status": "error", "reason": TooLarge.code, "runId": candidate.run.id}
        _record_refusal(app, candidate, body, app.now())
        raise TooLarge(why)
    for _ in range(TRIES):
        gathered = _gather(app, request, candidate.run.dedupe_key)
        now = app.now()
        free = _free(app, candidate, gathered, now)
        if not isinstance(free, dedupe.Free):
            return _record_refusal(app, candidate, free, now)
        opened = _claim(app, candidate, gathered, free, now)
        if opened is not None:
            return opened
    raise StoreUnavailable("too many dispatches of the same content at once; try again")


def known(app: App, request: TaskRequest, context: Context, prompt: Prompt) -> str:
    """Why a dispatch would not run now whatever the money; empty when it would. One read.

    What the Captain has rejected counts as known: nobody asked for it again.
    """
    gathered = _gather(app, request, dedupe.task_key(app.settings.repository, request, context, prompt))
    now = app.now()
    match dedupe.judge(gathered.key, now):
        case dedupe.Duplicate():
            return "the same text was worked on within DEDUPE_WINDOW_HOURS"
        case dedupe.InProgress():
            return "a run for it is under way"
    storm = gates.storms(gathered.storm, prompt.facts.target_state, now, app.settings.limits)
    return "a comment of this kind was posted lately" if storm else ""


def _candidate(app: App, request: TaskRequest, context: Context, prompt: Prompt) -> Candidate:
    run_id = app.new_id()
    key = dedupe.task_key(app.settings.repository, request, context, prompt)
    worst = pricing.worst_case(prompt.model, prompt.input_bound, prompt.max_tokens, geography(prompt.body))
    run = Run(
        id=run_id,
        task_type=request.task_type,
        target=request.target,
        target_state=prompt.facts.target_state,
        principal=request.principal,
        model=prompt.model,
        max_tokens=prompt.max_tokens,
        ceiling=registry.ceiling(app, request),
        dedupe_key=f"{key}#{run_id}" if request.force else key,
        force=request.force,
        action_id=record.action_id(run_id, 0),
        charge=Charge(run_id, 1, worst, 0),
        head=log.Head.new(run_id),
    )
    about = {
        "facts": states.facts_as_json(prompt.facts),
        "template": prompt.template,
        "packs": {pack.name: pack.sha256 for pack in prompt.packs},
        "inputBound": prompt.input_bound,
    }
    named = {"prompt": prompt.body, "context": canonical(about)}
    sent, known_then = (Content(name, data, bytes.fromhex(app.random_hex())) for name, data in named.items())
    return Candidate(run, request, prompt, (sent, known_then))


def _gather(app: App, request: TaskRequest, key: str) -> Gathered:
    settings = app.settings
    storm = gates.storm_key(settings.repository, request.target, request.task_type)
    return Gathered(
        *app.store.batch_get(
            [
                (settings.dedupe_table, {"key": key}),
                (settings.dedupe_table, {"key": storm}),
                (settings.breaker_table, {"id": BREAKER_ID}),
            ]
        )
    )


def _free(app: App, candidate: Candidate, gathered: Gathered, now: int) -> dedupe.Free | Json:
    """The key to be claimed, or the body that says why it is not. See GONE for what frees it."""
    free = dedupe.judge(gathered.key, now)
    match free:
        case dedupe.Duplicate(_, result):
            by_now = _states(app, result, now)
            states_now = frozenset(one["state"] for one in by_now.values())
            if "rejected" not in states_now or not states_now <= GONE:
                return results.duplicate(results.by_now(result, by_now))
            free = dedupe.Free(gathered.key)
        case dedupe.InProgress(other):
            return results.in_progress(other)
    return _refusal(app, candidate, gathered, now) or free


def _states(app: App, result: Json, now: int) -> dict[str, Json]:
    """What has become by now of the actions of a run that ended with `result`: state, and where the comment is."""
    keys = [(app.settings.actions_table, {"id": one["actionId"]}) for one in result.get("actions", ())]
    stored = [states.read(row) for row in app.store.batch_get(keys) if row is not None] if keys else []
    return {one.action.id: {"state": one.shown_at(now), **({"url": one.url} if one.url else {})} for one in stored}


def _refusal(app: App, candidate: Candidate, gathered: Gathered, now: int) -> Json | None:
    limits, request, run = app.settings.limits, candidate.request, candidate.run
    trust = candidate.prompt.facts.trust
    if request.trusted_only and (trust is None or trust.asks):
        why = "nobody asked for it, and " + (trust.asks[0] if trust else "who wrote it is not known")
        return results.skipped(run.id, "untrusted", why)
    if not request.force and gates.storms(gathered.storm, run.target_state, now, limits):
        why = "a comment of this kind was posted lately and the target has not moved: push, wait, or ask with force"
        return results.skipped(run.id, "comment_storm", why)
    if gathered.breaker is None:
        why = "the breaker has no row yet: POST /circuit/reset creates it"
        return results.skipped(run.id, "circuit_open", why, 60)
    refusal = breaker.open_for(gathered.breaker, now, limits)
    refusal = refusal or breaker.over_budget(gathered.breaker, now, run.charge.amount, 1, limits)
    if refusal is None and run.charge.amount > run.ceiling:
        refusal = Refusal("budget_exhausted", 3600, "the worst case of one attempt is above the run's cost ceiling")
    if refusal is None:
        return None
    return results.skipped(run.id, refusal.reason, refusal.message, refusal.retry_after)


def _record_refusal(app: App, candidate: Candidate, body: Json, now: int) -> Json:
    """The decision as a chain of its own."""
    run, started = candidate.run, events.run_started(candidate.request, app.settings, version(app.team))
    finished = events.run_finished(
        str(body["status"]),
        iso(now),
        reason=body.get("reason", ""),
        firstRunId=body["runId"] if body["runId"] != run.id else "",
        **events.run_summary(started),
    )
    appended = log.append(app.settings.audit_table, run.head, now, [started, finished], closes=True)
    app.store.transact(appended.writes)
    app.measure("DispatchesSkipped", 1)
    return body


def _claim(app: App, candidate: Candidate, gathered: Gathered, free: dedupe.Free, now: int) -> Run | Json | None:
    """Reserve and claim at once. None: somebody else took the key in between."""
    settings, (sent, about) = app.settings, candidate.contents
    deadline = now + int((DISPATCH_SLACK_SECONDS + TASK_LIMITS[candidate.request.task_type].timeout_seconds) * 1000)
    lease_until = deadline + record.LEASE_MARGIN_MS
    charge = replace(candidate.run.charge, until=billed_by(deadline))
    run = replace(candidate.run, storm_seen=gathered.storm, started_at=now, charge=charge)
    if app.start_worker is None:
        run = replace(run, holder=app.new_id(), lease_until=lease_until, deliveries=1)
    entries = [
        events.run_started(candidate.request, settings, version(app.team), candidate.prompt.facts.attempts),
        events.prompt_stored(candidate.prompt, run.dedupe_key, sent.digest, about.digest),
        events.charge_requested(1, charge.amount, charge.until),
    ]
    appended = log.append(settings.audit_table, run.head, now, entries)
    run = replace(run, head=appended.head)
    writes: list[Write] = [
        dedupe.claim(settings.dedupe_table, run.dedupe_key, run.id, free, lease_until, deadline // 1000 + 86_400),
        record.insert(settings.dedupe_table, run),
        *(content.insert(settings.content_table, run.id, one) for one in candidate.contents),
        *appended.writes,
    ]
    try:
        reserved, lost = app.together(
            [
                lambda: app.ledger.reserve(run.id, charge.amount, 1, charge.until, now, ceiling=run.ceiling),
                lambda: app.store.transact(writes),
            ]
        )
        if lost is not None:
            if isinstance(reserved, Reserved):
                app.ledger.cancel(reserved.charge, 1)
            return None
        if isinstance(reserved, Refusal):
            return finish(app, unpaid(run, reserved))
        if reserved.probe:
            audit_breaker(app, "half_open", "the cooldown is over: this run is the probe", run.id)
    except StoreUnavailable as error:
        _take_back(app, run, error)
        raise
    return run


def _take_back(app: App, run: Run, error: StoreUnavailable) -> None:
    """A part of a claim failed. Nothing was sent and no worker knows of the run: who asks again is not to meet it.

    What cannot be taken back now, or is written late, ends by itself: the key with its lease, the charge with its hour.
    """
    try:
        finish(app, abandoned(run, error.message, error.code))
    except LeaseHeld:
        pass  # it was not written
    except StoreUnavailable:
        if app.start_worker is None:
            return  # a delivery's next turn may find the run and go on with it: that needs its charge
    with suppress(StoreUnavailable):
        app.ledger.cancel(run.charge, 1)
