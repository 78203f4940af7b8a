"""Keeping what a refused request must still leave behind, such as the record of a failed sign-in."""

from __future__ import annotations

from flask import g


def keep() -> None:
    """Commit this request's changes although its answer refuses."""
    g.keep_changes = True


def leave_alone() -> None:
    """Leave the transaction to the view, whose answer is still being read from it while it is sent."""
    g.left_alone = True


def is_left_alone() -> bool:
    """Tell whether :func:`leave_alone` was called in this request."""
    return bool(g.get("left_alone"))


def is_kept() -> bool:
    """Tell whether :func:`keep` was called in this request."""
    return bool(g.get("keep_changes"))
