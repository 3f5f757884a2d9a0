"""What a command is given: the API, clock and sleep, and where to write."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console, RenderableType
from rich.markup import escape

from dfg.api import Answer, Api, NoAnswer
from dfg.exits import Exit, of_answer

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")]


@dataclass(frozen=True)
class Session:
    """One invocation. Results go to standard output; progress and troubles to standard error."""

    api: Api
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic
    out: Console = field(default_factory=Console)
    err: Console = field(default_factory=lambda: Console(stderr=True))

    def call(self, send: Callable[[], Answer]) -> Answer:
        """The answer of `send`; ends the command when none comes."""
        try:
            return send()
        except NoAnswer as error:
            self.end(Exit.UNAVAILABLE, f"{error}. Look before you repeat it: it may have been carried out.")

    def need(self, answer: Answer, as_json: bool) -> Mapping[str, Any]:
        """The body of a good answer; ends the command with a refusal's code and words."""
        code = of_answer(answer.status, answer.body)
        if code is not Exit.OK:
            self.refuse(answer, code, as_json)
        return answer.body

    def refuse(self, answer: Answer, code: Exit, as_json: bool) -> NoReturn:
        if as_json:
            self.print_json(answer.body)
            raise typer.Exit(code)
        wait = f" Try again in {answer.retry_after} s." if answer.retry_after else ""
        self.end(code, f"{answer.message.rstrip('.')}.{wait}")

    def end(self, code: Exit, message: str) -> NoReturn:
        self.err.print(f"[red]{escape(message)}[/red]", highlight=False)
        raise typer.Exit(code)

    def note(self, text: str) -> None:
        self.err.print(escape(text), style="dim", highlight=False)

    def show(self, body: Mapping[str, Any], as_json: bool, *parts: RenderableType) -> None:
        """`body` for programs, `parts` for people."""
        if as_json:
            self.print_json(body)
            return
        for part in parts:
            self.out.print(part, highlight=False)

    def print_json(self, body: Mapping[str, Any]) -> None:
        typer.echo(json.dumps(body, indent=2, ensure_ascii=False))


def open_session(url: str, token: str) -> Session:
    return Session(Api(url, token, httpx.Client()))


def session_of(context: typer.Context) -> Session:
    session = context.find_root().obj
    assert isinstance(session, Session)
    return session
