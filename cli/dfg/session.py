"""What a command is given: the API, clock and sleep, and where to write."""

from __future__ import annotations

import os
import ssl
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console

from dfg.api import Answer, Api, Credentials, NoAnswer, bearer
from dfg.exits import Exit, of_answer
from dfg.keyless import workflow_credentials
from dfg.screen import Part, console, write
from dfg.words import Line, safe, to_json

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]


@dataclass(frozen=True)
class Session:
    """One invocation. Results go to standard output; progress and troubles to standard error."""

    api: Api
    out: Console
    err: Console
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic

    def call(self, send: Callable[[], Answer]) -> Answer:
        """The answer of `send`; ends the command when none comes."""
        try:
            return send()
        except NoAnswer as error:
            self.end(error.code, str(error))

    def need(self, answer: Answer, as_json: bool = False) -> Mapping[str, Any]:
        """The body of a good answer; ends the command with a refusal's code and words."""
        code = of_answer(answer.status, answer.body)
        if code is not Exit.OK:
            self.refuse(answer, code, as_json)
        return answer.body

    def get(self, path: str, as_json: bool = False) -> Mapping[str, Any]:
        return self.need(self.call(lambda: self.api.get(path)), as_json)

    def listing(self, path: str, name: str, params: Mapping[str, str], limit: int, as_json: bool) -> dict[str, Any]:
        """The first `limit` entries of a list of the API. A page of a filtered list may be short, or empty."""
        found: list[Any] = []
        query = dict(params)
        while True:
            query["limit"] = str(limit - len(found))
            body = self.need(self.call(partial(self.api.get, path, query)), as_json)
            found += body[name]
            if body["cursor"] is None or len(found) >= limit:
                return {"count": len(found), name: found, "cursor": body["cursor"]}
            query["cursor"] = body["cursor"]

    def refuse(self, answer: Answer, code: Exit, as_json: bool) -> NoReturn:
        if as_json:
            self.print_json(answer.body)
        wait = f" Try again in {answer.retry_after} s." if answer.retry_after else ""
        self.end(code, f"{answer.message.rstrip('.')}.{wait}")

    def end(self, code: Exit, message: str) -> NoReturn:
        write(self.err, Line(message, "red"))
        raise typer.Exit(code)

    def confirm(self, question: str) -> None:
        """Ends the command unless somebody says yes."""
        try:
            agreed = typer.confirm(question, err=True)
        except typer.Abort:
            typer.echo(err=True)
            self.end(Exit.USAGE, "nobody is there to answer: --yes goes on without asking")
        if not agreed:
            self.end(Exit.DECLINED, "Nothing was done.")

    def note(self, text: str) -> None:
        write(self.err, Line(text, "dim"))

    def remark(self, text: str) -> None:
        """A sentence beside a list: on a terminal below it; out of the way of a program that reads the list."""
        write(self.out if self.out.is_terminal else self.err, text)

    def show(self, body: Mapping[str, Any], as_json: bool, *parts: Part) -> None:
        """`body` for programs, `parts` for people."""
        if as_json:
            self.print_json(body)
            return
        for part in parts:
            write(self.out, part)

    def print_json(self, body: Mapping[str, Any]) -> None:
        typer.echo(to_json(body, indent=2))


def open_session(url: str, token: str, audience: str, no_color: bool) -> Session:
    """A session with the real network and terminal. Ends the command where the machine's own settings forbid one."""
    environment = {**os.environ, **({"NO_COLOR": "1"} if no_color else {})}
    out, err = console(sys.stdout, environment), console(sys.stderr, environment)
    try:
        http = httpx.Client()
    except (httpx.InvalidURL, ValueError, OSError, ssl.SSLError) as error:
        write(err, Line(f"the settings for proxies or certificates cannot be used: {safe(error)}", "red"))
        raise typer.Exit(Exit.USAGE) from error
    own = None if token.strip() else workflow_credentials(environment, audience, http)
    return Session(Api(url, own or Credentials(bearer(token)), http), out, err)


def session_of(context: typer.Context) -> Session:
    session = context.find_root().obj
    assert isinstance(session, Session)
    return session
