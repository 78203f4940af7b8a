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
    for line in overview.lines(app.config["SETTINGS"].workflow_packages, db.engine(), clock.now().date()):
        click.echo(line)


@rules.command("publish")
@click.argument("key", required=False)
@click.pass_context
def publish_rules(context: click.Context, key: str | None) -> None:
    """Keep the shipped rule set KEY for ever as it is; without KEY every one that is shipped."""
    context.exit(publish([key] if key else store.shipped_keys()))


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


def publish(keys: list[str]) -> int:
    """Publish each of the shipped rule sets and say so; return 1 when one was refused, and the others are kept."""
    refused = 0
    for key in keys:
        try:
            found = store.shipped(key)
            new = store.publish(db.session(), found, SYSTEM_ACTOR.through(Channel.COMMAND))
        except (UnknownRuleSetError, RuleSetError, store.PublishedOtherwiseError) as problem:
            db.session().rollback()
            kept_elsewhere = key not in store.shipped_keys() and key in rules_command.known(store.packages())
            click.echo(f"Error: {rules_command.NOT_KEPT.format(key) if kept_elsewhere else problem}", err=True)
            refused = 1
            continue
        db.session().commit()
        state = "published" if new else "was published before"
        click.echo(f"{found.key} {found.version} {state}, digest {found.digest[:12]}.")
    return refused
