"""Checking the record in the database. Nothing here is shared with the code that writes it."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from compliance.audit import check_event, comparisons
from compliance.audit.comparisons import Fault
from compliance.kernel.ids import as_id

BATCH: Final = 500
EVENTS: Final = sa.text(f"SELECT {check_event.COLUMNS} FROM audit_event ORDER BY stream, rev")  # noqa: S608 - constant
_NAMES: Final[sa.BindParameter[Any]] = sa.bindparam("names", expanding=True)
HEADS: Final = sa.text(
    "SELECT stream, audit_rev, audit_head FROM cases WHERE stream IN :names "
    "UNION ALL SELECT name, audit_rev, audit_head FROM audit_stream WHERE name IN :names"
).bindparams(_NAMES)
WITHOUT_EVENTS: Final = sa.text(
    "SELECT stream, audit_rev FROM cases c WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.stream = c.stream) "
    "UNION ALL SELECT name, audit_rev FROM audit_stream s "
    "WHERE NOT EXISTS (SELECT 1 FROM audit_event e WHERE e.stream = s.name)"
)
KEPT: Final = sa.text("SELECT count(*) FROM audit_opening")
ERASURES: Final = sa.text(
    "SELECT CAST(event_id AS TEXT) AS event_id, path, erased_month, CAST(erased_by AS TEXT) AS erased_by "
    "FROM audit_erasure WHERE event_id IN :ids"
).bindparams(sa.bindparam("ids", expanding=True, type_=sa.Uuid()))
ENTRY: Final = sa.text("SELECT entry FROM audit_event WHERE month = :month AND event_id = :id").bindparams(
    sa.bindparam("id", type_=sa.Uuid())
)
REMOVALS: Final = sa.text("SELECT entry FROM audit_event WHERE action = 'sample.removed'")
ERASED: Final = "record.values_erased"
GONE: Final = "what was sealed at “{}” is gone, and no event says who erased it"
REMEMBERED: Final = 64


@dataclass(slots=True)
class Extent:
    """How much of the record was looked at; of the sealed values, how many can still be opened and how many not.

    ``compared`` counts what stands outside the record and was held against it.
    """

    streams: int = 0
    events: int = 0
    opened: int = 0
    erased: int = 0
    copies: int = 0
    compared: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return the counts as a line of a report."""
        copies = f", and {self.copies} copies of their words with them" if self.copies else ""
        return (
            f"{self.events} events in {self.streams} streams; "
            f"sealed values: {self.opened} can be opened, {self.erased} were erased{copies}"
        )

    @property
    def beside(self) -> str:
        """Return what was held against the record, as a line of a report."""
        return ", ".join(f"{count} {things}" for things, count in self.compared.items()) or "nothing"


def faults(connection: Connection, mac_key: bytes, extent: Extent | None = None) -> Iterator[Fault]:
    """Yield everything that is wrong with the record, and with what it vouches for.

    Text, hash, MAC, columns and chain of each event; each sealed value that is kept, and each that is not; the heads
    of the streams; and whatever others have added to :mod:`compliance.audit.comparisons`. *extent* counts what was
    looked at. A bounded number of rows is in memory, however long the record.
    """
    walk = _Walk(connection, mac_key, extent or Extent())
    for batch in connection.execute(EVENTS, execution_options={"yield_per": BATCH}).partitions():
        yield from walk.look(batch)
    yield from walk.end()
    for things, compare in comparisons.added().items():
        walk.extent.compared[things] = 0
        for found in compare(connection):
            walk.extent.compared[things] += 1
            yield from found


class _Walk:
    """One pass over the events, in the order of their streams."""

    def __init__(self, connection: Connection, mac_key: bytes, extent: Extent) -> None:
        self.connection, self.mac_key, self.extent = connection, mac_key, extent
        self.newest: tuple[str, int, bytes] = ("", 0, b"")
        self.ended: dict[str, tuple[int, bytes]] = {}
        self.removed = self._removed()
        self.erasing: dict[uuid.UUID, frozenset[tuple[str, str]]] = {}

    def look(self, batch: Sequence[Any]) -> Iterator[Fault]:
        """Yield what is wrong with the next events."""
        openings = self._openings(batch)
        missing: list[tuple[Any, str]] = []
        for row in batch:
            entry, kept = check_event.parsed(row.entry), openings.get(row.event_id, [])
            yield from self._link(row, entry)
            yield from (Fault(row.stream, row.rev, what) for what in check_event.faults(row, entry, self.mac_key))
            sealed = check_event.seals(entry)
            self.extent.opened += len(kept)
            self.extent.copies += len(entry.get("subject", {}).get("copies", ())) if row.action == ERASED else 0
            for _, what in check_event.sealed_wrongly(sealed, kept):
                yield Fault(row.stream, row.rev, what)
            missing.extend((row, path) for path in sorted(sealed.keys() - {opening.path for opening in kept}))
        yield from self._erased(missing)
        if len(self.ended) >= BATCH:
            yield from self._heads()

    def end(self) -> Iterator[Fault]:
        """Yield what only the end shows: heads, streams without events, and values that belong to no event."""
        self._close()
        yield from self._heads()
        for row in self.connection.execute(WITHOUT_EVENTS, execution_options={"yield_per": BATCH}):
            yield Fault(row.stream, row.audit_rev, "the newest event is missing, and so is every other")
        stray = self.connection.execute(KEPT).scalar_one() - self.extent.opened
        if stray:
            yield Fault("audit_opening", 0, f"{stray} sealed values belong to no event")

    def _link(self, row: Any, entry: dict[str, Any]) -> Iterator[Fault]:  # noqa: ANN401 - a raw row
        """Yield where *row* does not follow the event before it."""
        if row.stream != self.newest[0]:
            self._close()
            self.newest = (row.stream, 0, b"")
            self.extent.streams += 1
        _, rev, head = self.newest
        if row.rev != rev + 1:
            yield Fault(row.stream, row.rev, f"it follows revision {rev}")
        if (entry.get("prev") or "") != head.hex():
            yield Fault(row.stream, row.rev, "it does not name the event before it")
        self.newest = (row.stream, row.rev, check_event.octets(row.leaf_hash))
        self.extent.events += 1

    def _close(self) -> None:
        name, rev, head = self.newest
        if name:
            self.ended[name] = (rev, head)

    def _heads(self) -> Iterator[Fault]:
        """Yield the streams that have ended elsewhere than their rows say, or have no row."""
        there = set()
        for row in self.connection.execute(HEADS, {"names": list(self.ended)}):
            there.add(row.stream)
            if self.ended[row.stream] != (row.audit_rev, check_event.octets(row.audit_head)):
                yield Fault(row.stream, row.audit_rev, "the newest event is missing or not the one its row names")
        for name in sorted(self.ended.keys() - there - self.removed):
            yield Fault(name, self.ended[name][0], "its row is gone, and no event says who took it away")
        self.ended.clear()

    def _openings(self, batch: Sequence[Any]) -> dict[str, list[Any]]:
        found = defaultdict(list)
        for row in self.connection.execute(check_event.OPENINGS, {"ids": _ids(row.event_id for row in batch)}):
            found[row.event_id].append(row)
        return found

    def _erased(self, missing: list[tuple[Any, str]]) -> Iterator[Fault]:
        """Yield the sealed values that are gone without an event that says who erased them."""
        ids = _ids({row.event_id for row, _ in missing})
        notes = self.connection.execute(ERASURES, {"ids": ids}) if ids else ()
        noted = {(row.event_id, row.path): row for row in notes}
        for row, path in missing:
            self.extent.erased += 1
            note = noted.get((row.event_id, path))
            if note is None or (row.event_id.replace("-", ""), path) not in self._named_in(note):
                yield Fault(row.stream, row.rev, GONE.format(path))

    def _named_in(self, note: Any) -> frozenset[tuple[str, str]]:  # noqa: ANN401 - a raw row
        """Return the values that the event behind *note* says were erased."""
        by = as_id(note.erased_by)
        if by is None:
            return frozenset()
        if by not in self.erasing:
            if len(self.erasing) >= REMEMBERED:
                self.erasing.clear()
            text = self.connection.execute(ENTRY, {"month": note.erased_month, "id": by}).scalar()
            entry = check_event.parsed(text or "")
            values = entry.get("subject", {}).get("values", []) if entry.get("action") == ERASED else []
            self.erasing[by] = frozenset((value["event"].replace("-", ""), value["path"]) for value in values)
        return self.erasing[by]

    def _removed(self) -> frozenset[str]:
        """Return the streams of which an event says that their cases were taken away."""
        entries = (check_event.parsed(text) for text in self.connection.execute(REMOVALS).scalars())
        return frozenset(name for entry in entries for name in entry.get("subject", {}).get("streams", ()))


def _ids(texts: Iterable[str]) -> list[uuid.UUID]:
    return [found for text in texts if (found := as_id(text))]
