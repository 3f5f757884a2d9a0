"""`make generate`: writes what names the tasks and has to be a file, from core/tasks; `--check` tells what is stale.

Whole files are made anew; in the others the lines between two marks, or a run of lines of one shape, are replaced.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import yaml
from anthropic import transform_schema

from core.canonical import sha256
from core.context.team import TEAMS
from core.errors import ConfigurationError
from core.phases import ADDED_TASKS
from core.tasks import registry
from core.tasks.task import Task
from local.child import ROOT
from tools import phases_table

Tasks = Sequence[Task]
TASKS: Final = ROOT / "src" / "core" / "tasks"
NAMES: Final = "src/core/tasks/names.py"
MADE: Final = "Made by `make generate` from core/tasks: change the tasks, not this file."
_KEYLESS: Final = "The same for a workflow of GitHub Actions."
_ANSWERS: Final = {
    "200": "Drafted",
    "202": "Accepted",
    "400": "BadRequest",
    "401": "Unauthorized",
    "403": "NotAllowed",
    "404": "NotFound",
    "409": "Busy",
    "413": "TooLarge",
    "422": "PolicyRefused",
    "429": "TooMuch",
    "502": "DraftFailed",
    "503": "CannotStart",
}
_OF_EACH: Final = frozenset(_ANSWERS) - {"400", "401", "404", "413"}
"""Answers that have another form where a dispatch may be about several targets."""


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
        NAMES: names(tasks),
        "src/handlers/page/tasks.js": page(tasks),
        "cli/dfg/tasks.py": command_line(tasks),
        **{f"src/core/tasks/schemas/{task.name}.json": wire_schema(task) for task in tasks},
        **{f"events/oidc_{task.name}.json": keyless_event(task) for task in tasks[1:]},
    }
    parts: Mapping[str, Callable[[str, Tasks], str]] = {
        "docs/openapi.yaml": openapi,
        "template.yaml": template,
        "docs/configuration.md": configuration,
        "docs/api.md": routes,
        "docs/teams.md": shown_packs,
        "docs/phases.md": lambda text, _: phases_table.page(text),
        "cli/README.md": examples,
        "tests/core/versions.json": versions,
    }
    changed = {name: change((ROOT / name).read_text(), tasks) for name, change in parts.items()}
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


# --- Python ----------------------------------------------------------------------------------


def names(tasks: Tasks) -> str:
    """core/tasks/names.py: what those need who only name tasks."""
    rows = "".join(
        f"    {task.name!r}: Named(\n"
        f"        {task.title!r},\n        {task.target!r},\n        {task.purpose!r},\n"
        f"        {task.limits.input_tokens:_},\n        {task.limits.output_tokens:_},\n"
        f"        {task.limits.model!r},\n        {task.limits.effort!r},\n        {task.proposes!r},\n    ),\n"
        for task in tasks
    )
    return _formatted(
        f'"""The task types by name, for those who only name them.\n\n{MADE}\n"""\n\n'
        "from __future__ import annotations\n\n"
        "from collections.abc import Mapping\n"
        "from typing import Final, Literal, NamedTuple, get_args\n\n"
        f"TaskType = Literal[{', '.join(repr(task.name) for task in tasks)}]\n"
        "TASK_TYPES: Final[tuple[TaskType, ...]] = get_args(TaskType)\n\n\n"
        "class Named(NamedTuple):\n"
        '    """What is known of a task without loading it: see `core.tasks.task.Task`."""\n\n'
        '    title: str\n    target: Literal["pull_request", "issue"]\n    purpose: str\n    input_tokens: int\n'
        '    output_tokens: int\n    model: str\n    effort: Literal["low", "medium", "high"]\n'
        '    proposes: tuple[Literal["add_comment", "change_labels"], ...]\n\n\n'
        f"NAMED: Final[Mapping[TaskType, Named]] = {{\n{rows}}}\n"
    )


def command_line(tasks: Tasks) -> str:
    """cli/dfg/tasks.py: the command line is a package of its own."""
    rows = "".join(
        f"    Task({task.name!r}, {task.command or task.path!r}, {'/dispatch/' + task.path!r}, {task.asked[0].name!r}, "
        f"{task.asked[0].label!r}, {task.asked[0].several!r}, {task.does!r}, {task.posted!r}),\n"
        for task in tasks
    )
    return _formatted(
        f'"""What can be asked for.\n\n{MADE}\n"""\n\n'
        "from __future__ import annotations\n\n"
        "from typing import Final, NamedTuple\n\n\n"
        "class Task(NamedTuple):\n"
        '    """One kind of dispatch, and the field that says what it is about."""\n\n'
        "    name: str\n    command: str\n    path: str\n    field: str\n    label: str\n    several: bool\n"
        "    does: str\n    posted: str\n\n\n"
        f"TASKS: Final = (\n{rows})\n"
    )


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


# --- JSON and JavaScript ---------------------------------------------------------------------


def wire_schema(task: Task) -> str:
    """The answer's schema as the Anthropic SDK transforms it: the file spares the functions the SDK's import."""
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


# --- parts of files --------------------------------------------------------------------------


def openapi(text: str, tasks: Tasks) -> str:
    """The dispatches, with the bodies that their handlers take."""
    text = block(text, "dispatches", (_operation(task) for task in tasks))
    text = block(text, "keyless dispatches", (_operation(task, keyless=True) for task in tasks))
    schemas: dict[str, Any] = {}
    for task in tasks:
        schema = _body(task)
        schemas |= {f"{_pascal(task)}Request": schema, **schema.pop("$defs", {})}
    text = block(text, "requests", (_written(name, schema) for name, schema in schemas.items()))
    listed = ", ".join(task.name for task in tasks)
    return rows(text, r"    TaskType: ", [f"    TaskType: {{ type: string, enum: [{listed}] }}"])


def _operation(task: Task, *, keyless: bool = False) -> str:
    several = task.asked[0].several
    one = task.asked[0].name.removesuffix("s")
    body = f'"#/components/schemas/{_pascal(task)}Request"'
    summary = f"{task.does} Needs the right `dispatch`."
    if keyless:
        alone = " A token of a pull request may ask for that one alone." if task.target == "pull_request" else ""
        summary = _KEYLESS + alone
    lines = [
        f"  {'/oidc' if keyless else ''}/dispatch/{task.path}:",
        "    post:",
        f"      operationId: {'keyless' if keyless else 'dispatch'}{_pascal(task)}",
        f"      tags: [{'keyless' if keyless else 'dispatch'}]",
        f"      summary: {summary}",
    ]
    if several and not keyless:
        lines += [
            "      description: |",
            f"        With `{one}` the answer is that of the other dispatches. With `{one}s` it is a `Batch`: its",
            "        status and code are those of the task that got furthest, and `tasks` has every task's own answer.",
        ]
    lines += ["      security: [{ actions: [] }]"] if keyless else []
    lines += [
        "      parameters:",
        '        - { $ref: "#/components/parameters/Prefer" }',
        "      requestBody:",
        "        required: true",
        f"        content: {{ application/json: {{ schema: {{ $ref: {body} }} }} }}",
        "      responses:",
    ]
    for status, answer in _ANSWERS.items():
        name = f"{answer}Each" if several and status in _OF_EACH else answer
        name = "NotVerified" if keyless and status == "401" else name
        lines.append(f'        "{status}": {{ $ref: "#/components/responses/{name}" }}')
    return "\n".join([*lines, "", ""])


def _body(task: Task) -> dict[str, Any]:
    """The JSON schema of what its handler takes, as OpenAPI writes it."""
    model = getattr(import_module(f"handlers.{task.name}"), f"{_pascal(task)}Body", None)
    if model is None:
        task.refuse(f"src/handlers/{task.name}.py has no class {_pascal(task)}Body")
    schema: dict[str, Any] = _plain(model.model_json_schema())
    unknown = [one.name for one in task.asked if one.name not in schema["properties"]]
    if unknown:
        task.refuse(f"it asks for {', '.join(unknown)}, which {_pascal(task)}Body of its handler does not take")
    return schema


def _plain(schema: Any) -> Any:
    """Without titles; a type or null is a list of types; definitions are the document's."""
    if isinstance(schema, list):
        return [_plain(one) for one in schema]
    if not isinstance(schema, dict):
        return schema.replace("#/$defs/", "#/components/schemas/") if isinstance(schema, str) else schema
    kept = {key: one for key, one in schema.items() if not (key == "title" and isinstance(one, str))}
    options = kept.pop("anyOf", None)
    if options:
        value, null = options
        kept = {**value, "type": [value["type"], null["type"]], **kept}
    return {key: _plain(one) for key, one in kept.items()}


def _written(name: str, schema: Mapping[str, Any]) -> str:
    """A schema of an object, a line for each of its fields."""
    properties = schema["properties"]
    rest = {key: one for key, one in schema.items() if key != "properties"}
    lines = [f"    {name}:", *(f"      {_flow(key)}: {_flow(one)}" for key, one in rest.items()), "      properties:"]
    return "\n".join([*lines, *(f"        {_flow(key)}: {_flow(one)}" for key, one in properties.items()), ""])


def _flow(value: Any) -> str:
    """YAML on one line."""
    written = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True)
    return str(written).removesuffix("\n...\n").rstrip("\n")


def template(text: str, tasks: Tasks) -> str:
    """Parameters, variables and throttles of each task; its keyless route."""
    throttle = "{ ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }"
    keyless = f"!If [HasKeylessCallers, {throttle}, !Ref AWS::NoValue]"
    text = block(text, "models", (_parameter(f"Model{_pascal(t)}", "String", "", _model_words(t)) for t in tasks))
    text = block(
        text,
        "input limits",
        (
            _parameter(f"MaxInputTokens{_pascal(t)}", "Number", str(t.limits.input_tokens), _input_words(t), minimum=0)
            for t in tasks
        ),
    )
    text = block(
        text,
        "keyless routes",
        (
            f"        {_pascal(t)}:\n          Type: HttpApi\n          Properties: {{ ApiId: !Ref Api, Method: POST, "
            f"Path: /oidc/dispatch/{t.path}, Auth: {{ Authorizer: GitHubActions }} }}\n"
            for t in tasks
        ),
    )
    text = rows(text, r"        MODEL_", [f"        MODEL_{t.name.upper()}: !Ref Model{_pascal(t)}" for t in tasks])
    limits = [f"        MAX_INPUT_TOKENS_{t.name.upper()}: !Ref MaxInputTokens{_pascal(t)}" for t in tasks]
    text = rows(text, r"        MAX_INPUT_TOKENS_", limits)
    text = rows(text, r"        - !Ref Model", [f"        - !Ref Model{_pascal(t)}" for t in tasks])
    text = rows(text, r"        - !Ref MaxInputTokens", [f"        - !Ref MaxInputTokens{_pascal(t)}" for t in tasks])
    text = rows(text, r"        POST /dispatch/", [f"        POST /dispatch/{t.path}: {throttle}" for t in tasks])
    return rows(
        text, r"        POST /oidc/dispatch/", [f"        POST /oidc/dispatch/{t.path}: {keyless}" for t in tasks]
    )


def _model_words(task: Task) -> str:
    return f"Model of {task.name}. Empty, {task.limits.model}; a model without a price is refused."


def _input_words(task: Task) -> str:
    return f"Tokens, estimated, that a prompt of {task.name} may have."


def _parameter(name: str, kind: str, default: str, words: str, minimum: int | None = None) -> str:
    least = "" if minimum is None else f"    MinValue: {minimum}\n"
    return f'  {name}:\n    Type: {kind}\n    Default: "{default}"\n{least}    Description: {words}\n'


def configuration(text: str, tasks: Tasks) -> str:
    """docs/configuration.md: the settings of each task."""
    models = [
        f"| `MODEL_{task.name.upper()}` | `Model{_pascal(task)}` | `{task.limits.model}` | "
        f"the model of [{task.name}](phases.md), from {_first_phase(task)} on |"
        for task in tasks
    ]
    text = rows(text, r"\| `MODEL_", models)
    limits = [
        f"| `MAX_INPUT_TOKENS_{task.name.upper()}` | {task.limits.input_tokens} | tokens, estimated | {task.purpose} |"
        for task in tasks
    ]
    return rows(text, r"\| `MAX_INPUT_TOKENS_", limits)


def _first_phase(task: Task) -> str:
    return next(phase for phase, added in ADDED_TASKS.items() if any(name == task.name for name, _ in added))


def routes(text: str, tasks: Tasks) -> str:
    """docs/api.md: the table of routes."""
    text = rows(
        text, r"\| `POST /dispatch/", [f"| `POST /dispatch/{t.path}` | dispatch | {t.does[:-1]} |" for t in tasks]
    )
    keyless = [f"| `POST /oidc/dispatch/{t.path}` | a workflow's token | as `/dispatch/{t.path}` |" for t in tasks]
    return rows(text, r"\| `POST /oidc/dispatch/", keyless)


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


def block(text: str, name: str, parts: Iterable[str]) -> str:
    """The text with what stands between the two marks of that name replaced. Raises ConfigurationError without them."""
    begin, end = f"# made by make generate: {name}\n", f"# end of {name}\n"
    before, found, rest = text.partition(begin)
    _, ends, after = rest.partition(end)
    if not found or not ends:
        raise ConfigurationError(f"the marks of {name!r} are missing")
    indent = before[before.rfind("\n") + 1 :]
    return f"{before}{begin}{''.join(parts)}{indent}{end}{after}"


def rows(text: str, shape: str, lines: Sequence[str]) -> str:
    """The text with its one run of lines that begin with `shape` replaced. Raises ConfigurationError for none."""
    runs = list(re.finditer(rf"(?:^{shape}.*\n)+", text, re.MULTILINE))
    if len(runs) != 1:
        raise ConfigurationError(f"{len(runs)} runs of lines begin with {shape!r}, and not one")
    return text[: runs[0].start()] + "".join(f"{line}\n" for line in lines) + text[runs[0].end() :]


def _pascal(task: Task) -> str:
    return "".join(part.capitalize() for part in task.name.split("_"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
