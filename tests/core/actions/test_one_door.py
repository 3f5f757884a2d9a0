"""Nothing reaches GitHub but through `perform`: the writers, and whoever can send, are counted here."""

from __future__ import annotations

import ast
import re
from pathlib import Path

SRC = Path(__file__).parents[3] / "src"


def callers_of(attribute: str) -> set[str]:
    """Modules that run in Lambda and call a method of this name."""
    found = set()
    for path in (*(SRC / "core").rglob("*.py"), *(SRC / "handlers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute:
                found.add(path.relative_to(SRC).as_posix())
    return found


def test_only_perform_calls_a_writer() -> None:
    """The other one writes bytes into a connection."""
    assert callers_of("write") == {"core/actions/perform.py", "core/http/deadline.py"}


def test_only_the_reader_the_one_line_of_writers_and_the_app_send_to_github() -> None:
    assert callers_of("send") == {
        "core/actions/writers.py",
        "core/context/app_token.py",
        "core/context/github.py",
        "core/runs/generate.py",
    }


def test_only_writers_attempt_a_request() -> None:
    assert callers_of("_attempt") == {"core/actions/writers.py"}


def test_the_reader_only_reads() -> None:
    methods = {
        node.args[0].value
        for node in ast.walk(ast.parse((SRC / "core/context/github.py").read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "send"
        and isinstance(node.args[0], ast.Constant)
    }
    assert methods == {"GET"}


def test_every_writer_is_made_in_bootstrap_and_known_here() -> None:
    made = {
        node.func.id
        for node in ast.walk(ast.parse((SRC / "core/bootstrap.py").read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id.endswith("_writer")
    }
    assert made == {"relay_writer", "github_writer"}
    defined = {path.relative_to(SRC).as_posix() for path in SRC.rglob("*.py") if "HttpWriter" in path.read_text()}
    assert defined == {"core/actions/writers.py"}


def test_no_other_module_makes_requests() -> None:
    importers = {
        (name, path.relative_to(SRC).as_posix())
        for path in SRC.rglob("*.py")
        for name in ("urllib3", "httpx", "httpcore", "httpcore2")
        if re.search(rf"^\s*import {name}$", path.read_text(), re.MULTILINE)
    }
    assert importers == {
        ("httpcore", "core/http/client.py"),
        ("httpcore2", "core/dispatcher/claude.py"),
        ("httpx", "core/http/client.py"),
        ("urllib3", "handlers/setup.py"),
    }
