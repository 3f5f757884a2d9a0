"""The lines of one shape that name each task: in template.yaml, in the documents, in two modules.

A run of lines is found by how it begins, a block between its two marks. Each has a form, filled for one task after the
other with `words`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from core.errors import ConfigurationError
from core.phases import ADDED_TASKS
from core.tasks.task import Task

_THROTTLE: Final = "{{ ThrottlingRateLimit: 5, ThrottlingBurstLimit: 10 }}"
RUNS: Final[Mapping[str, Mapping[str, str]]] = {
    "template.yaml": {
        "        MODEL_": "        MODEL_{NAME}: !Ref Model{Pascal}",
        "        MAX_INPUT_TOKENS_": "        MAX_INPUT_TOKENS_{NAME}: !Ref MaxInputTokens{Pascal}",
        "        - !Ref Model": "        - !Ref Model{Pascal}",
        "        - !Ref MaxInputTokens": "        - !Ref MaxInputTokens{Pascal}",
        "        POST /dispatch/": f"        POST /dispatch/{{path}}: {_THROTTLE}",
        "        POST /oidc/dispatch/": (
            f"        POST /oidc/dispatch/{{path}}: !If [HasKeylessCallers, {_THROTTLE}, !Ref AWS::NoValue]"
        ),
    },
    "docs/configuration.md": {
        r"\| `MODEL_": (
            "| `MODEL_{NAME}` | `Model{Pascal}` | `{model}` | the model of [{name}](phases.md), from {phase} on |"
        ),
        r"\| `MAX_INPUT_TOKENS_": "| `MAX_INPUT_TOKENS_{NAME}` | {input_tokens} | tokens, estimated | {purpose} |",
    },
    "docs/api.md": {
        r"\| `POST /dispatch/": "| `POST /dispatch/{path}` | dispatch | {wish} |",
        r"\| `POST /oidc/dispatch/": "| `POST /oidc/dispatch/{path}` | a workflow's token | as `/dispatch/{path}` |",
    },
}
"""File → how the lines of a run begin, a pattern → the form of one."""
BLOCKS: Final[Mapping[str, Mapping[str, str]]] = {
    "template.yaml": {
        "models": """\
  Model{Pascal}:
    Type: String
    Default: ""
    Description: Model of {name}. Empty, {model}; a model without a price is refused.
""",
        "input limits": """\
  MaxInputTokens{Pascal}:
    Type: Number
    Default: "{input_tokens}"
    MinValue: 0
    Description: Tokens, estimated, that a prompt of {name} may have.
""",
        "keyless routes": """\
        {Pascal}:
          Type: HttpApi
          Properties: {{ ApiId: !Ref Api, Method: POST, Path: /oidc/dispatch/{path}, Auth: {{ Authorizer: \
GitHubActions }} }}
""",
    },
    "src/core/tasks/names.py": {
        "tasks": """\
    {name!r}: Named({title!r}, {target!r}, {purpose!r}, {input_tokens:_}, {output_tokens:_}, {model!r}, {effort!r},
        {proposes!r},),
""",
    },
    "cli/dfg/tasks.py": {
        "tasks": """\
    Task({name!r}, {command!r}, "/dispatch/{path}", {field!r}, {label!r}, {several!r}, {does!r}, {posted!r}),
""",
    },
}
"""File → the block's name → the form of one task's lines."""


def words(task: Task) -> dict[str, Any]:
    """What the forms say of a task."""
    asked, limits = task.asked[0], task.limits
    first = next(phase for phase, added in ADDED_TASKS.items() if any(name == task.name for name, _ in added))
    return {
        **vars(limits),
        **vars(task),
        "path": task.path,
        "NAME": task.name.upper(),
        "Pascal": pascal(task),
        "phase": first,
        "wish": task.does[:-1],
        "command": task.command or task.path,
        "field": asked.name,
        "label": asked.label,
        "several": asked.several,
    }


def with_lines(file: str, text: str, tasks: Sequence[Task]) -> str:
    """A file's text with its runs and blocks as they should be. Raises ConfigurationError."""
    said = [words(task) for task in tasks]
    for begin, form in RUNS.get(file, {}).items():
        text = rows(text, begin, [form.format(**one) for one in said])
    for name, form in BLOCKS.get(file, {}).items():
        text = block(text, name, [form.format(**one) for one in said])
    return text


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


def pascal(task: Task) -> str:
    return "".join(part.capitalize() for part in task.name.split("_"))
