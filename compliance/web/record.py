"""The record in the browser, for auditors: search, look, and take it away as a file."""

from __future__ import annotations

import datetime as dt
import functools
import io
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TextIO

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, Form, StringField
from wtforms.validators import Length, Optional

from compliance.audit import events, export, vocabulary
from compliance.audit.models import AuditEvent
from compliance.audit.vocabulary import Event
from compliance.authz import Actor, Role
from compliance.door import actor
from compliance.engine import projection, telling
from compliance.engine.case import Case
from compliance.engine.errors import EngineError, NotAllowedError
from compliance.kernel.db import session
from compliance.kernel.ids import clean_reference
from compliance.people import directory
from compliance.web import transaction

PAGE_SIZE: Final = 50
CHUNK_ROWS: Final = 500
READERS: Final = frozenset({Role.AUDITOR})
OWN_READERS: Final = frozenset({Role.VIEWER, Role.ACCOUNT_ADMIN})
WRITERS: Final[dict[str, tuple[str, Callable[[TextIO, Iterable[dict[str, Any]]], int]]]] = {
    "csv": ("text/csv", export.write_csv),
    "jsonl": ("application/x-ndjson", export.write_jsonl),
}

blueprint = Blueprint("record", __name__)


class BadSearchError(EngineError):
    """What was searched for cannot be looked up."""

    status = 400
    code = "bad_search"


class Search(Form):
    """Which events to show."""

    reference = StringField("Reference of a case", [Length(max=40)])
    who = StringField("E-mail address of a person", [Length(max=254)])
    what = StringField("What happened", [Length(max=80)], description="For instance offer.approve.")
    since = DateField("From", [Optional()])
    until = DateField("Before", [Optional()])


@blueprint.get("/audit")
def search() -> ResponseReturnValue:
    """Show the newest events that meet the search."""
    reader = actor()
    form, narrowed = _search(reader)
    query = sa.select(AuditEvent).where(*narrowed.conditions()).order_by(AuditEvent.event_id.desc())
    if before := request.args.get("before"):
        query = query.where(AuditEvent.event_id < _id(before))
    found = session().scalars(query.limit(PAGE_SIZE + 1)).all()
    read = found[:PAGE_SIZE]
    shown = [entry.event for entry in _projection(reader)(read)]
    asked = {key: value for key, value in request.args.items() if value and key != "before"}
    more = url_for("record.search", **{**asked, "before": str(read[-1].event_id)}) if len(found) > PAGE_SIZE else None  # type: ignore[arg-type]
    return render_template(
        "audit/search.html",
        form=form,
        events=shown,
        names=telling.names_of(session(), [event.actor_id for event in shown]),
        references=_references(shown),
        next_href=more,
        asked=asked,
    )


@blueprint.post("/audit/export")
def take() -> ResponseReturnValue:
    """Stream the events of the search as a file; the export is itself on record before its first byte leaves."""
    reader = actor()
    form = request.form.get("format", "csv")
    if form not in WRITERS:
        raise BadSearchError("Choose CSV or JSON Lines.")
    _, narrowed = _search(reader)
    said = {"format": form, "filter": narrowed.described()}
    if narrowed.organisations is not None:
        said |= {"projection": "client", "organisations": sorted(str(one) for one in narrowed.organisations)}
    receipt = events.append("log", Event.EXPORT_MADE, reader, subject=said)
    session().commit()
    media_type, write = WRITERS[form]
    response = Response(stream_with_context(_chunks(narrowed, _projection(reader), write)), mimetype=media_type)
    response.headers["Content-Disposition"] = f"attachment; filename=record.{form}"
    response.headers["Audit-Receipt"] = str(receipt)
    transaction.leave_alone()
    return response


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the way to the record for those who may read it."""
    if reader is None or not reader.roles & (READERS | OWN_READERS):
        return []
    href = url_for("record.search")
    return [{"label": "Record", "href": href, "current": request.path == href}]


def _search(reader: Actor) -> tuple[Search, export.Filter]:
    organisations = _scope(reader)
    form = Search(request.args)
    if not form.validate():
        raise BadSearchError(
            "; ".join(f"{form[name].label.text}: {' '.join(e)}" for name, e in form.errors.items() if name)
        )
    if form.what.data and form.what.data not in vocabulary.words():
        raise BadSearchError(f"“{form.what.data}” is not a word of the record. For instance: offer.approve.")
    return form, export.Filter(
        stream=_stream(form.reference.data),
        action=form.what.data or None,
        actor_id=_person(form.who.data),
        organisations=organisations,
        since=_midnight(form.since.data),
        until=_midnight(form.until.data),
    )


def _scope(reader: Actor) -> frozenset[uuid.UUID] | None:
    """Return the organisations whose events *reader* may see; ``None`` for the programme's auditors, who see all."""
    if reader.roles & READERS:
        return None
    own = frozenset(g.organisation_id for g in reader.grants if g.role in OWN_READERS and g.organisation_id)
    if not own:
        raise NotAllowedError("The record is for auditors.")
    return own


def _projection(reader: Actor) -> export.Projection:
    """Return how the record is read out to *reader*: whole for the programme's auditors, in part for a client."""
    return export.whole if reader.roles & READERS else functools.partial(projection.for_client, session())


def _stream(reference: str | None) -> str | None:
    if not reference:
        return None
    found = session().scalar(sa.select(Case.stream).where(Case.reference == clean_reference(reference)))
    return found or "none"


def _person(email: str | None) -> str | None:
    if not email:
        return None
    found = directory.find(email)
    return str(found.id) if found else "none"


def _references(found: Iterable[AuditEvent]) -> dict[str, tuple[str, str]]:
    streams = {event.stream for event in found}
    rows = session().execute(sa.select(Case.stream, Case.reference, Case.kind).where(Case.stream.in_(streams)))
    return {stream: (reference, url_for(f"cases.{kind}_show", reference=reference)) for stream, reference, kind in rows}


def _chunks(
    narrowed: export.Filter, project: export.Projection, write: Callable[[TextIO, Iterable[dict[str, Any]]], int]
) -> Iterator[str]:
    """Yield the export a few hundred rows at a time, so that no export ever lies in memory whole."""
    rows = export.rows(session(), narrowed, project)
    out, first = io.StringIO(), True
    while True:
        batch = [row for _, row in zip(range(CHUNK_ROWS), rows, strict=False)]
        if not batch and not first:
            return
        write(out, batch)
        text = out.getvalue()
        yield text if first or write is export.write_jsonl else text.partition("\n")[2]
        out, first = io.StringIO(), False


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), dt.UTC) if day else None


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadSearchError("This page address is damaged. Go back to the first page of the record.") from None
