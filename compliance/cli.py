"""The command ``countersign``."""

from __future__ import annotations

import datetime as dt
import socket
import time
import uuid
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import BinaryIO, Final, TextIO, cast

import click
from flask import Flask, current_app

from compliance import serving
from compliance.application import create_app
from compliance.audit import check, check_file, erasing, events, export
from compliance.audit.taking import Taking
from compliance.authz import STAFF, SYSTEM_ACTOR, Channel, Role
from compliance.cli_commands import Commands
from compliance.kernel import db, installed
from compliance.people import directory, passwords
from compliance.settings import UnsafeSettingsError
from compliance.web import record_rows
from compliance.worker import ALONE, Worker

ELSEWHERE: Final = {
    "cases": "compliance.cli_cases:cases",
    "db": "compliance.cli_database:database",
    "demo": "compliance.cli_demo:demo",
    "import": "compliance.cli_imports:import_cases",
    "rules": "compliance.cli_rules:rules",
}

STOPPED: Final = "Countersign stopped; what was begun is finished."

LAYOUTS: Final[dict[str, Callable[[], export.Layout]]] = {
    "csv": lambda: record_rows.layout(opens=True),
    "jsonl": export.jsonl,
    "disclosures": export.disclosures,
}


class Rooms(Commands):
    """Loads the commands of another room when they are asked for: a worker runs for months and needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, wherever they are."""
        return sorted([*super().list_commands(ctx), *ELSEWHERE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, loaded now, or ``None``."""
        if cmd_name not in ELSEWHERE:
            return super().get_command(ctx, cmd_name)
        room, _, name = ELSEWHERE[cmd_name].partition(":")
        found: click.Command = getattr(import_module(room), name)
        return found


@click.group(cls=Rooms)
@click.version_option(package_name="countersign")
@click.pass_context
def main(context: click.Context) -> None:
    """Countersign, the compliance desk."""
    try:
        context.obj = create_app()
    except UnsafeSettingsError as unsafe:
        raise click.ClickException(f"Countersign does not start: {unsafe}.") from unsafe
    context.with_resource(context.obj.app_context())


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@click.pass_obj
def run(app: Flask, host: str, port: int) -> None:
    """Serve the desk on this machine, its background work included."""
    _refuse_when_behind()
    stop, background = serving.Stop(), Worker(app, ALONE)
    listener = listen(app, host, port)
    _say_how_to_begin()
    background.start()
    try:
        serving.serve(app, listener, stop)
    finally:
        background.stop()
    click.echo(STOPPED)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=5000, show_default=True)
@click.option("--processes", type=click.IntRange(1, 64), default=2, show_default=True)
@click.pass_obj
def web(app: Flask, host: str, port: int, processes: int) -> None:
    """Serve the desk without its background work, which “countersign worker” does."""
    _refuse_when_behind()
    stop, listener = serving.Stop(), listen(app, host, port)
    db.engine().dispose()  # No process may inherit another's connections.
    serving.serve_in(processes, lambda: create_app(app.config["SETTINGS"]), listener, stop)
    click.echo(STOPPED)


@main.command("worker")
@click.option(
    "--patience",
    type=click.IntRange(1, 600),
    default=10,
    show_default=True,
    help="After so many seconds without a sign of life from a worker, the others take over its jobs; the same for all.",
)
@click.pass_obj
def work(app: Flask, patience: int) -> None:
    """Do the background work: mail, deadlines, schedules. Any number of these share one PostgreSQL."""
    _refuse_when_behind()
    stop, background = serving.Stop(), Worker(app, patience=dt.timedelta(seconds=patience))
    background.start()
    click.echo(f"Countersign works in the background as {background.name}")
    stop.wait()
    background.stop()
    click.echo(STOPPED)


@main.group()
def people() -> None:
    """Look after the people of the desk and of its clients."""


@people.command("add")
@click.argument("email")
@click.argument("name")
@click.option(
    "--role", "roles", multiple=True, type=click.Choice([role.value for role in Role]), help="May be repeated."
)
@click.option("--organisation", help="Where the roles hold; made when it does not exist. Staff roles need none.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, envvar="COUNTERSIGN_NEW_PASSWORD")
def add_person(email: str, name: str, roles: tuple[str, ...], organisation: str | None, password: str) -> None:
    """Add a person, with roles and a first password."""
    by = SYSTEM_ACTOR.through(Channel.COMMAND)
    try:
        chosen = passwords.check(password, second_factor=False, about=(name, *email.split("@"), organisation or ""))
        person = directory.add_person(email, name, by)
        where = directory.organisation(organisation, by) if organisation else None
        for role in roles:
            directory.give_role(person, Role(role), by, None if Role(role) in STAFF else where)
    except (passwords.PasswordError, directory.DirectoryError) as refused:
        raise click.ClickException(str(refused)) from refused
    person.password_hash = passwords.hashed(chosen)
    db.session().commit()
    click.echo(f"{person.name} can sign in as {person.email}.")


@main.group()
def audit() -> None:
    """Read and check the record."""


@audit.command("export")
@click.argument("out", type=click.Path(dir_okay=False, allow_dash=True))
@click.option("--format", "form", type=click.Choice(list(LAYOUTS)), default="jsonl", show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace OUT when there is such a file.")
@click.option("--stream", help="Only this stream, for instance offer/<id>.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), help="From this day on (UTC).")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Before this day (UTC).")
def export_record(
    out: str, form: str, stream: str | None, since: dt.datetime | None, until: dt.datetime | None, *, overwrite: bool
) -> None:
    """Write the record, or part of it, to OUT (- for standard output).

    The export is itself on record before its first line is written, and stays so when nobody reads to the end. Its
    last line names its events and the digest of all lines before; a file without it was cut. “csv” is for people and
    opens sealed values, “jsonl” holds the exact entries, “disclosures” what opens their sealed values.
    """
    target = _new_file(out, overwrite=overwrite)
    narrowed = export.Filter(stream=stream, since=_utc(since), until=_utc(until))
    actor = SYSTEM_ACTOR.through(Channel.COMMAND)
    taking = Taking(actor, narrowed, LAYOUTS[form]())
    taking.begin()
    db.session().commit()
    db.begin_reading()
    with target:
        for text in taking.text():
            target.write(text)
    db.session().rollback()
    taking.end()
    db.session().commit()
    click.echo(f"{taking.count} events written.", err=True)


@audit.command()
@click.argument("file", type=click.File("rb"), required=False)
@click.option("--database", "against", is_flag=True, help="Check the record in the database.")
@click.pass_obj
def verify(app: Flask, file: BinaryIO | None, against: bool) -> None:  # noqa: FBT001 - click hands flags over by position
    """Check the whole record, or FILE, which was exported from it; exit 1 when something is wrong.

    The record: every event, every chain, every sealed value, and the cases and determinations that it vouches for.
    """
    if against == (file is not None):
        raise click.UsageError("Say --database to check the record, or name an exported file.")
    key, extent, begun, count = events.writer().key, check.Extent(), time.monotonic(), 0
    with db.looking() as connection:
        found = check_file.faults(file, connection, key) if file else check.faults(connection, key, extent)
        for count, fault in enumerate(found, start=1):  # noqa: B007 - the count is part of the answer
            click.echo(str(fault))
    if against:
        click.echo(f"Looked at {extent}. It took {time.monotonic() - begun:.1f} seconds.")
        click.echo(f"Held against the record: {extent.beside}.")
    if count:
        raise click.ClickException(
            f"NOT VERIFIED: {count} faults in {file.name if file else f'the record of {app.name}'}."
        )
    click.echo("VERIFIED")


@audit.command()
@click.argument("events_", metavar="EVENT...", type=click.UUID, nargs=-1, required=True)
@click.option("--reason", required=True, help="Why, for instance who asked for it; sealed too.")
def erase(events_: tuple[uuid.UUID, ...], reason: str) -> None:
    """Erase the sealed values of each EVENT: free text, names, addresses. The events stay, and say what is gone."""
    count = erasing.erase(events_, SYSTEM_ACTOR.through(Channel.COMMAND), reason)
    if not count:
        raise click.ClickException("Nothing is kept there that could be erased. Look at the numbers of the events.")
    db.session().commit()
    click.echo(f"{count} sealed values erased; the record says so.")


def _new_file(name: str, *, overwrite: bool) -> TextIO:
    """Return the file to write to; a file that is there stays as it is unless somebody said otherwise."""
    if name == "-":
        return cast("TextIO", click.open_file(name, "w", encoding="utf-8"))
    if Path(name).is_file() and not overwrite:
        raise click.UsageError(f"{name} is there already. Choose another name, or say --overwrite.")
    try:
        return cast("TextIO", Path(name).open("w", encoding="utf-8"))
    except OSError as refused:
        raise click.UsageError(f"{name} cannot be written: {refused.strerror}.") from refused


def _utc(day: dt.datetime | None) -> dt.datetime | None:
    return day.replace(tzinfo=dt.UTC) if day else None


def listen(app: Flask, host: str, port: int) -> socket.socket:
    """Listen there, and let the links in mails lead there where no other address is named."""
    try:
        listener = serving.listen(host, port)
    except OSError as refused:
        raise click.ClickException(
            f"Cannot listen on {host}:{port}: {refused.strerror}. Choose another port."
        ) from refused
    found = listener.getsockname()[1]
    app.config["SETTINGS"] = app.config["SETTINGS"].served_at(host, found)
    click.echo(f"Countersign listens on http://{host}:{found}")
    return listener


def _say_how_to_begin() -> None:
    if not directory.has_people():
        click.echo(directory.HOW_TO_BEGIN)
    db.session().rollback()  # Nothing may be held while the desk is served.


def _refuse_when_behind() -> None:
    if not installed.is_current(db.engine(), current_app.config["SETTINGS"].workflow_packages):
        raise click.ClickException("The database is behind this version. Run “countersign db upgrade” first.")


if __name__ == "__main__":
    main()
