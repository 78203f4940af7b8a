"""Copies of sealed words that stand beside the record: what is erased there is erased here too, and stays vouched for.

A determination holds the words of its decision, a comment its own. Where the sealed values of their event are erased,
the words go from the row; the event that erases them names the row, and the digest of what is left of a determination.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from compliance.audit.erasing import Copy
from compliance.audit.models import AuditEvent
from compliance.audit.vocabulary import Event
from compliance.engine import determination
from compliance.engine.case import Case, CaseComment
from compliance.engine.determination import Determination
from compliance.kernel.db import session, table

ERASED: Final = "Erased."
COMMENT: Final = "comment"
_CASE, _EVENT, _KEPT, _COMMENT = table(Case).c, table(AuditEvent).c, table(Determination).c, table(CaseComment).c
_WORDS: Final = ("reason", "conditions", "what_would_change_it")


def copies(event_ids: Collection[uuid.UUID]) -> Iterator[Copy]:
    """Yield every copy of words that the sealed values of the events hold."""
    yield from _of_determinations(event_ids)
    yield from _of_comments(event_ids)


def named(connection: Connection) -> frozenset[str]:
    """Return what the events of erasures name as erased: digests of determinations without words, ids of comments."""
    erasing = sa.select(_EVENT.entry).where(_EVENT.action == Event.RECORD_VALUES_ERASED)
    told = (copy for entry in connection.scalars(erasing) for copy in Copy.named_in(entry))
    return frozenset(copy.get("digest") or copy[COMMENT] for copy in told)


def _of_determinations(event_ids: Collection[uuid.UUID]) -> Iterator[Copy]:
    query = (
        sa.select(table(Determination))
        .join(table(Case), _CASE.id == _KEPT.case_id)
        .join(table(AuditEvent), sa.and_(_EVENT.stream == _CASE.stream, _EVENT.rev == _KEPT.rev))
        .where(_EVENT.event_id.in_(event_ids))
    )
    for found in session().execute(query.order_by(_KEPT.id)).mappings():
        row = {str(name): value for name, value in found.items()}
        left = _without_words(row)
        if left == {name: row[name] for name in left}:
            continue  # It holds no words, or they were erased before.
        digest = determination.digest_of_row({**row, **left})
        change = sa.update(table(Determination)).where(_KEPT.id == row["id"]).values(**left)
        yield Copy({"determination": str(row["id"]), "digest": digest}, change)


def _without_words(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the columns of words in *row* with what says that they were erased, where they said anything."""
    found: dict[str, Any] = {name: ERASED if row[name] else "" for name in _WORDS}
    factors = [{**factor, "text": ERASED if factor["text"] else ""} for factor in row["factors"]]
    return {**found, "factors": factors}


def _of_comments(event_ids: Collection[uuid.UUID]) -> Iterator[Copy]:
    told = sa.select(_EVENT.entry).where(_EVENT.event_id.in_(event_ids), _EVENT.action.endswith(f".{COMMENT}"))
    for entry in session().scalars(told):
        comment = comment_of(entry)
        if comment is not None:
            change = sa.update(table(CaseComment)).where(_COMMENT.id == comment).values(body=ERASED)
            yield Copy({COMMENT: str(comment)}, change)


def comment_of(entry: str) -> uuid.UUID | None:
    """Return which comment the event of *entry* tells of; older events do not say."""
    found = Copy.parsed(entry).get("changes", {}).get(COMMENT)
    return uuid.UUID(found[1]) if found else None
