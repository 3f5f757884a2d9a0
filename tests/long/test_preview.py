"""The console's preview of every ordinary text of the corpus."""

from __future__ import annotations

from local.stack import Stack
from tests.browser.captain import Captain
from tests.browser.conftest import browser, captain, page  # noqa: F401 - fixtures
from tests.browser.test_hostile import document, require_document


def test_the_page_shows_every_ordinary_text(captain: Captain, stack: Stack) -> None:  # noqa: F811
    require_document(captain, stack, document(each=1))
