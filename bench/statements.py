"""The SQL statements of one approval over HTTP, in their order: what the floor has to fire too."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.serving import make_server

from bench import offers
from bench.scratch import scratch
from bench.visitor import Visitor
from compliance.authz import Role
from compliance.kernel import db


def main() -> None:
    """Print the statements on PostgreSQL."""
    with scratch() as place:
        (client,), (reviewer,) = offers.people(Role.HIRING_MANAGER, 1, at="Acme"), offers.people(Role.REVIEWER, 1)
        ready = offers.claimed(place, offers.actor(client), offers.actor(reviewer), 2)
        with in_this_process(place.app) as port:
            visitor = Visitor(port)
            visitor.sign_in(reviewer, offers.PASSWORD)
            for reference, seen in ready[:-1]:
                visitor.post(f"/offers/{reference}/approve", {**offers.APPROVAL, "seen": seen})
            reference, seen = ready[-1]
            with listened(db.engine()) as heard:
                answer = visitor.post(f"/offers/{reference}/approve", {**offers.APPROVAL, "seen": seen})
        print(f"{len(heard)} statements for an approval that answered {answer.status}:")
        for number, statement in enumerate(heard, start=1):
            print(f"{number:3}  {' '.join(statement.split())[:400]}")


@contextmanager
def in_this_process(app: Flask) -> Iterator[int]:
    """Serve *app* in a thread of this process and return its port."""
    server = make_server("127.0.0.1", 0, app)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def listened(engine: Engine) -> Iterator[list[str]]:
    """Collect the statements that reach the database."""
    heard: list[str] = []

    def hear(_connection: object, _cursor: object, statement: str, *_rest: Any) -> None:  # noqa: ANN401 - as SQLAlchemy hands it over
        heard.append(statement)

    event.listen(engine, "before_cursor_execute", hear)
    event.listen(engine, "commit", lambda _connection: heard.append("COMMIT"))
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


if __name__ == "__main__":
    main()
