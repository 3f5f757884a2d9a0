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
_LINE: Final = re.compile("|".join(f"(?:{entry['pattern']})" for entry in _DATA["line"]))
_ANYWHERE: Final = re.compile("|".join(f"(?:{entry['pattern']})" for entry in _DATA["anywhere"]), re.MULTILINE)
_SLASH: Final = re.compile(r"/([a-z][a-z0-9_-]*)(.{0,80})", re.DOTALL)
_PROSE: Final = re.compile(
    r"[`'\"*]*[:,]?\s+(?:and|or|as|at|in|on|to|for|of(?!\s+[#!@])|is|are|was|be|by|with|without|when|while|should|must|will|can|does|"
    r"doesn't|has|returns?|responds?|answers?|gives?|shows?|renders?|loads?|serves?|accepts?|requires?|rejects?|"
    r"redirects?|opens?|lists?|works?|fails?|still|now|no|not|then|after|before|also|only|never|endpoint|route|page|"
    r"path|url|api|handler|command|request|requests|response|screen|view|form|call|calls|resource|->|→|=>|\(|—|-(?=\s))"
    r"(?:\W|$)"
)
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
    return None


def slash_commands(text: Readings) -> Iterator[Hit]:
    """A line that begins with a slash and a word some bot obeys, whatever blanks and marks stand before it."""
    for line in text.lines:
        if line[0] == "/":
            found = _slash_command(line.lower())
            if found:
                yield Hit("command.slash", "refuse", found, "a bot would take this line as a command")


def command_words(text: Readings) -> Iterator[Hit]:
    """Commands without a slash: at the start of a line, or anywhere where bots look anywhere."""
    for line in text.lines:
        match = _LINE.match(line.lower())
        if match:
            yield Hit("command.words", "refuse", match[0], "a bot would take this line as a command")
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
