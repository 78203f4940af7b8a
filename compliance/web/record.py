"""The record in the browser, for auditors: search, look, and take it away as a file."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from wtforms import DateField, Field, Form, StringField
from wtforms.validators import Length, Optional

from compliance.audit import export
from compliance.audit.models import AuditEvent
from compliance.audit.taking import Taking
from compliance.authz import Actor, Role, visible_to
from compliance.door import actor
from compliance.engine import projection, telling
from compliance.engine.case import Case
from compliance.engine.errors import EngineError, NotAllowedError, NotFoundError
from compliance.kernel.db import begin_reading, session
from compliance.kernel.ids import clean_reference
from compliance.web import record_rows, record_words, transaction

PAGE_SIZE: Final = 50
NOTHING_TO_TAKE: Final = "No event meets this search, so there is nothing to export."
READERS: Final = frozenset({Role.AUDITOR})
OWN_READERS: Final = frozenset({Role.VIEWER, Role.ACCOUNT_ADMIN})
FORMATS: Final = frozenset({"csv", "jsonl", "disclosures"})

blueprint = Blueprint("record", __name__)


class BadSearchError(EngineError):
    """What was searched for cannot be looked up."""

    status = 400
    code = "bad_search"


class Search(Form):
    """Which events to show."""

    reference = StringField("Reference of a case", [Length(max=40)])
    who = StringField("Person", [Length(max=254)], description="A name, or an e-mail address.")
    what = StringField("What happened", [Length(max=120)], description="Type, and choose from the list.")
    since = DateField("From", [Optional()])
    until = DateField("Before", [Optional()])


@blueprint.get("/audit")
def search() -> ResponseReturnValue:
    """Show the newest events that meet the search."""
    return _page(actor())


@blueprint.post("/audit/export")
def take() -> ResponseReturnValue:
    """Stream the events of the search as a file; the export is itself on record before its first byte leaves."""
    reader = actor()
    form = request.form.get("format", "csv")
    if form not in FORMATS:
        raise BadSearchError("Choose CSV, JSON Lines, or what opens sealed values.")
    if form == "disclosures" and not reader.roles & READERS:
        raise NotAllowedError("Sealed values are for the programme's auditors.")
    _, narrowed = _search(reader)
    if narrowed is None or not _any(narrowed):
        return _page(reader, NOTHING_TO_TAKE)
    taking = _taking(reader, form, narrowed)
    receipt = taking.begin()
    session().commit()
    response = Response(stream_with_context(_chunks(taking)), mimetype=taking.layout.media_type)
    response.headers["Content-Disposition"] = f"attachment; filename={taking.file_name}"
    response.headers["Audit-Receipt"] = str(receipt)
    transaction.leave_alone()
    return response


def one_event(reader: Actor, event_id: uuid.UUID) -> AuditEvent:
    """Return an event, whole, for the programme's auditors; raises :class:`NotFoundError` alike for everybody else."""
    found = session().scalar(sa.select(AuditEvent).where(AuditEvent.event_id == event_id))
    if found is None or not reader.roles & READERS:
        raise NotFoundError("There is no such event that you can see.")
    return found


def beside(event: AuditEvent, step: int) -> AuditEvent | None:
    """Return the event *step* revisions on in the same stream."""
    there = (AuditEvent.stream == event.stream, AuditEvent.rev == event.rev + step)
    return session().scalar(sa.select(AuditEvent).where(*there))


def references(found: Iterable[AuditEvent], reader: Actor) -> dict[str, tuple[str, str | None]]:
    """Return, for each stream of *found* that is a case, its reference, and its address where *reader* may see it."""
    streams = {event.stream for event in found}
    query = sa.select(Case.stream, Case.reference, Case.kind, visible_to(reader, Case)).where(Case.stream.in_(streams))
    return {
        stream: (reference, url_for(f"cases.{kind}_show", reference=reference) if in_sight else None)
        for stream, reference, kind, in_sight in session().execute(query)
    }


def navigation(reader: Actor | None) -> list[dict[str, Any]]:
    """Return the way to the record for those who may read it."""
    if reader is None or not reader.roles & (READERS | OWN_READERS):
        return []
    href = url_for("record.search")
    return [{"label": "Record", "href": href, "current": request.path == href}]


def _page(reader: Actor, refusal: str | None = None) -> ResponseReturnValue:
    """Show the search with what meets it; where it cannot be looked up, with what is wrong beside each field."""
    form, narrowed = _search(reader)
    asked = {key: value for key, value in request.args.items() if value and key != "before"}
    read, more = _found(narrowed) if narrowed else ([], False)
    shown = [entry.event for entry in _projection(reader)(read)]
    page = render_template(
        "audit/search.html",
        form=form,
        refusal=refusal,
        events=shown,
        words={event.action: record_words.label(event.action) for event in shown},
        choices=record_words.choices(),
        names=telling.names_of(session(), [event.actor_id for event in shown]),
        references=references(shown, reader),
        where=record_words.where(shown),
        blamed=[] if shown or narrowed is None else _blamed(form, narrowed, asked),
        next_href=_address({**asked, "before": str(read[-1].event_id)}) if more else None,
        asked=asked,
        opens=bool(reader.roles & READERS),
    )
    return page, 200 if narrowed else BadSearchError.status


def _found(narrowed: export.Filter) -> tuple[list[AuditEvent], bool]:
    """Return a page of events, newest first, and whether there are more."""
    query = sa.select(AuditEvent).where(*narrowed.conditions()).order_by(AuditEvent.event_id.desc())
    if before := request.args.get("before"):
        query = query.where(AuditEvent.event_id < _id(before))
    found = session().scalars(query.limit(PAGE_SIZE + 1)).all()
    return list(found[:PAGE_SIZE]), len(found) > PAGE_SIZE


def _address(asked: dict[str, str]) -> str:
    return url_for("record.search", **asked)  # type: ignore[arg-type]


def _any(narrowed: export.Filter) -> bool:
    return session().scalar(sa.select(AuditEvent.event_id).where(*narrowed.conditions()).limit(1)) is not None


def _blamed(form: Search, narrowed: export.Filter, asked: dict[str, str]) -> list[dict[str, str]]:
    """Return the filters that nothing meets even alone, each with the address that goes without it."""
    parts = {"reference": "stream", "who": "actor_id", "what": "action", "since": "since", "until": "until"}
    found = []
    for name, part in parts.items():
        alone = export.Filter(organisations=narrowed.organisations, **{part: getattr(narrowed, part)})
        if name in asked and not _any(alone):
            href = _address({key: value for key, value in asked.items() if key != name})
            found.append({"label": form[name].label.text, "value": asked[name], "remove_href": href})
    return found


def _search(reader: Actor) -> tuple[Search, export.Filter | None]:
    """Return the search and what it narrows to; nothing where a field of it cannot be looked up."""
    organisations = _scope(reader)
    form = Search(request.args)
    form.validate()
    what = _read(form.what, record_words.word_of)
    who = _read(form.who, lambda typed: record_words.person_of(typed, organisations))
    if form.errors:
        return form, None
    return form, export.Filter(
        stream=_stream(form.reference.data),
        action=what,
        actor_id=who,
        organisations=organisations,
        since=_midnight(form.since.data),
        until=_midnight(form.until.data),
    )


def _read(field: Field, read: Callable[[str], str]) -> str | None:
    """Return what *read* makes of a field that was filled in; its refusal becomes the field's."""
    if field.errors or not (field.data or "").strip():
        return None
    try:
        return read(field.data)
    except ValueError as refused:
        field.errors = [str(refused)]
        return None


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
    # The session is asked for anew each time, since an export is sent after its request has ended.
    return export.whole if reader.roles & READERS else lambda found: projection.for_client(session(), found)


def _stream(reference: str | None) -> str | None:
    if not reference:
        return None
    found = session().scalar(sa.select(Case.stream).where(Case.reference == clean_reference(reference)))
    return found or "none"


def _taking(reader: Actor, form: str, narrowed: export.Filter) -> Taking:
    opens = bool(reader.roles & READERS)
    more: dict[str, Any] = {}
    if narrowed.organisations is not None:
        more = {"projection": "client", "organisations": sorted(str(one) for one in narrowed.organisations)}
    layouts: dict[str, Callable[[], export.Layout]] = {
        "csv": lambda: record_rows.layout(opens=opens),
        "jsonl": export.jsonl,
        "disclosures": export.disclosures,
    }
    place = (
        session().scalar(sa.select(Case.reference).where(Case.stream == narrowed.stream)) if narrowed.stream else None
    )
    return Taking(reader, narrowed, layouts[form](), _projection(reader), place or "", more)


def _chunks(taking: Taking) -> Iterator[str]:
    """Yield the export; that it came to its end is on record when its last byte has left."""
    begin_reading()  # However slowly somebody reads, nobody waits for them to write.
    yield from taking.text()
    session().rollback()
    taking.end()
    session().commit()


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), dt.UTC) if day else None


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        raise BadSearchError("This page address is damaged. Go back to the first page of the record.") from None
