"""How the database is opened."""

import datetime as dt

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.kernel.db import engine, is_sqlite, session
from compliance.people.models import Organisation

FULL = 2


def test_a_commit_is_on_the_disk_when_it_is_acknowledged(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    with engine().connect() as connection:
        if is_sqlite():
            asked = ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
            said = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in asked]
            assert said == ["wal", FULL, 1, 1]
        else:
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_time_without_its_zone_is_refused(app: Flask) -> None:
    del app  # As above.
    session().add(Organisation(name="Acme", kind="client", created_at=dt.datetime(2026, 3, 2, 9)))  # noqa: DTZ001 - the point
    with pytest.raises(sa.exc.StatementError, match="carries no time zone"):
        session().flush()
