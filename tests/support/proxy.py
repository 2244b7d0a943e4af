"""A network between a client and a PostgreSQL server, which breaks when a COMMIT passes through it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Literal

from sqlalchemy.engine import make_url

COMMIT = b"COMMIT\x00"
Break = Literal["before the server hears it", "before the client hears the answer"]


class Proxy:
    """Listens on a port of its own and passes everything on, until it is told to break."""

    def __init__(self, server: str):
        self.breaks: Break | None = None
        """The next COMMIT, on whichever connection, goes no further than this."""
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, url: str) -> str:
        """The address of the same database through this network."""
        host, port = self._listener.getsockname()
        through = make_url(url).set(
            host=host, port=port, query={"sslmode": "disable", "gssencmode": "disable"}
        )
        return through.render_as_string(hide_password=False)

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._server)
                threading.Thread(target=self._requests, args=(client, server), daemon=True).start()
                threading.Thread(target=_pass_on, args=(server, client), daemon=True).start()

    def _requests(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(65536):
                if self.breaks and COMMIT in data:
                    breaks, self.breaks = self.breaks, None
                    if breaks == "before the client hears the answer":
                        client.shutdown(socket.SHUT_WR)  # what the server answers finds nobody
                        server.sendall(data)
                        server.shutdown(socket.SHUT_WR)
                    else:
                        _hang_up(server)
                    _hang_up(client)
                    return
                server.sendall(data)
        _hang_up(server)


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            client.sendall(data)
    _hang_up(client)


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
