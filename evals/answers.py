"""Where an answer comes from: Claude, the stand-in, or what somebody recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.app import App
from core.config import TASK_LIMITS
from core.dispatcher.pricing import Usage
from core.dispatcher.reply import Answered
from core.prompts.tokens import estimate
from core.types import Prompt
from evals.case import BadCase, Case
from evals.requests import digest

RECORDED: Final = Path(__file__).parent / "recorded"
STALE: Final = "stale"
UNSIGNED: Final = "no request"
_ENDS: Final = (".json", ".md", ".txt")


@dataclass(frozen=True)
class Given:
    """One answer, raw. `usage` is estimated where nobody reported it."""

    text: str
    model: str
    usage: Usage
    note: str = ""
    """`stale` when the answer was written for another request, `no request` when it does not say for which."""


@dataclass(frozen=True)
class Missing:
    """Why there is no answer."""

    why: str


def ask(app: App, case: Case, prompt: Prompt) -> Given | Missing:
    """One attempt at the model that `app` knows."""
    reply = app.model().send(prompt.body, TASK_LIMITS[case.task_type].timeout_seconds)
    if not isinstance(reply, Answered):
        return Missing(f"{reply.trouble}: {reply.detail}")
    note = "" if reply.answer.stop_reason == "end_turn" else reply.answer.stop_reason
    return Given(reply.answer.text, reply.answer.model, reply.answer.usage, note)


def recorded(folder: Path, case: Case, prompt: Prompt) -> Given | Missing:
    """`NAME.json` of the folder, or of its folder for the task: `{"request_sha256", "model", "answer"}`.

    The answer alone is taken too, also as NAME.md or NAME.txt: a plan from elsewhere.
    """
    path = _find(folder, case)
    if path is None:
        return Missing(f"{folder} has no answer")
    text = path.read_text("utf-8")
    entry = _entry(text)
    raw = entry["answer"] if entry else text
    note = UNSIGNED if entry is None else "" if entry["request_sha256"] == digest(prompt) else STALE
    usage = Usage(prompt.input_estimate, estimate(raw))
    return Given(raw, entry["model"] if entry else "unknown", usage, note)


def record(raw: Path, case: Case, prompt: Prompt, model: str, into: Path = RECORDED) -> Path:
    """Keeps `raw`/NAME.txt or .json as the case's recorded answer, unedited.

    Its request is `raw`/NAME.request.json where that lies beside it, else the one of today. Raises BadCase.
    """
    found = next((raw / f"{case.name}{end}" for end in (".txt", ".json") if (raw / f"{case.name}{end}").exists()), None)
    if found is None:
        raise BadCase(f"{raw} has no {case.name}.txt or {case.name}.json")
    request = raw / f"{case.name}.request.json"
    sha = hashlib.sha256(request.read_bytes()).hexdigest() if request.exists() else digest(prompt)
    entry = {"request_sha256": sha, "model": model, "answer": found.read_text("utf-8")}
    path = into / case.task_type / f"{case.name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(entry, ensure_ascii=False, indent=1) + "\n", "utf-8")
    return path


def read_answer(text: str) -> Mapping[str, Any]:
    """The answer as an object; empty when it is none. What is wrong with it is for policy to say."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _find(folder: Path, case: Case) -> Path | None:
    paths = (where / f"{case.name}{end}" for where in (folder / case.task_type, folder) for end in _ENDS)
    return next((path for path in paths if path.exists()), None)


def _entry(text: str) -> Mapping[str, Any] | None:
    value = read_answer(text)
    return value if {"request_sha256", "model", "answer"} <= value.keys() else None
