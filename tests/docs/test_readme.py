"""What README and docs say of settings, prices, routes, phases, targets and files is what there is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest

from core.bootstrap import SECRETS
from core.config import GUARDRAILS, TASK_LIMITS, read_settings
from core.context.team import DEFAULT, load
from core.dispatcher.pricing import PRICES
from core.phases import NEEDS_PREREQUISITES
from core.types import PHASES, TASK_TYPES
from tests.template.reading import ROOT, written

PAGES: Final = {
    path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
README: Final = PAGES[ROOT / "README.md"]
HOME: Final = {
    "API": "docs/api.md",
    "Configuration": "docs/configuration.md",
    "Guardrails": "docs/configuration.md",
    "Models and prices": "docs/configuration.md",
}
"""The page that each table stands on; others are in the README."""
ELSEWHERE: Final = {
    "ANTHROPIC_BASE_URL",
    "AUDIT_KMS_KEY_ID",
    "AUDIT_SIGNING_KEY",
    "AWS_ENDPOINT_URL_DYNAMODB",
    "CONSOLE_URL",
    "GUARDRAIL_OVERRIDE",
    "NOTIFY_TOPIC_ARN",
    "PORT",
}
"""Settings that are not read by `read_settings`, or not in every case."""


class Recording(dict[str, str]):
    """An environment that remembers what it was asked for."""

    def __init__(self, values: dict[str, str]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)


def section(heading: str) -> str:
    """The text below a heading, as far as the next one."""
    page = HOME.get(heading, "README.md")
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", PAGES[ROOT / page], re.MULTILINE | re.DOTALL)
    assert found is not None, f"{page} has no heading {heading!r}"
    return found[1]


def table(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading, without its head."""
    lines = [line for line in section(heading).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def settings() -> dict[str, list[str]]:
    return {name: row for row in table("Configuration") for name in names(row[0])}


def test_the_table_of_guardrails_is_that_of_the_code() -> None:
    assert table("Guardrails") == [
        [f"`{name}`", guardrail.value, guardrail.unit, guardrail.purpose] for name, guardrail in GUARDRAILS.items()
    ]


def test_every_setting_that_is_read_is_in_the_table_and_no_other() -> None:
    tables = {f"{name}_TABLE": "x" for name in ("AUDIT", "ACTIONS", "DEDUPE", "BREAKER", "CONTENT")}
    environment = Recording({"GITHUB_REPOSITORY": "acme/widgets", "PRE_006_CI_GATING": "confirmed", **tables})
    read_settings(environment)
    arns = {f"{name}_ARN" for name in SECRETS}
    assert set(settings()) == (environment.asked - set(GUARDRAILS) - arns) | set(SECRETS) | ELSEWHERE


def test_settings_are_named_with_their_parameter_of_the_template() -> None:
    variables = written()["Globals"]["Function"]["Environment"]["Variables"]
    parameters = written()["Parameters"]
    wanted = {name: value["Ref"] for name, value in variables.items() if isinstance(value, dict) and "Ref" in value}
    told = {name: names(row[1]) for name, row in settings().items()}
    assert {name: told[name] for name in told if wanted.get(name) in parameters} == {
        name: [wanted[name]] for name in told if wanted.get(name) in parameters
    }
    assert [parameter for row in told.values() for parameter in row if parameter not in parameters] == []


@pytest.mark.parametrize("task", TASK_TYPES)
def test_the_default_model_of_each_task_is_told(task: str) -> None:
    [limits] = [value for name, value in TASK_LIMITS.items() if name == task]
    assert names(settings()[f"MODEL_{task.upper()}"][2]) == [limits.model]


def test_prices_are_those_of_the_table() -> None:
    told = [(names(row[0])[0], float(row[1]), float(row[2])) for row in table("Models and prices")]
    assert told == [(model, tier.input / 1000, tier.output / 1000) for model, tiers in PRICES.items() for tier in tiers]


def test_routes_are_those_of_the_template() -> None:
    events = [
        event
        for resource in written()["Resources"].values()
        for event in resource.get("Properties", {}).get("Events", {}).values()
    ]
    routes = {f"{e['Properties']['Method']} {e['Properties']['Path']}" for e in events if e["Type"] == "HttpApi"}
    assert {names(row[0])[0] for row in table("API")} == routes


def test_phases_are_told_with_what_they_need() -> None:
    assert [(names(row[0])[0], row[2]) for row in table("Phases")] == [
        (phase, "both" if phase in NEEDS_PREREQUISITES else "") for phase in PHASES
    ]


def test_the_team_that_is_shown_can_be_loaded(tmp_path: Path) -> None:
    shown = re.findall(
        r"^```json\n(.*?)^```", (ROOT / "docs" / "teams.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    for name, text in zip(("taxonomy", "rules", "packs"), shown, strict=True):
        (tmp_path / f"{name}.json").write_text(text, "utf-8")
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "shop.md").write_text("A shop.", "utf-8")
    loaded = load(tmp_path)
    assert loaded.rules.ready in loaded.taxonomy.transitions


def test_every_field_of_a_teams_files_is_told() -> None:
    told = (ROOT / "docs" / "teams.md").read_text("utf-8")
    files = {name: json.loads((DEFAULT / f"{name}.json").read_text("utf-8")) for name in ("taxonomy", "rules", "packs")}
    assert [field for fields in files.values() for field in fields if f'"{field}"' not in told] == []


def test_the_targets_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    code = re.findall(r"^```.*?^```|`[^`\n]+`", "\n".join(PAGES.values()), re.MULTILINE | re.DOTALL)
    named = {name for piece in code for name in re.findall(r"\bmake ([a-z]+(?:-[a-z]+)*)", piece)}
    assert {"demo", "test", "serve", "plan", "deploy", "check"} <= named
    assert named <= targets


def anchors(page: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings_that_exist(path: Path) -> None:
    dead = []
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[path]):
        file, _, anchor = link.partition("#")
        there = (path.parent / file).resolve() if file else path
        if link.startswith("http"):
            continue
        if not there.exists() or (anchor and there in PAGES and anchor not in anchors(PAGES[there])):
            dead.append(link)
    assert dead == []


def test_every_page_is_one_step_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[\w-]+\.md)", README))
    assert {path.relative_to(ROOT).as_posix() for path in PAGES if path.parent != ROOT} - linked == set()


def test_the_readme_is_short() -> None:
    assert len(README.encode()) <= 15_000


def test_the_index_of_decisions_has_them_all() -> None:
    directory = ROOT / "docs" / "decisions"
    index = (directory / "README.md").read_text(encoding="utf-8")
    records = {file.name for file in directory.glob("[0-9]*.md")}
    assert set(re.findall(r"\]\(([^)]+)\)", index)) == records


@pytest.mark.parametrize("room", ["local", "tools"])
def test_the_map_of_a_room_has_every_file_in_a_line(room: str) -> None:
    page = (ROOT / room / "README.md").read_text("utf-8")
    assert sorted(re.findall(r"^\| `(\w+\.py)` \| .+ \|$", page, re.MULTILINE)) == sorted(
        path.name for path in (ROOT / room).glob("*.py")
    )
