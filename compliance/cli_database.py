"""Commands over the database: ``countersign db …``."""

from __future__ import annotations

import click
from flask import current_app

from compliance.cli_rules import publish
from compliance.kernel import db, migrations
from compliance.kernel.schema import ChainError


@click.group("db")
def database() -> None:
    """Look after the database."""


@database.command()
def upgrade() -> None:
    """Bring the database to the schema of this version."""
    try:
        migrations.upgrade(db.engine(), packages=current_app.config["SETTINGS"].workflow_packages)
    except ChainError as refused:
        raise click.ClickException(f"Nothing was changed. {refused}") from refused
    click.echo("The database is up to date.")
    if publish():
        raise click.ClickException("The schema is up to date, but not every rule set could be published.")


@database.command("check")
def check_schema() -> None:
    """Tell whether migrations and models say the same."""
    found = migrations.drift(db.engine())
    for difference in found:
        click.echo(str(difference))
    if found:
        raise click.ClickException("The models are ahead of the migrations. Write one.")
    click.echo("Migrations and models agree.")
