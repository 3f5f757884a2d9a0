"""What bots and renderers do with a comment, written from their own sources and kept apart from the policy's rules.

Most bots read the bytes: they get them raw, in NFKC, in small letters, and without backslashes. GitHub, and what reads
GitHub's page, sees what its own parser makes of them: the words outside code, `<pre>` and links.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from html.parser import HTMLParser
from typing import Final

import cmarkgfm
from cmarkgfm.cmark import Options


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


class _Page(HTMLParser):
    """GitHub's page: elements that a comment of ours has no business with, and words outside code, pre and links."""

    def __init__(self) -> None:
        super().__init__()
        self.strange: str | None = None
        self.words = ""
        self._quiet: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        allowed = _ELEMENTS.get(tag)
        if allowed is None or any(not re.fullmatch(allowed, f"{name}={value or ''}") for name, value in attrs):
            self.strange = self.strange or self.get_starttag_text()
        if tag in ("code", "pre", "a"):
            self._quiet.append(tag)
        if tag in ("p", "li", "br", "h2", "h3", "summary"):
            self.words += "\n"

    def handle_endtag(self, tag: str) -> None:
        if self._quiet and self._quiet[-1] == tag:
            self._quiet.pop()

    def handle_data(self, data: str) -> None:
        self.words += " \N{OBJECT REPLACEMENT CHARACTER} " if self._quiet else data

    def handle_comment(self, data: str) -> None:
        self.strange = self.strange or f"<!--{data}-->"

    handle_decl = unknown_decl = handle_pi = handle_comment


_PLAIN: Final = "p h1 h2 h3 h4 ul li code pre blockquote strong em br wbr details summary"
_ELEMENTS: Final = {
    **dict.fromkeys(_PLAIN.split(), r"(?!)"),
    "a": r"href=https://github\.com/.*",
    "input": r"type=checkbox|disabled=|checked=",
    "ol": r"start=\d+",
}
"""Elements that a comment of ours may have, and what their attributes may be."""


def html_of(body: str) -> str:
    """The comment as GitHub's own parser renders it."""
    return cmarkgfm.github_flavored_markdown_to_html(body, Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS)


@lru_cache(maxsize=16)
def _page(body: str) -> _Page:
    page = _Page()
    page.feed(html_of(body.rpartition("\n")[0]))
    page.close()
    return page


def _mentions(body: str) -> str | None:
    """GitHub finds mentions after rendering, outside code. An underscore before the sign does not protect."""
    match = re.search(r"(?<![A-Za-z0-9`])@[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})(?:/[\w.-]+)?", _page(body).words)
    return match[0] if match else None


def _references(body: str) -> str | None:
    match = re.search(r"(?:^|[^\w&])(?:[\w.-]+/[\w.-]+)?#\d+\b|\bGH-\d+", _page(body).words)
    return match[0] if match else None


def _closing(body: str) -> str | None:
    match = re.search(
        r"(?i)\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):?\s+(?:[\w.-]+/[\w.-]+)?#\d+", _page(body).words
    )
    return match[0] if match else None


def _live_markup(body: str) -> str | None:
    """Links of others, images, raw HTML, tables, and addresses that GitHub links by itself."""
    page = _page(body)
    match = re.search(r"(?i)\bhttps?://|\bwww\.\w", page.words)
    return page.strange or (match[0] if match else None)


def _special_blocks(body: str) -> str | None:
    """Mermaid, maths, suggestions, alerts and footnotes on GitHub."""
    match = re.search(
        r"(?m)^[ >]*(?:`{3,}|~{3,})\s*(?:mermaid|math|suggestion|geojson|topojson|stl)|^>\s*\[!\w+\]", body
    )
    words = _page(body).words
    match = match or re.search(r"\$\$|\$`|(?<![\w$])\$[^\s$][^$\n]*\$(?!\w)|:[a-z0-9_+-]*[a-z][a-z0-9_+-]*:", words)
    return match[0] if match else None


def _terminals(body: str) -> str | None:
    match = re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", body)
    return repr(match[0]) if match else None


def _hidden(body: str) -> str | None:
    """Bidi controls, tags and zero-width characters between Latin letters."""
    match = re.search("[\u202a-\u202e\u2066-\u2069\u200b\u2060\ufeff\u00ad]|[A-Za-z][\u200c-\u200f][A-Za-z]", body)
    return repr(match[0]) if match else None


RAW: Final[Mapping[str, Callable[[str], str | None]]] = {
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
    "terminals": _terminals,
    "hidden text": _hidden,
}
"""Those that read the bytes."""
RENDERED: Final[Mapping[str, Callable[[str], str | None]]] = {
    "mentions": _mentions,
    "references": _references,
    "closing words": _closing,
    "live markup": _live_markup,
    "special blocks": _special_blocks,
}
"""Those that see GitHub's page."""


def forms(body: str) -> dict[str, str]:
    """The posted bytes and what bots make of them before they look. The marker stays as it is."""
    words, _, last = body.rpartition("\n")
    made = {
        "raw": words,
        "nfkc": unicodedata.normalize("NFKC", words),
        "lower": words.lower(),
        "no backslashes": words.replace("\\", ""),
    }
    return {name: f"{form}\n{last}" for name, form in made.items()}


def rendered_live(body: str) -> str | None:
    """What acts on GitHub's page of these bytes."""
    return next((f"{bot}: {found[:60]!r}" for bot, acts in RENDERED.items() if (found := acts(body))), None)


def live(body: str) -> str | None:
    """The first bot that acts on the posted bytes, in whatever form it reads them, and on what."""
    for name, form in forms(body).items():
        for bot, acts in {**RAW, **(RENDERED if name == "raw" else {})}.items():
            if found := acts(form):
                return f"{bot} on the {name} form: {found[:60]!r}"
    return None
