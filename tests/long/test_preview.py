"""The console's preview of every ordinary text of the corpus."""

from __future__ import annotations

from local.stack import Stack
from tests.console.captain import Captain
from tests.console.conftest import browser, captain, page  # noqa: F401 - fixtures
from tests.console.test_hostile import document, require_what_was_written


def test_the_preview_reads_back_what_the_writer_wrote(captain: Captain, stack: Stack) -> None:  # noqa: F811
    require_what_was_written(captain, stack, document(each=1))
