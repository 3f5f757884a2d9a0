"""A good answer to `qa_plan`, to be changed."""

from __future__ import annotations

from typing import Any


def step(do: str, expect: str | None = None, code: str | None = None) -> dict[str, Any]:
    return {"do": do, "code": code, "expect": expect}


def scenario(path: str, **changes: Any) -> dict[str, Any]:
    """One scenario that covers `path`."""
    return {
        "ac_id": "AC-1",
        "title": "The list is sorted",
        "ac_text": "The list is sorted by name",
        "basis": "criterion",
        "risk": "high",
        "minutes": 5,
        "covers": [path],
        "steps": [step("Open http://localhost:3000/items"), step("Press `Save`", "Names run from A to Z")],
        "edge_cases": ["An empty list"],
        **changes,
    }


def a_plan(path: str, **changes: Any) -> dict[str, Any]:
    """One observation about `path`, and one scenario that covers it."""
    return {
        "observations": [
            {
                "kind": "changed",
                "where": f"{path}, line 3",
                "what": "The order of the list is another one now.",
                "certainty": "certain",
                "proof": "AC-1.2",
            }
        ],
        "summary": "The list is sorted by name; a wrong order would mislead whoever reads it.",
        "setup": [],
        "test_plan": [scenario(path)],
        "short_run": ["AC-1"],
        "before_merge": None,
        "general_checks": ["Log in as @octocat"],
        "not_tested": [{"what": "Other lists", "why": "The change does not touch them"}],
        "open_questions": ["Should equal names keep their order?"],
        "nothing_to_test": None,
        "reason": "The sort order changed",
        "evidence": "The diff changes sort()",
        **changes,
    }
