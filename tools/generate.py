"""`make generate`: writes what names the tasks and has to be a file, from core/tasks; `--check` tells what is stale.

Whole files are made anew; in the others the lines between two marks, or a run of lines of one shape, are replaced.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final

from core.canonical import sha256
from core.context.team import TEAMS
from core.errors import ConfigurationError
from core.tasks import registry
from core.tasks.task import Task
from local.child import ROOT
from tools import phases_table
from tools.task_lines import BLOCKS, RUNS, rows, with_lines
from tools.task_openapi import openapi

Tasks = Sequence[Task]
TASKS: Final = ROOT / "src" / "core" / "tasks"
NAMES: Final = "src/core/tasks/names.py"
MADE: Final = "Made by `make generate` from core/tasks: change the tasks, not this file."


def main(arguments: Sequence[str]) -> int:
    try:
        tasks = [registry.load(name) for name in registry.REGISTERED]
        _require_rows(tasks)
        stale = {path: text for path, text in made(tasks).items() if not path.exists() or path.read_text() != text}
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    for path, text in stale.items():
        if "--check" not in arguments:
            path.write_text(text)
        print(f"{path.relative_to(ROOT)} {'is stale' if '--check' in arguments else 'is written'}")
    if ROOT / NAMES in stale and "--check" not in arguments:  # what is made from it is made by who has read it
        return subprocess.run([sys.executable, "-m", "tools.generate"], check=False, cwd=ROOT).returncode
    if stale and "--check" in arguments:
        print("what is made from core/tasks is not what is there: run `make generate`", file=sys.stderr)
        return 1
    return 0


def made(tasks: Tasks) -> dict[Path, str]:
    """Every file that names the tasks, as it should be. Raises ConfigurationError for a task that is incomplete."""
    whole = {
        "src/handlers/page/tasks.js": page(tasks),
        **{f"src/core/tasks/schemas/{task.name}.json": wire_schema(task) for task in tasks},
        **{f"events/oidc_{task.name}.json": keyless_event(task) for task in tasks[1:]},
    }
    changes: Mapping[str, Callable[[str, Tasks], str]] = {
        **{name: partial(with_lines, name) for name in (*RUNS, *BLOCKS)},
        NAMES: names,
        "cli/dfg/tasks.py": lambda text, tasks: _formatted(with_lines("cli/dfg/tasks.py", text, tasks)),
        "docs/openapi.yaml": openapi,
        "docs/teams.md": shown_packs,
        "docs/phases.md": lambda text, _: phases_table.page(text),
        "cli/README.md": examples,
        "tests/core/versions.json": versions,
    }
    changed = {name: change((ROOT / name).read_text(), tasks) for name, change in changes.items()}
    return {ROOT / name: text for name, text in {**whole, **changed}.items()}


def _require_rows(tasks: Tasks) -> None:
    """Raises ConfigurationError where a line, a team, a handler or a command is missing."""
    for path in sorted([*TASKS.glob("*.py"), *TASKS.glob("*/__init__.py")]):
        name = path.parent.name if path.stem == "__init__" else path.stem
        if "\nTASK: Final = Task(" in path.read_text() and name not in registry.REGISTERED:
            raise ConfigurationError(f"core/tasks/{name}: core/tasks/registry.py has no line for it")
    for task in tasks:
        for packs in sorted([*TEAMS.glob("*/packs.json"), *(ROOT / "tests" / "teams").glob("*/packs.json")]):
            if task.name not in json.loads(packs.read_text())["tasks"]:
                task.refuse(f"{packs.relative_to(ROOT)} has no row for it under 'tasks': name its packs, [] for none")
        for needed in (f"src/handlers/{task.name}.py", f"events/{task.name}.json"):
            if not (ROOT / needed).exists():
                task.refuse(f"{needed} is missing")
        if f"Path: /dispatch/{task.path} }}" not in (ROOT / "template.yaml").read_text():
            task.refuse(f"DispatchFunction of template.yaml has no route /dispatch/{task.path}")
        command = f"cli/dfg/commands/{task.name}.py"
        if any(one.required for one in task.asked[1:]) and not (ROOT / command).exists():
            task.refuse(f"it asks for more than one field, and `dfg` sends the first alone: {command} is missing")


def names(text: str, tasks: Tasks) -> str:
    """core/tasks/names.py: what those need who only name tasks."""
    listed = ", ".join(repr(task.name) for task in tasks)
    return _formatted(rows(with_lines(NAMES, text, tasks), "TaskType = ", [f"TaskType = Literal[{listed}]"]))


def _formatted(source: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--stdin-filename", "made.py", "-"],
        input=source,
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    return done.stdout


def wire_schema(task: Task) -> str:
    """The answer's schema as the Anthropic SDK transforms it: the file spares the functions the SDK's import."""
    from anthropic import transform_schema  # the SDK takes longer to load than all else; a refusal does not need it

    schema = transform_schema(task.drafting().model.model_json_schema())
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def page(tasks: Tasks) -> str:
    """The console's names and forms."""
    titles = {task.name: task.title for task in tasks}
    forms = {
        task.name: {
            "path": f"/dispatch/{task.path}",
            "posted": task.posted,
            "fields": [asdict(one) for one in task.asked],
        }
        for task in tasks
    }
    return (
        f"// {MADE}\n\n"
        f"const TASKS = {json.dumps(titles, indent=2, ensure_ascii=False)};\n\n"
        f"const FORMS = {json.dumps(forms, indent=2, ensure_ascii=False)};\n"
    )


def keyless_event(task: Task) -> str:
    """The sample of its keyless route: a workflow's claims, and the body of its own sample."""
    route = f"/oidc/dispatch/{task.path}"
    body = json.loads((ROOT / "events" / f"{task.name}.json").read_text())["body"]
    event = json.loads((ROOT / "events" / "oidc.json").read_text())
    event |= {"routeKey": f"POST {route}", "rawPath": route, "body": body}
    event["headers"]["content-length"] = str(len(body.encode()))
    event["requestContext"]["http"]["path"] = route
    event["requestContext"]["routeKey"] = f"POST {route}"
    return json.dumps(event, indent=2, ensure_ascii=False) + "\n"


def examples(text: str, tasks: Tasks) -> str:
    """cli/README.md: an example of each command; those that are there are left alone."""
    last = 0
    for task in tasks:
        line = re.search(rf"^    dfg {task.command or task.path} .*\n", text, re.MULTILINE)
        if line is None:
            several = " 104" if task.asked[0].several else ""
            text = f"{text[:last]}    dfg {task.command or task.path} 101{several}  # {task.does}\n{text[last:]}"
        last = line.end() if line else text.index("\n", last) + 1
    return text


def shown_packs(text: str, tasks: Tasks) -> str:
    """docs/teams.md: the packs that are shown have a row for each task."""
    shown = re.search(r"^\{\"versions\": .*\}$", text, re.MULTILINE)
    if shown is None:
        raise ConfigurationError("docs/teams.md shows no packs")
    packs = json.loads(shown[0])
    for task in tasks:
        packs["tasks"].setdefault(task.name, [])
    return text[: shown.start()] + json.dumps(packs) + text[shown.end() :]


def versions(text: str, tasks: Tasks) -> str:
    """tests/core/versions.json: the digest of each template under its version. A line that is there stays as it is."""
    history = json.loads(text)
    for task in tasks:
        history["prompts"].setdefault(task.template.partition("\n")[0], sha256(task.template.encode()))
    return json.dumps(history, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
