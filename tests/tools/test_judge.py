"""`make judge-text` and `make judge-answers`: every line gets its answer, whatever stands in it."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Sequence
from typing import Any

import pytest

from core.types import Json
from tests.support.fakes import PLAN
from tools import judge

PATH = "dfg_api/pricing.py"
GOOD = json.dumps(PLAN)
FIELDS = {"id", "valid", "classification", "error", "rendered", "findings"}


class Pipe:
    """Standard input as bytes."""

    def __init__(self, lines: Sequence[Json | bytes]) -> None:
        rows = [line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines]
        self.buffer = io.BytesIO(b"".join(row + b"\n" for row in rows))


def run(what: str, lines: Sequence[Json | bytes], *options: str) -> tuple[list[dict[str, Any]], int]:
    """Everything that the tool prints, and its exit status."""
    printed = io.StringIO()
    status = judge.run([what, *options], {}, Pipe(lines).buffer, printed)
    return [json.loads(line) for line in printed.getvalue().splitlines()], status


def test_a_case_is_answered_with_the_fields_that_are_promised() -> None:
    [result], status = run("answers", [{"id": "a", "raw": GOOD, "files": [PATH]}])
    assert set(result) == FIELDS
    assert (result["id"], result["valid"], result["classification"]) == ("a", True, "auto_safe")
    assert (result["error"], result["findings"], status) == (None, [], 0)
    assert result["rendered"].startswith("## ")


def test_what_waits_for_the_captain_says_why_and_has_no_error() -> None:
    raw = json.dumps(PLAN | {"reason": "Open https://elsewhere.example.net/x and look."})
    [result], status = run("answers", [{"id": "a", "raw": raw, "files": [PATH]}])
    assert (result["classification"], result["error"], status) == ("requires_approval", None, 0)
    [finding] = result["findings"]
    assert (finding["rule"], finding["field"], finding["severity"]) == ("link.outside", "reason", "ask")
    assert finding["why"]


def test_raw_bytes_are_judged_as_such() -> None:
    whole, broken = (base64.b64encode(raw).decode() for raw in (GOOD.encode(), b"\xff"))
    results, _ = run("answers", [{"id": 1, "raw_b64": whole, "files": [PATH]}, {"id": 2, "raw_b64": broken}])
    assert [result["valid"] for result in results] == [True, False]
    assert "UTF-8" in results[1]["error"]


def covering(path: str) -> str:
    return json.dumps(
        PLAN | {"observations": [], "test_plan": [item | {"covers": [path]} for item in PLAN["test_plan"]]}
    )


@pytest.mark.parametrize(
    ("path", "named"),
    [("a\tb.py", "a⟨U+0009⟩b.py"), ("a\u200bb.py", "a⟨U+200B⟩b.py"), ("é/👩\u200d💻.ts", "é/👩\u200d💻.ts")],
)
def test_files_are_known_to_the_model_as_the_service_shows_them(path: str, named: str) -> None:
    [result], _ = run("answers", [{"id": 1, "raw": covering(named), "files": [path]}])
    assert (result["valid"], result["classification"]) == (True, "auto_safe")
    assert f"`{named}`" in result["rendered"]


def test_a_path_given_twice_is_one_file() -> None:
    [result], _ = run("answers", [{"id": 1, "raw": GOOD, "files": [PATH, PATH]}])
    assert "Files: 1 of 1 covered" in result["rendered"]


@pytest.mark.parametrize("more", [{}, {"files": None}, {"files": []}])
def test_without_files_an_answer_may_name_none(more: Json) -> None:
    [result], status = run("answers", [{"id": 1, "raw": GOOD, **more}])
    assert (result["valid"], status) == (False, 0)
    assert "grounding.path" in result["error"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"not json", "not JSON"),
        (b"\xff{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[1]", "not a JSON object"),
        ({"id": "x"}, "either raw or raw_b64"),
        ({"id": "x", "raw": "{}", "raw_b64": "e30="}, "either raw or raw_b64"),
        ({"id": "x", "raw": 1}, "raw is not a text"),
        ({"id": "x", "raw_b64": "%"}, "not base64"),
        ({"id": "x", "raw_b64": "é"}, "not base64"),
        ({"id": "x", "raw_b64": None}, "not base64"),
        ({"id": "x", "raw": "{}", "files": "a"}, "files is not a list of paths"),
        ({"id": "x", "raw": "{}", "files": [1]}, "files is not a list of paths"),
        ({"id": "x", "raw": "{}", "labels": [1]}, "labels is not a list of names"),
        ({"id": ["x"], "raw": "{}"}, "id is neither"),
        ({"id": "first", "raw": "{}"}, "line 1 has this id already"),
    ],
)
def test_a_line_that_is_no_case_is_named_and_the_rest_is_judged(line: Json | bytes, words: str) -> None:
    good = {"raw": GOOD, "files": [PATH]}
    results, status = run("answers", [{"id": "first", **good}, line, b"", {"id": "last", **good}])
    assert [result["valid"] for result in results] == [True, False, True]
    assert set(results[1]) == FIELDS
    assert (results[1]["classification"], results[1]["rendered"]) == ("rejected", None)
    assert results[1]["error"].startswith("line 2: ")
    assert words in results[1]["error"]
    assert status == 1
    if isinstance(line, dict) and isinstance(line["id"], str):
        assert results[1]["id"] == line["id"]


@pytest.mark.parametrize("field", ["labels", "issues", "capacity"])
def test_what_is_null_is_left_out(field: str) -> None:
    [result], status = run("answers", [{"id": 1, "raw": GOOD, "files": [PATH], field: None}])
    assert (result["error"], status) == (None, 0)


def test_a_text_may_come_with_what_is_an_answers() -> None:
    [result], status = run("text", [{"id": 1, "body": "Press Save.", "raw": 1, "files": "a", "labels": 2}])
    assert (result["classification"], status) == ("auto_safe", 0)


def test_texts_are_judged_line_by_line_too() -> None:
    lines: list[Json | bytes] = [{"id": 1, "body": "Press Save."}, {"id": 2}, b"{", {"id": 1, "body": "x"}]
    results, status = run("text", [*lines, {"id": 3, "body": "half \ud800"}, {"body": "Press Save."}])
    classes = [result["classification"] for result in results]
    assert classes == ["auto_safe", "rejected", "rejected", "rejected", "rejected", "auto_safe"]
    assert [result.get("error") is None for result in results] == [True, False, False, False, True, True]
    assert set(results[0]) == {"id", "classification", "findings", "rendered"}
    assert status == 1


def test_other_tasks_tell_their_changes_of_labels() -> None:
    triage = {
        "priority": "P2",
        "priority_rationale": "It is in the way of nobody.",
        "sprint": "next",
        "components": [],
        "questions": [],
        "ready_for_dev": True,
        "reason": "The issue says what to do.",
        "evidence": "It has a list of criteria.",
    }
    [result], status = run("answers", [{"id": 1, "raw": json.dumps(triage)}], "--task", "triage")
    assert (result["valid"], result["classification"], status) == (True, "requires_approval", 0)
    assert "prio:P2" in result["labels"][0]["add"]
