"""Asking a virus scanner about a file before it is kept: any command that takes a path and fails for what is bad."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

PATIENCE_SECONDS: Final = 120


class ScannerError(RuntimeError):
    """The scanner could not be asked, so nobody knows what the file is."""


def is_clean(command: tuple[str, ...], path: Path) -> bool:
    """Tell whether *command*, called with *path*, finds nothing; without a command everything is clean.

    Raises :class:`ScannerError` when the command cannot be run or does not end.
    """
    if not command:
        return True
    try:
        done = subprocess.run(  # noqa: S603 - the operator's own command, and a path that we made
            [*command, str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as failed:
        message = f"the scanner {command[0]} did not answer"
        raise ScannerError(message) from failed
    return done.returncode == 0
