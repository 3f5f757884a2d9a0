"""Orders to bots: slash commands, command words, mentions of agents. Looked for in every reading of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.wanted import Patterns, chances, patterns
from core.text.readings import Readings

_SLASH: Final = re.compile(r"/([a-z][a-z0-9_-]*)(.{0,80})", re.DOTALL)
_ARGUED: Final = re.compile(
    r"/[a-z][a-z0-9]*(?:[_-][a-z0-9]+){0,4}(?:\s+[\w.:=-]{1,30}){0,3}"
    r"(?:\s+(?:@[a-z\d][\w/-]{0,60}|\$\d[\d.,]{0,12}|#\d{1,9}|[\w.+-]{1,64}@[\w-]{1,63}\.[\w.-]{1,60}))"
    r"(?:\s+[\w@#$.:=-]{1,40}){0,3}\s*"
)
"""A slash word of any bot with what bots take and routes do not: an account, an amount, an issue, an address."""
_PROSE: Final = re.compile(
    r"[^|\n]{0,40}?\s\\?\||[`'\"*]*[:,]?\s+(?:and|or|as|at|in|on|to|for|of(?!\s+[#!@])|is|are|was|be|by|with|without|when|while|should|must|will|can|does|"
    r"doesn't|has|returns?|responds?|answers?|gives?|shows?|renders?|loads?|serves?|accepts?|requires?|rejects?|"
    r"redirects?|opens?|lists?|works?|fails?|still|now|no|not|then|after|before|also|only|never|endpoint|route|page|"
    r"path|url|api|handler|command|request|requests|response|screen|view|form|call|calls|resource|->|→|=>|\(|—|-(?=\s))"
    r"(?:\W|$)"
)
_LONGEST_ARGUED: Final = 200
_ORDER: Final = re.compile(r" {0,3}/([a-z][a-z0-9_-]{1,30})((?:[ \t]+[^\s/|`]{1,60}){0,5})[ \t\r]*", re.IGNORECASE)
"""A line that is a slash word and a few more, as orders to a bot of any name stand by themselves."""
_FENCE: Final = re.compile(r"[ >*+-]{0,12}(?:```|~~~)")
_SENTENCE: Final = re.compile(
    r"\s+[a-z]{2,20}s\s|.*\s(?:the|a|an|is|are|was|and|or|of|with|within|after|when|then|must|should|its?)\s",
    re.IGNORECASE,
)
"""What words behind a route make of it: something that is told."""
_PATH_GOES_ON: Final = re.compile(r"[/._{<?&%#-]\S|[/{<]|\*")

_MENTION: Final = re.compile(
    r"@(?!(?<=[a-z\d]@)v\d{1,3}\.\d)\s?([a-z\d][\w-]*+)(\[bot\])?+(?![\w-])(?!/\w)", re.IGNORECASE
)
"""A name behind the sign, but for the version of a package: `net@v0.33.0`."""
_LONGEST_ACCOUNT: Final = 39
_MAIL: Final = re.compile(r"[\w.+%-]$")
_DOMAIN: Final = re.compile(r"\.[a-z]{2,}", re.IGNORECASE)


@dataclass(frozen=True)
class _Commands:
    slash: frozenset[str]
    pages: frozenset[str]
    """Routes that no bot obeys."""
    routes: frozenset[str]
    """Those of `slash` that are routes of many services too."""
    compound: re.Pattern[str]
    glued: tuple[str, ...]
    line: Patterns
    line_asked: Patterns
    anywhere: Patterns
    agents: frozenset[str]
    named: re.Pattern[str]
    """Names by which accounts of automation are told from people."""


@cache
def _commands() -> _Commands:
    """Read when first needed: functions that judge nothing do not pay for it."""
    data: Any = load("commands")
    agents: Any = load("agents")
    routes = frozenset(data["route"]["words"])
    return _Commands(
        slash=routes.union(*(group["words"] for group in data["slash"])),
        pages=frozenset(data["page"]["words"]),
        routes=routes,
        compound=re.compile(data["compound"]["pattern"]),
        glued=tuple(sorted(data["glued"]["words"], key=len, reverse=True)),
        line=patterns(entry for entry in data["line"] if not entry.get("ask")),
        line_asked=patterns(entry for entry in data["line"] if entry.get("ask")),
        anywhere=patterns(data["anywhere"], re.MULTILINE),
        agents=frozenset().union(*(group["names"] for group in agents["handles"])),
        named=re.compile(agents["named"]["pattern"]),
    )


def _slash_command(line: str) -> str | None:
    match = _SLASH.match(line)
    if not match:
        return None
    word, rest, known = match[1], match[2], _commands()
    if word in known.slash or known.compound.fullmatch(word):
        if _PATH_GOES_ON.match(rest):
            return None
        if word in known.routes and _PROSE.match(rest):
            return None
        return match[0].strip()
    for start in known.glued:
        if word.startswith(start):
            tail = word[len(start) :]
            if (
                tail in ("s", "es", "ed", "d", "r", "rs", "er", "ers", "ing", "ment", "ments", "al", "als")
                or tail[0] in "-_"
            ):
                return None
            return None if _PATH_GOES_ON.match(rest) else match[0].strip()
    if len(line) > _LONGEST_ARGUED or _PROSE.match(rest):
        return None
    return line if _ARGUED.fullmatch(line) else None


def slash_commands(text: Readings) -> Iterator[Hit]:
    """A line that begins with a slash and a word some bot obeys, whatever blanks and marks stand before it."""
    known = [_slash_command(line.lower().replace("/[", "/", 1)) for line in text.lines if line[0] == "/"]
    for found in filter(None, known):
        yield Hit("command.slash", "refuse", found, "a bot would take this line as a command")
    orders = (order for reading in dict.fromkeys((text.raw, text.all[-1])) for order in _orders(reading))
    for order in orders if not any(known) else ():
        yield Hit("command.slash", "refuse", order, "stands by itself as orders to bots do")


def _orders(text: str) -> Iterator[str]:
    """Lines outside of code that are an order to a bot of any name: no lists of routes, no sentences about one."""
    if "/" not in text:
        return
    lines = text.split("\n")
    fenced = False
    for at, line in enumerate(lines):
        fenced ^= _FENCE.match(line) is not None
        match = None if fenced else _ORDER.fullmatch(line)
        if not match or any(
            other.lstrip().startswith("/") for other in (*lines[max(0, at - 1) : at], *lines[at + 1 : at + 2])
        ):
            continue
        word, words = match[1].lower(), match[2]
        told = _PROSE.match(words) or _SENTENCE.match(f"{words} ") if words else word in _commands().pages
        if not told:
            yield match[0].strip()


def command_words(text: Readings) -> Iterator[Hit]:
    """Commands without a slash: at the start of a line, or anywhere where bots look anywhere."""
    known = _commands()
    refused, asked = chances(known.line, text), chances(known.line_asked, text)
    for line in text.lines if refused or asked else ():
        small = line.lower()
        match = next(filter(None, (pattern.match(small) for pattern in refused)), None)
        if match:
            yield Hit("command.words", "refuse", match[0], "a bot would take this line as a command")
        elif any(pattern.match(small) for pattern in asked):
            yield Hit("command.words", "ask", line, "if this account is a bot, it would obey")
    for pattern in chances(known.anywhere, text):
        for reading in text.bare:
            match = pattern.search(reading.lower())
            if match:
                yield Hit("command.words", "refuse", match[0], "a bot looks for these words anywhere in a comment")


def agent_mentions(text: Readings) -> Iterator[Hit]:
    """A mention of an account that acts when mentioned. Code does not protect: agents read the raw text."""
    for reading in text.fresh:
        for match in _MENTION.finditer(reading):
            if not _acts(match[1].lower(), marked=match[2] is not None):
                continue
            before, after = reading[max(0, match.start() - 1) : match.start()], reading[match.end() : match.end() + 20]
            if not (_MAIL.search(before) and _DOMAIN.match(after)):
                yield Hit("command.agent", "refuse", match[0], "this account acts on being mentioned")
                break


def _acts(name: str, *, marked: bool) -> bool:
    """Whether an account acts on a mention. `marked`: it stands there with GitHub's mark for automation."""
    known = _commands()
    return (marked and len(name) <= _LONGEST_ACCOUNT) or name in known.agents or known.named.fullmatch(name) is not None
