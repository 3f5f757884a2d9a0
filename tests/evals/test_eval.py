"""`python -m evals`, as one runs it."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from evals.__main__ import main
from evals.case import QA_PLANS
from local.model import ModelStandIn, Order

SMALL = ("docs-typo", "session-idle")


@pytest.fixture
def cases(tmp_path: Path) -> Path:
    folder = tmp_path / "cases"
    folder.mkdir()
    for name in SMALL:
        for end in (".json", ".truth.json"):
            shutil.copy(QA_PLANS / f"{name}{end}", folder)
    return folder


def evaluate(*arguments: str | Path, env: dict[str, str] | None = None) -> int:
    return main([str(argument) for argument in arguments], env or {})


def report(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text("utf-8")))


def record(cases: Path, folder: Path, text: str) -> Path:
    """Recorded answers of the same text for both cases."""
    evaluate("--cases", cases, "--requests", folder)
    answers = folder / "answers"
    answers.mkdir()
    for name in SMALL:
        sha = hashlib.sha256((folder / f"{name}.request.json").read_bytes()).hexdigest()
        entry = {"request_sha256": sha, "model": "somebody", "answer": text}
        (answers / f"{name}.json").write_text(json.dumps(entry), "utf-8")
    return answers


def test_without_a_key_the_stand_in_answers(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--cases", cases, "--out", tmp_path / "report.json") == 0
    printed = capsys.readouterr()
    assert "the stand-in, which is not Claude" in printed.err
    assert "[2/2] session-idle" in printed.err
    assert "session-idle" in printed.out
    assert set(report(tmp_path / "report.json")["cases"]) == {f"qa_plan/{name}" for name in SMALL}


def test_the_same_case_gives_the_same_bytes(cases: Path, tmp_path: Path) -> None:
    for folder in ("once", "again"):
        assert evaluate("--cases", cases, "--requests", tmp_path / folder) == 0
    for name in SMALL:
        request = (tmp_path / "once" / f"{name}.request.json").read_bytes()
        assert request == (tmp_path / "again" / f"{name}.request.json").read_bytes()
        words = json.loads(request)["messages"][0]["content"][0]["text"]
        assert words in (tmp_path / "once" / f"{name}.prompt.txt").read_text("utf-8")


def test_an_answer_to_another_request_is_stale(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answers = record(cases, tmp_path / "work", "{}")
    evaluate("--cases", cases, "--answers", answers)
    assert "stale" not in capsys.readouterr().out
    case = json.loads((cases / "session-idle.json").read_text("utf-8"))
    case["pull"]["title"] = "Another title"
    (cases / "session-idle.json").write_text(json.dumps(case), "utf-8")
    evaluate("--cases", cases, "--answers", answers)
    assert "stale, written for another request: session-idle" in capsys.readouterr().out


def test_a_recorded_answer_is_kept_unedited(cases: Path, tmp_path: Path) -> None:
    from evals.answers import record as keep
    from evals.case import pull_requests
    from evals.requests import prompt, service

    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "docs-typo.txt").write_text('{"test_plan": []}\n\n', "utf-8")
    case = pull_requests(cases)[0]
    with service(case, {}) as app:
        path = keep(raw, case, prompt(app, case), "somebody", tmp_path / "kept")
    assert json.loads(path.read_text("utf-8"))["answer"] == '{"test_plan": []}\n\n'


def test_what_got_worse_is_told(cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate("--cases", cases, "--out", tmp_path / "base.json")
    answers = record(cases, tmp_path / "work", "no JSON at all")
    evaluate("--cases", cases, "--answers", answers, "--base", tmp_path / "base.json")
    printed = capsys.readouterr().out
    assert "worse   qa_plan/session-idle: tests right → wrong" in printed
    assert "worse   qa_plan/session-idle: policy" in printed


def test_cases_without_a_truth_are_graded_as_far_as_it_goes(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (cases / "session-idle.truth.json").unlink()
    assert evaluate("--cases", cases, "--out", tmp_path / "report.json") == 0
    row = report(tmp_path / "report.json")["cases"]["qa_plan/session-idle"]
    assert row["faults"]["count"] is None
    assert row["words"]["count"] > 0


def test_a_judge_needs_a_key(cases: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--cases", cases, "--judge", "--against", cases) == 1
    assert "ANTHROPIC_API_KEY" in capsys.readouterr().err


def test_a_judge_does_not_cost_more_than_it_may(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = record(cases, tmp_path / "work", "{}")
    env = {"ANTHROPIC_API_KEY": "made-up", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    arguments = ("--cases", cases, "--answers", answers, "--judge", "--against", answers)
    assert evaluate(*arguments, "--spend", "0.001", env=env) == 1
    assert "not judged: SPEND=" in capsys.readouterr().err


def test_a_judge_who_always_takes_the_first_plan_prefers_neither(
    cases: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = record(cases, tmp_path / "work", "{}")
    model = ModelStandIn()
    model.start()
    model.order(Order(text='{"why": "it comes first", "points_1": 2, "points_2": 1, "better": "1"}'), times=None)
    env = {"ANTHROPIC_API_KEY": model.api_key, "ANTHROPIC_BASE_URL": model.url}
    try:
        arguments = ("--cases", cases, "--answers", answers, "--judge", "--against", answers, "--spend", "5")
        assert evaluate(*arguments, env=env) == 0
    finally:
        model.close()
    assert "all: these 4, the others 4, ties 0 of 8" in capsys.readouterr().out


def test_a_folder_without_cases_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--cases", tmp_path) == 1
    assert "has no case" in capsys.readouterr().err
