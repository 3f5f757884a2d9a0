"""A real browser, one for all tests, and a fresh profile for each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect

from local.stack import Stack
from tests.console.captain import Captain
from tests.console.chromium import NoBrowser, launched

expect.set_options(timeout=10_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with ExitStack() as until:
        try:
            yield until.enter_context(launched())
        except NoBrowser as missing:
            pytest.skip(str(missing))


@pytest.fixture
def another_tab(browser: Browser, stack: Stack) -> Iterator[Callable[[], Captain]]:
    """Opens tabs of separate profiles. At the end, none may have seen a script error or a refused resource."""
    captains: list[Captain] = []
    with ExitStack() as until:

        def make() -> Captain:
            context = until.enter_context(browser.new_context())
            context.set_default_timeout(10_000)
            captains.append(Captain(context.new_page(), stack))
            return captains[-1]

        yield make
        assert [captain.faults for captain in captains] == [[] for _ in captains]


@pytest.fixture
def captain(another_tab: Callable[[], Captain]) -> Captain:
    return another_tab()
