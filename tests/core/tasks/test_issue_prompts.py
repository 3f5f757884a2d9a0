"""What the prompts of triage, brief and sprint plan have in common, for every size of issue."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.canonical import sha256
from core.config import MAX_SPRINT_ISSUES, TASK_LIMITS, read_limits
from core.context.team import load
from core.dispatcher.pricing import worst_case
from core.errors import ConfigurationError
from core.prompts.tokens import byte_weight
from core.tasks import registry
from core.types import Context, Issue, Prompt, TaskType, Tree
from local.claude_rules import objection
from tests.support.prompt_reading import BOUNDARY, CANARY, LARGE, an_issue, built, system_text, user_text

TEAM = load()
LARGE_TREE = Tree(tuple(f"src/package_{n // 50}/fees_module_{n}.py" for n in range(10_000)), whole=False)


def a_triage(issue: Issue, **other: Any) -> Prompt:
    return built("triage", Context(issue=issue), **other)


def a_brief(issue: Issue, **other: Any) -> Prompt:
    tree = LARGE_TREE if len(issue.body) > 10_000 else Tree((f"src/{issue.title}.py",), whole=True)
    return built("agent_brief", Context(issue=issue, tree=tree), **other)


def a_plan(issue: Issue, **other: Any) -> Prompt:
    issues = tuple(replace(issue, number=number) for number in range(10, 10 + MAX_SPRINT_ISSUES))
    everything = {number: tuple(range(10, number)) for number in range(10, 10 + MAX_SPRINT_ISSUES)}
    return built("sprint_plan", Context(issue=issue, issues=issues), capacity=3, depends_on=everything, **other)


BUILDERS: dict[TaskType, Callable[..., Prompt]] = {"triage": a_triage, "agent_brief": a_brief, "sprint_plan": a_plan}
tasks = pytest.mark.parametrize("task", BUILDERS)


@tasks
def test_template_packs_and_random_words_are_in_the_system_prompt(task: TaskType) -> None:
    prompt = BUILDERS[task](an_issue())
    assert (prompt.template, prompt.template_hash) == (
        registry.task(task).template,
        sha256(registry.task(task).template.encode()),
    )
    assert prompt.packs == TEAM.packs[task]
    for text in (prompt.template, BOUNDARY, CANARY, *(pack.text for pack in prompt.packs)):
        assert text in system_text(prompt)


@tasks
def test_claude_takes_the_request(task: TaskType) -> None:
    prompt = BUILDERS[task](an_issue())
    assert objection(json.loads(prompt.body)) is None
    assert (prompt.model, prompt.max_tokens) == (TASK_LIMITS[task].model, TASK_LIMITS[task].output_tokens)


@tasks
def test_what_others_wrote_stands_only_between_boundary_lines(task: TaskType) -> None:
    prompt = BUILDERS[task](an_issue("SENTINELbody", "SENTINELtitle", labels=("SENTINELlabel",)))
    outside = user_text(prompt)
    for piece in outside.split(f"===== {BOUNDARY} begin ")[1:]:
        outside = outside.replace(piece.split(" =====\n", 1)[1].split(f"\n===== {BOUNDARY} end ")[0], "")
    assert "SENTINEL" in user_text(prompt)
    assert "SENTINEL" not in outside + system_text(prompt)


@tasks
def test_labels_are_not_shown(task: TaskType) -> None:
    prompt = BUILDERS[task](an_issue("a", "b", labels=("prio:P0", "sprint:backlog")))
    assert "prio:P0" not in user_text(prompt) + system_text(prompt)
    assert "sprint:backlog" not in user_text(prompt) + system_text(prompt)


@tasks
def test_approval_binds_to_title_and_body(task: TaskType) -> None:
    one, other = BUILDERS[task](an_issue("a")), BUILDERS[task](an_issue("b"))
    assert one.facts.target_state == an_issue("a").text_digest != other.facts.target_state
    assert (one.facts.target.type, one.facts.target.number) == ("issue", 7)
    assert one.facts.canary == CANARY


@tasks
def test_a_small_issue_is_shown_whole(task: TaskType) -> None:
    prompt = BUILDERS[task](an_issue("Fees are missing on lot pages."))
    assert prompt.facts.cuts == ()
    assert "was cut.\n" in user_text(prompt)


@tasks
def test_an_empty_issue_makes_a_prompt(task: TaskType) -> None:
    assert BUILDERS[task](an_issue("", "")).facts.cuts == ()


@tasks
@pytest.mark.parametrize("kind", LARGE)
def test_every_size_fits_its_limit_and_says_what_was_cut(task: TaskType, kind: str) -> None:
    prompt = BUILDERS[task](an_issue(LARGE[kind], LARGE[kind][:2_000]))
    assert prompt.input_estimate <= TASK_LIMITS[task].input_tokens
    texts = system_text(prompt) + user_text(prompt)
    assert prompt.input_bound >= byte_weight(texts) >= len(texts.encode())
    assert prompt.facts.cuts
    for cut in prompt.facts.cuts:
        assert f"- {cut}\n" in user_text(prompt)
    assert worst_case(prompt.model, prompt.input_bound, prompt.max_tokens) < read_limits({}).run_ceiling


@tasks
def test_a_full_prompt_uses_most_of_its_room(task: TaskType) -> None:
    prompt = BUILDERS[task](an_issue(LARGE["words"]))
    assert prompt.input_estimate > 0.9 * TASK_LIMITS[task].input_tokens - 320


@tasks
@pytest.mark.parametrize("where", ["title", "body"])
@pytest.mark.parametrize("secret", [BOUNDARY, CANARY.upper(), "".join(chr(ord(c) + 0xFEE0) for c in CANARY)])
def test_text_that_holds_the_boundary_or_canary_is_refused(task: TaskType, where: str, secret: str) -> None:
    issue = an_issue(secret if where == "body" else "b", secret if where == "title" else "t")
    with pytest.raises(ValueError, match="holds the boundary"):
        BUILDERS[task](issue)


@tasks
@pytest.mark.parametrize("weak", ["", "abc", "X" * 32, "a" * 31, BOUNDARY + "\n"])
def test_a_weak_boundary_or_canary_is_refused(task: TaskType, weak: str) -> None:
    for name in ("boundary", "canary"):
        with pytest.raises(ValueError, match=f"{name} must be"):
            BUILDERS[task](an_issue(), **{name: weak})
    with pytest.raises(ValueError, match="must differ"):
        BUILDERS[task](an_issue(), canary=BOUNDARY)


@tasks
@pytest.mark.parametrize("kind", LARGE)
def test_the_money_bound_cuts_where_it_is_the_smaller_one(task: TaskType, kind: str) -> None:
    small = replace(TASK_LIMITS[task], input_bound=30_000)
    assert BUILDERS[task](an_issue(LARGE[kind]), limits=small).input_bound <= 30_000
    with pytest.raises(ConfigurationError, match="COST_CEILING_PER_RUN_USD leaves no room"):
        BUILDERS[task](an_issue(LARGE[kind]), limits=replace(small, input_bound=12_000))


@tasks
def test_a_limit_without_room_is_a_configuration_error(task: TaskType) -> None:
    small = replace(TASK_LIMITS[task], input_tokens=1_000)
    with pytest.raises(ConfigurationError, match="input limit of 1000 tokens leaves no room"):
        BUILDERS[task](an_issue(), limits=small)


@tasks
def test_the_same_input_makes_the_same_bytes(task: TaskType) -> None:
    assert BUILDERS[task](an_issue(LARGE["emoji"])) == BUILDERS[task](an_issue(LARGE["emoji"]))


@tasks
def test_hidden_characters_are_shown(task: TaskType) -> None:
    text = user_text(BUILDERS[task](an_issue("b\U000e0041", "t\u200b")))
    assert "t⟨U+200B⟩" in text
    assert "b⟨U+E0041⟩" in text


texts = st.one_of(st.text(max_size=60), st.text(max_size=30).map(lambda t: t * 2_000))


@settings(max_examples=15, deadline=None)
@given(st.sampled_from(sorted(BUILDERS)), texts, texts)
def test_any_text_fits(task: str, title: str, body: str) -> None:
    known = cast(TaskType, task)
    prompt = BUILDERS[known](an_issue(body, title))
    assert prompt.input_estimate <= TASK_LIMITS[known].input_tokens
    assert prompt.input_bound >= byte_weight(system_text(prompt) + user_text(prompt))
