"""Reading the record out: one row for each event, streamed, as CSV for people and JSON Lines for programs."""

from __future__ import annotations

import csv
import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TextIO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.audit.models import AuditEvent
from compliance.kernel.cells import harmless

BATCH: Final = 1000
COLUMNS: Final = (
    "event_id", "at", "stream", "rev", "actor", "on_behalf_of", "action", "from", "to", "leaf_hash", "entry",
)  # fmt: skip


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


def rows(session: Session, narrowed: Filter | None = None, project: Projection = whole) -> Iterator[dict[str, Any]]:
    """Yield the events of *narrowed* in the order of their ids, a batch at a time, as far as *project* leaves them."""
    conditions, after = (narrowed or Filter()).conditions(), None
    while True:
        query = sa.select(AuditEvent).where(*conditions).order_by(AuditEvent.event_id).limit(BATCH)
        if after is not None:
            query = query.where(AuditEvent.event_id > after)
        batch = session.scalars(query).all()
        yield from (_row(entry) for entry in project(batch))
        if len(batch) < BATCH:
            return
        after = batch[-1].event_id
        session.expunge_all()


def write_csv(out: TextIO, found: Iterable[dict[str, Any]]) -> int:
    """Write *found* as CSV and return how many rows; cells that a spreadsheet would run are made text."""
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(found, start=1):  # noqa: B007 - the count is the answer
        writer.writerow([row[name] if name == "entry" else harmless(row[name]) for name in COLUMNS])
    return count


def write_jsonl(out: TextIO, found: Iterable[dict[str, Any]]) -> int:
    """Write the exact entries of *found*, one a line, and return how many."""
    count = 0
    for count, row in enumerate(found, start=1):  # noqa: B007 - the count is the answer
        out.write(row["entry"] + "\n")
    return count


def _row(found: Entry) -> dict[str, Any]:
    event, entry = found.event, json.loads(found.text)
    return {
        "event_id": event.event_id,
        "at": entry["at"],
        "stream": event.stream,
        "rev": event.rev,
        "actor": event.actor_id,
        "on_behalf_of": event.stands_for_id,
        "action": event.action,
        "from": entry.get("from"),
        "to": entry.get("to"),
        "leaf_hash": event.leaf_hash.hex(),
        "entry": found.text,
    }
