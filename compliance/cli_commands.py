"""How every command of ``countersign`` ends when somebody stops it: with one line, and the code that shells expect."""

from __future__ import annotations

from typing import Any, Final

import click

STOPPED: Final = 130  # 128 and the number of the signal, as shells count.


class Commands(click.Group):
    """Commands that can be stopped with Ctrl+C at any moment, also while they ask something."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; say so in one line when it was stopped."""
        try:
            return super().invoke(ctx)
        except (KeyboardInterrupt, click.Abort):
            click.echo("Stopped.", err=True)
            ctx.exit(STOPPED)
