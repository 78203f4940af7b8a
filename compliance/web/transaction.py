"""Keeping what a refused request must still leave behind, such as the record of a failed sign-in."""

from __future__ import annotations

from flask import g


def keep() -> None:
    """Commit this request's changes although its answer refuses."""
    g.keep_changes = True


def is_kept() -> bool:
    """Tell whether :func:`keep` was called in this request."""
    return bool(g.get("keep_changes"))
