"""Search over what the reader may see: a reference leads straight to its case, all else to grouped results."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from flask import redirect, render_template
from flask.typing import ResponseReturnValue

from compliance.authz import STAFF, Actor, visible_to
from compliance.door import actor
from compliance.engine import words
from compliance.engine.case import Case
from compliance.kernel.db import session
from compliance.kernel.ids import clean_reference
from compliance.people import lookup
from compliance.web import rows
from compliance.web.addresses import case_href
from compliance.web.filters import ANYONE, Filters
from compliance.web.lookup import text_sought

MOST: Final = 10


def search() -> ResponseReturnValue:
    """Show what the text in the address finds, or go to the one case that it names."""
    reader, text = actor(), text_sought()
    if named := _named(reader, [clean_reference(text)]):
        return redirect(case_href(named[0]))
    return render_template("queues/search.html", sought=text, groups=_groups(reader, text) if text else [])


def _groups(reader: Actor, text: str) -> list[dict[str, Any]]:
    """Return the results by what they are, without groups that hold nothing."""
    cases = _cases(reader, text)
    found = [{"title": "Cases", "rows": rows.rows_of(cases, reader), "more": len(cases) >= MOST}]
    if not cases:
        meant = _named(reader, words.near(text))
        found.append({"title": "Did you mean", "rows": rows.rows_of(meant, reader), "more": False})
    if reader.is_staff:
        found += [_clients(reader, text), _people(text)]
    return [group for group in found if group.get("rows") or group.get("links")]


def _cases(reader: Actor, text: str) -> list[Case]:
    """Return the newest cases with the words of *text* in their reference, title or people."""
    query = sa.select(Case).where(visible_to(reader, Case), *words.matching(text)).order_by(Case.id.desc()).limit(MOST)
    return list(session().scalars(query))


def _named(reader: Actor, references: list[str]) -> list[Case]:
    """Return the cases of exactly these references."""
    readable = [one for one in references if one.isascii() and one.isprintable()]
    if not readable:
        return []
    query = sa.select(Case).where(Case.reference.in_(readable), visible_to(reader, Case)).order_by(Case.id).limit(MOST)
    return list(session().scalars(query))


def _clients(reader: Actor, text: str) -> dict[str, Any]:
    found = lookup.clients(text, hidden=reader.conflicts, limit=MOST)
    links = [(one.name, "", _queue(client=str(one.id))) for one in found]
    return {"title": "Clients", "links": links, "more": len(links) >= MOST}


def _people(text: str) -> dict[str, Any]:
    found = lookup.colleagues(text, STAFF, limit=MOST)
    links = [(one.name, one.email, _queue(holder=str(one.id))) for one in found]
    return {"title": "People of the desk", "links": links, "more": len(links) >= MOST}


def _queue(**narrowed: str) -> str:
    """Return the address of the queue narrowed to one client or colleague, wherever their cases stand."""
    return Filters({"view": "all", "waits": ANYONE, **narrowed}).href("cases.queue")
