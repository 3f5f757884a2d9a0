"""What bots and renderers do with a comment, written from their own sources and kept apart from the policy's lists.

Each emulator takes the posted bytes and answers what it would act on, or None.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_GFM: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def _prow(body: str) -> str | None:
    """https://github.com/kubernetes-sigs/prow: regular expressions over raw lines, code fences included."""
    match = re.search(
        r"(?mi)^/(?:lgtm|approve|hold|unhold|(?:un)?assign|(?:un)?cc|close|reopen|merge|ok-to-test|retest|test|override|"
        r"retitle|(?:remove-)?(?:label|kind|area|sig|wg|priority|triage|language|lifecycle)|milestone|cherry-?pick|"
        r"transfer|skip|verify-owners|joke|meow|woof|pony|honk|status|stage|project|shrug)\b",
        body.replace("\r", ""),
    )
    return match[0] if match else None


def _prow_without_comments(body: str) -> str | None:
    """Prow's label plugin removes HTML comments first."""
    return _prow(re.sub(r"(?s)<!--.*?-->", "", body.rpartition("\n")[0]))


def _lenient_lines(body: str) -> str | None:
    """ChatOps workflows that trim blanks, quotes, lists and code marks before they look for a command."""
    for line in re.split(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]|<br\s*/?>", body):
        trimmed = re.sub(r"^(?:[\s>*+#|`~-]|\d+[.)]\s|\[[ x]\])+", "", line)
        match = re.match(
            r"(?i)/(?:merge|approve|lgtm|deploy|close|reopen|assign|label|hold|rebase|retest|azp)(?![\w/.{-])", trimmed
        )
        if match:
            return match[0]
    return None


def _bors(body: str) -> str | None:
    """https://bors.tech: a line that begins with `bors`, or a mention anywhere."""
    match = re.search(r"(?mi)^bors(?::|\s)\s*(?:r[+=-]|try|merge|retry|d[+=])|@bors\b|@homu\b", body)
    return match[0] if match else None


def _agents(body: str) -> str | None:
    """https://github.com/anthropics/claude-code-action and workflows with contains(body, '@claude')."""
    match = re.search(
        r"(?i)@(?:claude|copilot|dependabot|mergifyio|coderabbitai|codex|renovate|k8s-ci-robot)(?![\w/-])", body
    )
    return match[0] if match else None


def _atlantis(body: str) -> str | None:
    """https://www.runatlantis.io: one line, also in backticks."""
    match = re.search(
        r"(?m)^[\s>`*-]*(?:\d+\.\s)?[`]*(?:run|atlantis|@atlantis)\s+(?:plan|apply|unlock|import)\b", body
    )
    return match[0] if match and "atlantis" in match[0] else None


def _branch_deploy(body: str) -> str | None:
    """https://github.com/github/branch-deploy: the comment begins with the trigger."""
    match = re.match(r"\s*\.(?:deploy|noop|lock|unlock|help|wcid)\b", body)
    return match[0] if match else None


def _jenkins(body: str) -> str | None:
    """https://plugins.jenkins.io/ghprb: anywhere."""
    match = re.search(r"(?i)\b(?:re)?test\W+this\W+please\b|\bok\W+to\W+test\W*$|add\W+to\W+whitelist", body)
    return match[0] if match else None


def _zuul(body: str) -> str | None:
    match = re.search(r"(?mi)^\s*(?:recheck|reverify)(?:\s+no bug)?\s*$", body)
    return match[0] if match else None


def _renovate(body: str) -> str | None:
    match = re.search(r"(?mi)^(?:r\?\s+@\w+|duplicate of\s+#\d+|pre-commit\.ci (?:run|autofix))", body)
    return match[0] if match else None


def _inlines(tokens: list[Token]) -> Iterator[Token]:
    for token in tokens:
        if token.children is not None:
            yield from _inlines(token.children)
        else:
            yield token


@lru_cache(maxsize=16)
def _rendered(body: str) -> tuple[Token, ...]:
    return tuple(_inlines(_GFM.parse(body)))


def _mentions(body: str) -> str | None:
    """GitHub finds mentions after rendering, outside code. An underscore before the sign does not protect."""
    words = "\n".join(token.content for token in _rendered(body) if token.type == "text")
    match = re.search(r"(?<![A-Za-z0-9`])@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[\w.-]+)?", words)
    return match[0] if match else None


def _references(body: str) -> str | None:
    words = "\n".join(token.content for token in _rendered(body) if token.type == "text")
    match = re.search(r"(?:^|[^\w&])(?:[\w.-]+/[\w.-]+)?#\d+\b|\bGH-\d+", words)
    return match[0] if match else None


def _closing(body: str) -> str | None:
    words = " ".join(token.content if token.type == "text" else " " for token in _rendered(body))
    match = re.search(r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+/[\w.-]+)?#\d+", words)
    return match[0] if match else None


def _live_markup(body: str) -> str | None:
    """Links, images, raw HTML and addresses that GFM links by itself."""
    for token in _GFM.parse(body.rpartition("\n")[0]):
        if token.type in ("html_block", "table_open"):
            return token.content or token.type
        for child in _inlines([token]):
            if child.type in ("link_open", "image", "html_inline"):
                return child.type
            if child.type == "text" and re.search(r"(?i)\bhttps?://|\bwww\.\w|\bjavascript:\S", child.content):
                return child.content
    return None


def _special_blocks(body: str) -> str | None:
    """Mermaid, maths, suggestions, alerts and footnotes on GitHub."""
    match = re.search(
        r"(?m)^[ >]*(?:`{3,}|~{3,})\s*(?:mermaid|math|suggestion|geojson|topojson|stl)|^>\s*\[!\w+\]", body
    )
    if match:
        return match[0]
    words = "\n".join(token.content for token in _rendered(body) if token.type == "text")
    match = re.search(r"\$\$|\$`|(?<![\w$])\$[^\s$][^$\n]*\$(?!\w)|:[a-z0-9_+-]*[a-z][a-z0-9_+-]*:", words)
    return match[0] if match else None


def _terminals(body: str) -> str | None:
    match = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", body)
    return repr(match[0]) if match else None


def _hidden(body: str) -> str | None:
    """Bidi controls, tags and zero-width characters between Latin letters."""
    match = re.search("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u00ad]|[A-Za-z][\u200c-\u200f][A-Za-z]", body)
    return repr(match[0]) if match else None


BOTS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "prow": _prow,
    "prow, comments removed": _prow_without_comments,
    "lenient commands": _lenient_lines,
    "bors": _bors,
    "agents": _agents,
    "atlantis": _atlantis,
    "branch-deploy": _branch_deploy,
    "jenkins": _jenkins,
    "zuul": _zuul,
    "renovate and triagebot": _renovate,
    "mentions": _mentions,
    "references": _references,
    "closing words": _closing,
    "live markup": _live_markup,
    "special blocks": _special_blocks,
    "terminals": _terminals,
    "hidden text": _hidden,
}


def forms(body: str) -> dict[str, str]:
    """The posted bytes and their normal forms. The marker stays as it is."""
    words, _, last = body.rpartition("\n")
    made = {
        "raw": words,
        "nfkc": unicodedata.normalize("NFKC", words),
        "entities": html.unescape(words),
        "both": html.unescape(unicodedata.normalize("NFKC", html.unescape(words))),
        "lower": words.lower(),
        "no backslashes": words.replace("\\", ""),
    }
    return {name: f"{form}\n{last}" for name, form in made.items()}


def live(body: str) -> str | None:
    """The first bot that acts on any form of the posted bytes, and on what."""
    tried: set[str] = set()
    for name, form in forms(body).items():
        if form in tried:
            continue
        tried.add(form)
        for bot, acts in BOTS.items():
            if name == "no backslashes" and bot in ("live markup", "special blocks"):
                continue  # without its escapes a Markdown text is another text: bots drop them, renderers do not
            found = acts(form)
            if found is not None:
                return f"{bot} on the {name} form: {found[:60]!r}"
    return None
