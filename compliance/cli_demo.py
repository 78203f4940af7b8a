"""Commands over the sample: ``countersign demo …``."""

from __future__ import annotations

import click

from compliance.demo import load as sample
from compliance.demo import removal


@click.group()
def demo() -> None:
    """Load sample people and cases, or take them away."""


@demo.command("load")
@click.option("--anyway", is_flag=True, help="Beside people and organisations that are no sample; never in production.")
def load_sample(*, anyway: bool) -> None:
    """Load the sample, once, and say who can sign in."""
    try:
        signs_in = sample.load(anyway=anyway)
    except sample.SampleRefusedError as refused:
        raise click.ClickException(str(refused)) from refused
    click.echo("Sample people (all with the password given; the desk sets up its second factor at first sign-in):")
    for email, role, password in signs_in:
        click.echo(f"  {email:28} {role:16} {password}")


@demo.command("remove")
def remove_sample() -> None:
    """Take the sample away in one step; the record of it stays."""
    click.echo(f"{removal.remove()} sample cases removed, their people can no longer sign in.")
