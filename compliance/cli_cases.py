"""Commands over cases: ``countersign cases …``."""

from __future__ import annotations

import datetime as dt

import click

from compliance.authz import SYSTEM_ACTOR, Channel
from compliance.engine import moving
from compliance.engine.deadlines import NEVER
from compliance.engine.errors import EngineError
from compliance.kernel.db import session


@click.group()
def cases() -> None:
    """Look after the cases of every process."""


@cases.command()
@click.argument("kind")
@click.option("--to", "to_version", type=int, required=True, help="The version of the definition to move to.")
@click.option("--state", "states", multiple=True, metavar="OLD=NEW", help="The state that takes an old one's place.")
@click.option("--reason", help="Why, for the record of each case.")
@click.option("--dry-run/--do", "dry", default=True, show_default=True, help="Only say what would happen, or do it.")
def move(kind: str, to_version: int, states: tuple[str, ...], reason: str | None, *, dry: bool) -> None:
    """Move the open cases of KIND to a newer definition of their process."""
    moved, left = 0, 0
    try:
        planned = moving.plan(kind, to_version, _mapping(states))
        by = SYSTEM_ACTOR.through(Channel.COMMAND)
        for found in planned if dry else moving.carry_out(planned, by, reason):
            click.echo(_line(found, dry=dry))
            moved, left = moved + (not found.refusal), left + bool(found.refusal)
    except EngineError as refused:
        raise click.ClickException(refused.sentence) from refused
    session().rollback()
    if dry:
        click.echo(f"{moved} would move, {left} would stay. Nothing was changed; --do carries it out.")
        return
    click.echo(f"{moved} moved, {left} stayed.")
    if left:
        raise click.exceptions.Exit(1)


def _mapping(states: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for given in states:
        old, equals, new = given.partition("=")
        if not (old and equals and new):
            raise click.BadParameter(f"Write “{given}” as OLD=NEW.", param_hint="--state")
        found[old] = new
    return found


def _line(found: moving.Planned, *, dry: bool) -> str:
    way = found.from_state if found.from_state == found.to_state else f"{found.from_state} to {found.to_state}"
    if found.refusal:
        return f"{found.reference}  stays, {found.from_state}: {found.refusal}"
    changes = "".join(f"; {what}: {_day(now)} to {_day(then)}" for what, (now, then) in found.changes.items())
    word = "would move" if dry else "moved"
    return f"{found.reference}  {word} {found.from_version} to {found.to_version}, {way}{changes}"


def _day(moment: dt.datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M}" if moment and moment != NEVER else "none"
