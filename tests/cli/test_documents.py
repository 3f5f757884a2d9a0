"""What the README and the example workflow say of the command line is so."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.main import get_command
from typer.testing import CliRunner

from dfg.exits import Exit
from dfg.main import app
from local.child import ROOT

WORKFLOW = ROOT / "examples" / "github-actions" / "dfg-qa-plan.yml"


def test_the_readme_lists_every_exit_code() -> None:
    rows = re.findall(r"^\| (\d+) \|", (ROOT / "cli" / "README.md").read_text(), re.MULTILINE)
    assert [int(row) for row in rows] == [code.value for code in Exit]
    help_text = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output.split())
    assert all(f"{code.value} {code.name.lower().replace('_', ' ')}" in help_text for code in Exit)


def test_the_readme_lists_every_command_and_each_line_parses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "audit.jsonl").touch()
    lines = re.findall(r"^    (dfg .*?)(?:\s+#.*)?$", (ROOT / "cli" / "README.md").read_text(), re.MULTILINE)
    named = {line.split()[1] for line in lines}
    assert named == {"--version", *(command.name for command in app.registered_commands)}
    commands: Any = get_command(app)
    for line in lines:
        _, name, *arguments = shlex.split(line)
        if name == "--version":
            continue
        commands.commands[name].make_context(name, arguments, resilient_parsing=False)


def test_the_workflow_gives_nothing_of_the_pull_request_to_a_shell() -> None:
    text = WORKFLOW.read_text()
    steps = yaml.safe_load(text)["jobs"]["dispatch"]["steps"]
    fetched = [step["with"]["repository"] for step in steps if "checkout" in step.get("uses", "")]
    assert fetched == ["OWNER/dfg-orchestrator"]  # never what the pull request brings
    assert not any("${{" in step.get("run", "") for step in steps)
    assert yaml.safe_load(text)["permissions"] == {}
    codes = {int(code) for code in re.findall(r"^\s+(\d+)\)", steps[-1]["run"], re.MULTILINE)}
    assert codes <= {code.value for code in Exit}
