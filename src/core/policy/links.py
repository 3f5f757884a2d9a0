"""Addresses. None is live in the comment; those that lead outside the repository ask the Captain.

A list of trusted hosts would pass an attacker's repository, gist, image proxy or prefilled issue on the same host, so
only plain pages of this repository pass, and hosts that no outsider can own. What looks odd asks.
"""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from core.policy.found import Hit
from core.policy.readings import Readings

_ADDRESS: Final = re.compile(
    r"(?<![a-z0-9+])[a-z][a-z0-9+.-]{1,20}\s?:[/\\]{2,4}[^\s<>\"'`|]{0,2000}|(?<![a-z0-9+])https?:[/\\][^\s<>\"'`|]{1,2000}"
    r"|(?<![\w:./\\-])(?:[/\\]{2}|www\d?\.)(?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])[^\s<>\"'`|]{0,500}"
    r"|(?<![\w@/.+-])(?:git@|mailto:)[\w.@+-]{3,200}(?::[\w./-]{0,300})?",
    re.IGNORECASE,
)
_NEEDS: Final = ("//", "\\\\", ":/", ":\\", "www", "git@", "mailto:")
_IDENTIFIER: Final = re.compile(r"https?://(?:www\.)?(?:w3\.org/(?:19|20)\d\d/|json-schema\.org/|schema\.org/)")
"""Addresses that name a vocabulary and are not meant to be opened."""
_SAMPLE: Final = (
    r"(?:[{$*<][^.]*|(?:www|apis?|apps?|staging|stage|dev|prod|test|qa|demo|admin|auth|login|sso|idp|cdn|static|assets|docs|"
    r"blog|mail|smtp|shop|store|my|foo|bar|ba[rz]|[abcx]|sub|subdomain|tenant|host|server|service|gateway|proxy|web|cache|"
    r"db|registry|git|ci|status|internal|backend|frontend|upload|files|images|media|search|ws)\d{0,2}-?)"
)
_LOCAL: Final = re.compile(
    r"localhost|host\.docker\.internal|127\.\d+\.\d+\.\d+|10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|0\.0\.0\.0|"
    r"172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|255\.\d+\.\d+\.\d+|::1?|fe80:.*|f[cd].*:.*|2001:db8:.*|[a-z_][\w-]*|"
    r".+\.svc(?:\.cluster\.local)?|.+\.(?:localhost|local|test|internal|lan|localdomain|intranet|home\.arpa)|"
    rf"(?:{_SAMPLE}{{1,4}}\.){{0,4}}example\.(?:com|org|net|edu)"
)
"""The tester's own machine and network, single names, and what RFC 2606 reserves, under the names that samples have."""
_PLACEHOLDER: Final = re.compile(r"(?:.*\.)?[{$*…%<][^.]*(?:\.[a-z]+)?|[A-Z][A-Z0-9_-]*|\.{2,}|…")
"""A host that is to be filled in: a sign for that begins its last label or the one before."""
_PORT: Final = re.compile(r"(?<=\w):[{$<%][^/]*")
_ACCOUNT: Final = re.compile(r"(?:mailto:[^@]*|git)@([\w.-]+)", re.IGNORECASE)
_PLAIN: Final = re.compile(
    r"(?!hxx)[a-z][a-z0-9+.-]{1,20}://(?:[^\\/?#]+(?:[/?#]|$)|/[\w-]*(?:[/?#]|$)|$)", re.IGNORECASE
)
_PATTERN: Final = re.compile(r"(?<=[\w.])(?:\[|\)|\(\?|\\[a-z]).*$|\$$")
"""What is left of a regular expression around an address."""
_PAGE: Final = re.compile(
    r"(?:\.git)?(?:/(?:blob|tree|raw|blame|pull|pulls|issues|commit|commits|compare|releases|actions|wiki|discussions|"
    r"tags|branches)(?:/[\w.+~/-]{0,300})?)?/?(?:#[\w-]*)?"
)
_ACTS: Final = re.compile(
    r"/issues/new|/settings|/actions/workflows/|/releases/new|/wiki/_|/fork|(?<!\.)\.\.(?!\.)|\.\.\./|/compare/.*:"
)


def _inside(address: str, repository: str) -> bool:
    """Whether an address is a plain page of this repository, or where no outsider can be. Odd ones are neither."""
    shown = address.rstrip(".,;:!?)]}*_\\")
    mailed = _ACCOUNT.match(shown)
    if mailed:
        return shown.lower() == f"git@github.com:{repository}.git".lower() or _nobodys(mailed[1])
    if not _PLAIN.match(shown):
        return False
    try:
        parts = urlsplit(_PORT.sub("", _PATTERN.sub("", shown), count=1))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return False
    dressed = "@" in parts.netloc
    if _nobodys(host) or _PLACEHOLDER.fullmatch(parts.netloc.rpartition("@")[2].partition(":")[0]):
        return not (dressed and "." in parts.netloc.rpartition("@")[0])
    if (parts.scheme.lower(), host) != ("https", "github.com") or port or dressed or parts.query:
        return False
    page = parts.path[len(repository) + 1 :] + (f"#{parts.fragment}" if parts.fragment else "")
    own = parts.path.lower().startswith(f"/{repository.lower()}")
    return own and bool(_PAGE.fullmatch(page)) and not _ACTS.search(page)


def _nobodys(host: str) -> bool:
    return not host or _LOCAL.fullmatch(host.lower()) is not None


def outside(text: Readings, repository: str) -> Iterator[Hit]:
    """The first address on a host that is neither the tester's own nor a plain page of this repository."""
    if not any(word in text.small for word in _NEEDS):
        return
    for match in _ADDRESS.finditer(text.joined):
        if not _IDENTIFIER.match(match[0]) and not _inside(match[0], repository):
            yield Hit("link.outside", "ask", match[0], f"leads outside {repository}")
            return
