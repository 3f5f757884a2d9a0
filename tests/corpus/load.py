"""Reads the corpora. Credential-shaped strings are put together here, so no file holds one whole.

A text may hold `{{NAME}}` or `{{NAME|how|how}}`: NAME is a key of `CREDENTIALS`, each `how` a key of `DRESSED`.
"""

from __future__ import annotations

import base64
import codecs
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

_FOLDER: Final = Path(__file__).parent
_PLACE: Final = re.compile(r"\{\{([a-z0-9-]+)((?:\|[a-z0-9-]+)*)\}\}")
_BASE62: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

OWN: Final = ("Zq7wXv2LmP9sKd4TnR8yBf3H", "orchestrator-Secret/2026+for=tests_9Qx")
"""The service's own secrets, as the corpus plays them."""
CANARY: Final = "canary-7f3a9c1e5b2d"
REPOSITORY: Final = "acme/app"


def _body(name: str, length: int, alphabet: str = _BASE62) -> str:
    """Characters that look random and are the same every time."""
    number = int.from_bytes(hashlib.sha512(name.encode()).digest() * 3, "big")
    result = ""
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        result += alphabet[index]
    return result


_UPPER: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_HEX: Final = "0123456789abcdef"

_UUID: Final = "11111111-2222-3333-4444-555555555555"

CREDENTIALS: Final[Mapping[str, str]] = {
    "ghp": "gh" + "p_" + _body("ghp", 36),
    "gho": "gh" + "o_" + _body("gho", 36),
    "ghs": "gh" + "s_" + _body("ghs", 36),
    "pat": "github" + "_pat_" + _body("pat1", 22) + "_" + _body("pat2", 59),
    "akia": "AK" + "IA" + _body("akia", 16, _UPPER),
    "asia": "AS" + "IA" + _body("asia", 16, _UPPER),
    "aws-secret": _body("aws", 40),
    "anthropic": "sk-" + "ant-api03-" + _body("ant", 60) + "-" + _body("ant2", 20) + "AA",
    "openai": "sk-" + "proj-" + _body("oai", 48),
    "openai-old": "s" + "k-" + _body("oai2", 48),
    "stripe": "sk_" + "live_" + _body("stripe", 24),
    "slack": "xo" + "xb-" + _body("s1", 11, "0123456789") + "-" + _body("s2", 12, "0123456789") + "-" + _body("s3", 24),
    "slack-hook": "https://hooks.slack"
    + ".com/services/T"
    + _body("h1", 8, _UPPER)
    + "/B"
    + _body("h2", 8, _UPPER)
    + "/"
    + _body("h3", 24),
    "google": "AI" + "za" + _body("goog", 35),
    "gitlab": "gl" + "pat-" + _body("gl", 20),
    "npm": "np" + "m_" + _body("npm", 36),
    "pypi": "pyp" + "i-AgEIcHlwaS5vcmc" + _body("pypi", 60),
    "docker": "dckr" + "_pat_" + _body("dock", 27),
    "sendgrid": "S" + "G." + _body("sg1", 22) + "." + _body("sg2", 43),
    "twilio": "S" + "K" + _body("tw", 32, _HEX),
    "hf": "h" + "f_" + _body("hf", 34),
    "digitalocean": "dop" + "_v1_" + _body("do", 64, _HEX),
    "vault": "hv" + "s." + _body("hv", 24),
    "telegram": _body("tg1", 10, "123456789") + ":AA" + _body("tg2", 33),
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0." + _body("jwt", 43),
    "pem": "-----BE"
    + "GIN RSA PRIVATE KEY-----\nMII"
    + _body("pem1", 61)
    + "\n"
    + _body("pem2", 64)
    + "\n-----E"
    + "ND RSA PRIVATE KEY-----",
    "pem-ssh": "-----BE" + "GIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA" + _body("ssh", 50),
    "azure": "Account" + "Key=" + _body("az", 86) + "==",
    "linear": "lin" + "_api_" + _body("lin", 40),
    "figma": "fi" + "gd_" + _body("figma", 40),
    "test-key": "sk_" + "test_" + _body("sktest", 24),
    "heroku": "HEROKU_API_" + "KEY=0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    "datadog": "DD_API_" + "KEY=" + _body("dd", 32, _HEX),
    "dsn": "https://" + _body("dsn1", 32, _HEX) + ":" + _body("dsn2", 32, _HEX) + "@sentry.internal/4",
    "docker-auth": '"auth": "' + base64.b64encode(("me:" + _body("dauth", 24)).encode()).decode() + '"',
    "password": "PGPASS" + "WORD=" + _body("pgpass", 20),
    "curl-user": "curl -u admin:" + _body("curl", 20) + " http://localhost",
    "braintree": "access_token$" + "production$" + _body("bt1", 16, _HEX) + "$" + _body("bt2", 32, _HEX),
    "razorpay": "rzp" + "_live_" + _body("rzp", 14),
    "cloudflare-origin": "v1." + "0-" + _body("cf1", 24, _HEX) + "-" + _body("cf2", 146, _HEX),
    "teams-hook": "webhook.office"
    + f".com/webhookb2/{_UUID}@{_UUID}/IncomingWebhook/"
    + _body("teams", 32, _HEX)
    + f"/{_UUID}",
    "django": "django" + "-insecure-gq*wa&9%pfe73+&g3)b6i@kndds)" + _body("dj", 24),
    "neon": "np" + "g_" + _body("neon", 16),
    "infisical": f"st.{_UUID}." + _body("inf1", 32, _HEX) + "." + _body("inf2", 32, _HEX),
    "asana": "2/6307470197745641/0285638651796209:" + _body("asana", 32, _HEX),
    "hex40": _body("hex40", 40, _HEX),
    "hex64": _body("hex64", 64, _HEX),
    "codes": ", ".join(_body(f"code{n}", 5, _HEX) + "-" + _body(f"rest{n}", 5, _HEX) for n in range(6)),
    "improvised": "gRCMq" + "MsBgCu" + "QJ3!7",
    "own": OWN[0],
    "own2": OWN[1],
    "canary": CANARY,
}


def _pieces(text: str, between: str, size: int) -> str:
    return between.join(text[at : at + size] for at in range(0, len(text), size))


DRESSED: Final[Mapping[str, Callable[[str], str]]] = {
    "reversed": lambda text: text[::-1],
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "hex": lambda text: text.encode().hex(),
    "hex-upper": lambda text: text.encode().hex().upper(),
    "hex-spaced": lambda text: text.encode().hex(" "),
    "hexdump": lambda text: "\n".join(
        f"{at:08x}  {text[at : at + 16].encode().hex(' ')}" for at in range(0, len(text), 16)
    ),
    "hex-escaped": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "codes": lambda text: ", ".join(str(byte) for byte in text.encode()),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "rot5": lambda text: "".join(
        chr((ord(char) - base + 5) % 26 + base) if char.isalpha() and (base := 97 if char.islower() else 65) else char
        for char in text
    ),
    "turned": lambda text: text[12:] + text[:12],
    "cut1": lambda text: text[1:],
    "cut2": lambda text: text[2:],
    "cut3": lambda text: text[3:],
    "cut4": lambda text: text[4:],
    "cut-end": lambda text: text[:-4],
    "blanks": lambda text: _pieces(text, " ", 8),
    "lines": lambda text: _pieces(text, "\n", 10),
    "plus": lambda text: '"' + _pieces(text, '" + "', 9) + '"',
    "items": lambda text: "- " + _pieces(text, "\n- ", 12),
    "numbered": lambda text: "\n".join(f"{n}. {text[at : at + 11]}" for n, at in enumerate(range(0, len(text), 11), 1)),
    "zero-width": lambda text: _pieces(text, "\u200b", 5),
    "ticks": lambda text: "`" + _pieces(text, "` `", 10) + "`",
    "lines16": lambda text: _pieces(text, "\n", 16),
    "utf16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "items1": lambda text: "- " + _pieces(text, "\n- ", 1),
    "items1b": lambda text: _pieces(text, "\n- ", 1),
    "quoted": lambda text: "".join(f"={byte:02X}" for byte in text.encode()),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "rot47": lambda text: "".join(
        chr((ord(char) - 33 + 47) % 94 + 33) if "!" <= char <= "~" else char for char in text
    ),
    "spelled": lambda text: " ".join(text),
    "dashes": lambda text: _pieces(text, "-", 4),
    "octal": lambda text: "".join(f"\\{byte:03o}" for byte in text.encode()),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "upper": str.upper,
    "full-width": lambda text: "".join(chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char for char in text),
}


def assembled(text: str) -> str:
    """The text with its credentials put in."""

    def fill(match: re.Match[str]) -> str:
        value = CREDENTIALS[match[1]]
        for how in filter(None, match[2].split("|")):
            value = DRESSED[how](value)
        return value

    return _PLACE.sub(fill, text)


@dataclass(frozen=True)
class Case:
    """One line of a corpus of texts."""

    id: str
    kind: str
    body: str
    tier: str
    """hostile: `refused`, `asks` (each allows the stricter), `inert` (as bytes), or `trust`: words that persuade, which
    only the question who wrote them stops. ordinary: `passes`."""
    why: str


def _lines(name: str) -> Iterator[dict[str, Any]]:
    with (_FOLDER / name).open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def _texts(name: str) -> tuple[Case, ...]:
    return tuple(
        Case(
            line["id"],
            line["class"],
            assembled(line["body"]) * line.get("times", 1),
            line.get("tier", "passes"),
            line["why"],
        )
        for line in _lines(name)
    )


def hostile() -> tuple[Case, ...]:
    """Texts that must not reach GitHub live."""
    return _texts("hostile.jsonl")


def ordinary() -> tuple[Case, ...]:
    """Texts of honest plans, which must pass without anybody being asked."""
    return _texts("ordinary.jsonl")


@dataclass(frozen=True)
class BrokenAnswer:
    """One line of the corpus of answers that are no valid qa_plan."""

    id: str
    kind: str
    raw: bytes
    files: tuple[str, ...]
    why: str


def broken() -> tuple[BrokenAnswer, ...]:
    """Answers that strict reading must refuse. `times` repeats a part too long to be stored."""
    return tuple(
        BrokenAnswer(
            line["id"],
            line["class"],
            base64.b64decode(line["raw_b64"])
            if "raw_b64" in line
            else line["raw"]
            .replace("{{many}}", line.get("part", "") * line.get("times", 1))
            .encode("utf-8", "surrogatepass"),
            tuple(line.get("files", ("src/app.py", "README.md"))),
            line["why"],
        )
        for line in _lines("broken.jsonl")
    )


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text of an answer in any schema, with its path."""
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, child in value.items():
            yield from strings(child, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from strings(child, f"{path}[{index}]")


@dataclass(frozen=True)
class Plan:
    """A plan that a language model drafted from a request, as its texts with their paths."""

    name: str
    texts: tuple[tuple[str, str], ...]
    stops: frozenset[str]
    """What is asked about in it by design, or refused: `rule (severity)`, from `plans/stops.json` with the why."""


def plans() -> tuple[Plan, ...]:
    """The plans in `plans/`, and the answers that lie beside the repository."""
    stops = {
        name: frozenset(each["rules"])
        for name, each in json.loads((_FOLDER / "plans" / "stops.json").read_text("utf-8")).items()
    }
    beside = os.environ.get("MODEL_ANSWERS") or _FOLDER.parents[2] / "shared" / "model_answers"
    folders = (_FOLDER / "plans", Path(beside))
    files = (path for folder in folders if folder.is_dir() for path in sorted(folder.rglob("*.json")))
    return tuple(
        Plan(
            "/".join(path.parts[-2:]),
            tuple(strings(json.loads(path.read_text("utf-8")))),
            stops.get(path.stem, frozenset()) if path.parent.name == "plans" else frozenset(),
        )
        for path in files
        if path.name != "stops.json"
    )
