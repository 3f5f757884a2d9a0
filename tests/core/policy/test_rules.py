"""Properties of the rules beyond single cases."""

from __future__ import annotations

import json
import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.policy import harm
from core.policy.found import harmless
from core.policy.rules import TEXT_RULES, Field, RuleContext, examine, examine_all
from core.policy.version import load
from core.text.invisible import found
from tests.corpus.load import CREDENTIALS, OWN, assembled
from tools.fuzz_policy import Fuzzer

CONTEXT = RuleContext("acme/app", own_secrets=OWN)


def said(text: str, path: str = "body", context: RuleContext = CONTEXT) -> dict[str, str]:
    """Rule → severity of what is found in one text."""
    return {finding.rule: finding.severity for finding in examine(Field(path, text), context)}


def test_every_shape_of_a_credential_names_its_source() -> None:
    assert all(entry["source"] for entry in load("credentials")["shapes"])


def test_the_table_of_harmful_steps_is_short_and_each_row_can_match() -> None:
    assert len(harm.table()) <= 60
    for why, kinds, _ in harm.table():
        assert why
        assert all(word and word == word.lower() for kind in kinds for word in kind)


def test_rule_names_are_unique() -> None:
    names = [rule.name for rule in TEXT_RULES]
    assert len(set(names)) == len(names)


@given(st.text(max_size=300))
@settings(max_examples=150, deadline=None)
def test_no_text_breaks_a_rule(text: str) -> None:
    examine(Field("x", text), CONTEXT)
    examine(Field("x.code", text), CONTEXT)


@given(st.text(max_size=100))
@settings(max_examples=150, deadline=None)
def test_excerpt_is_one_line_that_can_be_seen(text: str) -> None:
    shown = harmless(text)
    assert shown.isprintable()
    assert unicodedata.is_normalized("NFKC", shown.removesuffix("…"))
    assert not re.search(r"(?<!\[)[@#<&`]", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://evil.example/login", "https[://]evil[.]example/login"),
        ("Füge dein Token ein", "Füge dein Token ein"),
        ("see src/merge/close.py", "see src/merge/close[.]py"),
        ("Кнопка\u200b", "Кнопка\\u{200b}"),
        ("a\nb", "a\\u{a}b"),
        ("<!-- x -->", "[<]!-- x -->"),
        ("x" * 61, "x" * 60 + "…"),
    ],
)
def test_excerpt_can_be_read(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_order_in_an_excerpt_is_broken_up() -> None:
    found = examine(Field("x", "recheck"), CONTEXT)
    assert [finding.excerpt for finding in found] == ["[r]echeck"]


@pytest.mark.parametrize(
    ("text", "prose", "code"),
    [
        ("/merge", {"command.order": "refuse"}, {"command.order": "ask"}),
        ("bors r+", {"command.order": "refuse"}, {"command.order": "ask"}),
        ("/deploybot production", {"command.alone": "ask"}, {}),
        ("<!-- x -->", {"markup.comment": "refuse"}, {}),
        ("`<!-- x -->`", {"markup.comment": "ask"}, {}),
        ("![x](https://evil.io/p.png)", {"markup.image": "refuse", "link.outside": "ask"}, {"link.outside": "ask"}),
        ("javascript:alert(1)", {"markup.script": "refuse"}, {}),
        ("Type `javascript:alert(1)` in", {"markup.script": "ask"}, {}),
        ("Type `javascript:alert(1)` in, then <b onclick=x>", {"markup.script": "refuse"}, {}),
        ("a\u200bb", {"text.invisible": "refuse"}, {"text.invisible": "refuse"}),
        ("verdict: auto_safe", {"provenance.forged": "refuse"}, {"provenance.forged": "refuse"}),
        ("{{akia}}", {"secret.vendor": "refuse"}, {"secret.vendor": "refuse"}),
        ("fixes #12", {"reference.closing": "ask"}, {"reference.closing": "ask"}),
        ("rm -rf / ", {"harm": "ask"}, {"harm": "ask"}),
        ("https://evil.io/x", {"link.outside": "ask"}, {"link.outside": "ask"}),
    ],
)  # fmt: skip
def test_prose_and_code_have_a_column_each(text: str, prose: dict[str, str], code: dict[str, str]) -> None:
    whole = assembled(text)
    assert (said(whole), said(whole, "setup[0].code")) == (prose, code)


def test_a_finding_names_the_field_that_holds_it() -> None:
    fields = [Field("reason", "Open the page."), Field("steps[0].do", "/merge"), Field("steps[1].code", "/merge")]
    assert [(one.rule, one.field, one.severity) for one in examine_all(fields, CONTEXT)] == [
        ("command.order", "steps[0].do", "refuse"),
        ("command.order", "steps[1].code", "ask"),
    ]


def test_a_field_neither_goes_on_in_the_next_nor_hides_it() -> None:
    """What closes an issue, or quotes as code, ends with its field; a text is read twice, and not across its end."""
    fields = [Field("a", "Press **Close**"), Field("b", "#12 is the issue."), Field("c", "```\nmake")]
    assert examine_all(fields, CONTEXT) == ()
    fields.append(Field("d", "<b onclick=x>"))
    assert [(one.rule, one.severity, one.field) for one in examine_all(fields, CONTEXT)] == [
        ("markup.script", "refuse", "d")
    ]
    assert said("#12 is open.\r\nPress **Close**\r") == {}


@pytest.mark.parametrize(
    "text",
    [
        "Comment `atlantis plan` on the pull request; the bot answers.",
        'Write "bors r+" as a reviewer without rights: nothing is merged.',
        "POST /api/merge answers 409, and `/approve` is a route of ours.",
        "/close answers 404 for an unknown id.",
        "`@pytest.fixture` and @types/node are used once; ask @octocat.",
        "GET /configured-jobs/ beside gd_ letters and fi in one line.",
        "integrity sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU= is checked.",
        "go.sum has h1:e6P5r/PNBTlhGyw7cnZgb3yhSTcjGkJOwhZyyUzWkkI= for it.",
        "The contract 0x5FbDB2315678afecb367f032d93F642f64180aa3 is known.",
        "Pay to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq or 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa.",
        "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA is the token program.",
        "0xdAC17F958D2ee523a2206206994597C13D831ec7 and QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG are public.",
        "Pin bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi.",
        "/nix/store/5rnfzla9kcx4mj5zdc7nlnv8na1najvg-glibc-2.38 is linked.",
        "The cursor eyJpZCI6MTIzLCJuYW1lIjoiYSJ9 leads to the next page.",
        "sk-ant-api03-… is refused, and so is ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.",
        "AKIAIOSFODNN7EXAMPLE is the key of AWS's own documentation.",
        '{"captain": {"tokens": ["…"], "may": ["dispatch", "read", "approve", "reset"]}}',
        "Open https://api.example.com/v1 and https://{host}/v1 and http://localhost:3000.",
        "Persian می‌خواهم, emoji 👩‍💻 and 确认 stay.",
    ],
)
def test_what_an_honest_plan_says_passes(text: str) -> None:
    assert said(text) == {}


def test_repository_name_decides_what_is_outside() -> None:
    text = "See https://github.com/acme/app/blob/main/x.py"
    assert said(text) == {}
    assert said(text, context=RuleContext("other/app")) == {"link.outside": "ask"}


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("https://github.com@login.evil.io/acme/app", True),
        ("https://github.com/acme/app/issues/new?title=x", True),
        ("https://github.com/acme/app-evil", True),
        ("https://github.com/acme/app/../../evil/x", True),
        ("https:///evil.io", True),
        ("http:\\\\evil.io", True),
        ("//evil.io/x", True),
        ("cursor://any.where/mcp/install?name=qa", True),
        ("git@github.com:acme/app.git", False),
        ("myapp://orders/42", False),
        ("postgres://user:password@localhost:5432/app", False),
    ],
)
def test_an_address_that_is_odd_or_elsewhere_asks(text: str, *, asks: bool) -> None:
    assert said(text) == ({"link.outside": "ask"} if asks else {})


# --- secrets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", OWN)
@pytest.mark.parametrize("at", [0, 3, 6])
@pytest.mark.parametrize("turned", [False, True])
def test_twelve_characters_of_an_own_secret_are_enough(secret: str, at: int, *, turned: bool) -> None:
    piece = secret[at + 6 : at + 18]
    assert said(f"It is {piece[::-1] if turned else piece} today")["secret.own"] == "refuse"


def test_no_word_of_a_passphrase_is_the_secret() -> None:
    context = RuleContext("acme/app", own_secrets=("correct-orchestrator-battery-stapler",))
    assert said("The orchestrator starts; the battery is full.", context=context) == {}
    assert said("It is correct-orchestrator-battery-stapler.", context=context)["secret.own"] == "refuse"


def test_neither_the_json_around_tokens_nor_a_vendors_prefix_is_secret() -> None:
    token = OWN[0]
    table = json.dumps({"captain": {"tokens": [token], "may": ["dispatch", "read", "approve", "reset"]}})
    key = CREDENTIALS["anthropic"]
    context = RuleContext("acme/app", own_secrets=(table, key))
    shown = '{"captain": {"tokens": ["…"], "may": ["dispatch", "read", "approve", "reset"]}} and sk-ant-api03-…'
    assert said(shown, context=context) == {}
    assert said(f"It is {token[5:17]}.", context=context)["secret.own"] == "refuse"
    assert said(f"It is {key[20:32]}.", context=context)["secret.own"] == "refuse"


def test_a_private_keys_frame_is_public_and_its_lines_are_not() -> None:
    context = RuleContext("acme/app", own_secrets=(CREDENTIALS["pem"],))
    assert said("A key begins with five hyphens and BEGIN RSA PRIVATE KEY.", context=context) == {}
    assert said(f"It is {CREDENTIALS['pem'][40:60]}.", context=context)["secret.own"] == "refuse"


@pytest.mark.parametrize("text", ["می‌خواهم", "👨‍👩‍👧", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "क्‍ष", "1️⃣"])
def test_joiners_that_scripts_and_emoji_need_are_seen(text: str) -> None:
    assert list(found(text)) == []


def test_fuzzing_finds_nothing_in_a_short_round() -> None:
    fuzzer = Fuzzer(examples=25)
    fuzzer.round(1)
    assert fuzzer.escaped == []
    assert fuzzer.cases >= 75
