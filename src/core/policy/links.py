"""Addresses and references. They are rendered as code, so none is live; those that lead outside ask the Captain.

A list of trusted hosts would pass an attacker's repository, gist, image proxy, OAuth or prefilled
issue on the same host, so only plain pages of this repository pass, and hosts that no outsider can own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from core.policy.found import Hit
from core.policy.wanted import Wanted, compiled
from core.text.readings import Readings, read

_URL: Final = Wanted(
    r"(?<![a-z0-9+])(h(?:tt|xx)ps?|ftps?|wss?|ssh|git|sftp|smb|ldaps?|git\+https?|git\+ssh)\s?:\s?[/\\]{1,4}"
    r"([^\s<>\"'`|]{0,2000})",
    ("http", "hxxp", "ftp", "ws", "ssh", "git", "smb", "ldap"),
    re.IGNORECASE,
)
_ACCOUNT: Final = Wanted(
    r"\b(?:mailto:\s?[\w.+%-]{1,64}|(?<![@/.+-])git)@((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?![\w-])"
    r"(?::([\w./-]{0,300}))?",
    ("@",),
    re.IGNORECASE,
)
"""Addresses of mail and of repositories in the form of scp."""
_BARE: Final = Wanted(
    r"(?<![\w:./\\-])(?:[/\\][/\\]|www\d?\.)((?:[\w-]{1,63}\.){1,8}[a-z]{2,24}(?![\w-])[^\s<>\"'`|]{0,500})",
    ("//", "\\\\", "/\\", "\\/", "www"),
    re.IGNORECASE,
)
_COMMON_ENDS: Final = (
    "com|net|org|info|biz|ru|cn|su|xyz|top|site|online|club|tk|ml|ga|cf|gq|pw|cc|ws|live|link|click|app|dev|io|co|me|ai|gg|"
    "ly|evil|example|page|cloud|host|store|shop|win|icu"
)
_ENDS: Final = f"(?:{_COMMON_ENDS})"
_WITH_PATH: Final = Wanted(
    rf"(?<![\w@/\\.:-])((?:[a-z0-9-]{{1,63}}\.){{0,4}}[a-z0-9-]{{1,63}}\.{_ENDS}/(?!\.(?-i:[A-Z]))[\w~?#%&=@.+-][^\s<>\"'`|]{{0,300}})",
    tuple(f".{end}/" for end in _COMMON_ENDS.split("|")),
    re.IGNORECASE,
)
_TRANSFER: Final = Wanted(
    r"\b(?:curl|wget|nc|ncat|scp|rsync|ssh|telnet)[ \t][ \t]*(?:[^\s|;&`]{1,100}[ \t]+){0,6}?(?:\w{1,30}@)?"
    rf"((?:[a-z0-9-]{{1,63}}\.){{1,5}}{_ENDS}(?![\w-])(?!\.\w)[^\s<>\"'`|]{{0,300}})",
    ("curl", "wget", "nc ", "nc\t", "ncat", "scp", "rsync", "ssh", "telnet"),
    re.IGNORECASE,
)
_PROGRAMS: Final = (
    r"(?:cursor|vscode(?:-insiders)?|vscodium|windsurf|jetbrains|zed|slack|msteams|zoommtg|tg|whatsapp|steam|itms-services|"
    r"shell|x-apple[\w.-]{0,20}|x-github-client|github-(?:mac|windows)|sourcetree|postman|raycast|shortcuts|magnet|vnc|rdp|"
    r"facetime(?:-audio)?|gopher|dict|teamviewer\w{0,4}|anydesk)"
)
_SCHEME_BEFORE: Final = re.compile(r"[\w+.-]{1,30}$")
_AFTER_SCHEME: Final = re.compile(r"(?!file/)\w[^\s<>\"'`|]{0,200}", re.IGNORECASE)
_LOOKS_ELSEWHERE: Final = "looks as if it led elsewhere"
_STARTS: Final = "starts a program or a lookup where it is opened"
_TRICKS: Final = tuple(
    (Wanted(pattern, needs, re.IGNORECASE), why)
    for needs, pattern, why in (
        (
            ("@",),
            r"\bh(?:tt|xx)ps?://[^\s/@<>\"'`|?#]{0,100}(?:\.|%2f)[^\s/@<>\"'`|?#]{0,100}@[\w-]{1,63}\.[^\s<>\"'`|]{1,200}",
            _LOOKS_ELSEWHERE,
        ),
        (
            ("http",),
            r"\bhttps?:(?!//)[\\/\t\r\n]{0,3}(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}(?![\w-])[^\s<>\"'`|]{0,200}",
            _LOOKS_ELSEWHERE,
        ),
        (
            ("](",),
            r"\]\(\s{0,4}<?(?:[\\/]{2,4})(?:[a-z0-9-]{1,63}\.){1,6}[a-z]{2,24}[^\s)]{0,200}",
            _LOOKS_ELSEWHERE,
        ),
        (
            ("](",),
            r"\[[^\]\n]{0,60}?((?:[a-z0-9-]{1,63}\.){1,5}(?:com|org|net|io|dev))(?:/[^\]\n]{0,100})?"
            r"\]\(\s{0,4}<?https?://(?!\1)(?!www\.\1)[^\s)]{4,200}",
            _LOOKS_ELSEWHERE,
        ),
        (("<http",), r"<https?://[^\s<>|]{1,200}\|[^<>\n]{1,100}>", _LOOKS_ELSEWHERE),
        (
            ("hxxp",),
            r"\bhxxps?://[^\n]{0,160}\b(?:bracket|replace|refang|undo|remove|without\s+the)\w{0,4}\b",
            _LOOKS_ELSEWHERE,
        ),
        (
            ("](",),
            r"\]\(\s{0,4}<?(?:file|smb|ssh|ftp|ldap|intent|about|chrome|view-source|jar|sms|tel|facetime|cmd|powershell):"
            r"[^\s)]{1,200}",
            _STARTS,
        ),
        (
            ("ms-", "search-ms:"),
            r"(?<![\w.-])(?:ms-(?:msdt|search|officecmd|appinstaller|word|excel|powerpoint|access|publisher|visio|project)|"
            r"search-ms):(?=[/\w])[^\s<>\"'`|]{1,200}",
            _STARTS,
        ),
        (
            ("](", "href", "src"),
            r"(?:\]\(\s{0,4}<?|\b(?:href|src)\s?=\s?[\"']?)(?=[a-z]{0,6}\t)[a-z\t]{3,16}:[\\/][^\s)]{1,200}",
            _LOOKS_ELSEWHERE,
        ),
        (("ssh://-",), r"\bssh://-o\S{1,100}", _STARTS),
        (
            ("${",),
            r"\$\{[^{}\n]{0,40}jndi[^{}\n]{0,6}:[^\n}]{0,200}"
            r"|\$\{(?:\$\{[^{}\n]{1,30}\}){1,8}[^\n]{0,40}(?:ldap|rmi|dns)",
            _STARTS,
        ),
        (
            ("hyperlink", "import", "webservice", "image", "exec", "filterxml"),
            r"(?<![\w)])[=+@](?:hyperlink|importxml|importdata|importhtml|importrange|importfeed|webservice|image|exec|"
            r"filterxml)\s?\(",
            _STARTS,
        ),
    )
)
"""What each needs, and addresses that ask whatever their host is: dressed up as another's, or of schemes that start a
program (https://lolbas-project.github.io/, the programs' own pages), lookups that a logger follows (CVE-2021-44228),
formulas that a spreadsheet follows (OWASP, CSV injection)."""
_EXAMPLE: Final = re.compile(r"example\.(?:com|net|org|edu)", re.IGNORECASE)
_MEANT: Final = Wanted(
    r"\]\(\s{0,4}<?((?:https?|ftps?|wss?|git|sftp):/{1,4}[^\s)>]{1,500})|^[ >*+-]{0,12}\[[^\[\]\n]{1,200}\]:[ \t]*<?(https?://[^\s>]{1,500})"
    r"|\b(?:href|src|action)\s{0,3}=\s{0,3}[\"']?(https?://[^\s\"'>]{1,500})|<(https?://[^\s<>|]{1,500})>",
    ("http", "ftp", "ws", "git"),
    re.IGNORECASE | re.MULTILINE,
)
"""Addresses made into links: these are meant to be opened, so hosts reserved for examples do not excuse them."""
_MAILED: Final = Wanted(
    r"\b(?:send|mail|e-?mail|forward|report|cc|share|submit|post|upload)\b[^\n]{0,60}?\bto\s+[`<'\"(]{0,2}[\w.+%-]{1,64}@"
    r"((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?![\w-])",
    ("@",),
    re.IGNORECASE,
)
_NAMESPACE: Final = (
    r"(?:[\w.-]+/v\d{1,2}(?:(?:alpha|beta)\d{0,2})?(?![\w/?#.-])|golang\.org|google\.golang\.org|gopkg\.in|go\.uber\.org|(?:[a-z0-9-]+\.)*k8s\.io|(?:[a-z0-9-]+\.)*kubernetes\.io|"
    r"ghcr\.io|docker\.io|quay\.io|(?:[a-z0-9-]+\.)?gcr\.io|mcr\.microsoft\.com|(?:www\.)?w3\.org|json-schema\.org|"
    r"schema\.org|asp\.net|socket\.io|cloud\.google\.com/go\b|github\.com/(?!login|settings|apps|gist)[\w.-]+/[\w.-]+"
    r"(?!.*/(?:issues|pull|releases|raw|blob|archive|tree|wiki|discussions|compare|settings)\b))"
)
"""Names that stand for packages, images and schemas rather than for pages."""
_IDENTIFIER: Final = re.compile(
    r"(?:www\.)?(?:w3\.org/(?:19|20)\d\d/|json-schema\.org/draft|schema\.org/\w)", re.IGNORECASE
)
"""Addresses that name a vocabulary and are not meant to be opened."""
_GONE_TO: Final = (
    "com|net|org|info|biz|ru|cn|su|xyz|top|site|online|club|tk|ml|ga|cf|gq|pw|cc|ws|"
    "live|link|click|zip|mov|dev|app|io|co|me|ai|gg|ly|to|sh|evil|example|page|cloud|host|store|shop|win|icu"
)
_GO_TO: Final = Wanted(
    r"\b(?:visit|go\s+to|browse\s+to|navigate\s+to|head\s+(?:over\s+)?to|log\s+in\s+(?:at|to|on)|sign\s+in\s+(?:at|to|on)|"
    r"download\s+(?:\S+\s+){0,3}from|upload\s+(?:\S+\s+){0,4}to|curl|wget|fetch|open)\s+[`'\"(\[<]*"
    rf"((?:[a-z0-9-]{{1,63}}\.){{0,4}}[a-z0-9-]{{1,63}}\.(?:{_GONE_TO})(?![\w-])[^\s<>\"'`|]{{0,300}})",
    tuple(f".{end}" for end in _GONE_TO.split("|")),
    re.IGNORECASE,
)
_HOST: Final = re.compile(r"(?:\[[0-9a-f:.]{2,45}\]|[^/\\?#:]{1,255})?", re.IGNORECASE)
_IPV4: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
_PRIVATE: Final = re.compile(r"127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|255\.")
_PLACEHOLDER: Final = re.compile(
    r"[{$*…]|%s|%\(|%[A-Z_]+%|\.\.\.|^[A-Z][A-Z0-9_-]*$|^(?:your|my|some|the)[-_.]?\w*[-_.]?(?:host|domain|server|url|site)\w*$"
)
_LOCAL_ENDS: Final = (".localhost", ".local", ".test", ".internal", ".lan", ".home.arpa", ".localdomain", ".intranet")
_SAMPLE_LABEL: Final = (
    r"(?:www|api|app|apps|staging|stage|dev|prod|test|qa|demo|admin|auth|login|sso|idp|cdn|static|assets|docs|blog|"
    r"mail|smtp|shop|store|my|foo|bar|baz|a|b|c|x|sub|subdomain|tenant|host|server|service|gateway|proxy|web|cache|db|"
    r"registry|git|ci|jenkins|grafana|metrics|status|internal|backend|frontend|upload|files|images|media|search|ws)\d{0,2}"
)
_SAMPLE_HOST: Final = rf"(?:{_SAMPLE_LABEL}(?:-?{_SAMPLE_LABEL}){{0,3}}\.){{0,4}}example\.(?:com|org|net|edu)"
_OWN_PAGE: Final = re.compile(
    r"(?:blob|tree|raw|blame|pull|pulls|issues|commit|commits|compare|releases|actions|wiki|discussions|tags|branches)?"
    r"(?:/[\w.+#~/-]{0,300})?",
)
_COMPARED: Final = re.compile(r"/compare/[\w-]+(?:\.[\w-]+){0,8}\.{2,3}[\w-]+(?:\.[\w-]+){0,8}")
_SHELLS: Final = re.compile(
    r"/issues/new|/compare/|/settings|/actions/workflows/|/edit/|/delete/|/new/|/upload|/invitations|/fork"
)

_WORDS: Final = r"(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?|closing|fixing|resolving)"
_ISSUE: Final = (
    r"(?:[\w.-]{1,100}/[\w.-]{1,100})?#\d+|gh-\d+|(?:https?://)?(?:www\.)?github\.com/[\w.-]{1,100}/[\w.-]{1,100}/"
    r"(?:issues|pull)/\d+"
)
_CLOSING: Final = Wanted(
    rf"(?<![\w/.-]){_WORDS}(?![\w/])(?:[\s:<>*_~`(\[\\,|-]|\]\([^()\n]{{0,80}}\)){{1,40}}"
    rf"(?:(?:issues?|pr|pull request|bug|ticket)[\s:*_`]{{1,6}})?(?:{_ISSUE})",
    ("clos", "fix", "resolv"),
    re.IGNORECASE,
)
_TRACKED: Final = Wanted(
    rf"(?<![\w-])(?:[A-Z][A-Z0-9]{{1,9}}-\d{{1,7}}\s+#[a-z][a-z-]{{2,30}}(?![\w-])|AB#\d{{1,7}}(?!\w)|(?i:{_WORDS})[\s:]{{1,3}}"
    r"(?!(?:AC|TC|US|UC|REQ|NFR|FR|CVE|CWE|GHSA|RFC|UTF|ISO|SHA|MD|AES|RSA|HTTP|TLS|SSL|UTC|GMT|IPV|USB|ARM|CP|WCAG|PEP|IEEE|"
    r"ECMA|EN|DIN|BASE|ROT|EUC|MP|GPT|COVID|STEP|CASE|PRE|CRIT|GH|P|H|E|W|F|S|V|X|A|B|C|D|T|Q|R)-)[A-Z][A-Z0-9]{1,9}-\d{1,7}"
    r"(?![\w-]))",
    ("#", "clos", "fix", "resolv"),
)
"""References that Jira, Linear and Azure Boards act on: their pages about smart commits, magic words and AB#."""


def _host_and_path(rest: str) -> tuple[str, str, bool]:
    """Host, what follows it, and whether a user or a port stands beside it: as a browser reads it."""
    authority = re.split(r"[/\\?#]", rest, maxsplit=1)[0]
    if "}" in authority and "{" not in authority[: authority.index("}")]:
        authority = authority[: authority.index("}")]
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
    if _COMPARED.fullmatch(page):
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
    if host.endswith(_LOCAL_ENDS) or ".svc." in host:
        return True
    return "example." in host and compiled(_SAMPLE_HOST, re.IGNORECASE).fullmatch(host) is not None


def outside_links(text: Readings, repository: str) -> Iterator[Hit]:
    """Addresses on hosts that are neither the tester's own nor plain pages of this repository."""
    seen: set[str] = set()
    for shown, why in _tricks(text):
        yield Hit("link.outside", "ask", shown, why)
    dressed = text.holds(("[.]",))
    for shown, host, ours in _addresses(
        read("\n\n".join(text.fresh).replace("[.]", ".")) if dressed else text, repository
    ):
        if not ours and not _nobody_owns(host) and host not in seen:
            seen.add(host)
            yield Hit("link.outside", "ask", shown, f"leads outside {repository}")


def _tricks(text: Readings) -> Iterator[tuple[str, str]]:
    whole = "\n\n".join(text.fresh)
    for trick, why in _TRICKS:
        pattern = trick.within(text)
        match = pattern and pattern.search(whole)
        if match:
            yield match[0], why
    at = whole.find("://")
    while at >= 0:
        scheme = _SCHEME_BEFORE.search(whole[max(0, at - 30) : at])
        rest = _AFTER_SCHEME.match(whole, at + 3)
        if scheme and rest and compiled(_PROGRAMS, re.IGNORECASE).fullmatch(scheme[0]):
            yield f"{scheme[0]}://{rest[0]}", _STARTS
            return
        at = whole.find("://", at + 1)


def _addresses(text: Readings, repository: str) -> Iterator[tuple[str, str, bool]]:
    """Each address as it stands, its host, and whether it is a plain page of this repository."""
    for match in _URL.matches(text):
        if _IDENTIFIER.match(match[2]):
            continue
        host, path, dressed = _host_and_path(match[2])
        backslash = match[2].startswith("\\")
        yield match[0], "\\" + host if backslash else host, _is_ours(match[1].lower(), host, path, dressed, repository)
    for pattern in (_BARE, _GO_TO, _TRANSFER, _WITH_PATH):
        for match in pattern.matches(text):
            if pattern is _WITH_PATH and compiled(_NAMESPACE, re.IGNORECASE).match(match[1]):
                continue
            host, path, dressed = _host_and_path(match[1])
            yield match[0], host, _is_ours("https", host, path, dressed, repository)
    for match in _MEANT.matches(text) if text.holds(("example.",)) else ():
        address = next(filter(None, match.groups()))
        scheme, _, rest = address.partition(":")
        host, path, dressed = _host_and_path(rest.lstrip("/"))
        if _EXAMPLE.search(host):
            yield match[0], "\\" + host, _is_ours(scheme.lower(), host, path, dressed, repository)
    for match in _MAILED.matches(text):
        yield match[0], match[1].lower(), False
    for match in _ACCOUNT.matches(text):
        page = (match[2] or "").removesuffix(".git").lower()
        yield match[0], match[1].lower(), match[1].lower() == "github.com" and page == repository.lower()


def closing_keywords(text: Readings) -> Iterator[Hit]:
    """Words that close an issue where GitHub or a bot reads them, the reference possibly on the next line."""
    tracked = next(_TRACKED.matches(text), None)
    if tracked:
        yield Hit("reference.closing", "ask", tracked[0], "would close an issue of a tracker that reads along")
        return
    match = next(_CLOSING.matches(text), None) if text.holds(("#", "gh-", "github.com")) else None
    if match:
        yield Hit("reference.closing", "ask", match[0], "would close an issue where it is read as a reference")
