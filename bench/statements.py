"""The SQL statements of one approval over HTTP, the desk's and the floor's: the floor has to fire the same ones."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from types import ModuleType
from typing import Any, Final

import psycopg
import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from werkzeug.serving import make_server

from bench import offers
from bench.scratch import scratch
from bench.visitor import Visitor
from compliance.authz import Role
from compliance.kernel import db

ADDED_TO: Final = (
    "audit_event", "audit_pending", "audit_opening", "case_deadline", "determination", "notification", "mail_message",
)  # fmt: skip


def main() -> None:
    """Print the statements of both on PostgreSQL, and the rows that each of them wrote."""
    with scratch() as place:
        (client,), (reviewer,) = offers.people(Role.HIRING_MANAGER, 1, at="Acme"), offers.people(Role.REVIEWER, 1)
        ready = offers.claimed(place, offers.actor(client), offers.actor(reviewer), 4)
        os.environ |= place.environ
        floor = importlib.import_module("bench.floor")  # It reads its settings when it is imported.
        with in_this_process(place.app) as port, in_this_process(floor.app) as other:
            visitor = Visitor(port)
            visitor.sign_in(reviewer, offers.PASSWORD)
            _approve("desk", visitor, ready[:2], listened(db.engine()))
            _approve("floor", visitor.at(other), ready[2:], overheard(floor))


def _approve(
    name: str, visitor: Visitor, ready: list[tuple[str, str]], listening: AbstractContextManager[list[str]]
) -> None:
    """Approve twice, since the first time fills caches, and print what the second time took."""
    first, (reference, seen) = ready
    visitor.post(f"/offers/{first[0]}/approve", {**offers.APPROVAL, "seen": first[1]})
    before = _rows()
    with listening as heard:
        answer = visitor.post(f"/offers/{reference}/approve", {**offers.APPROVAL, "seen": seen})
    print(f"{name}: {len(heard)} statements for an approval that answered {answer.status}")
    for number, statement in enumerate(heard, start=1):
        print(f"{number:3}  {' '.join(statement.split())[:400]}")
    print("rows:", ", ".join(f"{count - before[table]} {table}" for table, count in _rows().items()))
    print()


def _rows() -> dict[str, int]:
    """Return how many rows there are in each table that an approval adds to."""
    count = {}
    with db.reading() as connection:
        for table in ADDED_TO:
            count[table] = connection.execute(sa.select(sa.func.count()).select_from(sa.table(table))).scalar_one()
    return count


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


@contextmanager
def overheard(floor: ModuleType) -> Iterator[list[str]]:
    """Collect the statements that the floor fires."""
    heard: list[str] = []

    class Overheard(psycopg.Cursor[Any]):
        def execute(self, query: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - as the driver has it
            heard.append(query)
            return super().execute(query, *rest, **more)

        def executemany(self, query: Any, *rest: Any, **more: Any) -> None:  # noqa: ANN401 - as above
            heard.append(query)
            super().executemany(query, *rest, **more)

    vars(floor)["cursors"] = Overheard
    yield heard
    heard.append("COMMIT")


if __name__ == "__main__":
    main()
