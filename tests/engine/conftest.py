"""The tables of the processes that exist only here."""

from __future__ import annotations

import pytest
from flask import Flask

from compliance.authz import Actor, Role
from compliance.kernel.db import engine, table
from compliance.people.models import Organisation
from tests import make
from tests.engine.processes.permit import Permit


@pytest.fixture(autouse=True)
def permit_table(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    table(Permit).create(engine())


@pytest.fixture
def acme() -> Organisation:
    return make.organisation()


@pytest.fixture
def manager(acme: Organisation) -> Actor:
    return make.actor("Mona", Role.HIRING_MANAGER, at=acme)


@pytest.fixture
def reviewer() -> Actor:
    return make.actor("Rita", Role.REVIEWER)
