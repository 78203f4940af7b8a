"""Addresses in the library of rules, from what was found under them: exactly that version, and the place in it.

Rules are public, so everybody who reads a case may follow them.
"""

from __future__ import annotations

from flask import url_for

from compliance.rules.explained import Written


def to_set(key: str, version: str) -> str:
    """Return the address of one version of a rule set."""
    return url_for("rules.show", key=key, version=version)


def to_place(written: Written) -> str:
    """Return the address of a part of a version on its page, or of the row of a table that decided."""
    if written.row is None:
        return f"{to_set(written.key, written.version)}#{written.part}"
    after = {"after": written.row - 1} if written.row > 1 else {}
    here = url_for("rules.rows", key=written.key, section=written.part, version=written.version, **after)  # type: ignore[arg-type]
    return f"{here}#row-{written.row}"
