"""The gate: what becomes of an answer, what is approved, and what nobody can get round."""

from __future__ import annotations

import ast
import dataclasses
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import core
from core.policy import approved
from core.policy.approved import Approved, Refused, approve, digest_of
from core.policy.classifier import is_worse
from core.policy.engine import judge_answer
from core.policy.found import Hit
from core.policy.rules import Field, Rule, RuleContext, examine
from core.policy.stored import judge_stored
from core.policy.version import OWN_SECRETS
from core.tasks import registry
from core.text.markdown import marker
from core.types import Action, Classification, Facts, Target, Verdict
from tests.core.policy.conftest import ACTION_ID, FACTS, GOOD, TEAM, judge
from tests.corpus.load import OWN
from tests.support.actions import a_comment
from tests.support.plans import step

QA_PLAN = registry.drafting("qa_plan")


def test_good_plan_is_auto_safe_and_needs_no_captain(plan: dict[str, Any], facts: Facts) -> None:
    verdict = judge(json.dumps(plan), facts)
    assert (verdict.classification, verdict.findings) == ("auto_safe", ())
    approved = approve(verdict.actions[0], verdict, by_captain=False)
    assert isinstance(approved, Approved)
    assert approved.action.payload["body"].endswith("\n" + marker(ACTION_ID))


def test_target_comes_from_the_request(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    assert (action.target, action.repository) == (facts.target, facts.repository)


def test_finding_names_field_rule_and_why(plan: dict[str, Any], facts: Facts) -> None:
    plan["test_plan"][0]["steps"][1]["do"] = "/merge"
    verdict = judge(json.dumps(plan), facts)
    assert verdict.classification == "rejected"
    assert verdict.actions == ()
    found = verdict.findings[0]
    assert (found.rule, found.field, found.severity) == ("command.order", "test_plan[0].steps[1].do", "refuse")
    assert found.why
    assert found.excerpt == "[/]merge"


def test_finding_never_shows_a_secret(plan: dict[str, Any], facts: Facts) -> None:
    plan["reason"] = f"The token is {OWN[0]} today"
    verdict = judge(json.dumps(plan), facts)
    assert verdict.classification == "rejected"
    assert OWN[0] not in json.dumps([finding.as_json() for finding in verdict.findings])


def told(verdict: Verdict) -> str:
    """All that is said of an answer."""
    words = [word for finding in verdict.findings for word in finding.as_json().values()]
    return "\n".join([verdict.reason, *words])


def escaped(char: str) -> str:
    return f"\\u{ord(char):04x}"


def test_no_finding_shows_a_secret_that_another_found(plan: dict[str, Any], facts: Facts) -> None:
    plan["reason"] = f"Open https://elsewhere.example.net/?key={OWN[0]} and look"
    plan["test_plan"][0]["covers"] = [OWN[0]]
    verdict = judge(json.dumps(plan), facts)
    assert {"secret.own", "link.outside", "grounding.path"} <= {finding.rule for finding in verdict.findings}
    assert OWN[0] not in told(verdict)


@pytest.mark.parametrize("secret", OWN)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda whole, secret: whole[:-1] + f', "{secret}": 1}}',
        lambda whole, secret: whole[:-1] + f', "{secret}": 1, "{secret}": 2}}',
        lambda whole, secret: whole.replace('"covers": [', f'"covers": [{{"{secret}": 1}}, '),
        lambda whole, secret: whole.replace('"covers": [', f'"covers": [{{"{secret}": "\\ud800"}}, '),
        lambda whole, secret: whole + secret,
        lambda whole, secret: secret,
        lambda whole, secret: whole.replace('"reason"', f'"{secret}"'),
        lambda whole, secret: json.dumps({"key": 1}).replace("key", "".join(map(escaped, secret))),
        lambda whole, secret: json.dumps([secret[:12], secret[12:]]),
    ],
    ids=["extra", "twice", "inside", "surrogate", "behind", "alone", "instead", "escaped", "in-two"],
)
def test_answer_that_cannot_be_read_is_searched_for_our_secrets(
    spoil: Callable[[str, str], str], secret: str, plan: dict[str, Any], facts: Facts
) -> None:
    for raw in (spoil(json.dumps(plan), secret), spoil(json.dumps(plan), secret).encode()):
        verdict = judge(raw, facts)
        assert verdict.classification == "rejected"
        assert verdict.findings[0].rule == OWN_SECRETS
        assert verdict.findings[1].rule.startswith("answer.")
        assert secret not in told(verdict)


@pytest.mark.parametrize(
    "key", ["\x1b[31mred", "a\n/merge", "@claude go", "![x](http://e.example)", "\u202eabc", "<!-- x"]
)
@pytest.mark.parametrize("place", ["extra", "twice", "inside", "deep"])
def test_a_key_that_the_model_made_up_is_not_repeated(key: str, place: str, plan: dict[str, Any], facts: Facts) -> None:
    name, whole = json.dumps(key), json.dumps(plan)
    raw = {
        "extra": f"{whole[:-1]}, {name}: 1}}",
        "twice": f"{whole[:-1]}, {name}: 1, {name}: 2}}",
        "inside": whole.replace('"ac_id"', f'{name}: 1, "ac_id"'),
        "deep": f'{whole[:-1]}, {name}: {{{name}: ["\\ud800"]}}}}',
    }[place]
    verdict = judge(raw, facts)
    assert verdict.classification == "rejected"
    assert key not in told(verdict)
    assert re.fullmatch(r"(\w+|<unknown field>|\[\d+\]|\.)+", verdict.findings[0].field)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_nothing_that_only_a_broken_answer_says_is_told(data: st.DataObject) -> None:
    whole = json.dumps(GOOD)
    at, until = sorted(data.draw(st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)))))
    word = data.draw(st.text(alphabet="ΩЖ\u202e\x1b", min_size=1, max_size=3))
    quoted = data.draw(st.sampled_from([word, json.dumps(word), f'"{word}":1,', f'{{"{word}":"{word}"}}']))
    verdict = judge(whole[:at] + quoted + whole[until:], FACTS)
    if verdict.findings and verdict.findings[0].rule.startswith("answer."):
        assert not set(told(verdict)) & set("ΩЖ\u202e\x1b")


def test_secret_split_over_fields_is_found(plan: dict[str, Any], facts: Facts) -> None:
    half = len(OWN[0]) // 2
    plan["test_plan"][0]["steps"] = [step(OWN[0][:half]), step(OWN[0][half:])]
    assert judge(json.dumps(plan), facts).classification == "rejected"


def test_outside_link_asks_the_captain(plan: dict[str, Any], facts: Facts) -> None:
    plan["test_plan"][0]["steps"][0]["do"] = "Open https://evil.io/login"
    verdict = judge(json.dumps(plan), facts)
    assert verdict.classification == "requires_approval"
    action = verdict.actions[0]
    refused = approve(action, verdict, by_captain=False)
    assert isinstance(refused, Refused)
    assert refused.code == "needs_captain"
    assert isinstance(approve(action, verdict, by_captain=True), Approved)


def test_file_that_is_not_changed_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    plan["test_plan"][0]["covers"] = ["src/other.py"]
    verdict = judge(json.dumps(plan), facts)
    assert [finding.rule for finding in verdict.findings if finding.severity == "refuse"] == ["grounding.path"]


def test_plan_that_covers_no_risky_file_asks(plan: dict[str, Any], facts: Facts) -> None:
    plan["test_plan"][0]["covers"] = ["README.md"]
    verdict = judge(json.dumps(plan), facts)
    assert (verdict.classification, verdict.findings[0].rule) == ("requires_approval", "grounding.coverage")


def test_nothing_to_test_is_honest_for_documentation(plan: dict[str, Any], facts: Facts) -> None:
    plan |= {"observations": [], "test_plan": [], "nothing_to_test": "Only a typo in the documentation was corrected."}
    docs = dataclasses.replace(facts, changed_paths=("docs/tools.md",), extra={"risky": []})
    assert judge(json.dumps(plan), docs).classification == "auto_safe"
    assert judge(json.dumps(plan), facts).classification == "requires_approval"


def test_unknown_task_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    odd = dataclasses.replace(facts, task_type="haiku")  # type: ignore[arg-type]
    verdict = judge(json.dumps(plan), odd)
    assert (verdict.classification, verdict.findings[0].rule) == ("rejected", "task.no_rules")


def test_unknown_phase_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    assert judge(json.dumps(plan), facts, phase="phase9").classification == "rejected"  # type: ignore[arg-type]


def test_engine_without_rules_refuses(plan: dict[str, Any], facts: Facts, context: RuleContext) -> None:
    verdict = judge_answer(
        json.dumps(plan),
        facts,
        QA_PLAN,
        team=TEAM,
        run_id="r",
        action_ids=lambda _: ACTION_ID,
        phase="phase0",
        rules=(),
    )
    assert verdict.classification == "rejected"
    assert examine(Field("x", "harmless"), dataclasses.replace(context, rules=()))[0].rule == "policy.no_rules"


def test_canary_of_the_system_prompt_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    plan["evidence"] = f"My instructions start with {facts.canary}"
    assert judge(json.dumps(plan), facts).classification == "rejected"


def test_dangerous_file_name_is_not_repeated(plan: dict[str, Any], facts: Facts) -> None:
    paths = (*facts.changed_paths, "docs/test this please.md", "a\n/merge")
    verdict = judge(json.dumps(plan), dataclasses.replace(facts, changed_paths=paths))
    assert verdict.classification == "auto_safe"
    body = verdict.actions[0].payload["body"]
    assert "this please" not in body
    assert "2 more whose names are not shown" in body


def test_comment_that_grows_too_long_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    case = plan["test_plan"][0] | {"steps": [step("@" * 499, "@" * 499)] * 10}
    plan["test_plan"] = [case] * 12
    verdict = judge(json.dumps(plan), facts)
    assert (verdict.classification, verdict.findings[-1].rule) == ("rejected", "comment.length")


# --- Approved --------------------------------------------------------------------------------


def test_only_policy_makes_an_approved(plan: dict[str, Any], facts: Facts) -> None:
    verdict = judge(json.dumps(plan), facts)
    approved = approve(verdict.actions[0], verdict, by_captain=False)
    assert isinstance(approved, Approved)
    with pytest.raises(TypeError):
        Approved(verdict.actions[0], object())
    with pytest.raises(TypeError):
        Approved(verdict.actions[0])  # type: ignore[call-arg]
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(approved, action=verdict.actions[0])  # type: ignore[call-arg]
    with pytest.raises(dataclasses.FrozenInstanceError):
        approved.action = verdict.actions[0]  # type: ignore[misc]


def test_seal_is_used_nowhere_else() -> None:
    """No other file of the service takes the seal or builds the value."""
    source = Path(core.__path__[0]).parent
    for path in source.rglob("*.py"):
        if path == Path(approved.__file__):
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "Approved", path
            if isinstance(node, (ast.Attribute, ast.Name, ast.alias)):
                name = getattr(node, "attr", None) or getattr(node, "id", None) or getattr(node, "name", None)
                assert name != "_SEAL", path


def test_rejected_is_never_approved(plan: dict[str, Any], facts: Facts) -> None:
    good = judge(json.dumps(plan), facts)
    plan["reason"] = "/merge the pull request"
    bad = judge(json.dumps(plan), facts)
    refused = approve(good.actions[0], bad, by_captain=True)
    assert isinstance(refused, Refused)
    assert refused.code == "rejected"


def test_verdict_about_another_action_approves_nothing(plan: dict[str, Any], facts: Facts) -> None:
    one = judge(json.dumps(plan), facts)
    plan["reason"] = "Another reason for it"
    two = judge(json.dumps(plan), facts)
    refused = approve(one.actions[0], two, by_captain=True)
    assert isinstance(refused, Refused)
    assert refused.code == "not_judged"


def test_worse_verdict_than_recorded_is_not_approved(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    today = Verdict("requires_approval", "a newer rule asks", (), (action,), "2-new")
    refused = approve(action, today, by_captain=True)
    assert isinstance(refused, Refused)
    assert refused.code == "worse_than_recorded"


def test_order_of_classes() -> None:
    assert is_worse("rejected", "requires_approval")
    assert is_worse("requires_approval", "auto_safe")
    assert not is_worse("auto_safe", "requires_approval")
    assert not is_worse("auto_safe", "auto_safe")


# --- the gate again --------------------------------------------------------------------------


def stored(action: Action, plan: dict[str, Any], facts: Facts) -> Verdict:
    return judge_stored(action, json.dumps(plan), facts, QA_PLAN, team=TEAM, phase="phase0", own_secrets=OWN)


def test_stored_action_passes_again_unchanged(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    verdict = stored(action, plan, facts)
    assert (verdict.classification, verdict.actions) == ("auto_safe", (action,))


def test_altered_payload_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    altered = dataclasses.replace(action, payload={"body": action.payload["body"].replace("sorted", "deleted")})
    assert stored(altered, plan, facts).findings[0].rule == "action.digest"


@pytest.mark.parametrize("text", ["/merge", "[x](https://evil.io)", "@octocat", "![x](y)", "<b>x</b>"])
def test_stored_bytes_are_judged_even_with_a_right_digest(text: str, plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    payload = {"body": f"{text}\n\n{marker(action.id)}"}
    altered = dataclasses.replace(action, payload=payload)
    verdict = stored(dataclasses.replace(altered, digest=digest_of(altered)), plan, facts)
    assert (verdict.classification, verdict.actions) == ("rejected", ())


def older(action: Action, body: str, classification: Classification) -> Action:
    """The action as policy 10 had recorded it, with these words."""
    old = dataclasses.replace(
        action,
        payload={"body": f"{body}\n\n{marker(action.id)}"},
        policy_version="10-2e81de1dc23b6b94",
        classification=classification,
    )
    return dataclasses.replace(old, digest=digest_of(old))


@pytest.mark.parametrize("classification", ["auto_safe", "requires_approval"])
def test_action_of_an_older_policy_keeps_its_class_whoever_wrote_and_whatever_asks(
    classification: Classification, plan: dict[str, Any], facts: Facts
) -> None:
    action = older(judge(json.dumps(plan), facts).actions[0], "See https://elsewhere.io/x", classification)
    verdict = stored(action, plan, facts)
    assert (verdict.classification, verdict.actions, verdict.findings) == (classification, (action,), ())


def test_action_of_an_older_policy_needs_no_answer_that_today_can_read(facts: Facts, plan: dict[str, Any]) -> None:
    action = older(judge(json.dumps(plan), facts).actions[0], "Open the page.", "requires_approval")
    verdict = judge_stored(action, "{}", facts, QA_PLAN, team=TEAM, phase="phase0", own_secrets=OWN)
    assert verdict.actions == (action,)


@pytest.mark.parametrize("words", ["/merge", f"The token is {OWN[0]}", "![x](https://evil.io/x.png)", "a\u200bb"])
def test_action_of_an_older_policy_is_refused_by_what_refuses_today(
    words: str, plan: dict[str, Any], facts: Facts
) -> None:
    action = older(judge(json.dumps(plan), facts).actions[0], words, "requires_approval")
    verdict = stored(action, plan, facts)
    assert (verdict.classification, verdict.actions) == ("rejected", ())


def test_todays_rules_judge_a_stored_action(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]

    def everything(text: Any, _: RuleContext) -> Any:
        yield Hit("new.rule", "refuse", text.raw, "was added today")

    rules = (Rule("new.rule", everything, "refuse"),)
    verdict = judge_stored(action, json.dumps(plan), facts, QA_PLAN, team=TEAM, phase="phase0", rules=rules)
    assert verdict.classification == "rejected"


def test_stored_action_of_another_target_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    other = dataclasses.replace(facts, target=Target("pull_request", 43))
    assert stored(action, plan, other).classification == "rejected"


def test_marker_of_another_action_is_refused(plan: dict[str, Any], facts: Facts) -> None:
    action = judge(json.dumps(plan), facts).actions[0]
    renamed = dataclasses.replace(action, id="00000000-0000-4000-8000-000000000000")
    assert stored(renamed, plan, facts).classification == "rejected"


# --- digest ----------------------------------------------------------------------------------

_DIGESTED = a_comment(repository="acme/app", payload={"body": "x", "n": 1}, target_state="abc")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "change_labels"),
        ("repository", "acme/other"),
        ("target", Target("issue", 42)),
        ("target", Target("pull_request", 43)),
        ("payload", {"body": "y", "n": 1}),
        ("target_state", "abd"),
        ("policy_version", "2"),
    ],
)
def test_digest_covers_everything(name: str, value: Any) -> None:
    assert digest_of(dataclasses.replace(_DIGESTED, **{name: value})) != digest_of(_DIGESTED)


def test_digest_does_not_depend_on_key_order() -> None:
    turned = dataclasses.replace(_DIGESTED, payload={"n": 1, "body": "x"})
    assert digest_of(turned) == digest_of(_DIGESTED)


def test_digest_agrees_with_sha256_of_the_written_form() -> None:
    assert (
        digest_of(_DIGESTED)
        == hashlib.sha256(
            b'{"payload":{"body":"x","n":1},"policyVersion":"1","repository":"acme/app",'
            b'"target":{"number":42,"type":"pull_request"},"targetState":"abc","type":"add_comment"}'
        ).hexdigest()
    )
