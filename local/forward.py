"""Lets containers reach what listens on the loopback interface: the same port on another address of this machine."""

from __future__ import annotations

import socket
import socketserver
import threading
from types import TracebackType
from typing import Self

from local.web import HOST


class Forward:
    """Takes connections on `address`, and passes them to the same port of the loopback interface."""

    def __init__(self, address: str, port: int) -> None:
        self._server = _Server((address, port), _Connection)
        self._server.port = port

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    port: int


class _Connection(socketserver.BaseRequestHandler):
    server: _Server

    def handle(self) -> None:
        with socket.create_connection((HOST, self.server.port)) as inner:
            back = threading.Thread(target=_copy, args=(inner, self.request), daemon=True)
            back.start()
            _copy(self.request, inner)
            back.join()


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()  # one side has gone: so does the other
