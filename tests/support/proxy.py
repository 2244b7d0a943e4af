"""A network between a client and a PostgreSQL server, which breaks when a COMMIT passes through it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.engine import make_url

WRITING, COMMIT = b"INSERT INTO log_entry", b"COMMIT\x00"
Break = Literal["before the server hears it", "before the client hears the answer"]


class Proxy:
    """Listens on a port of its own and passes everything on, until it is told to break."""

    def __init__(self, server: str):
        self.breaks: Break | None = None
        """The next COMMIT of an entry, on whichever connection, goes no further than this."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def url(self, url: str) -> str:
        """The address of the same database through this network."""
        host, port = self._listener.getsockname()
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        return make_url(url).set(host=host, port=port, query=plain).render_as_string(hide_password=False)

    def close(self) -> None:
        """Once every client has hung up."""
        _hang_up(self._listener)
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                link = _Link(client, server)
                for way in (self._requests, _answers):
                    self._threads.append(threading.Thread(target=way, args=(link,), daemon=True))
                    self._threads[-1].start()

    def _requests(self, link: _Link) -> None:
        with suppress(OSError):
            while data := link.client.recv(65536):
                link.is_writing = link.is_writing or WRITING in data
                if self.breaks and link.is_writing and COMMIT in data:
                    breaks, self.breaks = self.breaks, None
                    if breaks == "before the server hears it":
                        break
                    link.is_deaf = True
                link.server.sendall(data)
        _hang_up(link.server)


@dataclass
class _Link:
    """One connection. is_deaf: the server's next answer does not arrive, and the line is dead."""

    client: socket.socket
    server: socket.socket
    is_writing: bool = False
    is_deaf: bool = False


def _answers(link: _Link) -> None:
    with suppress(OSError):
        while (data := link.server.recv(65536)) and not link.is_deaf:
            link.client.sendall(data)
    _hang_up(link.client)
    _hang_up(link.server)


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def proxy(server: str) -> Iterator[Proxy]:
    running = Proxy(server)
    try:
        yield running
    finally:
        running.close()
