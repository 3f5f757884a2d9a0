"""The answer to `qa_plan`. Observations come first because they are to be made first."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from core.tasks.answer import Code, FilePath, Sentence, Strict, Words50, Words300, Words500, one_line

Title = Annotated[str, StringConstraints(min_length=1, max_length=80), AfterValidator(one_line)]
Summary = Annotated[Sentence, Field(max_length=400)]
Minutes = Annotated[int, Field(ge=1, le=120)]


class Step(Strict):
    """One action of the tester, what to type for it, and what is seen then."""

    do: Words500
    code: Code | None
    expect: Words500 | None


class Observation(Strict):
    """Something in the diff that may hurt. `proof` names the step that shows it."""

    kind: Literal["fault", "loosened", "changed"]
    where: Words300
    what: Sentence
    certainty: Literal["certain", "likely", "unsure"]
    proof: Words50 | None


class Scenario(Strict):
    """One story for one tester."""

    ac_id: Words50
    title: Title
    ac_text: Words300
    basis: Literal["criterion", "description", "diff", "judgement"]
    risk: Literal["high", "medium", "low"]
    minutes: Minutes
    covers: Annotated[list[FilePath], Field(max_length=20)]
    steps: Annotated[list[Step], Field(min_length=1, max_length=10)]
    edge_cases: Annotated[list[Words300], Field(max_length=3)]


class NotTested(Strict):
    """What the plan leaves out."""

    what: Words300
    why: Words300


class QaPlan(Strict):
    """The answer to `qa_plan`."""

    observations: Annotated[list[Observation], Field(max_length=12)]
    summary: Summary
    setup: Annotated[list[Step], Field(max_length=8)]
    test_plan: Annotated[list[Scenario], Field(max_length=12)]
    short_run: Annotated[list[Words50], Field(max_length=6)]
    before_merge: Words500 | None
    general_checks: Annotated[list[Words300], Field(max_length=5)]
    not_tested: Annotated[list[NotTested], Field(max_length=8)]
    open_questions: Annotated[list[Words300], Field(max_length=5)]
    nothing_to_test: Sentence | None
    reason: Sentence
    evidence: Sentence

    @model_validator(mode="after")
    def _plan_or_nothing(self) -> QaPlan:
        if not self.test_plan and self.nothing_to_test is None:
            raise ValueError("nothing_to_test is required when test_plan is empty")
        if self.test_plan and self.nothing_to_test is not None:
            raise ValueError("nothing_to_test must be null when there is a test_plan")
        return self
