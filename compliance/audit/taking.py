"""Taking the record away: what a file holds is fixed and on record before its first byte, and its end is on record too.

The file ends with a trailer that names its events and the digest of all bytes before it. A file without one was cut.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from compliance.audit import events, export
from compliance.audit.events import Receipt
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.kernel import clock
from compliance.kernel.db import session

FORMAT: Final = "audit-export/1"
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass
class Taking:
    """One export, read from the session of whoever is running when: an answer is sent after its request has ended.

    ``place`` names in the file's name whose events they are; ``more`` is told beside the filter.
    """

    by: Actor
    narrowed: export.Filter
    layout: export.Layout
    project: export.Projection = export.whole
    place: str = ""
    more: Mapping[str, Any] = field(default_factory=dict)
    count: int = 0
    _up_to: uuid.UUID | None = None
    _receipt: Receipt | None = None
    _ends: list[dict[str, str]] = field(default_factory=list)
    _digest: str = ""

    @property
    def file_name(self) -> str:
        """Return a name that says which events the file holds, and when they were taken."""
        day = f"{clock.now():%Y-%m-%d}"
        since, until = (f"{at:%Y-%m-%d}" if at else "" for at in (self.narrowed.since, self.narrowed.until))
        parts = [
            "record",
            self.place or self.narrowed.stream or "",
            self.narrowed.action or "",
            "one-person" if self.narrowed.actor_id else "",
            f"from-{since}" if since else "",
            f"before-{until}" if until else "",
            f"taken-{day}",
        ]
        name = "-".join(_NOT_IN_NAMES.sub("-", part) for part in parts if part)
        return f"{name}.{self.layout.suffix}"

    def begin(self) -> Receipt:
        """Fix the last event of the export and put it on record, in the running transaction."""
        last = export.newest(session(), self.narrowed)
        self._up_to = last.event_id if last else None
        said = {
            "format": self.layout.name,
            "filter": self.narrowed.described(),
            "up_to": {"event": str(last.event_id), "hash": last.leaf_hash.hex()} if last else None,
            **self.more,
        }
        self._receipt = events.append("log", Event.EXPORT_MADE, self.by, subject=said)
        return self._receipt

    def text(self) -> Iterator[str]:
        """Yield the file, a batch of events at a time, so that no export ever lies in memory whole.

        Nothing that is yielded is empty: a server may take that for the end.
        """
        digest = hashlib.sha256()
        for text in filter(None, self._parts()):
            digest.update(text.encode())
            yield text
        self._digest = digest.hexdigest()
        yield self.layout.tail(self._trailer())

    def end(self) -> Receipt:
        """Put on record that the file was handed over to its end, and what it held."""
        trailer = self._trailer()
        said = {name: trailer[name] for name in ("export", "count", "first", "last", "sha256")}
        return events.append("log", Event.EXPORT_ENDED, self.by, subject=said)

    def _parts(self) -> Iterator[str]:
        yield self.layout.head
        for batch in self._batches():
            self._pass(batch)
            yield self.layout.body(batch)

    def _batches(self) -> Iterator[list[export.Entry]]:
        if self._up_to is not None:
            yield from export.batches(session(), self.narrowed, self.project, self._up_to)

    def _pass(self, batch: Sequence[export.Entry]) -> None:
        if not batch:
            return
        self.count += len(batch)
        named = [{"event": str(one.event.event_id), "hash": one.event.leaf_hash.hex()} for one in (batch[0], batch[-1])]
        self._ends = [self._ends[0] if self._ends else named[0], named[1]]

    def _trailer(self) -> dict[str, Any]:
        first, last = self._ends or (None, None)
        return {
            "v": FORMAT,
            "log": events.writer().log,
            "export": str(self._receipt.event_id) if self._receipt else None,
            "exporter": {"id": str(self.by.id) if self.by.id else self.by.name.lower(), "name": self.by.full_name},
            "format": self.layout.name,
            "filter": self.narrowed.described(),
            **self.more,
            "count": self.count,
            "first": first,
            "last": last,
            "sha256": self._digest,
        }
