"""What is read of diffs that do not fit: in which order, at which places they are cut, and how it is counted."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.prompts.changes import largest_first
from core.prompts.diffs import Diffs, Shown
from core.prompts.tokens import UNITS, units
from core.types import ChangedFile

PLENTY = 100_000 * UNITS
ROOM = 4_000 * UNITS


def a_file(path: str, patch: str) -> ChangedFile:
    changed = [line[:1] for line in patch.split("\n")]
    return ChangedFile(path, "modified", changed.count("+"), changed.count("-"), patch)


def show(room: int, *files: ChangedFile) -> Shown:
    return Diffs(largest_first(files), PLENTY).show(room)


def a_hunk(start: int, *changes: str) -> str:
    parts = "\n".join(f" before {start}\n{change}\n after {start}" for change in changes)
    return f"@@ -{start},9 +{start},9 @@\n{parts}"


def code(count: int, word: str = "value") -> str:
    return "\n".join(f"+{word}_{number} = compute({number})" for number in range(count))


def shown_lines(shown: Shown) -> list[str]:
    return [line for line in shown.text.split("\n") if line[:1] in ("+", "-")]


def test_what_fits_is_shown_as_it_is() -> None:
    patches = [
        a_hunk(1, "-a = 1\n+a = 2") + "\n" + a_hunk(90, "+b = 3", "-c()"),
        "@@ -0,0 +1 @@\n+new\n\\ No newline at end",
    ]
    shown = show(PLENTY, a_file("src/a.py", patches[0]), a_file("src/b.py", patches[1]))
    assert shown.text == f"file: src/a.py\n{patches[0]}\nfile: src/b.py\n{patches[1]}\n"
    assert (shown.partly, shown.unshown, shown.lines_read, shown.lines_changed) == (0, 0, 5, 5)


def test_source_is_read_before_tests_and_tests_before_documentation() -> None:
    files = [
        a_file("docs/guide.md", "@@ -0,0 +1,50 @@\n" + code(50, "doc")),
        a_file("tests/test_a.py", "@@ -0,0 +1,50 @@\n" + code(50, "test")),
        a_file("src/a.py", "@@ -0,0 +1,50 @@\n" + code(50, "source")),
    ]
    one = units("file: tests/test_a.py\n" + (files[1].patch or "")) + 60 * UNITS
    assert show(one, *files).read == {"src/a.py"}
    assert show(2 * one, *files).read == {"src/a.py", "tests/test_a.py"}
    assert show(3 * one, *files).read == {"src/a.py", "tests/test_a.py", "docs/guide.md"}


FORM = {
    "imports": ("src/a.py", "-import os\n+import os, sys\n+from a.b import (\n+    c,\n+)"),
    "imports in Go": ("src/a.go", '-import "fmt"\n+import (\n+\t"fmt"\n+\tlog "github.com/x/log"\n+)'),
    "imports in TypeScript": ("src/a.ts", '-import { a } from "./a";\n+import {\n+  a,\n+  b,\n+} from "./a";'),
    "annotations": ("src/a.py", "-def f(a, b=None):\n+def f(a: int, b: Optional[str] = None) -> list[str]:"),
    "types spelled anew": ("src/a.py", "-    limit: Optional[List[str]] = None\n+    limit: list[str] | None = None"),
    "white space": ("src/a.go", "-if  a {b()}\n+if a {\n+\tb()\n+}"),
    "quotes and last commas": ("src/a.py", "-f('a', b)\n+f(\n+    \"a\",\n+    b,\n+)"),
    "comments": ("src/a.py", "-# once\n+# twice\n+"),
    "comments in Go": ("src/a.go", "-// once\n+// twice"),
}
BEHAVIOUR = {
    "an import of a file that runs": ("src/a.ts", '-import "./a";\n+import "./b";'),
    "a field of another type": ("src/a.py", "-    limit: int = 3\n+    limit: str = 3"),
    "a value in a table": ("src/a.py", "-call({fee: net, tax: 0})\n+call({fee: net.rounded, tax: 0})"),
    "a field that is one now": ("src/a.py", "-    limit = 3\n+    limit: int = 3"),
    "a field that may be missing": ("src/a.py", "-    limit: int\n+    limit: int | None"),
    "a statement moved out of a block": (
        "src/a.py",
        "-    if a:\n-        b()\n-        c()\n+    if a:\n+        b()\n+    c()",
    ),
    "a block moved": ("src/a.py", "-    b()\n+b()"),
    "white space in a string": ("src/a.go", '-f("a b")\n+f("a  b")'),
    "one name for another": ("src/a.py", "-return net\n+return gross"),
    "a comment that a compiler reads": ("src/a.go", "-// +build linux\n+//go:build windows"),
    "code beside an import": ("src/a.py", "-import os\n+import sys\n+os.remove(a)"),
    "a removed check": ("src/a.py", "-    check(a)"),
}
IMPORTS = {
    ending: f"@@ -900,9 +900,9 @@\n{lines}"
    for ending, lines in {
        "py": "\n".join(f"-import module_{number}" for number in range(60)),
        "ts": "\n".join(f'-import a{number} from "./module_{number}";' for number in range(60)),
        "go": "\n".join(f'-import "module/{number}"' for number in range(60)),
    }.items()
}


@pytest.mark.parametrize("name", FORM)
def test_what_changes_the_form_alone_is_read_last(name: str) -> None:
    path, change = FORM[name]
    charge = "@@ -90 +90 @@\n" + "\n".join(f"+charge(customer, {number})" for number in range(30))
    unchanged = "\n".join(f" unchanged line {number}" for number in range(30))
    tested = f"@@ -1,9 +1,9 @@\n{unchanged}\n{change}"
    shown = show(units(f"file: {path}\n{charge}") + 60 * UNITS, a_file(path, f"{tested}\n{charge}"))
    assert shown.lines_read == 30
    assert "+charge(customer, 29)" in shown_lines(shown)


@pytest.mark.parametrize("name", BEHAVIOUR)
def test_what_may_change_behaviour_is_read_before_imports(name: str) -> None:
    path, change = BEHAVIOUR[name]
    imports = IMPORTS[path.rpartition(".")[2]]
    room = units(f"file: {path}\n{change}") + 60 * UNITS
    shown = show(room, a_file(path, f"{imports}\n@@ -1,9 +1,9 @@\n{change}"))
    assert shown_lines(shown)[: change.count("\n") + 1] == change.split("\n")


def test_a_renaming_is_read_after_what_else_changes() -> None:
    renamed = "\n".join(a_hunk(at, f"-    total = Fees({at})\n+    total = Charges({at})") for at in range(1, 400, 10))
    other = a_hunk(990, "-    if paid:\n+    if paid or free:")
    shown = show(units(other) + 60 * UNITS, a_file("src/a.py", f"{renamed}\n{other}"))
    assert shown_lines(shown)[-2:] == ["-    if paid:", "+    if paid or free:"]


def test_a_removed_line_never_stands_without_what_replaces_it() -> None:
    minus = "\n".join(f"-old line {number} of the file" for number in range(400))
    plus = "\n".join(f"+new line {number} of the file" for number in range(400))
    shown = show(2_000 * UNITS, a_file("src/a.py", f"@@ -1,400 +1,400 @@\n{minus}\n{plus}"))
    assert shown_lines(shown)[0] == "+new line 0 of the file"
    assert not any(line.startswith("-") for line in shown_lines(shown))
    assert 100 < shown.lines_read < 400
    assert shown.text.endswith(f"({800 - shown.lines_read} lines not shown)\n")


def test_a_removal_that_nothing_replaces_is_shown_as_far_as_it_fits() -> None:
    minus = "\n".join(f"-old line {number} of the file" for number in range(400))
    shown = show(1_000 * UNITS, a_file("src/a.py", f"@@ -1,400 +1,0 @@\n{minus}"))
    assert shown_lines(shown)[0] == "-old line 0 of the file"


def test_something_of_each_large_hunk_is_shown() -> None:
    text = "\n".join(f"@@ -{at},0 +{at},100 @@\n{code(100, f'at{at}')}" for at in (1, 500, 900))
    shown = show(units(text) // 3, a_file("src/a.py", text))
    for at in (1, 500, 900):
        assert f"+at{at}_0 = compute(0)" in shown_lines(shown)
    assert "lines not shown)" in shown.text


def test_a_licence_goes_first() -> None:
    licence = "+/*\n+Copyright 2025 Somebody\n+Licensed under some licence\n+*/"
    text = f"@@ -0,0 +1,104 @@\n{licence}\n{code(100)}"
    shown = show(units(text) // 2, a_file("src/a.go", text))
    assert "Copyright" not in shown.text
    assert "+value_0 = compute(0)" in shown_lines(shown)
    assert "Copyright" in show(PLENTY, a_file("src/a.go", text)).text
    hidden = "@@ -0,0 +1,9 @@\n+/* copyright */ steal();\n" + code(200)
    assert "steal()" in show(units(hidden) // 2, a_file("src/a.go", hidden)).text


def test_a_line_of_data_is_shortened_and_its_file_is_not_called_whole() -> None:
    shown = show(PLENTY, a_file("src/a.py", "@@ -1 +1,2 @@\n+" + "x" * 100_000 + "\n+next"))
    assert "(a line of 100,001 characters)" in shown.text
    assert (shown.partly, shown.lines_read, shown.lines_changed) == (1, 1, 2)


texts = st.text(alphabet="@ +-a\n\r\u200b\ufdfa/*c(", max_size=300)
patches = st.lists(texts, min_size=1, max_size=6).map("\n@@ -1 +1 @@\n".join)
NAMES = ("a.py", "b.go", "tests/c.py", "d.md", "e.yaml")


@settings(deadline=None)
@given(st.lists(patches, min_size=1, max_size=5), st.integers(-10, 4_000), st.integers(0, 9))
def test_no_text_passes_the_room_and_every_line_is_counted(bodies: Sequence[str], room: int, most: int) -> None:
    files = [ChangedFile(name, "modified", 1, 1, body) for name, body in zip(NAMES, bodies, strict=False)]
    shown = Diffs(largest_first(files), room + most * UNITS).show(room)
    assert units(shown.text) <= max(room, 0)
    assert 0 <= shown.lines_read <= shown.lines_changed
    heads = "|".join(re.escape(f"file: {name}\n") for name in NAMES)
    for file in files:
        if file.path not in shown.read:
            continue
        _, _, rest = shown.text.partition(f"file: {file.path}\n")
        body = re.split(heads, rest)[0].removesuffix("\n").split("\n")
        marks = [int(line[1:].split()[0].replace(",", "")) for line in body if line.endswith("lines not shown)")]
        total = (file.patch or "").removesuffix("\n").count("\n") + 1
        assert len(body) - len(marks) + sum(marks) == total


def measured(lines: int) -> tuple[float, int]:
    """CPU seconds and bytes that it takes to show what fits of so many lines."""
    change = "-value = compute({0})\n+value = compute({0}, 1)\n+log(value)"
    text = "\n".join(a_hunk(at, change.format(at)) for at in range(lines // 12))
    files = [a_file("src/a.py", text), a_file("tests/test_a.py", text)]
    tracemalloc.start()
    began = time.process_time()
    shown = Diffs(largest_first(files), ROOM).show(ROOM)
    spent = time.process_time() - began
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert units(shown.text) <= ROOM
    return spent, peak


def test_work_and_memory_are_bounded_by_what_fits_and_not_by_the_diff() -> None:
    some, many = ([measured(lines) for _ in range(3)] for lines in (8_000, 80_000))
    for figure in (0, 1):  # the best of three: the collector of a large test process may stop one of them
        assert min(one[figure] for one in many) < 4 * min(one[figure] for one in some)


HOSTILE = [
    " ",
    "\t!",
    ",\n+",
    '"',
    '\\"',
    "'",
    "x:a[",
    "x: a | ",
    ") ->x",
    "):",
    "import a, ",
    "import {",
    "from a import b,",
]
HOSTILE += [
    "(",
    "[",
    "# ",
    "/* ",
    "a as b ",
    "-a\n+b\n",
    "\n ",
    "\n+\n-",
    "@@ \n+",
    "\ufdfa",
    "\u200b",
    "use a::{",
    "\n+x: a",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("name", ["a.py", "a.ts", "a.go"])
def test_no_text_makes_it_slow(text: str, name: str) -> None:
    def spent(length: int) -> float:
        files = [ChangedFile(name, "modified", 9, 9, f"@@ -1 +1 @@\n-({text}\n+" + (text * length)[:length])]
        began = time.process_time()
        Diffs(largest_first(files), ROOM).show(ROOM)
        return time.process_time() - began

    spent(1_000)
    assert min(spent(120_000) for _ in range(3)) < 12 * min(spent(30_000) for _ in range(3)) + 0.2
