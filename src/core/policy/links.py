"""Addresses and references. They are rendered as code, so none is live; those that lead outside ask the Captain.

A list of trusted hosts would pass an attacker's repository, gist, image proxy, OAuth or prefilled
issue on the same host, so only plain pages of this repository pass, and hosts that no outsider can own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit
from core.policy.readings import Readings

_URL: Final = re.compile(
    r"(?<![a-z0-9+])(h(?:tt|xx)ps?|ftps?|wss?|ssh|git|sftp|smb|ldaps?|git\+https?|git\+ssh)\s?:\s?[/\\]{1,4}"
    r"([^\s<>\"'`|]{0,2000})",
    re.IGNORECASE,
)
_ACCOUNT: Final = re.compile(
    r"\b(?:mailto:\s?[\w.+%-]{1,64}|(?<![@/.+-])git)@((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?![\w-])"
    r"(?::([\w./-]{0,300}))?",
    re.IGNORECASE,
)
"""Addresses of mail and of repositories in the form of scp."""
_BARE: Final = re.compile(
    r"(?<![\w:./\\-])(?:[/\\]{2}|www\d?\.)((?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])[^\s<>\"'`|]{0,500})",
    re.IGNORECASE,
)
_ENDS: Final = (
    r"(?:com|net|org|info|biz|ru|cn|su|xyz|top|site|online|club|tk|ml|ga|cf|gq|pw|cc|ws|live|link|click|app|dev|io|co|me|ai|gg|"
    r"ly|evil|example|page|cloud|host|store|shop|win|icu)"
)
_WITH_PATH: Final = re.compile(
    rf"(?<![\w@/\\.:-])((?:[a-z0-9-]{{1,63}}\.){{1,5}}{_ENDS}/[\w~?#%&=@.+-][^\s<>\"'`|]{{0,300}})", re.IGNORECASE
)
_TRANSFER: Final = re.compile(
    r"\b(?:curl|wget|nc|ncat|scp|rsync|ssh|telnet)[ \t]+(?:[^\s|;&`]{1,100}[ \t]+){0,6}?(?:\w{1,30}@)?"
    rf"((?:[a-z0-9-]{{1,63}}\.){{1,5}}{_ENDS}(?![\w-])(?!\.\w)[^\s<>\"'`|]{{0,300}})",
    re.IGNORECASE,
)
_NAMESPACE: Final = re.compile(
    r"(?:golang\.org|google\.golang\.org|gopkg\.in|go\.uber\.org|(?:[a-z0-9-]+\.)*k8s\.io|(?:[a-z0-9-]+\.)*kubernetes\.io|"
    r"ghcr\.io|docker\.io|quay\.io|(?:[a-z0-9-]+\.)?gcr\.io|mcr\.microsoft\.com|(?:www\.)?w3\.org|json-schema\.org|"
    r"schema\.org|asp\.net|socket\.io|cloud\.google\.com/go\b|github\.com/(?!login|settings|apps|gist)[\w.-]+/[\w.-]+"
    r"(?!.*/(?:issues|pull|releases|raw|blob|archive|tree|wiki|discussions|compare|settings)\b))",
    re.IGNORECASE,
)
"""Names that stand for packages, images and schemas rather than for pages."""
_IDENTIFIER: Final = re.compile(
    r"(?:www\.)?(?:w3\.org/(?:19|20)\d\d/|json-schema\.org/draft|schema\.org/\w)", re.IGNORECASE
)
"""Addresses that name a vocabulary and are not meant to be opened."""
_GO_TO: Final = re.compile(
    r"\b(?:visit|go\s+to|browse\s+to|navigate\s+to|head\s+(?:over\s+)?to|log\s+in\s+(?:at|to|on)|sign\s+in\s+(?:at|to|on)|"
    r"download\s+(?:\S+\s+){0,3}from|upload\s+(?:\S+\s+){0,4}to|curl|wget|fetch|open)\s+[`'\"(\[<]*"
    r"((?:[a-z0-9-]{1,63}\.){1,5}(?:com|net|org|info|biz|ru|cn|su|xyz|top|site|online|club|tk|ml|ga|cf|gq|pw|cc|ws|"
    r"live|link|click|zip|mov|dev|app|io|co|me|ai|gg|ly|to|sh|evil|example|page|cloud|host|store|shop|win|icu)"
    r"(?![\w-])[^\s<>\"'`|]{0,300})",
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"(?:\[[0-9a-f:.]{2,45}\]|[^/\\?#:]{1,255})?", re.IGNORECASE)
_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_PRIVATE: Final = re.compile(r"127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|255\.")
_PLACEHOLDER: Final = re.compile(
    r"[{$*…]|%s|%\(|%[A-Z_]+%|\.\.\.|^[A-Z][A-Z0-9_-]*$|^(?:your|my|some|the)[-_.]?\w*[-_.]?(?:host|domain|server|url|site)\w*$"
)
_LOCAL_ENDS: Final = (".localhost", ".local", ".test", ".internal", ".lan", ".home.arpa", ".localdomain", ".intranet")
_SAMPLE_HOST: Final = re.compile(
    r"(?:(?:www|api|app|apps|staging|stage|dev|prod|test|qa|demo|admin|auth|login|sso|idp|cdn|static|assets|docs|blog|"
    r"mail|smtp|shop|store|my|foo|bar|baz|a|b|c|x|sub|subdomain|tenant|host|server|service|gateway|proxy|web|cache|db|"
    r"registry|git|ci|jenkins|grafana|metrics|status|internal|backend|frontend|upload|files|images|media|search|ws)"
    r"\d{0,2}[-.]?){0,4}example\.(?:com|org|net|edu)"
)
_OWN_PAGE: Final = re.compile(
    r"(?:blob|tree|raw|blame|pull|pulls|issues|commit|commits|compare|releases|actions|wiki|discussions|tags|branches)?"
    r"(?:/[\w.+#~/-]{0,300})?",
)
_SHELLS: Final = re.compile(
    r"/issues/new|/compare/|/settings|/actions/workflows/|/edit/|/delete/|/new/|/upload|/invitations|/fork"
)

_WORDS: Final = r"(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|closing|fixing|resolving)"
_ISSUE: Final = (
    r"(?:[\w.-]{1,100}/[\w.-]{1,100})?#\d+|gh-\d+|(?:https?://)?(?:www\.)?github\.com/[\w.-]{1,100}/[\w.-]{1,100}/"
    r"(?:issues|pull)/\d+"
)
_CLOSING: Final = re.compile(
    rf"(?<![\w/.-]){_WORDS}(?![\w/])[\s:>*_~`(\[\\,|-]{{1,40}}"
    rf"(?:(?:issues?|pr|pull request|bug|ticket)[\s:*_`]{{1,6}})?(?:{_ISSUE})",
    re.IGNORECASE,
)


def _host_and_path(rest: str) -> tuple[str, str, bool]:
    """Host, what follows it, and whether a user or a port stands beside it: as a browser reads it."""
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    before, at, host_port = authority.rpartition("@")
    host = _HOST.match(host_port)
    name = host[0] if host else ""
    name = name if name.startswith("[") else name.rstrip(".,;:!)]}")
    port = host_port[host.end() :].rstrip(".,;:!)]}") if host else ""
    return name.lower(), rest[len(authority) :], bool((at and before) or port)


def _is_ours(scheme: str, host: str, path: str, dressed: bool, repository: str) -> bool:
    if scheme != "https" or host != "github.com" or dressed:
        return False
    path = path.rstrip(".,;:!?)]}*_")
    prefix = "/" + repository.lower()
    if not path.lower().startswith(prefix):
        return False
    page = path[len(prefix) :].removeprefix(".git").split("#", 1)[0]
    if page in ("", "/"):
        return True
    return page[0] == "/" and ".." not in page and not _SHELLS.match(page) and bool(_OWN_PAGE.fullmatch(page[1:]))


def _nobody_owns(host: str) -> bool:
    """Hosts of the tester's own machine and network, single names, and the names reserved for examples (RFC 2606)."""
    if not host or host in ("localhost", "host.docker.internal") or host.startswith("["):
        return not host.startswith("[") or host in ("[::1]", "[::]") or host.startswith(("[fe80", "[fd", "[2001:db8"))
    if _IPV4.fullmatch(host):
        return bool(_PRIVATE.match(host))
    if _PLACEHOLDER.search(host):
        return True
    if "%" in host:
        return False
    if "." not in host and host.isascii():
        return not host.isdigit() and not host.startswith("0x")
    return host.endswith(_LOCAL_ENDS) or ".svc." in host or _SAMPLE_HOST.fullmatch(host) is not None


def outside_links(text: Readings, repository: str) -> Iterator[Hit]:
    """Addresses on hosts that are neither the tester's own nor plain pages of this repository."""
    seen: set[str] = set()
    for reading in dict.fromkeys(form.replace("[.]", ".") for form in text.fresh):
        for shown, host, ours in _addresses(reading, repository):
            if not ours and not _nobody_owns(host) and host not in seen:
                seen.add(host)
                yield Hit("link.outside", "ask", shown, f"leads outside {repository}")


def _addresses(text: str, repository: str) -> Iterator[tuple[str, str, bool]]:
    """Each address as it stands, its host, and whether it is a plain page of this repository."""
    for match in _URL.finditer(text):
        if _IDENTIFIER.match(match[2]):
            continue
        host, path, dressed = _host_and_path(match[2])
        backslash = match[2].startswith("\\")
        yield match[0], "\\" + host if backslash else host, _is_ours(match[1].lower(), host, path, dressed, repository)
    for pattern in (_BARE, _GO_TO, _TRANSFER, _WITH_PATH):
        for match in pattern.finditer(text):
            if pattern is _WITH_PATH and _NAMESPACE.match(match[1]):
                continue
            host, path, dressed = _host_and_path(match[1])
            yield match[0], host, _is_ours("https", host, path, dressed, repository)
    for match in _ACCOUNT.finditer(text):
        page = (match[2] or "").removesuffix(".git").lower()
        yield match[0], match[1].lower(), match[1].lower() == "github.com" and page == repository.lower()


def closing_keywords(text: Readings) -> Iterator[Hit]:
    """Words that close an issue where GitHub or a bot reads them, the reference possibly on the next line."""
    for reading in text.fresh:
        if "#" not in reading and "gh-" not in reading.lower() and "github.com" not in reading.lower():
            continue
        match = _CLOSING.search(reading)
        if match:
            yield Hit("reference.closing", "ask", match[0], "would close an issue where it is read as a reference")
            return
