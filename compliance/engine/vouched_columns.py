"""Holding columns of a case that are no terms against its events: what names it, whose it is, and who works on it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from compliance.audit.models import AuditEvent, AuditOpening
from compliance.engine import subject
from compliance.kernel.db import table

TITLE: Final = "changes/title/1"
CHANGED: Final = "the case says something else than its events: {}"
_EVENT, _OPENING = table(AuditEvent).c, table(AuditOpening).c
# Canonical text writes no space; within a value its quotes would be escaped.
_TELLING: Final = tuple(f'"{word}":' for word in (*subject.NAMED, "title"))
_SAYING: Final = (
    sa.select(_EVENT.stream, _EVENT.rev, _EVENT.event_id, _EVENT.entry)
    .where(
        _EVENT.stream.in_(sa.bindparam("streams", expanding=True)),
        sa.or_(_EVENT.rev == 1, *(_EVENT.entry.contains(word, autoescape=True) for word in _TELLING)),
    )
    .order_by(_EVENT.stream, _EVENT.rev)
)
_TITLES: Final = sa.select(_OPENING.event_id, _OPENING.value).where(
    _OPENING.path == TITLE, _OPENING.event_id.in_(sa.bindparam("events", expanding=True))
)


class Said:
    """What the events of a page of cases say of them, read in two statements."""

    def __init__(self, connection: Connection, streams: Sequence[str]) -> None:
        self.first: dict[str, dict[str, Any]] = {}
        self.people: dict[str, dict[str, str | None]] = defaultdict(dict)
        self.titled: dict[str, Any] = {}
        for row in connection.execute(_SAYING, {"streams": list(streams)}):
            self._take(row)
        found = connection.execute(_TITLES, {"events": list(self.titled.values())})
        self.titles = {row.event_id: row.value for row in found}

    def _take(self, row: Any) -> None:  # noqa: ANN401 - a raw row
        entry = json.loads(row.entry)
        said = entry.get("subject", {})
        if row.rev == 1:
            self.first[row.stream] = entry
        self.people[row.stream] |= {word: said[word] for word in subject.NAMED if word in said}
        if "title" in entry.get("changes", {}):
            self.titled[row.stream] = row.event_id

    def faults(self, row: Any) -> Iterator[str]:  # noqa: ANN401 - a raw row
        """Yield which columns of the case *row* say something else than its events."""
        told = dict(self._told(row))
        wrong = [name for name, (now, then) in told.items() if now != then]
        if wrong:
            yield CHANGED.format(", ".join(wrong))

    def _told(self, row: Any) -> Iterator[tuple[str, tuple[Any, Any]]]:  # noqa: ANN401 - a raw row
        """Yield what each column says now, and what an event said last of it; older events tell less."""
        first = self.first.get(row.stream)
        if first is None:
            return
        actor, said = first.get("actor", {}), first.get("subject", {})
        yield "kind", (f"{row.kind}.open", first.get("action"))
        if row.opened_by_id is not None or actor.get("type") == "user":
            yield "who opened it", (str(row.opened_by_id), actor.get("id"))
        title = self.titles.get(self.titled.get(row.stream))
        if title is not None:  # It may have been erased, or be one that nobody typed.
            yield "title", (row.title, title)
        if "reference" not in said:
            return
        yield "reference", (row.reference, said["reference"])
        yield "sample", (bool(row.sample), said["sample"])
        yield "team", (subject.plain(row.team_id), said["team"])
        for word, column in subject.NAMED.items():
            yield word, (subject.plain(getattr(row, column)), self.people[row.stream].get(word))
