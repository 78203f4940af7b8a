"""Every migration goes up and down on both databases, with rows in the tables."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from flask import Flask

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR
from compliance.kernel import installed, migrations, schema
from compliance.kernel.db import engine, session
from tests import make


def tables() -> set[str]:
    return set(sa.inspect(engine()).get_table_names()) - {"alembic_version"}


@pytest.mark.usefixtures("job_tables")
def test_down_and_up_again_with_data_leaves_the_same_schema(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    make.organisation()
    events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, reason="because")
    session().commit()
    session().close()
    before = tables()
    migrations.downgrade(engine(), "base")
    assert tables() == set()
    assert not installed.is_current(engine())
    migrations.upgrade(engine())
    assert tables() == before
    assert installed.is_current(engine())


def test_the_newest_migration_by_number_is_the_newest_by_its_chain() -> None:
    config = Config()
    config.set_main_option("script_location", str(migrations.folder()))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [schema.newest()]
    newest = Path(script.get_revision(schema.newest()).path)
    assert (migrations.folder() / "HEAD").read_text().strip() == newest.stem


def test_models_and_migrations_agree(app: Flask) -> None:
    del app  # As above.
    ours = [str(difference) for difference in migrations.drift(engine()) if "test_" not in str(difference)]
    assert ours == []


def test_a_database_without_the_tables_of_jobs_is_behind(app: Flask) -> None:
    del app  # As above.
    assert not installed.is_current(engine())
    migrations.upgrade(engine())
    assert installed.is_current(engine())
