"""Markup that has no business in a plan: hidden comments, images, addresses that run code, characters nobody sees.

In the comment none of it is live, so that a test which types it in may name it: quoted as code it asks, and in a
step's own code it passes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings
from core.text.invisible import found

_compiled = cache(re.compile)
"""When first needed: most texts need none of them."""

_COMMENT: Final = r"(?im)<\s?!\s?-\s?-|<!\[cdata\[|^[ >]{0,8}\[[^\]\n]{1,60}\]:[ \t]*(?:#|<>)[ \t]*[\"'(]"
"""Comments of HTML, and link definitions that lead nowhere: GitHub does not show them, and bots read them."""
_IMAGE: Final = (
    r"(?im)(?<!\?<)!\[[^\[\]]{0,400}\](?:\s?[(\[]|(?=[^\n]*\n[\s\S]*^[ >]{0,8}\[[^\]\n]+\]:))"
    r"|(?<!\?<)!\[[^\n]{0,200}\]\("  # behind ?< it is a regular expression
    r"|<\s*(?:img|image|picture|source|video|audio|embed|object|iframe|svg|input)\b[/\s][^<>]{0,500}?"
    r"\b(?:src|srcset|srcdoc|href|data|poster|on\w{3,20})\s*=(?!\s?\{)"
    r"|<[a-z][^<>\n]{0,300}?\b(?:background|style)\s*=[^<>\n]{0,300}?//"
)
_LEADS_OUT: Final = r"!\[[^\n]{0,400}//|<[^<>]{0,500}//"
_DROPPED: Final = dict.fromkeys(map(ord, "\t\r\n\0"))
_GAP: Final = r"[\t\r\n\x00]{0,4}"
"""Browsers drop tabs and line ends inside an address (WHATWG URL 4.4)."""
_SCHEMES: Final = ("javascript:", "vbscript:", "livescript:", "data:")
_SCHEME: Final = (
    rf"(?i)(?<![a-z])(?:{'|'.join(map(_GAP.join, _SCHEMES[:3]))})(?=[^\s\"'`,.;>)])"
    rf"|(?<![a-z]){_GAP.join(_SCHEMES[3])}"
    r"(?:[a-z]{2,12}/[a-z0-9.+-]{1,60}(?:;[a-z0-9=_-]{1,40}){0,4}|;base64),(?=[^\s`])"
)
_ATTRIBUTE: Final = re.compile(r"\son[a-z]{3,20}\s*=")
_HANDLER: Final = r"<[a-z][^<>]{0,500}\son[a-z]{3,20}\s*=(?!\s?\{)"
_EMBEDS: Final = (
    *("![", "img", "image", "picture", "source", "video", "audio", "embed", "object", "iframe", "svg", "input"),
    *("style", "background"),
)
_KINDS: Final = (
    ("markup.comment", ("<!", "< !", "]:"), _COMMENT, _COMMENT, "hides text in a comment"),
    ("markup.image", _EMBEDS, _IMAGE, _LEADS_OUT, "an image tells its host who looks at it"),
    ("markup.script", (*_SCHEMES, "<on"), f"{_SCHEME}|{_HANDLER}", _SCHEME, "runs or embeds content when it is opened"),
)
"""Rule, what it needs, what it refuses outside of code, and what of that asks where it is quoted: a tag that leads
nowhere is a sample."""


def markup(text: Readings) -> Iterator[Hit]:
    """Comments, images and scripts; quoted as code they ask."""
    dropped = text.small.translate(_DROPPED)
    if "<" in dropped and _ATTRIBUTE.search(text.small):
        dropped += "<on"
    for rule, signs, pattern, quoted, why in _KINDS:
        if not any(sign in dropped for sign in signs):
            continue
        match = _compiled(pattern).search(text.outside_code)
        if match:
            yield Hit(rule, "refuse", match[0], why)
        elif (match := _compiled(pattern).search(text.joined)) and _compiled(quoted).search(text.joined):
            yield Hit(rule, "ask", match[0], why)


def invisible(text: Readings) -> Iterator[Hit]:
    """What nobody can see, as it is written."""
    for at, why in found(text.raw):
        yield Hit("text.invisible", "refuse", text.raw[max(0, at - 8) : at + 8], why)
        return
