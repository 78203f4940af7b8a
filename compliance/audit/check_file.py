"""Checking an exported file against the record: that it is whole, and byte for byte what was handed over."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from compliance.audit import check_event

FORMAT: Final = "audit-export/1"
CUT: Final = "it was cut: its last line is not the one with which an export ends"
CHANGED: Final = "it was changed: its lines are not those that its last line counts and vouches for"
UNKNOWN: Final = "the record does not say that this export came to its end, or names another content"
ENDED: Final = sa.text(
    f"SELECT {check_event.COLUMNS} FROM audit_event WHERE action = 'export.ended' AND entry LIKE :part"  # noqa: S608 - constant
)


def faults(lines: Iterable[bytes], connection: Connection, mac_key: bytes) -> Iterator[str]:
    """Yield what is wrong with the file that consists of *lines*; the record in the database says what it was."""
    digest, last = hashlib.sha256(), b""
    for line in lines:
        digest.update(last)
        last = line
    trailer = _trailer(last)
    if trailer.get("v") != FORMAT or not last.endswith(b"\n"):
        yield CUT
    elif trailer.get("sha256") != digest.hexdigest():
        yield CHANGED
    elif not _is_on_record(trailer, connection, mac_key):
        yield UNKNOWN


def _trailer(line: bytes) -> dict[str, Any]:
    """Return what the last line says: in a table its last cell does."""
    text = line.decode("utf-8", "replace")
    if text.startswith('"'):
        text = next(csv.reader([text], strict=False), [""])[-1]
    return check_event.parsed(text)


def _is_on_record(trailer: dict[str, Any], connection: Connection, mac_key: bytes) -> bool:
    part = f'%"export":"{trailer.get("export")}"%'
    for row in connection.execute(ENDED, {"part": part}):
        entry = check_event.parsed(row.entry)
        said = entry.get("subject") or {}
        if not list(check_event.faults(row, entry, mac_key)) and all(trailer.get(name) == said[name] for name in said):
            return True
    return False
