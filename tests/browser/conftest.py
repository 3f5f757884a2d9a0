"""A real browser, and one tab for all tests, cleared for each: a fresh profile costs more than most tests do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect

from local.stack import Stack
from tests.browser.captain import Captain
from tests.browser.chromium import NoBrowser, launched

expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with ExitStack() as until:
        try:
            yield until.enter_context(launched())
        except NoBrowser as missing:
            pytest.skip(str(missing))


def new_page(browser: Browser, until: ExitStack) -> Page:
    """A tab of a fresh profile."""
    context = until.enter_context(browser.new_context())
    context.set_default_timeout(30_000)
    return context.new_page()


@pytest.fixture
def another_tab(browser: Browser, stack: Stack) -> Iterator[Callable[[], Captain]]:
    """Opens tabs of separate profiles. At the end, none may have seen a script error or a refused resource."""
    captains: list[Captain] = []
    with ExitStack() as until:

        def make() -> Captain:
            captains.append(Captain(new_page(browser, until), stack))
            return captains[-1]

        yield make
        assert [captain.faults for captain in captains] == [[] for _ in captains]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    with ExitStack() as until:
        yield new_page(browser, until)


@pytest.fixture
def captain(page: Page, stack: Stack) -> Iterator[Captain]:
    """A tab that knows nothing. At the end, it may have seen no script error and no refused resource."""
    size = page.viewport_size
    captain = Captain(page, stack)
    yield captain
    assert page.evaluate("localStorage.length") == 0
    assert page.context.cookies() == []
    page.evaluate("sessionStorage.clear()")
    page.unroute_all()
    page.goto(f"{stack.url}/health")  # of the same origin: for another one the browser would start a new process
    if size is not None:
        page.set_viewport_size(size)
    captain.leaves()
    assert captain.faults == []
