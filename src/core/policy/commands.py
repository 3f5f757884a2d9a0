"""Orders to bots: slash commands, command words, mentions of agents. Looked for in every reading of a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from core.policy.data_files import load
from core.policy.found import Hit
from core.policy.readings import Readings

_DATA: Final[Any] = load("commands")
_ROUTES: Final = frozenset(_DATA["route"]["words"])
_WORDS: Final = frozenset(word for group in _DATA["slash"] for word in group["words"]) | _ROUTES
_COMPOUND: Final = re.compile(_DATA["compound"]["pattern"])
_GLUED: Final = tuple(sorted(_DATA["glued"]["words"], key=len, reverse=True))
_LINE: Final = re.compile("|".join(f"(?:{entry['pattern']})" for entry in _DATA["line"] if not entry.get("ask")))
_LINE_ASKED: Final = re.compile("|".join(f"(?:{entry['pattern']})" for entry in _DATA["line"] if entry.get("ask")))
_ANYWHERE: Final = re.compile("|".join(f"(?:{entry['pattern']})" for entry in _DATA["anywhere"]), re.MULTILINE)
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
_PATH_GOES_ON: Final = re.compile(r"[/._{<?&%#\[-]\S|[/{<]|\*")

_AGENTS: Final[Any] = load("agents")
_HANDLES: Final = sorted((name for group in _AGENTS["handles"] for name in group["names"]), key=len, reverse=True)
_MENTION: Final = re.compile(
    rf"@\s?(?:(?:{'|'.join(map(re.escape, _HANDLES))})(?:\[bot\])?|[a-z\d][\w-]{{0,38}}\[bot\]|"
    rf"{_AGENTS['named']['pattern']})"
    r"(?![\w-])(?!/\w)",
    re.IGNORECASE,
)
_MAIL: Final = re.compile(r"[\w.+%-]$")
_DOMAIN: Final = re.compile(r"\.[a-z]{2,}", re.IGNORECASE)


def _slash_command(line: str) -> str | None:
    match = _SLASH.match(line)
    if not match:
        return None
    word, rest = match[1], match[2]
    if word in _WORDS or _COMPOUND.fullmatch(word):
        if _PATH_GOES_ON.match(rest):
            return None
        if word in _ROUTES and _PROSE.match(rest):
            return None
        return match[0].strip()
    for start in _GLUED:
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
    for line in text.lines:
        if line[0] == "/":
            found = _slash_command(line.lower().replace("/[", "/", 1))
            if found:
                yield Hit("command.slash", "refuse", found, "a bot would take this line as a command")


def command_words(text: Readings) -> Iterator[Hit]:
    """Commands without a slash: at the start of a line, or anywhere where bots look anywhere."""
    for line in text.lines:
        match = _LINE.match(line.lower())
        if match:
            yield Hit("command.words", "refuse", match[0], "a bot would take this line as a command")
        elif line[0] == "@" and _LINE_ASKED.match(line.lower()):
            yield Hit("command.words", "ask", line, "if this account is a bot, it would obey")
    for reading in text.bare:
        match = _ANYWHERE.search(reading.lower())
        if match:
            yield Hit("command.words", "refuse", match[0], "a bot looks for these words anywhere in a comment")


def agent_mentions(text: Readings) -> Iterator[Hit]:
    """A mention of an account that acts when mentioned. Code does not protect: agents read the raw text."""
    for reading in text.fresh:
        for match in _MENTION.finditer(reading):
            before, after = reading[max(0, match.start() - 1) : match.start()], reading[match.end() : match.end() + 20]
            if not (_MAIL.search(before) and _DOMAIN.match(after)):
                yield Hit("command.agent", "refuse", match[0], "this account acts on being mentioned")
                break
