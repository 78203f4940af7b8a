"""Checking the record in the database. Nothing here is shared with the code that writes it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

EVENTS: Final = sa.text(
    "SELECT stream, rev, actor_id, action, entry, leaf_hash, mac FROM audit_event ORDER BY stream, rev"
)
HEADS: Final = sa.text(
    "SELECT stream, audit_rev, audit_head FROM cases UNION ALL SELECT name, audit_rev, audit_head FROM audit_stream"
)
OPENINGS: Final = sa.text("SELECT count(*) FROM audit_opening")
SEAL: Final = '{"$sealed":'  # As canonical text writes it; within a value its quotes would be escaped.


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it was written: where, and what."""

    stream: str
    rev: int
    what: str

    def __str__(self) -> str:
        """Return the fault as a line of a report."""
        return f"{self.stream} revision {self.rev}: {self.what}"


@dataclass(slots=True)
class Extent:
    """How much of the record was looked at; of the sealed values, how many can still be opened and how many not."""

    streams: int = 0
    events: int = 0
    opened: int = 0
    erased: int = 0

    def __str__(self) -> str:
        """Return the counts as a line of a report."""
        return (
            f"{self.events} events in {self.streams} streams; "
            f"sealed values: {self.opened} can be opened, {self.erased} were erased"
        )


def faults(connection: Connection, mac_key: bytes, extent: Extent | None = None) -> Iterator[Fault]:
    """Yield everything that is wrong with the record: text, hash, MAC, columns, chain, and the heads of the cases.

    *extent* counts what was looked at.
    """
    extent = extent or Extent()
    stream, rev, head = "", 0, b""
    heads: dict[str, tuple[int, bytes]] = {}
    for row in connection.execution_options(yield_per=1000).execute(EVENTS):
        if row.stream != stream:
            stream, rev, head = row.stream, 0, b""
            extent.streams += 1
        extent.events += 1
        extent.erased += row.entry.count(SEAL)
        yield from _event_faults(row, rev, head, mac_key)
        rev, head = row.rev, bytes(row.leaf_hash)
        heads[stream] = (rev, head)
    extent.opened = connection.execute(OPENINGS).scalar_one()
    extent.erased -= extent.opened
    for row in connection.execute(HEADS):
        if heads.get(row.stream) != (row.audit_rev, bytes(row.audit_head or b"")):
            yield Fault(row.stream, row.audit_rev, "the newest event is missing or not the one its row names")


def _event_faults(row: Any, rev: int, head: bytes, mac_key: bytes) -> Iterator[Fault]:  # noqa: ANN401 - a raw row
    raw = row.entry.encode()
    if hashlib.sha256(b"\0" + raw).digest() != bytes(row.leaf_hash):
        yield Fault(row.stream, row.rev, "the hash does not fit the text")
    if not hmac.compare_digest(hmac.digest(mac_key, raw, "sha256"), bytes(row.mac)):
        yield Fault(row.stream, row.rev, "it was not written by this installation")
    entry = json.loads(raw)
    columns = (row.stream, row.rev, row.actor_id, row.action)
    if (entry["stream"], entry["rev"], entry["actor"]["id"], entry["action"]) != columns:
        yield Fault(row.stream, row.rev, "the columns say something else than the text")
    if row.rev != rev + 1:
        yield Fault(row.stream, row.rev, f"it follows revision {rev}")
    if (entry["prev"] or "") != head.hex():
        yield Fault(row.stream, row.rev, "it does not name the event before it")
