"""Holding second opinions against the record, which names their digests: what was changed past it is found."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from compliance.audit.comparisons import Fault
from compliance.audit.models import AuditEvent
from compliance.engine import blind
from compliance.engine.blind import SecondOpinion
from compliance.engine.case import Case
from compliance.kernel.db import table

BATCH: Final = 500
CHANGED: Final = "the second opinion is not the one that its event vouches for"
NO_ROW: Final = "the event names a second opinion that is not there"
_CASE, _EVENT, _GIVEN = table(Case).c, table(AuditEvent).c, table(SecondOpinion).c
_OPINIONS: Final = (
    sa.select(table(SecondOpinion), _CASE.stream, _EVENT.entry)
    .join(table(Case), _CASE.id == _GIVEN.case_id)
    .join(table(AuditEvent), sa.and_(_EVENT.stream == _CASE.stream, _EVENT.rev == _GIVEN.rev), isouter=True)
    .execution_options(yield_per=BATCH)
)
_NAMED: Final = (
    sa.select(_EVENT.stream, _EVENT.rev)
    .join(table(Case), _CASE.stream == _EVENT.stream)
    .where(
        _EVENT.entry.contains('"second_opinion":{"determination":', autoescape=True),
        ~sa.exists().where(_GIVEN.case_id == _CASE.id, _GIVEN.rev == _EVENT.rev),
    )
    .execution_options(yield_per=BATCH)
)


def compare(connection: Connection) -> Iterator[list[Fault]]:
    """Yield, for each second opinion, whether it is what its event vouches for; then those that are gone."""
    for row in connection.execute(_OPINIONS):
        yield _faults(row)
    for row in connection.execute(_NAMED):
        yield [Fault(row.stream, row.rev, NO_ROW)]


def _faults(row: sa.Row[*tuple[Any, ...]]) -> list[Fault]:
    values = {column.name: row._mapping[column] for column in table(SecondOpinion).columns}  # noqa: SLF001 - SQLAlchemy's own way
    named = (json.loads(row.entry) if row.entry else {}).get("policy", {}).get("second_opinion", {})
    if blind.digest_of_row(values) == row.digest == named.get("digest"):
        return []
    return [Fault(row.stream, row.rev, CHANGED)]
