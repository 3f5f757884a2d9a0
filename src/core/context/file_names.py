"""A file by all its names. Pure; nothing else says whether two names are of one file."""

import unicodedata
from collections.abc import Mapping
from typing import Final

from core.types import Facts

_FORMS: Final = ("NFC", "NFD")
"""macOS writes a name in another normal form than most keyboards and models do: it is one name."""


def names_of(facts: Facts) -> Mapping[str, str]:
    """Each name of a file that the prompt listed, in any form and from before a rename → its path as it was listed.

    What is listed is that file before all. Case tells files apart, as it does for git.
    """
    names = {path: path for path in facts.changed_paths}
    for path, name in (*names.items(), *facts.extra.get("former", {}).items()):
        names.setdefault(name, path)
        if not name.isascii():
            for form in _FORMS:
                names.setdefault(unicodedata.normalize(form, name), path)
    return names


def one_form(text: str) -> str:
    """A text in which a file's name has but one form."""
    return unicodedata.normalize("NFC", text)
