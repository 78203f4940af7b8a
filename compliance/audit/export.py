"""Reading the record out, streamed: as CSV for people, as JSON Lines for programs, and what opens sealed values."""

from __future__ import annotations

import base64
import csv
import datetime as dt
import io
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit.models import AuditEvent, AuditOpening
from compliance.kernel.cells import harmless
from compliance.kernel.db import session as current_session

BATCH: Final = 1000
END: Final = "End of the export"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which events to read; everything left out does not narrow."""

    stream: str | None = None
    action: str | None = None
    actor_id: str | None = None
    organisations: frozenset[uuid.UUID] | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def conditions(self) -> list[sa.ColumnElement[bool]]:
        """Return the filter as SQL conditions; ``until`` itself is not included."""
        exact = {
            AuditEvent.stream: self.stream,
            AuditEvent.action: self.action,
            AuditEvent.actor_id: self.actor_id,
        }
        found = [column == value for column, value in exact.items() if value is not None]
        if self.organisations is not None:
            found.append(AuditEvent.organisation_id.in_(self.organisations))
        if self.since:
            found.append(AuditEvent.at >= self.since)
        if self.until:
            found.append(AuditEvent.at < self.until)
        return found

    def described(self) -> dict[str, str]:
        """Return what narrows, as the event of an export names it."""
        parts: dict[str, object] = {
            "stream": self.stream,
            "action": self.action,
            "actor": self.actor_id,
            "since": self.since,
            "until": self.until,
        }
        return {name: str(value) for name, value in parts.items() if value}


@dataclass(frozen=True, slots=True)
class Entry:
    """An event, and what of its entry is read out: all of it, or what a projection leaves."""

    event: AuditEvent
    text: str


Projection = Callable[[Sequence[AuditEvent]], Iterable[Entry]]


def whole(found: Sequence[AuditEvent]) -> list[Entry]:
    """Return all of *found* as they stand in the record."""
    return [Entry(event, event.entry) for event in found]


def batches(
    session: Session, narrowed: Filter | None = None, project: Projection = whole, up_to: uuid.UUID | None = None
) -> Iterator[list[Entry]]:
    """Yield the events of *narrowed* in the order of their ids, as far as *project* leaves them, a batch at a time.

    Nothing after the event *up_to* is read, so that an export has an end while others write.
    """
    conditions, after = (narrowed or Filter()).conditions(), None
    if up_to is not None:
        conditions.append(AuditEvent.event_id <= up_to)
    while True:
        query = sa.select(AuditEvent).where(*conditions).order_by(AuditEvent.event_id).limit(BATCH)
        if after is not None:
            query = query.where(AuditEvent.event_id > after)
        batch = session.scalars(query).all()
        yield list(project(batch))
        if len(batch) < BATCH:
            return
        after = batch[-1].event_id
        session.expunge_all()


def newest(session: Session, narrowed: Filter) -> AuditEvent | None:
    """Return the newest event of *narrowed*."""
    query = sa.select(AuditEvent).where(*narrowed.conditions()).order_by(AuditEvent.event_id.desc()).limit(1)
    return session.scalar(query)


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written: its head, each batch of events, and the trailer that says that it is whole."""

    name: str
    media_type: str
    suffix: str
    body: Callable[[Sequence[Entry]], str]
    tail: Callable[[Mapping[str, Any]], str]
    head: str = ""


def jsonl() -> Layout:
    """Return the layout for programs: the exact entries, one a line."""
    return Layout("jsonl", "application/x-ndjson", "jsonl", _lines, _line)


def disclosures() -> Layout:
    """Return the layout of what opens the sealed values of the events: ``{"id", "path", "salt", "value"}`` a line."""

    def body(batch: Sequence[Entry]) -> str:
        return "".join(_line(opening) for opening in _openings([found.event.event_id for found in batch]))

    return Layout("disclosures", "application/x-ndjson", "disclosures.jsonl", body, _line)


def as_csv(columns: Sequence[str], tell: Callable[[Sequence[Entry]], Iterable[Mapping[str, Any]]]) -> Layout:
    """Return the layout for people: a row for each event, as *tell* puts it into words under *columns*.

    Cells that a spreadsheet would run are made text; the column ``entry`` begins with a brace and stays exact.
    """

    def rows(found: Iterable[Mapping[str, Any]]) -> str:
        out = io.StringIO()
        writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in found:
            cells = ((name, row.get(name)) for name in columns)
            writer.writerow([value if name == "entry" else harmless(value) for name, value in cells])
        return out.getvalue()

    def tail(trailer: Mapping[str, Any]) -> str:
        return rows([{columns[0]: END, "entry": _line(trailer).rstrip("\n")}])

    head = rows([dict(zip(columns, columns, strict=True))])
    return Layout("csv", "text/csv", "csv", lambda batch: rows(tell(batch)), tail, head)


def _lines(batch: Sequence[Entry]) -> str:
    return "".join(f"{found.text}\n" for found in batch)


def _line(document: Mapping[str, Any]) -> str:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False) + "\n"


def _openings(ids: Sequence[uuid.UUID]) -> Iterator[dict[str, Any]]:
    query = sa.select(AuditOpening.event_id, AuditOpening.path, AuditOpening.salt, AuditOpening.value)
    order = (AuditOpening.event_id, AuditOpening.path)
    for row in current_session().execute(query.where(AuditOpening.event_id.in_(ids)).order_by(*order)):
        salt = base64.b64encode(row.salt).decode()
        yield {"id": str(row.event_id), "path": row.path, "salt": salt, "value": row.value}
