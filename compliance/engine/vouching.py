"""Holding cases and determinations against the record, which names their digests: what was changed past it is found."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from compliance.audit import comparisons, erasing
from compliance.audit.comparisons import Fault
from compliance.audit.models import AuditEvent
from compliance.engine import content, determination, erased, vouched_columns, vouched_comments, vouching_looks
from compliance.engine.case import AnswerSheet, Case, CaseDocument, CaseVersion
from compliance.engine.determination import Determination
from compliance.engine.registry import registry
from compliance.kernel.db import table

BATCH: Final = 500
CHANGED: Final = "the case says something else than its newest event: {}"
NO_ROW: Final = "the event names a determination that is not there"
_CASE, _EVENT, _KEPT = table(Case).c, table(AuditEvent).c, table(Determination).c
_OF_CASE: Final = sa.and_(
    _EVENT.stream == _CASE.stream, _EVENT.rev == _CASE.audit_rev, _EVENT.month == _CASE.audit_month
)
_CASES: Final = (
    sa.select(
        *(_CASE[name] for name in ("id", "kind", "definition", "stream", "audit_rev", "state", "organisation_id")),
        *(_CASE[name] for name in ("content_version", "content_digest", "reference", "title", "sample", "team_id")),
        *(_CASE[name] for name in ("opened_by_id", "worker_id", "worker_organisation_id")),
        _EVENT.entry,
    )
    .join_from(table(Case), table(AuditEvent), _OF_CASE, isouter=True)
    .order_by(_CASE.id)
    .limit(BATCH)
)
_DETERMINATIONS: Final = (
    sa.select(table(Determination), _CASE.stream, _EVENT.entry)
    .join(table(Case), _CASE.id == _KEPT.case_id)
    .join(table(AuditEvent), sa.and_(_EVENT.stream == _CASE.stream, _EVENT.rev == _KEPT.rev), isouter=True)
    .order_by(_KEPT.id)
    .limit(BATCH)
)
# Canonical text sorts keys and writes no space; within a value its quotes would be escaped.
_NAMED: Final = (
    sa.select(_EVENT.stream, _EVENT.rev)
    .join(table(Case), _CASE.stream == _EVENT.stream)
    .where(
        _EVENT.entry.contains('"determination":{"digest":', autoescape=True),
        ~sa.exists().where(_KEPT.case_id == _CASE.id, _KEPT.rev == _EVENT.rev),
    )
    .execution_options(yield_per=BATCH)
)


def install() -> None:
    """Let every check of the record compare cases and determinations."""
    comparisons.add("cases", compare_cases)
    comparisons.add("determinations", compare_determinations)
    comparisons.add("comments", vouched_comments.compare)
    erasing.add("words of cases", erased.copies)
    comparisons.add("second opinions", vouching_looks.compare)


def compare_cases(connection: Connection) -> Iterator[list[Fault]]:
    """Yield, for each case, where its state, its terms, their versions, answers or documents are not what was told."""
    for rows in _pages(connection, _CASES, _CASE.id):
        told = _Contents(connection, rows)
        yield from ([Fault(row.stream, row.audit_rev, what) for what in told.faults(row)] for row in rows)


def compare_determinations(connection: Connection) -> Iterator[list[Fault]]:
    """Yield, for each determination, whether it is what its event vouches for; then those that are gone."""
    gone = erased.named(connection)
    for rows in _pages(connection, _DETERMINATIONS, _KEPT.id):
        yield from (_determination_faults(row, gone) for row in rows)
    for row in connection.execute(_NAMED):
        yield [Fault(row.stream, row.rev, NO_ROW)]


class _Contents:
    """What belongs to a page of cases, read in few statements."""

    def __init__(self, connection: Connection, rows: Sequence[Any]) -> None:
        ids = [row.id for row in rows]
        self.columns = vouched_columns.Said(connection, [row.stream for row in rows])
        self.versions = _grouped(connection, CaseVersion, ids, CaseVersion.number)
        self.sheets = _grouped(connection, AnswerSheet, ids, AnswerSheet.id)
        self.documents = _grouped(connection, CaseDocument, ids, CaseDocument.id)
        self.terms: dict[Any, dict[str, Any]] = {}
        for kind, version in sorted({(row.kind, row.definition) for row in rows}):
            if version in {one.version for one in registry().versions(kind)}:
                mine = [row.id for row in rows if (row.kind, row.definition) == (kind, version)]
                self.terms |= _terms(connection, kind, version, mine)

    def faults(self, row: Any) -> Iterator[str]:  # noqa: ANN401 - a raw row
        entry = json.loads(row.entry) if row.entry else {}
        subject = entry.get("subject", {})
        told = {
            "state": (row.state, entry.get("to")),
            "organisation": (str(row.organisation_id), entry.get("organisation")),
            "version of the terms": (row.content_version, subject.get("content")),
            "digest of the content": (row.content_digest, subject.get("digest")),
        }
        wrong = [name for name, (now, then) in told.items() if now != then]
        if wrong:
            yield CHANGED.format(", ".join(wrong))
        yield from self.columns.faults(row)
        yield from self._content_faults(row, subject.get("digest"))

    def _content_faults(self, row: Any, told: str | None) -> Iterator[str]:  # noqa: ANN401 - a raw row
        versions = self.versions[row.id]
        for version in versions:
            if content.digest_of(version.terms) != version.digest:
                yield f"version {version.number} of its terms is not what was written"
        if [version.number for version in versions] != list(range(1, row.content_version + 1)):
            yield "versions of its terms are missing"
        terms = self.terms.get(row.id)
        if terms is None:
            yield f"its terms are gone, or the process {row.kind}, version {row.definition}, is not installed"
            return
        digest = content.digest_of(terms)
        if versions and digest != versions[-1].digest:
            yield f"its terms are not those of version {versions[-1].number}"
        if content.digest_of_all(digest, self.sheets[row.id], self.documents[row.id]) != told:
            yield "terms, answers and documents are not those that its newest event vouches for"


def _terms(connection: Connection, kind: str, version: int, ids: Sequence[Any]) -> dict[Any, dict[str, Any]]:
    workflow = registry().process(kind, version).workflow
    with Session(connection, autoflush=False) as session:
        cases = session.scalars(sa.select(workflow.model).where(workflow.model.id.in_(ids)))
        return {case.id: content.terms_as_kept(case, workflow) for case in cases}


def _determination_faults(row: Any, erased_to: frozenset[str]) -> list[Fault]:  # noqa: ANN401 - a raw row
    values = {column.name: row._mapping[column] for column in table(Determination).columns}  # noqa: SLF001 - SQLAlchemy's own way
    digest = determination.digest_of_row(values)
    named = (json.loads(row.entry) if row.entry else {}).get("policy", {}).get("determination")
    stands = digest == row.digest or digest in erased_to
    if stands and named == {"number": row.number, "digest": row.digest}:
        return []
    return [Fault(row.stream, row.rev, f"determination {row.number} is not the one that its event vouches for")]


def _grouped(connection: Connection, model: Any, ids: Sequence[Any], order: Any) -> Mapping[Any, list[Any]]:  # noqa: ANN401 - a mapped class and its column
    found: dict[Any, list[Any]] = defaultdict(list)
    for row in connection.execute(sa.select(table(model)).where(table(model).c.case_id.in_(ids)).order_by(order)):
        found[row.case_id].append(row)
    return found


def _pages(connection: Connection, query: sa.Select[Any], key: sa.ColumnElement[Any]) -> Iterator[Sequence[Any]]:
    """Yield the rows of *query* a page at a time, by *key*."""
    after = None
    while rows := connection.execute(query if after is None else query.where(key > after)).all():
        yield rows
        after = rows[-1]._mapping[key]  # noqa: SLF001 - SQLAlchemy's own way
