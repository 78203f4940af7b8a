"""Who is at the door of a page or of the API."""

from __future__ import annotations

from flask import current_app, g

from compliance.authz import Actor
from compliance.engine.errors import EngineError
from compliance.kernel.db import session


class NobodySignedInError(EngineError):
    """The page is for people who have signed in."""

    status = 401
    code = "sign_in"


def visitor() -> Actor | None:
    """Return whoever makes this request, or ``None``; looked up once a request."""
    if "visitor" not in g:
        g.visitor = current_app.extensions["current_actor"]()
    found: Actor | None = g.visitor
    return found


def known_visitor() -> Actor | None:
    """Return whoever makes this request as far as that was asked already; looks nobody up."""
    found: Actor | None = g.get("visitor")
    return found


def receive_nobody() -> None:
    """Look nobody up for the rest of this request: the database does not answer."""
    g.visitor = None


def pause() -> None:
    """Let go of every lock while something slow is done outside the database.

    Whatever the request had written is undone, and whoever makes it is looked up anew when asked for next.
    """
    session().rollback()
    g.pop("visitor", None)


def actor() -> Actor:
    """Return whoever makes this request; raises :class:`NobodySignedInError` for a stranger."""
    found = visitor()
    if found is None:
        raise NobodySignedInError("Sign in first; you will come back to this page.")
    return found
