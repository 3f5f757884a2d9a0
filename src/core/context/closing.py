"""Which issues a pull request's description says that it closes, as GitHub reads it."""

import re
from itertools import islice
from typing import Final

from core.context.visible import REFERENCE, numbers, said

MOST: Final = 3

_CLOSING: Final = re.compile(
    rf"(?<![\w/-])(?:close[sd]?|fix(?:es|ed)?|resolve[sd]?):?[ \t]{{1,9}}{REFERENCE}", re.IGNORECASE
)
"""https://docs.github.com/issues/tracking-your-work-with-issues/using-issues/linking-a-pull-request-to-an-issue"""


def closing_references(body: str, repository: str) -> tuple[int, ...]:
    """The first MOST issues of the repository, in order, that the author's own words close."""
    if not _CLOSING.search(body):
        return ()
    return tuple(islice(dict.fromkeys(numbers(_CLOSING.finditer(said(body)), repository)), MOST))
