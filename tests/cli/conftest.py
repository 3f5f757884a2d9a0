"""The command line against the running stack."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from dfg.api import Api, Credentials, bearer
from dfg.main import app
from dfg.session import Session
from local.stack import Stack


@dataclass(frozen=True)
class Outcome:
    """How one command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Terminal:
    """Runs commands as somebody with this address and token. `clock` moves by what is slept; nothing waits."""

    def __init__(self, url: str, token: str, http: httpx.Client) -> None:
        self._at = 0.0
        self._session = Session(
            Api(url, Credentials(bearer(token)), http),
            out=Console(),
            err=Console(stderr=True),
            sleep=self._sleep,
            clock=lambda: self._at,
        )

    def __call__(self, *arguments: str, typed: str = "") -> Outcome:
        done = CliRunner().invoke(app, arguments, input=typed, obj=self._session)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return Outcome(done.exit_code, done.stdout, done.stderr)

    def _sleep(self, seconds: float) -> None:
        self._at += seconds / 1000  # the run goes on in real time, which this clock does not measure


@pytest.fixture
def http() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


@pytest.fixture
def dfg(stack: Stack, http: httpx.Client) -> Terminal:
    return Terminal(stack.url, stack.token, http)
