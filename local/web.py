"""A small threaded HTTP/1.1 server on the loopback interface: the floor under every stand-in."""

from __future__ import annotations

import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs

HOST: Final = "127.0.0.1"
MAX_REQUEST_BYTES: Final = 40 * 1024 * 1024


@dataclass(frozen=True)
class Request:
    """One request. Header names are lower case, repeated headers joined by a comma; `path` is as sent."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError."""
        return json.loads(self.body)

    def argument(self, name: str, default: str) -> str:
        """The first value of a query parameter."""
        return parse_qs(self.query).get(name, [default])[0]


@dataclass(frozen=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class HangUp(Exception):
    """Raised by a service to close the connection without an answer."""


Service = Callable[[Request], Answer]


def json_answer(status: int, value: object, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    body = json.dumps(value, ensure_ascii=False).encode()
    return Answer(status, body, {"content-type": "application/json; charset=utf-8", **(headers or {})})


def listen(port: int = 0) -> socket.socket:
    """A listening socket on the loopback interface; port 0 takes a free one. Raises OSError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen(256)
    except OSError:
        listener.close()
        raise
    return listener


class Server:
    """Serves one function from a thread per connection, between `start` and `stop`, as often as wanted.

    While it is stopped its port refuses connections; it keeps the same port when it starts again.
    """

    def __init__(self, service: Service, listener: socket.socket | None = None) -> None:
        self._service = service
        self._listener: socket.socket | None = listener or listen()
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://{HOST}:{self.port}"
        self._inner: _Inner | None = None

    def start(self) -> None:
        if self._inner is not None:
            return
        self._inner = _Inner(self._service, self._listener or listen(self.port))
        self._listener = None
        threading.Thread(target=self._inner.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Closes the port and every open connection."""
        inner, self._inner = self._inner, None
        if inner is not None:
            inner.shutdown()
            inner.server_close()
            inner.drop_connections()
        if self._listener is not None:
            self._listener.close()
            self._listener = None


class StandIn(Server):
    """What every stand-in is: a server that lets go of all whom it holds at the end."""

    def __init__(self, service: Service, let_go: Callable[[], None]) -> None:
        super().__init__(service)
        self._let_go = let_go

    def close(self) -> None:
        self._let_go()
        self.stop()


class _Inner(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, service: Service, listener: socket.socket) -> None:
        super().__init__(listener.getsockname(), _Connection, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.service = service
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def drop_connections(self) -> None:
        with self._lock:
            connections = list(self._open)
        for connection in connections:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue  # it has closed by itself meanwhile

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that gave up while the answer was written is no error of ours."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Inner

    def _serve(self) -> None:
        length = self.headers.get("content-length", "0")
        if "transfer-encoding" in self.headers or not length.isdigit():
            return self._refuse(411, "Length Required")
        if int(length) > MAX_REQUEST_BYTES:
            return self._refuse(413, "Request Entity Too Large")
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        path, _, query = self.path.partition("?")
        request = Request(self.command, path, query, headers, self.rfile.read(int(length)))
        try:
            answer = self.server.service(request)
        except HangUp:
            self.close_connection = True
        else:
            self._write(answer)

    def _refuse(self, status: int, message: str) -> None:
        """The body is not read, so the connection cannot be used again."""
        self.close_connection = True
        self._write(json_answer(status, {"message": message}))

    def _write(self, answer: Answer) -> None:
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("content-length", str(len(answer.body)))
        if self.close_connection:
            self.send_header("connection", "close")
        self.end_headers()
        if self.command != "HEAD" and answer.status != 204:
            self.wfile.write(answer.body)
        self.wfile.flush()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Quiet: every stand-in keeps its own record of calls."""
