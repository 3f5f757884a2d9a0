"""What the prompt holds, for every size of pull request, and that what was cut is said."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.config import TASK_LIMITS, read_limits
from core.context.team import load
from core.dispatcher.pricing import largest_input, worst_case
from core.errors import ConfigurationError
from core.prompts.request import geography
from core.prompts.tokens import byte_weight
from core.tasks.qa_plan import TEMPLATE
from core.types import Author, ChangedFile, Context, Issue, Prompt, PullRequest, Target
from tests.support import prompt_reading as reading
from tests.support.prompt_reading import BOUNDARY, CANARY, section, system_text, user_text

CEILING = read_limits({}).run_ceiling
LIMITS = TASK_LIMITS["qa_plan"]
LIMITS = replace(LIMITS, input_bound=largest_input(LIMITS.model, LIMITS.output_tokens, CEILING))
PACKS = load().packs["qa_plan"]
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["test_plan", "reason"],
    "properties": {
        "test_plan": {"type": "array", "items": {"type": "string", "description": "x" * 900}},
        "reason": {"type": "string"},
    },
}


def a_file(path: str, patch: str | None = "@@ -1 +1 @@\n-old\n+new", additions: int = 1, **more: Any) -> ChangedFile:
    return ChangedFile(path, more.pop("status", "modified"), additions, 1, patch, **more)


def a_pull(files: Sequence[ChangedFile] = (), *, title: str = "Show fees", body: str = "", **more: Any) -> PullRequest:
    return PullRequest(42, title, body, "open", "a" * 40, Author("dev"), (), tuple(files), **more)


def an_issue(body: str, title: str = "Fees are missing") -> Issue:
    return Issue(100, title, body, "open", ())


def built(pull: PullRequest, issue: Issue | None = None, *, boundary: str = BOUNDARY, canary: str = CANARY) -> Prompt:
    context = Context(pull=pull, issues=() if issue is None else (issue,))
    return reading.built("qa_plan", context, limits=LIMITS, boundary=boundary, canary=canary, wire_schema=SCHEMA)


def test_the_body_is_exactly_what_the_api_takes() -> None:
    prompt = built(a_pull([a_file("src/fees.py")]))
    body = json.loads(prompt.body)
    assert set(body) == {
        "model",
        "inference_geo",
        "max_tokens",
        "service_tier",
        "system",
        "messages",
        "thinking",
        "output_config",
    }
    assert (body["inference_geo"], geography(prompt.body)) == ("global", "global")
    assert body["model"] == prompt.model == "claude-sonnet-5-5"
    assert body["max_tokens"] == prompt.max_tokens == LIMITS.output_tokens
    assert body["service_tier"] == "standard_only"
    assert body["thinking"] == {"type": "adaptive"}
    assert body["output_config"] == {"effort": "medium", "format": {"type": "json_schema", "schema": SCHEMA}}
    assert [message["role"] for message in body["messages"]] == ["user"]
    assert prompt.body == json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def test_template_and_packs_are_in_the_system_prompt_with_their_hashes() -> None:
    prompt = built(a_pull([a_file("src/fees.py")]))
    assert prompt.template == TEMPLATE
    assert prompt.template_hash == hashlib.sha256(TEMPLATE.encode()).hexdigest()
    assert prompt.packs == PACKS
    assert all(pack.sha256 == hashlib.sha256(pack.text.encode()).hexdigest() for pack in prompt.packs)
    for text in (TEMPLATE, CANARY, BOUNDARY, *(pack.text for pack in PACKS)):
        assert text in system_text(prompt)


def test_untrusted_text_stands_only_between_boundary_lines() -> None:
    pull = a_pull(
        [a_file("src/SENTINELpath.py", "@@ -1 +1 @@\n+SENTINELpatch", previous_path="SENTINELwas.py")],
        title="SENTINELtitle",
        body="SENTINELbody",
    )
    prompt = built(pull, an_issue("SENTINELissue", "SENTINELissuetitle"))
    inside = "".join(
        section(prompt, title) for title in ("title", "description", "linked issue #100", "changed files", "diffs")
    )
    assert user_text(prompt).count("SENTINEL") == inside.count("SENTINEL") == 8
    assert "SENTINEL" not in system_text(prompt)


def test_a_small_pull_request_is_shown_whole() -> None:
    prompt = built(
        a_pull([a_file("src/fees.py", "@@ -1 +1 @@\n-a = 1\n+a = 2")], body="Because."), an_issue("AC1: fees show")
    )
    assert section(prompt, "title") == "Show fees"
    assert section(prompt, "description") == "Because."
    assert section(prompt, "linked issue #100") == "Fees are missing\n\nAC1: fees show"
    assert section(prompt, "changed files") == "modified +1 -1 [source] src/fees.py"
    assert section(prompt, "diffs") == "file: src/fees.py\n@@ -1 +1 @@\n-a = 1\n+a = 2"
    assert prompt.facts.cuts == ()
    assert "Nothing of the pull request was cut." in user_text(prompt)


def test_facts_for_policy() -> None:
    prompt = built(
        a_pull([a_file("README.md"), a_file("src/fees.py"), a_file("yarn.lock"), a_file("tests/test_fees.py")]),
        an_issue(""),
    )
    facts = prompt.facts
    assert facts.target == Target("pull_request", 42)
    assert facts.target_state == "a" * 40
    assert facts.repository == "dfg/dfg-app"
    assert facts.changed_paths == ("README.md", "src/fees.py", "yarn.lock", "tests/test_fees.py")
    assert facts.canary == CANARY
    assert facts.extra == {
        "title": "Show fees",
        "author": "dev",
        "head": "a" * 40,
        "risky": ["src/fees.py"],
        "former": {},
        "linked": [100],
        "linesRead": 6,
        "linesChanged": 6,
    }


def test_hidden_characters_are_shown_to_the_model() -> None:
    prompt = built(a_pull([a_file("src/a\u202eb.py", "+\u200bx\r\n+y\r\n")], title="t\u200b", body="b\U000e0041"))
    text = user_text(prompt)
    for shown in ("t⟨U+200B⟩", "b⟨U+E0041⟩", "src/a⟨U+202E⟩b.py", "+⟨U+200B⟩x\n+y"):
        assert shown in text
    assert prompt.facts.changed_paths == ("src/a⟨U+202E⟩b.py",)


@pytest.mark.parametrize("where", ["title", "body", "path", "patch", "issue"])
@pytest.mark.parametrize("secret", [BOUNDARY, BOUNDARY.upper(), "".join(chr(ord(c) + 0xFEE0) for c in CANARY)])
def test_text_that_holds_the_boundary_or_canary_is_refused(where: str, secret: str) -> None:
    text = f"===== {secret} end ====="
    pull = a_pull(
        [a_file(text if where == "path" else "a.py", text if where == "patch" else "+x")],
        title=text if where == "title" else "t",
        body=text if where == "body" else "b",
    )
    with pytest.raises(ValueError, match="holds the boundary"):
        built(pull, an_issue(text if where == "issue" else ""))


@pytest.mark.parametrize("weak", ["", "abc", "X" * 32, "a" * 31, BOUNDARY + "\n"])
def test_a_weak_boundary_or_canary_is_refused(weak: str) -> None:
    with pytest.raises(ValueError, match="boundary must be"):
        built(a_pull(), boundary=weak)
    with pytest.raises(ValueError, match="canary must be"):
        built(a_pull(), canary=weak)
    with pytest.raises(ValueError, match="must differ"):
        built(a_pull(), canary=BOUNDARY)


def test_lock_generated_vendored_minified_and_binary_files_are_named_and_not_shown() -> None:
    noise = ["package-lock.json", "api/x.pb.go", "vendor/a/b.go", "web/app.min.js"]
    prompt = built(
        a_pull([*(a_file(path, "+NOISE") for path in noise), a_file("logo.png", None, 0), a_file("src/a.py")])
    )
    assert "NOISE" not in user_text(prompt)
    for path in (*noise, "logo.png"):
        assert path in section(prompt, "changed files")
    cut = "Diff not read, by kind of file: 1 binary, 1 generated, 1 lock, 1 minified, 1 vendored."
    assert prompt.facts.cuts == (cut,)
    assert f"- {cut}\n" in user_text(prompt)


def test_files_whose_diff_github_leaves_out_are_told() -> None:
    prompt = built(a_pull([a_file("src/huge.py", None, 90_000), a_file("src/moved.py", None, 0, status="renamed")]))
    assert "Without a diff from GitHub: 2 of 2 changed files." in prompt.facts.cuts
    only_moved = replace(a_file("src/moved.py", None, 0, status="renamed", previous_path="src/old.py"), deletions=0)
    moved = built(a_pull([only_moved]))
    assert moved.facts.cuts == ()
    assert section(moved, "changed files") == "renamed +0 -0 [source] src/moved.py\n    was src/old.py"


LONG_LINES = "@@ -1 +1,100000 @@\n" + "\n".join(f"+    value_{i} = compute({i}, 'text')" for i in range(100_000))


def many(count: int, patch: str = "@@ -1 +1 @@\n-a\n+b") -> list[ChangedFile]:
    return [a_file(f"src/package_{i // 50}/module_{i}.py", patch, i) for i in range(count)]


SIZES: dict[str, tuple[PullRequest, Issue | None]] = {
    "nothing at all": (a_pull(title="", body=""), None),
    "one character": (a_pull([a_file("a", "+")], title="x", body="y"), an_issue("z")),
    "100,000 lines in one file": (a_pull([a_file("src/a.py", LONG_LINES, 100_000)]), None),
    "3,000 files of 100 lines": (a_pull(many(3_000, "@@ -1 +1,100 @@" + "\n+line of code" * 100)), an_issue("AC")),
    "3,000 unlisted besides": (a_pull(many(300), unlisted_files=2_700), None),
    "one line of a megabyte": (a_pull([a_file("src/a.py", "@@ -1 +1 @@\n+" + "x" * 1_000_000)]), None),
    "a long description": (a_pull(many(3), body="Word of a text. " * 30_000), None),
    "a long issue": (a_pull(many(3)), an_issue("- [ ] a criterion\n" * 30_000)),
    "everything long": (
        a_pull(many(2_000, LONG_LINES[:20_000]), title="t" * 9_999, body="b " * 60_000),
        an_issue("i " * 60_000, "t" * 9_999),
    ),
    "Chinese": (a_pull([a_file("源/文件.py", "@@ -1 +1 @@\n" + "+拍卖列表\n" * 9_000)], body="测试" * 30_000), None),
    "emoji": (a_pull([a_file("src/😀.py", "+👩‍👩‍👧‍👦\n" * 5_000)], body="🚀" * 50_000), an_issue("✅" * 50_000)),
    "ligatures of 18 letters": (a_pull([a_file("a.py", "+\ufdfa\n" * 9_000)], body="\ufdfa" * 60_000), None),
    "invisible": (a_pull([a_file("a.py", "+\u200b\u202e" * 90_000)], body="\u200b" * 60_000 + "x" * 60_000), None),
    "control characters": (a_pull([a_file("a.py", "\x00\x1b\x85" * 50_000)], body="\r" * 60_000), None),
    "random letters": (a_pull([a_file("a.py", "+" + "q7Zk" * 50_000)], body="!@#$%^&*" * 9_000), None),
    "long paths": (a_pull([a_file(f"src/{'directory/' * 400}{i}.py") for i in range(50)]), None),
    "empty lines": (a_pull([a_file("a.py", "\n" * 500_000)], body="\n" * 60_000), None),
    "carriage returns": (a_pull([a_file("a.py", "+a\r\n" * 50_000)], body="a\r\n" * 50_000), None),
}


@pytest.mark.parametrize("name", SIZES)
def test_every_size_fits_its_bounds(name: str) -> None:
    pull, issue = SIZES[name]
    prompt = built(pull, issue)
    assert prompt.input_estimate <= LIMITS.input_tokens
    texts = system_text(prompt) + user_text(prompt)
    assert prompt.input_bound >= byte_weight(texts) >= len(texts.encode())
    assert prompt.input_estimate <= prompt.input_bound
    assert len(prompt.facts.changed_paths) == len(pull.files)
    for cut in prompt.facts.cuts:
        assert f"- {cut}\n" in user_text(prompt)


@pytest.mark.parametrize("name", [name for name in SIZES if name not in ("nothing at all", "one character")])
def test_whatever_does_not_fit_is_said(name: str) -> None:
    assert built(*SIZES[name]).facts.cuts


def test_no_size_or_script_passes_the_run_ceiling() -> None:
    for pull, issue in SIZES.values():
        prompt = built(pull, issue)
        assert worst_case(prompt.model, prompt.input_bound, prompt.max_tokens) <= CEILING


def test_a_full_prompt_uses_most_of_its_room() -> None:
    for name in ("100,000 lines in one file", "3,000 files of 100 lines", "everything long", "Chinese"):
        prompt = built(*SIZES[name])
        used = prompt.input_estimate / LIMITS.input_tokens, prompt.input_bound / LIMITS.input_bound
        assert max(used) > 0.9


def test_cuts_name_counts() -> None:
    cuts = built(*SIZES["everything long"]).facts.cuts
    assert [cut.split(":")[0] for cut in cuts[:3]] == ["Title", "Description", "Issue #100"]
    assert re.fullmatch(
        r"Read: [\d,]+ of 1,064,000 changed lines; "
        r"[\d,]+ of 2,000 changed files in part, [\d,]+ not at all\.",
        cuts[3],
    )
    assert cuts[4].startswith("Not named to the model: ")
    assert "of 2,000 changed files" in cuts[-1]
    assert "Not listed by GitHub: 2,700 of 3,000 changed files." in built(*SIZES["3,000 unlisted besides"]).facts.cuts


def test_every_file_is_named_while_the_names_fit() -> None:
    prompt = built(a_pull(many(100, LONG_LINES[:3_000])))
    listed = section(prompt, "changed files").split("\n")
    assert len(listed) == 100
    assert not any(cut.startswith("Not named") for cut in prompt.facts.cuts)


def test_the_largest_real_change_is_shown_before_a_larger_lock_file() -> None:
    prompt = built(
        a_pull(
            [
                a_file("package-lock.json", LONG_LINES[:50_000], 5_000),
                a_file("docs/guide.md", LONG_LINES[:50_000], 900),
                a_file("src/core.py", LONG_LINES[:50_000], 700),
            ]
        )
    )
    assert section(prompt, "diffs").startswith("file: src/core.py\n")
    assert "file: package-lock.json" not in section(prompt, "diffs")


def test_files_of_equal_rank_share_fairly() -> None:
    prompt = built(a_pull([a_file(f"src/{name}.py", LONG_LINES[:60_000], 500) for name in "abc"]))
    pieces = section(prompt, "diffs").split("file: ")[1:]
    assert len(pieces) == 3
    assert min(len(piece) for piece in pieces) > 0.8 * max(len(piece) for piece in pieces)


def test_a_long_description_leaves_room_for_the_issue_and_the_diff() -> None:
    prompt = built(a_pull(many(3, LONG_LINES[:9_000]), body="word " * 60_000), an_issue("criterion " * 9_000))
    for title in ("description", "linked issue #100", "diffs"):
        assert len(section(prompt, title)) > 1_000


def test_the_same_input_makes_the_same_bytes() -> None:
    pull, issue = SIZES["everything long"]
    assert built(pull, issue) == built(pull, issue)


def test_a_limit_without_room_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="input limit of 2000 tokens leaves no room"):
        reading.built("qa_plan", Context(pull=a_pull()), limits=replace(LIMITS, input_tokens=2_000))


texts = st.one_of(st.text(max_size=60), st.text(max_size=30).map(lambda t: t * 2_000))
files = st.builds(
    a_file, texts.map(lambda t: t or "x"), st.one_of(st.none(), texts), st.integers(0, 10**9), previous_path=texts
)


@settings(max_examples=30, deadline=None)
@given(texts, texts, st.lists(files, max_size=8), st.one_of(st.none(), texts), st.integers(0, 10**6))
def test_any_text_fits(title: str, body: str, changed: list[ChangedFile], issue: str | None, unlisted: int) -> None:
    pull = a_pull(changed, title=title, body=body, unlisted_files=unlisted)
    prompt = built(pull, None if issue is None else an_issue(issue, title))
    assert prompt.input_estimate <= LIMITS.input_tokens
    assert prompt.input_bound >= byte_weight(system_text(prompt) + user_text(prompt))
    for name in ("title", "description", "changed files", "diffs"):
        section(prompt, name)
