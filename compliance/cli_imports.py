"""The command that imports many cases of one process from a file."""

from __future__ import annotations

import sys
from typing import BinaryIO

import click
import sqlalchemy as sa

from compliance.authz import Actor, Channel
from compliance.engine import importing
from compliance.engine.definition import Workflow
from compliance.engine.errors import EngineError
from compliance.engine.importing import Checked
from compliance.engine.registry import registry
from compliance.engine.run import Opening
from compliance.kernel.db import session
from compliance.people import directory
from compliance.people.models import Organisation, Team


@click.command("import")
@click.argument("plural")
@click.argument("file", type=click.File("rb"))
@click.option("--organisation", required=True, help="The client whose cases they are, by name.")
@click.option("--team", help="A team of that client, by name.")
@click.option("--as", "email", required=True, help="Who imports: the e-mail address of somebody who may open each.")
@click.option("--check", is_flag=True, help="Only tell what is wrong with the file; open nothing.")
@click.option("--submit", "hand_in", is_flag=True, help="Hand each in at once, where nothing stands in the way.")
@click.option("--again", is_flag=True, help="Import a file once more that was imported before.")
def import_cases(  # noqa: PLR0913, PLR0917 - click hands over each option of the command
    plural: str,
    file: BinaryIO,
    organisation: str,
    team: str | None,
    email: str,
    check: bool,  # noqa: FBT001 - as above
    hand_in: bool,  # noqa: FBT001 - as above
    again: bool,  # noqa: FBT001 - as above
) -> None:
    """Import cases of PLURAL (for instance offers) from FILE, CSV or JSON Lines: all of its rows or none."""
    workflow = _workflow(plural)
    actor, where = _actor(email), _place(organisation, team)
    try:
        with importing.arriving(file) as arrived:
            checked = importing.check(workflow.kind, actor, arrived, file.name, where)
            if checked.faults:
                _refuse(checked)
            click.echo(f"{checked.rows} rows, nothing wrong with any.", err=True)
            if check:
                return
            batch = importing.stage(checked, actor, arrived)
            importing.carry_out(batch, actor, again=again, hand_in=hand_in)
    except EngineError as refused:
        raise click.ClickException(refused.sentence) from refused
    session().commit()
    click.echo(f"{batch.rows} opened, {batch.handed_in} of them handed in (import {batch.id}).")


def _workflow(plural: str) -> Workflow:
    known = {workflow.plural: workflow for workflow in registry() if not workflow.of_programme}
    if plural not in known:
        raise click.ClickException(f"There is nothing called “{plural}”. Choose one of: {', '.join(sorted(known))}.")
    return known[plural]


def _actor(email: str) -> Actor:
    person = directory.find(email)
    if person is None or not person.active:
        raise click.ClickException(f"Nobody signs in with {email}. Add the person first, or name another.")
    return directory.actor_for(person).through(Channel.COMMAND)


def _place(organisation: str, team: str | None) -> Opening:
    client = session().scalar(sa.select(Organisation).where(Organisation.name == organisation))
    if client is None:
        raise click.ClickException(f"There is no organisation called “{organisation}”.")
    if team is None:
        return Opening(client.id)
    found = sa.select(Team.id).where(Team.organisation_id == client.id, Team.name == team)
    team_id = session().scalar(found)
    if team_id is None:
        raise click.ClickException(f"{organisation} has no team called “{team}”.")
    return Opening(client.id, team_id)


def _refuse(checked: Checked) -> None:
    """Write what is wrong as CSV to standard output, and end with how much it is."""
    importing.write_faults(sys.stdout, checked.faults)
    raise click.ClickException(f"{checked.faulty_rows} of {checked.rows} rows are refused. Nothing was imported.")
