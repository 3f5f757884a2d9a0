"""A Chromium to test with: Debian's package, installed where it is missing and that is possible."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Browser, sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
FLAGS: Final = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


class NoBrowser(Exception):
    """There is no Chromium here and none can be installed; the message says what to do."""


def executable() -> str:
    """The browser's path. Installs Debian's package when there is none. Raises NoBrowser."""
    found = _found()
    if found is not None:
        return found
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NoBrowser("no Chromium here: install Debian's package `chromium` to run the browser tests")
    for command in (
        ["apt-get", "-qq", "update"],
        ["apt-get", "-qq", "install", "-y", "--no-install-recommends", NAMES[0]],
    ):
        done = subprocess.run(  # noqa: S603 - fixed words
            command,
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise NoBrowser(f"no Chromium here, and `{' '.join(command)}` failed: {done.stderr.strip()[-300:]}")
    found = _found()
    if found is None:
        raise NoBrowser("Debian's package `chromium` is installed and has no `chromium` on the PATH")
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """A running browser. Raises NoBrowser."""
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def main() -> None:
    """Install it once, before workers race for it, and say so; without it the browser's tests are skipped."""
    if _found() is None:
        print("installing Debian's package chromium for the browser's tests", file=sys.stderr)
    try:
        executable()
    except NoBrowser as missing:
        print(f"the browser's tests will be skipped: {missing}", file=sys.stderr)


def _found() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


if __name__ == "__main__":
    main()
