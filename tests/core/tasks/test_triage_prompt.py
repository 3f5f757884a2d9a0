from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core.context.team import load
from core.tasks.triage import TEMPLATE
from core.types import Context, Target
from tests.support.prompt_reading import an_issue, built, section, system_text

TEAM = load()
KANBAN = load(Path(__file__).parents[2] / "teams" / "kanban")


def test_title_and_description_are_shown() -> None:
    prompt = built("triage", Context(issue=an_issue("They are zero.")))
    assert section(prompt, "title") == "Fees are missing"
    assert section(prompt, "description") == "They are zero."


def test_facts_hold_the_labels_that_were_read() -> None:
    issue = an_issue(labels=("status:triage", "needs:pm"))
    facts = built("triage", Context(issue=issue)).facts
    assert facts.extra == {"title": "Fees are missing", "author": "ghost", "labels": ["status:triage", "needs:pm"]}
    assert (facts.task_type, facts.target, facts.changed_paths) == ("triage", Target("issue", 7), ())


def test_labels_do_not_shape_the_request() -> None:
    bare, labelled = (built("triage", Context(issue=an_issue(labels=labels))) for labels in ((), ("prio:P0",)))
    assert bare.body == labelled.body


def test_the_teams_own_priorities_and_components_are_told() -> None:
    for team in (TEAM, KANBAN):
        told = system_text(built("triage", Context(issue=an_issue()), team))
        for name, priority in team.rules.priorities.items():
            assert f"- {name}: {priority.when}\n" in told
        for component in team.rules.components:
            assert f"- {component}\n" in told
    assert "dfg" not in told.lower()


def test_a_team_without_components_is_told_so() -> None:
    bare = replace(TEAM, rules=replace(TEAM.rules, components={}))
    assert "- none: leave the list empty\n" in system_text(built("triage", Context(issue=an_issue()), bare))


def test_the_template_names_nothing_of_a_team() -> None:
    words = [*TEAM.taxonomy.labels, *TEAM.rules.components, "dfg", *(p.when for p in TEAM.rules.priorities.values())]
    assert not [word for word in words if word in TEMPLATE]
