"""Commands over the rule sets: ``countersign rules …``."""

from __future__ import annotations

import sys
from typing import Any

import click
from flask import Flask

from compliance.authz import SYSTEM_ACTOR, Channel
from compliance.kernel import clock, db
from compliance.rules import command as rules_command
from compliance.rules import overview, store
from compliance.rules.errors import RuleSetError, UnknownRuleSetError
from compliance.rules.library import AnySet
from compliance.rules.lines import decide_lines


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
    context.exit(decide_lines(found, sys.stdin.buffer, sys.stdout))


def publish(key: str | None = None) -> int:
    """Publish every version of *key*, or of every rule set, and say so; return 1 when one was refused.

    The others are kept all the same.
    """
    try:
        shipped = list(store.everything_shipped(key))
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
