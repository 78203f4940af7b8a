"""Choosing a client or a colleague to filter the queue by: a page with a search box and its results as links."""

from __future__ import annotations

from flask import render_template, request
from flask.typing import ResponseReturnValue

from compliance.authz import STAFF
from compliance.engine import inputs
from compliance.people import lookup
from compliance.web import filters
from compliance.web.filters import ON_DESK, Filters
from compliance.web.queues import desk_reader


def clients() -> ResponseReturnValue:
    """Offer clients by name."""
    reader = desk_reader()
    found = lookup.clients(text_sought(), hidden=reader.conflicts)
    return _page("Choose a client", "client", [(str(client.id), client.name, "") for client in found])


def holders() -> ResponseReturnValue:
    """Offer the people of the desk by name."""
    desk_reader()
    found = lookup.colleagues(text_sought(), STAFF)
    rows = [(filters.NOBODY, "Nobody", "")] if not text_sought() else []
    return _page("Choose who holds it", "holder", rows + [(str(one.id), one.name, one.email) for one in found])


def text_sought() -> str:
    """Return what is typed into the search box of a page."""
    return readable(request.args.get("q", ""))


def readable(text: str) -> str:
    """Return what somebody typed to look for, or nothing where it holds what is no text."""
    clean = text.strip()[:100]
    return clean if inputs.encodes(clean) else ""


def _page(title: str, key: str, found: list[tuple[str, str, str]]) -> ResponseReturnValue:
    chosen = Filters.read(request.args, ON_DESK)
    return render_template(
        "queues/look_up.html",
        title=title,
        sought=text_sought(),
        kept=list(chosen.values.items()),
        found=[(label, note, chosen.but(**{key: value}).href("cases.queue")) for value, label, note in found],
        back=chosen.href("cases.queue"),
        more=len(found) >= lookup.MOST,
    )
