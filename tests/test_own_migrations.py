"""A package of processes from elsewhere brings its own migrations: found, run after the platform's, and asked for."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROCESS = Path(__file__).parent / "engine" / "processes" / "enquiry.py"
MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "test_enquiry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["id"], ["cases.id"], name="fk_test_enquiry_id_cases", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_test_enquiry"),
    )


def downgrade() -> None:
    op.drop_table("test_enquiry")
"""
OPENING = """
from compliance import create_app
from compliance.authz import Actor, Grant, Role
from compliance.engine import run
from compliance.kernel import clock, db, installed, migrations
from compliance.people.models import Organisation, Person

app = create_app()
with app.app_context():
    session, packages = db.session(), app.config["SETTINGS"].workflow_packages
    acme = Organisation(name="Acme", kind="client", created_at=clock.now())
    mona = Person(email="mona@example.com", name="Mona", created_at=clock.now())
    session.add_all([acme, mona])
    session.flush()
    client = Actor(mona.id, "Mona", frozenset({Grant(Role.HIRING_MANAGER, acme.id)}))
    print(run.open_case("enquiry", client, {"topic": "Rates"}, organisation_id=acme.id).case.state)
    session.rollback()
    session.close()
    migrations.downgrade(db.engine(), "base", packages)
    print(installed.is_current(db.engine(), packages))
    migrations.upgrade(db.engine(), packages=packages)
    print(installed.is_current(db.engine(), packages))
"""
READY = """
from compliance import create_app
print(create_app().test_client().get("/readyz").json)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a package of processes with one migration."""
    made = tmp_path / "own_processes"
    versions = made / "migrations" / "versions"
    versions.mkdir(parents=True)
    (made / "__init__.py").touch()
    shutil.copy(PROCESS, made)
    (versions / "0001_enquiries.py").write_text(MIGRATION)
    (made / "migrations" / "HEAD").write_text("0001_enquiries\n")
    return made


def python(package: Path, database_url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python where the package is installed, on the database of this test."""
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(package.parent), str(Path.cwd())]),
            "COMPLIANCE_ENV": "test",
            "COMPLIANCE_DATA_DIR": str(package.parent / "data"),
            "COMPLIANCE_DATABASE_URL": database_url,
            "COMPLIANCE_WORKFLOWS": f"workflows,{package.name}",
        },
    )


def test_a_package_from_elsewhere_is_migrated_after_the_platform_and_asked_for_until_then(
    package: Path, database_url: str
) -> None:
    assert "The database is behind this version" in python(package, database_url, "-c", READY).stdout
    upgraded = python(package, database_url, "-m", "compliance.cli", "db", "upgrade")
    assert upgraded.returncode == 0, upgraded.stderr
    assert "'status': 'ready'" in python(package, database_url, "-c", READY).stdout
    agreed = python(package, database_url, "-m", "compliance.cli", "db", "check")
    assert "Migrations and models agree." in agreed.stdout, agreed.stdout + agreed.stderr
    walked = python(package, database_url, "-c", OPENING)
    assert walked.stdout.split() == ["asked", "False", "True"], walked.stderr


@pytest.mark.parametrize("head", ["0000_another", None])
def test_a_package_whose_head_names_another_migration_changes_nothing(
    package: Path, database_url: str, head: str | None
) -> None:
    named = package / "migrations" / "HEAD"
    named.unlink()
    if head:
        named.write_text(head)
    refused = python(package, database_url, "-m", "compliance.cli", "db", "upgrade")
    assert refused.returncode == 1
    assert "Nothing was changed." in refused.stderr
    assert "the newest migration is 0001_enquiries. Write that name into it." in refused.stderr
    assert "not ready" in python(package, database_url, "-c", READY).stdout
