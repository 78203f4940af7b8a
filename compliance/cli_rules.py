"""Commands over the rule sets: ``countersign rules …``."""

from __future__ import annotations

import gc
import sys
from pathlib import Path
from typing import Any, Final

import click
from flask import Flask

from compliance.authz import SYSTEM_ACTOR, Channel
from compliance.engine import replaying
from compliance.kernel import clock, db
from compliance.rules import command as rules_command
from compliance.rules import overview, store
from compliance.rules import replay as replays
from compliance.rules.errors import RuleSetError, UnknownRuleSetError
from compliance.rules.library import AnySet
from compliance.rules.lines import decide_lines

# Nothing that a decision makes refers back to itself, and what is remembered would be looked through again and again.
COLLECT_AFTER: Final = (50_000, 20, 50)


@click.group()
def rules() -> None:
    """Look at the rule sets and decide with them."""


@rules.command("list")
@click.pass_obj
def list_rules(app: Flask) -> None:
    """List every rule set: since when it is published or that it is only on disk, and what is in force where.

    Each is read and checked. A set that is “only on disk” is published when answers to it are first sent.
    """
    try:
        lines = list(overview.lines(app.config["SETTINGS"].workflow_packages, db.engine(), clock.now().date()))
    except RuleSetError as broken:
        raise click.ClickException(str(broken)) from broken
    for line in lines:
        click.echo(line)


@rules.command("publish")
@click.argument("key", required=False)
@click.pass_context
def publish_rules(context: click.Context, key: str | None) -> None:
    """Keep the shipped rule set KEY for ever as it is; without KEY every one that is shipped."""
    context.exit(publish(key))


@rules.command("decide")
@click.argument("key")
@click.option("--version", help="This version, in force or not.")
@click.option("--at", type=click.DateTime(["%Y-%m-%d"]), help="The version in force on this day instead of today.")
@click.option("--variant", help="Weigh as this variant of the test does.")
@click.option("--proposed", is_flag=True, help="Switch a variant on that is only proposed and not law.")
@click.pass_context
def decide(context: click.Context, /, key: str, **choice: Any) -> None:  # noqa: ANN401 - click hands the options over
    """Decide on each interview of standard input: one JSON object a line in, one a line out."""
    try:
        found = rules_command.choose(context.obj.config["SETTINGS"].workflow_packages, key, **choice)
    except rules_command.REFUSALS as refused:
        raise click.ClickException(str(refused)) from refused
    gc.set_threshold(*COLLECT_AFTER)
    context.exit(decide_lines(found, sys.stdin.buffer, sys.stdout))


@rules.command("replay")
@click.argument("key")
@click.option("--version", help="This version; without it the newest that is in force.")
@click.option("--folder", type=click.Path(exists=True, file_okay=False, path_type=Path), help="Rules in this folder.")
@click.option("--list", "listed", is_flag=True, help="List every determination that would change.")
def replay(key: str, version: str | None, folder: Path | None, *, listed: bool) -> None:
    """Show what past determinations would be under the rule set KEY. Nothing is changed by it.

    It can be stopped at any time; the same command goes on where it was.
    """
    if version and folder:
        raise click.UsageError("Give --version or --folder: the rules in a folder have a version of their own.")
    try:
        found, content = replaying.content_in(folder, key) if folder else _shipped(key, version)
        shelf = replaying.shelf_of(replaying.plan(found, content))
    except (*rules_command.REFUSALS, replaying.NothingToReplayError) as refused:
        raise click.ClickException(str(refused)) from refused
    replaying.run(shelf, _show)
    moved = replays.matrix(shelf)
    total, staying = sum(one.findings for one in moved), sum(one.findings for one in moved if one.old == one.new)
    click.echo(
        f"{found.key} {found.version}: of {total:,} findings {total - staying:,} would change. Nothing was changed."
    )
    for one in moved:
        click.echo(f"{one.findings:12,}  {one.old} {'stays' if one.old == one.new else f'would be {one.new}'}")
    if listed:
        _list(shelf)


def publish(key: str | None = None) -> int:
    """Publish every version of *key*, or of every rule set, and say so; return 1 when one was refused.

    The others are kept all the same.
    """
    try:
        shipped = list(store.library().everything(key))
    except (UnknownRuleSetError, RuleSetError) as problem:
        click.echo(f"Error: {problem}", err=True)
        return 1
    return max([_published(one) for one in shipped], default=0)


def _published(one: AnySet) -> int:
    try:
        new = store.publish(db.session(), one, SYSTEM_ACTOR.through(Channel.COMMAND))
    except store.PublishedOtherwiseError as problem:
        db.session().rollback()
        click.echo(f"Error: {problem}", err=True)
        return 1
    db.session().commit()
    click.echo(f"{one.key} {one.version} {'published' if new else 'was published before'}, digest {one.digest[:12]}.")
    return 0


def _shipped(key: str, version: str | None) -> tuple[AnySet, str]:
    found = store.library().find(key, at=clock.now().date(), version=version)
    return found, store.content_of(found)


def _show(done: int, of: int) -> bool:
    click.echo(f"{done} of {of} files replayed", err=True)
    return True


def _list(shelf: replays.Shelf) -> None:
    after = None
    while page := replays.changed(shelf, after):
        for after in page:
            click.echo(f"{after.determination}  {after.party}: {after.old} would be {after.new}")
