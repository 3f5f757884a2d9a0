"""A team's files: what they hold is checked when they are loaded, and a refusal names file and line."""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path

import pytest

from core.config import TASK_LIMITS
from core.context.team import DEFAULT, MOST_PACK_TOKENS, PRIORITIES, TEAMS, load
from core.errors import ConfigurationError
from core.prompts.tokens import estimate
from core.types import SPRINTS, TASK_TYPES

KANBAN = Path(__file__).parents[2] / "teams" / "kanban"


@pytest.fixture(params=[DEFAULT, TEAMS / "plain", KANBAN], ids=["dfg", "plain", "kanban"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of a team's folder, to be changed."""
    return Path(shutil.copytree(request.param, tmp_path / "team"))


@pytest.fixture
def dfg(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DEFAULT, tmp_path / "team"))


def refusal(folder: Path) -> str:
    with pytest.raises(ConfigurationError) as refused:
        load(folder)
    return str(refused.value)


def edit(file: Path, old: str, new: str) -> int:
    """Replaces the one place where `old` stands. Returns its line."""
    text = file.read_text("utf-8")
    assert text.count(old) == 1, (file.name, old)
    file.write_text(text.replace(old, new), "utf-8")
    return text[: text.index(old)].count("\n") + 1


# --- what a team is ---------------------------------------------------------------------------


def test_a_team_speaks_of_its_own_labels_alone(folder: Path) -> None:
    team = load(folder)
    rules, labels = team.rules, team.taxonomy.labels
    assert {priority.label for priority in rules.priorities.values()} <= labels
    assert {*rules.sprints.values(), *rules.components.values(), *rules.queues.values()} <= labels
    assert {rules.untriaged, rules.ready} <= set(team.taxonomy.transitions)
    assert (tuple(rules.priorities), tuple(rules.sprints)) == (PRIORITIES, SPRINTS)
    assert rules.questions in labels


def test_the_plain_team_knows_no_product_and_has_the_method() -> None:
    team = load(TEAMS / "plain")
    words = " ".join(pack.text for chosen in team.packs.values() for pack in chosen)
    assert not re.search(r"dfg|auction|deal|preview|staging", words, re.IGNORECASE)
    assert [pack.name for pack in team.packs["qa_plan"]] == ["qa_method"]
    assert team.rules.components == {}
    assert team.taxonomy.labels < load().taxonomy.labels


def test_every_task_has_packs_that_leave_room_for_its_input(folder: Path) -> None:
    packs = load(folder).packs
    assert tuple(packs) == TASK_TYPES
    for task, chosen in packs.items():
        assert sum(estimate(pack.text) for pack in chosen) < TASK_LIMITS[task].input_tokens / 4
        for pack in chosen:
            assert pack.text == (folder / "packs" / f"{pack.name}.md").read_text("utf-8")
            assert pack.sha256 == hashlib.sha256(pack.text.encode()).hexdigest()
            assert 0 < estimate(pack.text) <= MOST_PACK_TOKENS
            assert pack.version >= 1


def test_the_two_teams_have_nothing_in_common() -> None:
    one, other = load(DEFAULT), load(KANBAN)
    assert one.taxonomy.labels.isdisjoint(other.taxonomy.labels)
    assert set(one.rules.components).isdisjoint(other.rules.components)
    assert {pack.sha256 for packs in one.packs.values() for pack in packs}.isdisjoint(
        pack.sha256 for packs in other.packs.values() for pack in packs
    )
    assert one.digest != other.digest


@pytest.mark.parametrize("file", ["taxonomy.json", "rules.json"])
def test_the_digest_is_of_taxonomy_and_rules(dfg: Path, file: str) -> None:
    before = load(dfg).digest
    assert before == load(DEFAULT).digest
    (dfg / file).write_text((dfg / file).read_text() + "\n")
    assert load(dfg).digest != before


def test_the_digest_is_not_of_the_packs_which_have_versions_of_their_own(dfg: Path) -> None:
    before = load(dfg).digest
    edit(dfg / "packs.json", '"product": 1', '"product": 2')
    assert load(dfg).digest == before


# --- what is refused -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        # the workflow
        ("taxonomy.json", '"status:blocked"],\n    "status:ready"', '"status:bloked"],\n    "status:ready"',
         "'status:bloked' is not a status"),
        ("taxonomy.json", '"status:done", "status:qa"]', '"status:verified"]', "'status:verified' leads to itself"),
        ("taxonomy.json", '"status:verified": ["status:done", "status:qa"]', '"status:verified": []',
         "no way leads out of 'status:verified'"),
        ("taxonomy.json", '"final": ["status:done"]', '"final": ["status:done", "status:qa"]',
         "'status:qa' is final and has a way out"),
        ("taxonomy.json", '"final": ["status:done"]', '"final": ["status:over"]', "no way leads out of 'status:done'"),
        ("taxonomy.json", '"final": ["status:done"]', '"final": ["status:done", "over"]', "'over' is not a status"),
        ("taxonomy.json", '"status:done": []', '"status:done": "status:qa"',
         "'status:done' must be a list of strings"),
        ("taxonomy.json", '"status:done": []', '"status:done": [1]', "'status:done' must be a list of strings"),
        ("taxonomy.json", '"status:done", "status:qa"]', '"status:done", "status:done"]',
         "'status:done' stands twice in 'status:verified'"),
        # groups and labels
        ("taxonomy.json", '"priority": [', '"status": [', "'status' is a group of its own already"),
        ("taxonomy.json", '"sprint:backlog"]', '"prio:P0"]', "'prio:P0' stands in two groups"),
        ("taxonomy.json", '"needs:qa"', '"status:qa"', "'status:qa' stands in two groups"),
        ("taxonomy.json", '"needs:qa"', '"needs:dev"', "'needs:dev' stands twice in 'free'"),
        ("taxonomy.json", '"needs:qa"', '"needs,qa"', "'needs,qa' cannot be the name of a label on GitHub"),
        ("taxonomy.json", '"needs:qa"', '"a\\nb"', "'a\\nb' cannot be the name of a label on GitHub"),
        ("taxonomy.json", '"needs:qa"', f'"{"x" * 51}"', "cannot be the name of a label on GitHub"),
        ("taxonomy.json", '"needs:qa"', '"größe:\u202e"', "cannot be the name of a label on GitHub"),
        ("taxonomy.json", '"free": [', '"loose": [], "free": [', "'loose' is not a field of this file"),
        # rules
        ("rules.json", '"label": "prio:P1"', '"label": "prio:P9"', "'prio:P9' is not a label of the taxonomy"),
        ("rules.json", '"label": "prio:P1"', '"label": "prio:P0"', "'prio:P0' stands twice in 'priorities'"),
        ("rules.json", '"label": "prio:P1"', '"label": "needs:pm"', "are not of one exclusive group"),
        ("rules.json", '"when": "polish, debt"', '"when": " "', "'P3' does not say when it applies"),
        ("rules.json", '"when": "polish, debt"', '"when": 3', "'P3' does not say when it applies"),
        ("rules.json", '"when": "polish, debt"', '"if": "polish"', "'if' is not a field of 'P3'"),
        ("rules.json", '"P3": {"label": "prio:P3", "when": "polish, debt"}', '"P3": "prio:P3"',
         "'P3' must be an object"),
        ("rules.json", '"P3": {', '"P4": {', "'P3' is missing in 'priorities'"),
        ("rules.json", '"P3": {', '"P4": {}, "P3": {', "'P4' is not a field of 'priorities'"),
        ("rules.json", '"backlog": "sprint:backlog"', '"backlog": "sprint:never"',
         "'sprint:never' is not a label of the taxonomy"),
        ("rules.json", '"backlog": "sprint:backlog"', '"backlog": "sprint:n"', "'sprint:n' stands twice in 'sprints'"),
        ("rules.json", '"backlog": "sprint:backlog"', '"later": "sprint:n"', "'backlog' is missing in 'sprints'"),
        ("rules.json", '"backlog": "sprint:backlog"', '"backlog": 3', "'backlog' must be a string"),
        ("rules.json", '"component:dfg-api"', '"component:dfg-app2"', "is not a label of the taxonomy"),
        ("rules.json", '"untriaged": "status:triage"', '"untriaged": "prio:P0"',
         "'prio:P0' is not a status of the taxonomy"),
        ("rules.json", '"ready": "status:ready"', '"ready": null', "'ready' must be a string"),
        ("rules.json", '"questions": "needs:pm"', '"questions": "needs:you"',
         "'needs:you' is not a label of the taxonomy"),
        ("rules.json", '"agent_brief": "status:ready"', '"agent_brief": "status:red"',
         "'status:red' is not a label of the taxonomy"),
        ("rules.json", '"agent_brief": "status:ready"', '"haiku": "status:ready"', "'haiku' is not a task type"),
        ("rules.json", '"comment": "/qa-plan"', '"comment": ""', "'comment' of 'webhook' must be a text"),
        ("rules.json", '"comment": "/qa-plan"', '"mail": "x"', "'mail' is not a field of 'webhook'"),
        ("rules.json", '"untriaged": ', '"untriaged": "status:qa",\n  "untriaged": ', "'untriaged' stands twice"),
        # packs
        ("packs.json", '"product": 1', '"product": 0', "'product' must be a plain name with a version of at least 1"),
        ("packs.json", '"product": 1', '"product": true', "'product' must be a plain name with a version"),
        ("packs.json", '"product": 1', '"../product": 1', "'../product' must be a plain name"),
        ("packs.json", '"product": 1', '"product": 1, "ghost": 1', "the pack packs/ghost.md cannot be read"),
        ("packs.json", '["product", "qa_method"]', '["product", "ghost"]', "'ghost' is not a pack"),
        ("packs.json", '["product", "qa_method"]', '["product"]', "no task uses the pack 'qa_method'"),
        ("packs.json", '["product", "qa_method"]', '"product"', "'qa_plan' must be a list of strings"),
        ("packs.json", '"sprint_plan": [', '"haiku": [', "'haiku' is not a field of 'tasks'"),
    ],
)  # fmt: skip
def test_a_wrong_line_is_named(dfg: Path, file: str, old: str, new: str, why: str) -> None:
    edit(dfg / file, old, new)
    told = refusal(dfg)
    named = re.match(rf"{file}:(\d+): ", told)
    assert named, told
    assert why in told
    line = (dfg / file).read_text("utf-8").splitlines()[int(named[1]) - 1]
    assert set(re.findall(r"\w+", told.removeprefix(named[0]))) & set(re.findall(r"\w+", line)), (line, told)


_NO_STATUS = '"status": {}, "final": [], "exclusive": {}, "free": []'


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("taxonomy.json", '{\n  "status": {},\n}', r"taxonomy\.json:[23]: "),
        ("rules.json", "[]", r"rules\.json: must be an object"),
        ("rules.json", "{}", r"rules\.json: 'priorities' is missing"),
        ("packs.json", '{"versions": {}, "tasks": {}}', r"packs\.json:1: 'agent_brief' is missing in 'tasks'"),
        ("taxonomy.json", f"{{{_NO_STATUS}}}", r"taxonomy\.json:1: there is no status"),
        ("packs.json", '{"versions": {"product": 1},\n "tasks": []}', r"packs\.json:2: 'tasks' must be an object"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_such_file_is_named(dfg: Path, file: str, text: str, told: str) -> None:
    (dfg / file).write_text(text)
    assert re.match(told, refusal(dfg))


@pytest.mark.parametrize("file", ["taxonomy.json", "rules.json", "packs.json"])
def test_a_missing_or_unreadable_file_is_named(dfg: Path, file: str) -> None:
    (dfg / file).write_bytes(b'{"a": "\xff"}')
    assert refusal(dfg) == f"{file} is not UTF-8 text"
    (dfg / file).unlink()
    assert refusal(dfg).startswith(f"{file} cannot be read: ")


def test_a_label_that_is_not_ascii_is_found_in_its_line(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(KANBAN, tmp_path / "team"))
    line = edit(folder / "rules.json", '"untriaged": "📥 inbox"', '"untriaged": "📤 inbox"')
    assert refusal(folder) == f"rules.json:{line}: '📤 inbox' is not a status of the taxonomy"


def test_an_empty_label_is_found_in_its_line(dfg: Path) -> None:
    line = edit(dfg / "taxonomy.json", '"needs:qa"', '""')
    assert refusal(dfg) == f"taxonomy.json:{line}: '' cannot be the name of a label on GitHub"


@pytest.mark.parametrize("text", ["", "word " * 9_000])
def test_an_empty_or_long_pack_is_refused(dfg: Path, text: str) -> None:
    (dfg / "packs" / "product.md").write_text(text)
    assert re.match(r"packs\.json:\d+: the pack 'product' has [\d,]+ tokens, of at most 2,000", refusal(dfg))


def test_a_missing_pack_is_refused(dfg: Path) -> None:
    (dfg / "packs" / "product.md").unlink()
    assert re.match(r"packs\.json:\d+: the pack packs/product\.md cannot be read", refusal(dfg))


def test_webhook_and_label_for_questions_may_be_left_out(dfg: Path) -> None:
    edit(dfg / "rules.json", ',\n  "webhook": {"label": "needs:qa", "comment": "/qa-plan"}', "")
    edit(dfg / "rules.json", '  "questions": "needs:pm",\n', "")
    rules = load(dfg).rules
    assert (rules.questions, rules.webhook_label, rules.webhook_comment) == (None, None, None)
