"""Where messages arrive in the tests: a webhook and a mail server, real ones on the loopback."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple, cast


class Received(NamedTuple):
    """A message as it arrived, and when (by `time.time`)."""

    at_s: float
    title: str
    text: str


class Inbox:
    """What has arrived so far."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.messages: list[Received] = []

    @property
    def titles(self) -> list[str]:
        return [message.title for message in self.messages]

    def take(self, title: str, text: str) -> None:
        self.messages.append(Received(time.time(), title, text))


class _Server(socketserver.ThreadingMixIn, HTTPServer):
    """Either kind, with an inbox."""

    allow_reuse_address = True
    daemon_threads = True
    inbox: Inbox


class _Webhook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        cast(_Server, self.server).inbox.take(told["title"], told["message"])
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


class _Mail(socketserver.StreamRequestHandler):
    """As much of RFC 5321 as a client needs that sends one message."""

    def handle(self) -> None:
        self._say("220 here")
        while line := self.rfile.readline():
            verb = line.strip().upper()
            if verb == b"DATA":
                self._say("354 go on")
                self._take()
            if verb == b"QUIT":
                self._say("221 bye")
                return
            self._say("250 taken")

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())

    def _take(self) -> None:
        lines = iter(self.rfile.readline, b".\r\n")
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        body = message.get_body(("plain", "html"))
        assert body is not None
        text = body.get_content()
        cast(_Server, self.server).inbox.take(str(message["Subject"]), text)


@contextmanager
def webhook(port: int = 0) -> Iterator[Inbox]:
    """A webhook that takes every message."""
    with _served(_Webhook, port) as inbox:
        yield inbox


@contextmanager
def mail_server() -> Iterator[Inbox]:
    """A mail server that takes every message."""
    with _served(_Mail, 0) as inbox:
        yield inbox


@contextmanager
def _served(handler: type[socketserver.BaseRequestHandler], port: int) -> Iterator[Inbox]:
    with _Server(("127.0.0.1", port), cast(type[BaseHTTPRequestHandler], handler)) as server:
        server.inbox = Inbox(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server.inbox
        finally:
            server.shutdown()
            thread.join()
