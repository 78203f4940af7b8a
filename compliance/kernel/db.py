"""The database: one session, one declarative base, and how transactions begin on each of the two engines.

Flask-SQLAlchemy manages the engine and the session's life; models inherit the typed :class:`Base` below, so that the
rest of the house never meets the extension's untyped parts.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import math
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import ConnectionPoolEntry

# Whoever waits longer for another writer hears so, and within ten seconds.
BUSY_TIMEOUT_MS: Final = 8_000
TRIED_AFTER_IDLE_SECONDS: Final = 5.0
# Requests with these methods read and change nothing.
READING_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Values = Mapping[str, Any] | Sequence[Mapping[str, Any]]

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """An instant in UTC. Naive values are refused: a time without its zone is a guess."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Convert to UTC on the way in; raises ``ValueError`` for a naive value."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"{value!r} carries no time zone"
            raise ValueError(message)
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """SQLite forgets the zone; everything stored is UTC, so it is put back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Base(DeclarativeBase):
    """Parent of every table. Constraints are named by convention so that errors can be translated by name."""

    metadata = sa.MetaData(naming_convention=NAMING_CONVENTION)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads this attribute from the class
        dt.datetime: UtcDateTime(),
        uuid.UUID: sa.Uuid(),
        str: sa.Text(),
        bytes: sa.LargeBinary(),
        dict[str, Any]: sa.JSON(),
        list[Any]: sa.JSON(),
    }


db = SQLAlchemy(session_options={"expire_on_commit": False})


def table(model: type[Base]) -> sa.Table:
    """Return the table of *model*, for statements that the session should not interpret."""
    found = model.__table__
    assert isinstance(found, sa.Table)  # noqa: S101 - tells the type checker what the mapper guarantees
    return found


def session() -> Session:
    """Return the session of the running request, job or command."""
    return db.session()


def direct(
    active: Session, statement: sa.Executable, values: Values | None = None
) -> sa.CursorResult[*tuple[Any, ...]]:
    """Execute a statement about tables in the transaction of *active*, past what a session does for mapped classes.

    As with any such statement, nothing that the session holds is written first. A statement that is built once and
    executed here costs half of what one about mapped classes does.
    """
    return active.connection().execute(statement, values)


def engine() -> Engine:
    """Return the application's engine."""
    return db.engine


def init_app(app: Flask, database_url: str) -> None:
    """Bind *app* to the database at *database_url* with the transaction rules of this module."""
    app.config["SQLALCHEMY_DATABASE_URI"] = database_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(database_url)
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)


def engine_options(database_url: str) -> dict[str, Any]:
    """Return the options with which every engine of this house is made."""
    # What a statement was fired with belongs to people; an error, and so a log, names the statement alone.
    if database_url.startswith("sqlite"):
        return {
            "hide_parameters": True,
            "connect_args": {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False},
        }
    return {"hide_parameters": True, "pool_size": 10, "max_overflow": 20}


def make_engine(database_url: str) -> Engine:
    """Make an engine outside an application: for the worker, the migrations and the tests."""
    made = sa.create_engine(database_url, **engine_options(database_url))
    prepare_engine(made)
    return made


def prepare_engine(made: Engine) -> None:
    """Install what SQLite needs to be safe with several processes, and elsewhere a look at connections left idle."""
    if made.dialect.name == "sqlite":
        event.listen(made, "connect", _open_sqlite)
        event.listen(made, "begin", _begin_sqlite)
    else:
        event.listen(made, "checkin", _note_use)
        event.listen(made, "checkout", partial(_try_idle, made.dialect))


def _note_use(_connection: object, record: ConnectionPoolEntry) -> None:
    record.info["used_at"] = time.monotonic()


def _try_idle(dialect: sa.Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401 - the driver's connection has no common type
    """Ask a connection that lay idle whether it still lives; the pool replaces it when not.

    Asking at every checkout would cost each request a round trip for what a restart of the server shows once.
    """
    if time.monotonic() - record.info.get("used_at", math.inf) < TRIED_AFTER_IDLE_SECONDS:
        return
    try:
        dialect.do_ping(connection)
    except dialect.loaded_dbapi.Error as lost:
        raise sa.exc.DisconnectionError from lost


def _open_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's connection has no common type
    connection.isolation_level = None  # The driver's own BEGIN is deferred and upgrades too late (SQLITE_BUSY).
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "foreign_keys=ON",
        "cache_size=-16000",  # Kibibytes; an import of thousands of cases would else spill its pages again and again.
        "recursive_triggers=ON",  # INSERT OR REPLACE must fire the triggers that forbid deleting history.
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "IMMEDIATE")
    connection.exec_driver_sql(f"BEGIN {mode}")


def begin_reading() -> None:
    """Start this request's transaction as a reader: SQLite then takes no write lock for it."""
    session().connection(execution_options={"sqlite_begin": "DEFERRED"})


def start_over() -> None:
    """Undo what this request did, let its locks go, and go on as a reader."""
    session().rollback()
    begin_reading()


@contextmanager
def aside(*, patience_ms: int = BUSY_TIMEOUT_MS) -> Iterator[Connection]:
    """A short transaction of its own beside the request's, for marks that are no part of a change (last seen).

    It waits *patience_ms* at most for whoever writes, then raises :class:`sqlalchemy.exc.OperationalError`.
    """
    with engine().connect() as connection:
        if not is_sqlite():
            with connection.begin():
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {int(patience_ms)}")
                yield connection
            return
        driver: Any = connection.connection
        driver.execute(f"PRAGMA busy_timeout={int(patience_ms)}")
        try:
            with connection.begin():
                yield connection
        finally:
            driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")


@contextmanager
def reading() -> Iterator[Connection]:
    """A short transaction of its own that only reads, and on SQLite waits for no writer."""
    with engine().connect().execution_options(sqlite_begin="DEFERRED") as connection:
        yield connection


@contextmanager
def looking() -> Iterator[Connection]:
    """A long transaction that only reads, and sees the database as it was at its first statement."""
    with reading() as connection:
        if not is_sqlite():
            connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901 - the same one
        yield connection


def is_sqlite() -> bool:
    """Tell whether the embedded database is in use."""
    return engine().dialect.name == "sqlite"


def one_at_a_time(key: bytes) -> None:
    """Let the transactions that name the same *key* wait for each other, each until its end."""
    if not is_sqlite():  # There the transaction of a changing request is alone already.
        lock = int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "big", signed=True)
        session().execute(sa.select(sa.func.pg_advisory_xact_lock(lock)))
