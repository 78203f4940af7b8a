"""PostgreSQL goes away and comes back: a 503 with a sentence in between, and nobody restarts anything."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from typing import cast

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.kernel import db
from compliance.kernel.db import engine, session
from tests.hostile.conftest import standing
from tests.hostile.scene import Cast, refused, rows


class Line:
    """The line to the server, which can be cut and mended."""

    def __init__(self, host: str, port: int) -> None:
        self.server = (host, port)
        self.ends: list[socket.socket] = []
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.door.getsockname()[1]
        self._listen()

    def cut(self) -> None:
        """Close the door and drop everybody who is inside."""
        self.door.shutdown(socket.SHUT_RDWR)
        self.door.close()
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self.ends.clear()

    def mend(self) -> None:
        """Open the same door again."""
        self.door = socket.create_server(("127.0.0.1", self.port))
        self._listen()

    def _listen(self) -> None:
        threading.Thread(target=self._admit, args=(self.door,), daemon=True).start()

    def _admit(self, door: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = door.accept()
                far = socket.create_connection(self.server)
                self.ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while received := source.recv(65_536):
            target.sendall(received)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def line(app: Flask) -> Iterator[Line]:
    """Put the application behind a line that can be cut."""
    del app  # Asked for so that the database is there.
    direct = engine()
    made = Line(str(direct.url.host), int(direct.url.port or 5432))
    behind = db.make_engine(direct.url.set(host="127.0.0.1", port=made.port).render_as_string(hide_password=False))
    engines = cast("dict[str | None, sa.Engine]", db.db.engines)
    engines[None] = behind
    yield made
    session().close()
    behind.dispose()
    engines[None] = direct
    made.cut()


def test_while_the_server_is_gone_the_desk_says_so_and_afterwards_goes_on(
    app: Flask, cast: Cast, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor, case = standing(app, monkeypatch, cast.rita), cast.claimed()
    fields = {"seen": case.content_digest, "reason": "In order."}
    address, before = f"/permits/{case.reference}/grant", rows()
    visitor.csrf()
    line.cut()
    for _ in range(2):
        answer = visitor.send(address, fields)
        assert "does not answer" in refused(answer, 503)
        assert answer.headers["Retry-After"]
        assert "does not answer" in refused(visitor.browser("/queue"), 503)
        assert "does not answer" in refused(visitor.program("/permits"), 503)
    assert visitor.browser("/healthz").status_code == 200
    assert visitor.browser("/readyz").get_json()["faults"] == ["The database does not answer."]
    line.mend()
    assert rows() == before
    assert visitor.browser("/queue").status_code == 200
    assert visitor.send(address, fields).status_code == 303
