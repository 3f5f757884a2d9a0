"""Which changed lines only change the form of the code: imports, annotations, comments, white space, names.

They are read last. The judgement is rough on purpose: it decides the order of reading, never what is told as read.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_PYTHON: Final = frozenset({"py", "pyi"})
_TYPED: Final = _PYTHON | {"ts", "tsx"}
_BY_INDENT: Final = _PYTHON | {"yaml", "yml", "haml", "pug", "sass", "coffee", "nim", "mk", "makefile"}
_HASH: Final = frozenset({*_PYTHON, "rb", "sh", "bash", "yaml", "yml", "toml", "cfg", "tf", "ex", "exs", "pl", "r"})
_SLASHES: Final = frozenset(
    {"go", "js", "jsx", "mjs", "cjs", "ts", "tsx", "java", "kt", "kts", "scala", "groovy", "gradle"}
    | {"c", "h", "cc", "cpp", "hpp", "cs", "rs", "swift", "dart", "php", "proto"}
)
_COMMENT: Final[Mapping[str, re.Pattern[str]]] = {
    **dict.fromkeys(_HASH, re.compile(r"\s*(#.*)?")),
    **dict.fromkeys(_SLASHES, re.compile(r"\s*(//.*|/\*.*|\*/?|\* .*)?")),
}
_OBEYED: Final = re.compile(r"\s*(#!|#.*coding[:=]|#\s*(syntax|frozen_string_literal)|//go:|//\s*\+build|//\s*@ts-)")
"""Comments that a compiler or interpreter reads."""

_IMPORT: Final = re.compile(
    r"""from\s+[\w.]+\s+import\s+[\w\s,.*()]+(\#.*)?
    |import\s+[\w.]+(\s+as\s+\w+)?(\s*,\s*[\w.]+(\s+as\s+\w+)?)*;?
    |import\s+(static\s+)?[\w.*]+;?|using\s+[\w.=\s]+;|(pub\s+)?use\s+[\w:{}*,\s]+;|\#\s*include\s*[<"][^>"]+[>"]
    |import\s*(\(|(type\s+)?[\w*{][^"']*(["'][^"']+["'];?)?)
    |(import\s+)?([\w.]+\s+)?"[\w./~-]+"
    |(const|let|var)\s+[\w{},\s]+=\s*require\(["'][^"']+["']\);?""",
    re.VERBOSE,
)
"""A JavaScript import of a file alone is not among them: it runs what it names."""
_BEGINS: Final = re.compile(r"\s*(from|import)\b[^({]*[({][^)}]*$")
_NAMES: Final = re.compile(r"[\s\w.,*(){}]*(from\s+[\"'][^\"']+[\"'];?)?")
_QUOTED_PATH: Final = re.compile(r'([\w.]+\s+)?"')

_TOKEN: Final = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|\\.|\w+|\S")
_LAST_COMMA: Final = re.compile(r",([ \t]*\n\s*[)\]}])")
_IN_BRACKETS: Final = r"\[(?:[^\n=\[\]]|\[(?:[^\n=\[\]]|\[[^\n=\[\]]*\])*\])*\]"
_TYPE: Final = rf"[\w.\"']+(?:{_IN_BRACKETS})?"
_ANNOTATION: Final = re.compile(rf"(?<=\w)\??\s*:\s*{_TYPE}(?:\s*\|\s*{_TYPE})*(?=\s*(?:[,)=]|$))", re.MULTILINE)
_RETURNS: Final = re.compile(r"\)\s*(?:->|:)\s*[^:{=\n-]+(?=\s*(?:[:{]|=>))")
_FIELD: Final = re.compile(r"\s+[\w.]+\??\s*:\s*\S")
_SIGNATURE: Final = re.compile(r"\bdef\b|\)\s*->|\bfunction\b|=>")
_FEWEST: Final = 3
"""Places in which one name stands for another before that is called a renaming."""

Pair = tuple[str, str]


def language(path: str) -> str:
    """The ending of a file's name, or the name where it has none."""
    name = path.rpartition("/")[2].lower()
    return name.rpartition(".")[2]


def begins_import(line: str) -> bool:
    """Whether an import in brackets begins here that the line does not end."""
    return bool(_BEGINS.match(line))


def is_import(line: str, inside: bool, ending: str) -> bool:
    """Whether the line (without its sign) imports; `inside`: an import in brackets has begun above it."""
    line = line.strip()
    if _QUOTED_PATH.match(line) and not inside and ending != "go":
        return False
    return bool(_IMPORT.fullmatch(line)) or (inside and bool(_NAMES.fullmatch(line)))


def is_form(minus: Sequence[str], plus: Sequence[str], ending: str, renamed: frozenset[Pair]) -> bool:
    """Whether these lines (without their signs) were replaced by lines that do the same."""
    comment = _COMMENT.get(ending)
    if comment and all(comment.fullmatch(line) and not _OBEYED.match(line) for line in (*minus, *plus)):
        return True
    if not minus or not plus:
        return False
    before, after = tokens(minus), tokens(plus)
    if before == after:
        return ending not in _BY_INDENT or _indents(minus) == _indents(plus)
    if pairs := _exchanged(before, after):
        return pairs <= renamed
    if ending not in _TYPED or tokens([_bare(minus)]) != tokens([_bare(plus)]):
        return False
    # A field of another type may take and refuse other values: there, only the spelling of the type may differ.
    signature = any(map(_SIGNATURE.search, plus)) and not any(map(_FIELD.match, plus))
    return signature or _types(before) == _types(after)


def renamings(groups: Iterable[tuple[Sequence[str], Sequence[str]]]) -> frozenset[Pair]:
    """Names that have become others throughout: in several places, and the old one is in no line that was added."""
    counts: Counter[Pair] = Counter()
    added: set[str] = set()
    for minus, plus in groups:
        after = tokens(plus)
        added.update(after)
        counts.update(_exchanged(tokens(minus), after))
    return frozenset(pair for pair, count in counts.items() if count >= _FEWEST and pair[0] not in added)


def tokens(lines: Sequence[str]) -> list[str]:
    """The words and signs of some lines, strings whole and in one kind of quotes."""
    found = _TOKEN.findall(_LAST_COMMA.sub(r"\1", "\n".join(lines)))
    return [f'"{token[1:-1]}"' if token[0] == "'" and len(token) > 1 else token for token in found]


def _exchanged(before: Sequence[str], after: Sequence[str]) -> frozenset[Pair]:
    """Names that stand for others, where nothing else differs; empty where something does."""
    if len(before) != len(after):
        return frozenset()
    pairs = frozenset((old, new) for old, new in zip(before, after, strict=True) if old != new)
    names = all(old.isidentifier() and new.isidentifier() for old, new in pairs)
    return pairs if names and len({old for old, _ in pairs}) == len(pairs) else frozenset()


def _bare(lines: Sequence[str]) -> str:
    """Without annotations."""
    return _ANNOTATION.sub("", _RETURNS.sub(")", "\n".join(lines)))


def _types(words: Sequence[str]) -> frozenset[str]:
    """`Optional[List[str]]` and `list[str] | None` have the same."""
    lower = {word.lower() for word in words}
    return frozenset({"none" if word == "optional" else word for word in lower if word.isidentifier()} - {"union"})


def _indents(lines: Sequence[str]) -> tuple[int, int]:
    """Of the first line, and the least: where both stay, the block of a statement does."""
    depths = [len(line) - len(line.lstrip()) for line in lines if line.strip()]
    return (depths[0], min(depths)) if depths else (0, 0)
