"""Connections as they are: peers that trickle, connections that died unseen, proxies in trouble, TLS that fails."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from core.dispatcher.claude import ClaudeClient
from core.dispatcher.reply import Unanswered
from core.http.client import HttpxHttp
from core.http.wire import NoAnswer, NotSent

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
BAD_GATEWAY = b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n"

Behaviour = Callable[[socket.socket], bool]
"""What a peer does with one request that came; whether it reads another one on the same connection."""


@dataclass
class Peer:
    """A server on a raw socket. `script` holds what becomes of each request, in turn; then all are answered."""

    script: list[Behaviour] = field(default_factory=list)
    connections: int = 0
    requests: int = 0
    url: str = ""

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        with connection:
            while self._request(connection):
                self.requests += 1
                behaviour = self.script.pop(0) if self.script else answers(OK)
                if not behaviour(connection):
                    return

    def _request(self, connection: socket.socket) -> bool:
        head = b""
        try:
            while b"\r\n\r\n" not in head:
                data = connection.recv(65_536)
                if not data:
                    return False
                head += data
        except OSError:
            return False
        return True


def answers(data: bytes) -> Behaviour:
    def behave(connection: socket.socket) -> bool:
        connection.sendall(data)
        return True

    return behave


def hangs_up(connection: socket.socket) -> bool:
    return False


def resets(connection: socket.socket) -> bool:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    return False


def trickles(data: bytes, pause: float) -> Behaviour:
    """A byte at a time: no single read ever waits long."""

    def behave(connection: socket.socket) -> bool:
        gone = threading.Event()
        for index in range(len(data)):
            try:
                connection.sendall(data[index : index + 1])
            except OSError:
                return False
            gone.wait(pause)
        return True

    return behave


@contextmanager
def peer(*script: Behaviour) -> Iterator[Peer]:
    listener = socket.create_server(("127.0.0.1", 0))
    made = Peer(list(script), url=f"http://127.0.0.1:{listener.getsockname()[1]}")
    threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
    try:
        yield made
    finally:
        listener.close()


def get(http: HttpxHttp, at: Peer, timeout: float = 5.0) -> int:
    return http.send("GET", f"{at.url}/x", {}, None, timeout).status


def post(http: HttpxHttp, at: Peer, timeout: float = 5.0) -> int:
    return http.send("POST", f"{at.url}/x", {}, b"{}", timeout).status


# --- a deadline for all of it ----------------------------------------------------------------


@pytest.mark.parametrize(
    "answer", [OK, b"HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n" + b"x" * 400], ids=["headers", "body"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_exchange_ends_at_its_deadline_whatever_trickles_in(method: str, answer: bytes) -> None:
    with peer(*[trickles(answer, 0.05)] * 2) as slow:
        begun = time.monotonic()
        with pytest.raises(NoAnswer):
            HttpxHttp().send(method, f"{slow.url}/x", {}, None, 0.6)
        assert time.monotonic() - begun < 1.2
        assert slow.requests == 1


def test_the_model_ends_at_its_deadline_whatever_trickles_in() -> None:
    with peer(trickles(OK, 0.05)) as slow:
        begun = time.monotonic()
        reply = ClaudeClient("key", slow.url).send(b"{}", 0.6)
        assert time.monotonic() - begun < 1.2
    assert isinstance(reply, Unanswered)
    assert (reply.trouble, reply.may_have_been_billed) == ("no_answer", True)
    assert "within 1 s" in reply.detail


def test_an_answer_says_how_long_the_exchange_took() -> None:
    with peer(trickles(OK, 0.002)) as slow:
        answer = HttpxHttp().send("POST", f"{slow.url}/x", {}, None, 5.0)
    assert len(OK) * 0.002 <= answer.seconds < 5


def test_a_packed_answer_is_unpacked_and_a_broken_one_is_none() -> None:
    packed = gzip.compress(b'{"type": "error", "error": {"type": "overloaded_error"}}')
    head = b"HTTP/1.1 %d X\r\ncontent-encoding: gzip\r\ntransfer-encoding: chunked\r\n\r\n"
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    with peer(answers(head % 200 + chunked), answers(head % 400 + chunked)) as server:
        assert HttpxHttp().send("GET", f"{server.url}/x", {}, None, 5.0).json()["type"] == "error"
        reply = ClaudeClient("key", server.url).send(b"{}", 5.0)
    assert isinstance(reply, Unanswered)
    assert reply.detail.endswith("400: overloaded_error")
    broken = answers(head % 200 + b"2\r\nno\r\n0\r\n\r\n")
    with peer(broken, broken, broken) as server:
        for method in ("GET", "POST"):
            with pytest.raises(NoAnswer):
                HttpxHttp().send(method, f"{server.url}/x", {}, None, 5.0)


# --- reads and writes ------------------------------------------------------------------------


def test_reads_share_a_connection_and_writes_have_their_own() -> None:
    with peer() as server:
        http = HttpxHttp()
        assert [get(http, server), get(http, server)] == [200, 200]
        assert server.connections == 1
        assert [post(http, server), post(http, server)] == [200, 200]
        assert server.connections == 3


def closes_after(data: bytes) -> Behaviour:
    """Answers as if it kept the connection, and closes it: what a thawed function finds."""

    def behave(connection: socket.socket) -> bool:
        connection.sendall(data)
        return False

    return behave


@pytest.mark.parametrize("dying", [hangs_up, resets, answers(BAD_GATEWAY)], ids=["dead", "reset", "502"])
def test_a_read_is_tried_again_once_over_a_new_connection(dying: Behaviour) -> None:
    with peer(answers(OK), dying) as server:
        http = HttpxHttp()
        assert [get(http, server), get(http, server)] == [200, 200]
        assert (server.requests, server.connections) == (3, 2)


def test_a_connection_that_was_closed_while_nobody_used_it_is_not_noticed() -> None:
    with peer(closes_after(OK)) as server:
        http = HttpxHttp()
        assert [get(http, server), get(http, server)] == [200, 200]


def test_a_second_failure_is_told() -> None:
    http = HttpxHttp()
    with peer(answers(BAD_GATEWAY), answers(BAD_GATEWAY)) as server:
        assert (get(http, server), server.requests) == (502, 2)
    with peer(hangs_up, resets) as server:
        with pytest.raises(NoAnswer):
            get(http, server)
        assert server.requests == 2


def test_who_names_a_waiting_time_is_not_asked_again() -> None:
    with peer(answers(UNAVAILABLE)) as server:
        assert (get(HttpxHttp(), server), server.requests) == (503, 1)


@pytest.mark.parametrize("dying", [hangs_up, resets, answers(BAD_GATEWAY)], ids=["dead", "reset", "502"])
def test_a_write_is_never_tried_again(dying: Behaviour) -> None:
    with peer(dying) as server:
        try:
            assert post(HttpxHttp(), server) == 502
        except NoAnswer:
            assert dying is not None
        assert server.requests == 1


def test_a_redirect_is_an_answer_and_a_cookie_is_forgotten() -> None:
    moved = b"HTTP/1.1 302 Found\r\nlocation: /y\r\nset-cookie: session=x; path=/\r\ncontent-length: 0\r\n\r\n"
    seen: list[bytes] = []

    def remember(connection: socket.socket) -> bool:
        connection.sendall(moved)
        seen.append(connection.recv(65_536))
        connection.sendall(OK)
        return True

    with peer(remember) as server:
        http = HttpxHttp()
        assert [get(http, server), get(http, server)] == [302, 200]
    assert b"session" not in seen[0]


# --- never sent ------------------------------------------------------------------------------


def closed_port() -> int:
    listener = socket.create_server(("127.0.0.1", 0))
    port: int = listener.getsockname()[1]
    listener.close()
    return port


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_refused_connection_has_sent_nothing(method: str) -> None:
    with pytest.raises(NotSent, match="could not be connected to"):
        HttpxHttp().send(method, f"http://127.0.0.1:{closed_port()}/x", {}, None, 5.0)
    reply = ClaudeClient("key", f"http://127.0.0.1:{closed_port()}").send(b"{}", 5.0)
    assert isinstance(reply, Unanswered)
    assert reply.trouble == "not_sent"


@contextmanager
def tls_peer(context: ssl.SSLContext) -> Iterator[tuple[str, list[bytes]]]:
    """Keeps what it could read."""
    listener = socket.create_server(("127.0.0.1", 0))
    received: list[bytes] = []

    def serve() -> None:
        while True:
            try:
                raw, _ = listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(raw, server_side=True) as connection:
                    received.append(connection.recv(100))
            except OSError:
                raw.close()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"https://127.0.0.1:{listener.getsockname()[1]}", received
    finally:
        listener.close()


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_certificate_that_is_not_trusted_is_named_and_nothing_is_sent(
    method: str, self_signed: ssl.SSLContext
) -> None:
    with tls_peer(self_signed) as (url, received):
        with pytest.raises(NotSent, match="its certificate is not trusted: self-signed certificate"):
            HttpxHttp().send(method, f"{url}/x", {}, None, 5.0)
        reply = ClaudeClient("key", url).send(b"{}", 5.0)
    assert isinstance(reply, Unanswered)
    assert reply.trouble == "not_sent"
    assert received == []


def test_a_handshake_that_breaks_off_has_sent_nothing() -> None:
    with peer(hangs_up) as plain, pytest.raises(NotSent):
        HttpxHttp().send("POST", f"{plain.url.replace('http', 'https')}/x", {}, b"{}", 2.0)


def test_a_handshake_that_does_not_end_has_sent_nothing() -> None:
    """The peer takes the connection and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(NotSent, match="in time"):
        HttpxHttp().send("POST", f"https://127.0.0.1:{silent.getsockname()[1]}/x", {}, b"{}", 0.3)


@pytest.fixture(scope="module")
def self_signed(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    from datetime import UTC, datetime, timedelta
    from ipaddress import ip_address

    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context
