"""Checking one event: its text against hash, MAC and columns, and what opens its sealed values against their seals.

Columns come as text, so that one in which anything at all was written is a fault and no failure.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa

COLUMNS: Final = (
    "month, CAST(event_id AS TEXT) AS event_id, stream, rev, CAST(at AS TEXT) AS at, actor_id, stands_for_id, action, "
    "CAST(organisation_id AS TEXT) AS organisation_id, entry, leaf_hash, mac"
)
OPENINGS: Final = sa.text(
    "SELECT CAST(event_id AS TEXT) AS event_id, path, salt, CAST(value AS TEXT) AS value "
    "FROM audit_opening WHERE event_id IN :ids ORDER BY event_id, path"
).bindparams(sa.bindparam("ids", expanding=True, type_=sa.Uuid()))
SEAL: Final = "$sealed"
SEALING: Final = b"audit-sealed/1\0"


def parsed(text: str) -> dict[str, Any]:
    """Return the entry that *text* writes; an empty one where it writes none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def faults(row: Any, entry: Mapping[str, Any], mac_key: bytes) -> Iterator[str]:  # noqa: ANN401 - a raw row
    """Yield what is wrong with the text of *row*, its hash, its MAC, and the columns that repeat parts of *entry*."""
    raw = row.entry.encode()
    if hashlib.sha256(b"\0" + raw).digest() != octets(row.leaf_hash):
        yield "the hash does not fit the text"
    if not hmac.compare_digest(hmac.digest(mac_key, raw, "sha256"), octets(row.mac)):
        yield "it was not written by this installation"
    said, copied = _said(entry), _copied(row)
    wrong = [name for name, value in copied.items() if value != said[name]]
    if wrong:
        yield f"the columns say something else than the text: {', '.join(wrong)}"


def seals(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the commitments in *entry* by the paths at which they stand."""
    return dict(_seals(entry, ()))


def sealed_wrongly(sealed: Mapping[str, str], openings: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Yield path and sentence of each of *openings* that is not what was sealed."""
    for opening in openings:
        if opening.path not in sealed:
            yield opening.path, f"a value is kept for “{opening.path}”, where nothing was sealed"
        elif _commitment(opening) != sealed[opening.path]:
            yield opening.path, f"the value kept for “{opening.path}” is not the one that was sealed"


def octets(value: Any) -> bytes:  # noqa: ANN401 - whatever stands in the column
    """Return *value* as bytes; an empty column holds none."""
    return value.encode() if isinstance(value, str) else bytes(value or b"")


def _said(entry: Mapping[str, Any]) -> dict[str, Any]:
    actor, at = entry.get("actor") or {}, str(entry.get("at", ""))
    return {
        "month": at[:4] + at[5:7],
        "event_id": _plain(entry.get("id")),
        "stream": entry.get("stream"),
        "rev": entry.get("rev"),
        "at": at,
        "actor_id": actor.get("id"),
        "stands_for_id": _plain(actor.get("on_behalf_of")),
        "action": entry.get("action"),
        "organisation_id": _plain(entry.get("organisation")),
    }


def _copied(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a raw row
    return {
        "month": str(row.month),
        "event_id": _plain(row.event_id),
        "stream": row.stream,
        "rev": row.rev,
        "at": _instant(row.at),
        "actor_id": row.actor_id,
        "stands_for_id": _plain(row.stands_for_id),
        "action": row.action,
        "organisation_id": _plain(row.organisation_id),
    }


def _plain(text: str | None) -> str | None:
    """Return an id without the dashes that one database writes and the other does not."""
    return text.replace("-", "") if text else None


def _instant(text: str) -> str:
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    utc = at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
    return f"{utc:%Y-%m-%dT%H:%M:%S}.{utc.microsecond // 1000:03d}Z"


def _seals(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - any JSON value
    if isinstance(value, dict):
        if set(value) == {SEAL}:
            yield "/".join(path), value[SEAL]
            return
        for key, item in value.items():
            yield from _seals(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _seals(item, (*path, str(index)))


def _commitment(opening: Any) -> str:  # noqa: ANN401 - a raw row
    try:
        value = json.loads(opening.value)
    except (ValueError, RecursionError):
        return ""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    raw = SEALING + octets(opening.salt) + text.encode("utf-8", "surrogatepass")
    return base64.b64encode(hashlib.sha256(raw).digest()).decode()
