"""Markup that has no business in a plan: hidden comments, images, addresses that run code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import Final

from core.policy.found import Hit
from core.policy.wanted import Wanted, compiled
from core.text.invisible import found as unseen
from core.text.readings import Readings

_COMMENT: Final = Wanted(
    r"<\s?!\s?-\s?-|--!?>\s*<!|<!\[cdata\[|(?<!\w)<\?(?:php|xml)?\s"
    r"|^[ >]{0,8}\[[^\]\n]{1,60}\]:[ \t]*(?:#|<>)[ \t]*[\"'(]",
    ("<", "]:"),
    re.IGNORECASE | re.MULTILINE,
)
"""Comments of HTML, and link definitions that lead nowhere, which GitHub does not show and bots read."""
_IMAGE: Final = Wanted(
    r"!(?<!\(\?!)(?<!\(\?<!)\[(?:[^\[\]]{0,400}\]\s?[(\[]|[^\n]{0,200}\]\]\s?[(\[]|[^\n]{0,200}\]\([^)\s])",
    ("![",),
    re.IGNORECASE,
)
_PICTURE: Final = Wanted(
    r"<[a-z][^<>\n]{0,300}?\s(?:background\s{0,3}=\s{0,3}[\"']?(?:https?:)?//"
    r"|style\s{0,3}=\s{0,3}[\"'][^\"'<>\n]{0,300}?url\(\s{0,3}[\"']?(?:https?:)?//)"
    r"|<\s*(?:img|image|picture|source|video|audio|embed|object|iframe|svg|input)\b[^<>]{0,500}?"
    r"\b(?:src|srcset|srcdoc|href|data|poster|on\w{3,20})\s*=(?!\s?\{)",
    ("<",),
    re.IGNORECASE,
)
_REFERENCE_IMAGE: Final = Wanted(r"!\[([^\[\]]{1,200})\]", ("![",))
_DEFINITION: Final = re.compile(r"^[ >*+-]{0,12}\[[^\[\]]{1,200}\]:[ \t]*(?:\n[ >\t]{0,12})?[^\s>]", re.MULTILINE)
_HANDLER: Final = Wanted(r"<[a-z][^<>]{0,500}\son[a-z]{3,20}\s*=(?!\s?\{)", ("<",), re.IGNORECASE)
_DROPPED: Final = dict.fromkeys(map(ord, "\t\r\n\0"))
"""Browsers drop tabs and line ends inside an address (WHATWG URL 4.4)."""
_SCHEMES: Final = ("javascript:", "vbscript:", "livescript:", "data:")
_CODE: Final = re.compile(r"(?<!`)`(?!`)([^`\n]{1,200})`(?!`)")
"""A code span. A tag that stands there for all to see, and leads nowhere, is what a test types in."""
_GAP: Final = r"[\t\r\n\x00]{0,4}"


def _split(word: str) -> str:
    return _GAP.join(word)


_SCRIPT: Final = (
    rf"(?<![a-z])(?:{_split('java')}|{_split('vb')}|{_split('live')}){_GAP}{_split('script:')}{_GAP}"
    r"(?=[^\s\"'`,.;>]|\s?[a-z_$.]{1,30}\()"
    rf"|(?<![a-z]){_split('data:')}{_GAP}"
    r"(?:[a-z]{2,12}/[a-z0-9.+*-]{1,60}(?:\s?;\s?[a-z0-9=_-]{1,40}){0,4}\s?|\s?;\s?base64\s?)?"
    r"(?:,(?=[^\s\"'`)])|,\s(?=[<%{]))"
)
_MIXED: Final = re.compile(
    "[A-Za-z][аеорсухкіјѕԁԛԝһАВЕКМНОРСТХІЈЅοΟΑΒΕΗΙΚΜΝΡΤΧ][A-Za-z]|(?<!\\w)[аеосхіјѕһАВЕКМНОРСТХІЈЅ]{1,2}[A-Za-z]{3}"
    "|[A-Za-z]{3}[аеорсухкіјѕ](?!\\w)"
)
"""Cyrillic and Greek letters inside a Latin word, which only look like Latin ones (UTS #39, mixed scripts)."""
_FOREIGN: Final = re.compile("[\u0370-\u052f]")
_SAID: Final = re.compile(r"cyrillic|homo(?:glyph|graph)|look-?alike|confusable|mixed[- ]script", re.IGNORECASE)
_ESC: Final = re.compile(r"(?:\\(?:x1b|033|e|u001b)|␛|\^\[)\[[0-9;?]{0,20}[a-zA-Z](?=[^\s\"'`)\],.;:])", re.IGNORECASE)


def html_comments(text: Readings) -> Iterator[Hit]:
    """Comments hide text from people and show it to bots."""
    match = next(_COMMENT.matches(text, text.all), None)
    if match:
        shown = match.string[match.start() : match.start() + 40]
        yield Hit("markup.comment", "refuse", shown, "hides text in a comment")


def _without_samples(text: str) -> str:
    """The text without what stands in code spans, but for images and addresses."""
    return _CODE.sub(lambda span: span[0] if "//" in span[1] or "![" in span[1] else " ", text)


def images(text: Readings) -> Iterator[Hit]:
    """An image calls its host when it is looked at."""
    found = chain(
        _IMAGE.matches(text),
        _REFERENCE_IMAGE.matches(text, filter(_DEFINITION.search, text.fresh)),
        _PICTURE.matches(text, map(_without_samples, text.all)),
    )
    match = next(found, None)
    if match:
        yield Hit("markup.image", "refuse", match[0], "an image tells its host who looks at it")


def script_addresses(text: Readings) -> Iterator[Hit]:
    """Addresses and attributes that run code."""
    joined = text.small.text.translate(_DROPPED)
    likely = text.fresh if any(scheme in joined for scheme in _SCHEMES) else ()
    scripts = filter(None, (compiled(_SCRIPT, re.IGNORECASE).search(reading) for reading in likely))
    match = next(chain(scripts, _HANDLER.matches(text, map(_without_samples, text.all))), None)
    if match:
        yield Hit("markup.script", "refuse", match[0], "runs or embeds content when it is opened")


def invisible_text(text: Readings) -> Iterator[Hit]:
    """Characters that cannot be seen, as written or as entities, and terminal sequences."""
    for reading in text.all[:3]:
        for at, why in unseen(reading):
            yield Hit("text.invisible", "refuse", reading[max(0, at - 8) : at + 8], why)
            return
        match = _ESC.search(reading)
        if match:
            yield Hit("text.terminal", "refuse", match[0], "a terminal would obey this")
            return
    mixed = _MIXED.search(text.raw) if _FOREIGN.search(text.raw) else None
    if mixed and not _SAID.search(text.raw):
        yield Hit("text.mixed", "ask", mixed[0], "letters of another script pass for Latin ones")
