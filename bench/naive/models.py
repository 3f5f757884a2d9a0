"""What goes in and out of the naive baseline, as pydantic models."""

from __future__ import annotations

from pydantic import BaseModel, Field


class DispatchRequest(BaseModel):
    """POST /dispatch/qa-plan."""

    pr_number: int = Field(alias="prNumber", gt=0)
    linked_issue: int | None = Field(default=None, alias="linkedIssue")


class Step(BaseModel):
    """What to do, and what is seen then."""

    do: str = Field(max_length=500)
    code: str | None
    expect: str | None


class TestCase(BaseModel):
    """One criterion and how to test it."""

    ac_id: str = Field(max_length=50)
    ac_text: str = Field(max_length=500)
    covers: list[str]
    steps: list[Step]
    edge_cases: list[str]


class Plan(BaseModel):
    """What the model is asked for."""

    test_plan: list[TestCase]
    general_checks: list[str]
    nothing_to_test: str | None
    reason: str = Field(min_length=10, max_length=500)
    evidence: str = Field(min_length=10, max_length=500)
