"""The record as a table for people: who did what to which case, from where to where, and why, a row for each event."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa

from compliance.audit import check_event, export, opening
from compliance.engine.case import Case
from compliance.engine.telling import names_of
from compliance.kernel.db import session
from compliance.people.models import Organisation
from compliance.web import record_words

NOBODY: Final = "Countersign"
SEALED: Final = "Sealed; the programme's auditors can read it"
COLUMNS: Final = (
    "at", "reference", "what", "actor_name", "actor_role", "stands_for", "organisation", "from", "to", "reason",
    "reason_codes", "address", "event_id", "stream", "rev", "actor", "on_behalf_of", "action", "leaf_hash", "entry",
)  # fmt: skip


def layout(*, opens: bool) -> export.Layout:
    """Return the layout of the table; reasons and addresses stand in clear for those for whom the record *opens*."""

    def tell(batch: Sequence[export.Entry]) -> Iterator[dict[str, Any]]:
        words = _Words(batch)
        kept = _kept(batch) if opens else {}
        for found in batch:
            if opens:
                entry, _ = opening.opened(found.text, kept.get(str(found.event.event_id).replace("-", ""), ()))
            else:
                entry = opening.closed(found.text, SEALED)
            yield words.row(found, entry)

    return export.as_csv(COLUMNS, tell)


class _Words:
    """The names of a batch of events, looked up in few statements."""

    def __init__(self, batch: Sequence[export.Entry]) -> None:
        events = [found.event for found in batch]
        persons = {text for event in events for text in (event.actor_id, event.stands_for_id) if text}
        self.names = names_of(session(), persons)
        cases = sa.select(Case.stream, Case.reference).where(Case.stream.in_({event.stream for event in events}))
        self.references = {row.stream: row.reference for row in session().execute(cases)}
        at = {event.organisation_id for event in events if event.organisation_id}
        organisations = sa.select(Organisation.id, Organisation.name).where(Organisation.id.in_(at))
        self.organisations: dict[uuid.UUID, str] = {row.id: row.name for row in session().execute(organisations)}

    def row(self, found: export.Entry, entry: Mapping[str, Any]) -> dict[str, Any]:
        event = found.event
        at = event.organisation_id
        return {
            "at": entry["at"],
            "reference": self.references.get(event.stream),
            "what": record_words.label(event.action),
            "actor_name": self.names.get(event.actor_id, NOBODY),
            "actor_role": str(entry["actor"].get("role", "")).replace("_", " ").capitalize(),
            "stands_for": self.names.get(event.stands_for_id or ""),
            "organisation": self.organisations.get(at, str(at)) if at else None,
            "from": record_words.state(event, entry.get("from")),
            "to": record_words.state(event, entry.get("to")),
            "reason": entry.get("reason"),
            "reason_codes": _codes(entry),
            "address": (entry.get("req") or {}).get("ip"),
            "event_id": event.event_id,
            "stream": event.stream,
            "rev": event.rev,
            "actor": event.actor_id,
            "on_behalf_of": event.stands_for_id,
            "action": event.action,
            "leaf_hash": event.leaf_hash.hex(),
            "entry": found.text,
        }


def _codes(entry: Mapping[str, Any]) -> str | None:
    change = (entry.get("changes") or {}).get("reason_codes")
    after = change[1] if isinstance(change, list) and len(change) == 2 else None  # noqa: PLR2004 - before and after
    return "; ".join(str(one) for one in after) if isinstance(after, list) else after


def _kept(batch: Sequence[export.Entry]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in session().execute(check_event.OPENINGS, {"ids": [one.event.event_id for one in batch]}):
        found[row.event_id.replace("-", "")].append(row)
    return found
