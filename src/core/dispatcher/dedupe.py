"""Idempotency of dispatches: what makes two of them the same, and who may run. Pure.

One record per content:   absent ──claim──▶ in_flight ──finish──▶ done ──window over──▶ claimed anew
                                              │  └──failed, rejected, skipped──▶ absent
                                              └──lease over──▶ claimed by the next caller

TTL deletes late and at leisure, so expiry is judged from the record, never from its absence.
Times are milliseconds.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from core.canonical import digest
from core.store import Insert, Item, Update, Write
from core.types import Context, Prompt, PullRequest, TaskRequest

KEY: Final = "key"
"""The name of every write of an idempotency key."""


@dataclass(frozen=True)
class Free:
    """Nobody holds the key. `stale` is the expired record that has to be replaced."""

    stale: Item | None


@dataclass(frozen=True)
class Duplicate:
    """The same content was worked on within the window."""

    run_id: str
    result: Mapping[str, Any]


@dataclass(frozen=True)
class InProgress:
    """The same dispatch is still running."""

    run_id: str


def task_key(repository: str, request: TaskRequest, context: Context, prompt: Prompt) -> str:
    """The idempotency key: a hash over everything that shapes the answer."""
    pull, issue = context.pull, context.issue
    planned = {
        "issues": [[one.number, one.title, one.body] for one in context.issues],
        "capacity": request.capacity,
        "dependsOn": [[number, list(others)] for number, others in sorted(request.depends_on.items())],
    }
    return "task#" + digest(
        {
            "taskType": request.task_type,
            "repository": repository,
            "target": [request.target.type, request.target.number],
            "head": pull.head_sha if pull else None,
            **({"base": pull.base_ref, "diff": _diff(pull)} if pull else {}),
            "title": pull.title if pull else None,
            "body": pull.body if pull else None,
            "issue": [issue.number, issue.title, issue.body] if issue else None,
            **(planned if context.issues else {}),
            **({"paths": list(prompt.facts.changed_paths)} if context.tree else {}),
            "template": prompt.template_hash,
            "packs": {pack.name: pack.sha256 for pack in prompt.packs},
            "model": prompt.model,
        }
    )


def _diff(pull: PullRequest) -> str:
    """A digest of what the files of the pull request change."""
    return digest([[f.path, f.previous_path, f.status, f.additions, f.deletions, f.patch] for f in pull.files])


def judge(record: Item | None, now: int) -> Free | Duplicate | InProgress:
    """What the record of a key means at `now`."""
    if record is None:
        return Free(None)
    if record["state"] == "done" and now < record["expiresAt"]:
        return Duplicate(record["runId"], json.loads(record["result"]))
    if record["state"] == "in_flight" and now < record["leaseUntil"]:
        return InProgress(record["runId"])
    return Free(record)


def claim(table: str, key: str, run_id: str, free: Free, lease_until: int, ttl: int) -> Write:
    """The write that takes the key, on condition that the record is still the one that was read."""
    fields = {"runId": run_id, "state": "in_flight", "leaseUntil": lease_until, "ttl": ttl}
    if free.stale is None:
        return Insert(table, {"key": key, **fields}, KEY)
    return Update(
        table,
        {"key": key},
        change=fields,
        where={"runId": free.stale["runId"], "state": free.stale["state"], "leaseUntil": free.stale["leaseUntil"]},
        name=KEY,
    )
