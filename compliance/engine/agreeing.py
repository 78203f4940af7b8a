"""How often reviewers agree: with what the tests found, and with each other where one looked blind.

Everything is counted by the database, over cases that the reader may see; of the cases themselves none is loaded.
"""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from compliance.authz import Actor, visible_to
from compliance.engine.blind import SecondOpinion
from compliance.engine.calibrating import TOGETHER, Comparison
from compliance.engine.case import Case
from compliance.kernel.agreement import Agreement, agreement
from compliance.people.models import Organisation, Person
from compliance.rules.model import Outcome

STATUSES: Final = (Outcome.EMPLOYEE.value, Outcome.INDEPENDENT_CONTRACTOR.value)
OPEN: Final = Outcome.NEEDS_REVIEW.value


class Question(enum.StrEnum):
    """Whose agreement is asked for."""

    FINDINGS = "findings"
    REVIEWS = "reviews"


class By(enum.StrEnum):
    """What it is counted by."""

    TEST = "test"
    REVIEWER = "reviewer"
    CLIENT = "client"


class Which(enum.StrEnum):
    """Which pairs of those counted are listed."""

    DIFFER = "differ"
    LEFT_OPEN = "open"
    NO_STATUS = "no_status"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked: which agreement, by what, in which period, and of which test, reviewer or client alone."""

    question: Question = Question.FINDINGS
    by: By = By.TEST
    since: dt.date | None = None
    until: dt.date | None = None
    test: str | None = None
    reviewer: uuid.UUID | None = None
    client: uuid.UUID | None = None


@dataclass(slots=True)
class Counted:
    """The pairs of one test, reviewer or client.

    A finding that leaves the status open agrees with nothing and contradicts nothing, and neither does a decision that
    is no status; both are counted apart.
    """

    key: Any
    name: str
    pairs: dict[tuple[str, str], int] = field(default_factory=dict)
    left_open: int = 0
    no_status: int = 0

    def add(self, question: Question, first: str, second: str, count: int) -> None:
        """Count *count* pairs of what was said *first* and *second*."""
        if question is Question.FINDINGS and first not in STATUSES:
            self.left_open += count
        elif question is Question.FINDINGS and second not in STATUSES:
            self.no_status += count
        else:
            self.pairs[first, second] = self.pairs.get((first, second), 0) + count

    @property
    def agreement(self) -> Agreement:
        """How far the pairs agree."""
        return agreement(self.pairs)


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the tests, reviewers or clients, by name, and where the rest goes on."""

    rows: list[Counted]
    onward: tuple[str, str] | None


def overall(session: Session, asked: Asked, reader: Actor) -> Counted:
    """Return all pairs together."""
    pairs = _pairs(asked, reader, None).subquery()
    found = Counted(None, "")
    for first, second, count in session.execute(
        sa.select(pairs.c.first, pairs.c.second, sa.func.count()).group_by(pairs.c.first, pairs.c.second)
    ):
        found.add(asked.question, first, second, count)
    return found


def page(session: Session, asked: Asked, reader: Actor, after: tuple[str, str] | None, size: int) -> Page:
    """Return the pairs of *size* tests, reviewers or clients that follow *after* by name and key."""
    pairs = _pairs(asked, reader, asked.by).subquery()
    named = _names(session, asked.by, pairs, after, size + 1)
    rows = {key: Counted(key, name) for key, name in named[:size]}
    counts = sa.select(pairs.c.key, pairs.c.first, pairs.c.second, sa.func.count()).where(pairs.c.key.in_(list(rows)))
    for key, first, second, count in session.execute(counts.group_by(pairs.c.key, pairs.c.first, pairs.c.second)):
        rows[key].add(asked.question, first, second, count)
    last = named[size - 1] if len(named) > size else None
    return Page(list(rows.values()), (last[1], str(last[0])) if last else None)


def pages(session: Session, asked: Asked, reader: Actor, size: int) -> Iterator[Counted]:
    """Yield all tests, reviewers or clients, read a page at a time."""
    after: tuple[str, str] | None = None
    while True:
        found = page(session, asked, reader, after, size)
        yield from found.rows
        if found.onward is None:
            return
        after = found.onward


def tests(session: Session) -> list[str]:
    """Return the key of every test that found something, read off the index one after the other."""
    first = sa.select(sa.func.min(Comparison.test).label("test")).cte("walk", recursive=True)
    following = sa.select(sa.func.min(Comparison.test)).where(Comparison.test > first.c.test).scalar_subquery()
    walk = first.union_all(sa.select(following).where(first.c.test.is_not(None)))
    return [test for test in session.scalars(sa.select(walk.c.test)) if test not in {None, TOGETHER}]


def cases(
    session: Session, asked: Asked, which: Which, reader: Actor, before: uuid.UUID | None, size: int
) -> list[sa.Row[*tuple[Any, ...]]]:
    """Return the newest *size* pairs that differ (or are counted apart): id, case, both outcomes, both people, when."""
    query = _listed(asked, which, reader)
    row_id = _row_id(asked.question)
    if before is not None:
        query = query.where(row_id < before)
    return list(session.execute(query.order_by(row_id.desc()).limit(size)))


def _pairs(asked: Asked, reader: Actor, by: By | None) -> Any:  # noqa: ANN401 - a query, or two in one
    """Return the query for what was said first and second, with the key that it is counted by."""
    if asked.question is Question.FINDINGS:
        key: dict[By | None, Any] = {
            By.TEST: Comparison.test,
            By.REVIEWER: Comparison.decided_by_id,
            By.CLIENT: Comparison.organisation_id,
        }
        said = Comparison.found.label("first"), Comparison.decided.label("second")
        query = sa.select(key[by].label("key"), *said) if by else sa.select(*said)
        return _narrowed_findings(query, asked, reader, by)
    if by is By.REVIEWER:
        # Each counts for both of whom it is, so that everybody's agreement is with whomever they shared a case.
        first = (SecondOpinion.first_by_id, SecondOpinion.first_outcome, SecondOpinion.outcome)
        second = (SecondOpinion.given_by_id, SecondOpinion.outcome, SecondOpinion.first_outcome)
        parts = [
            _narrowed_reviews(
                sa.select(whose.label("key"), one.label("first"), other.label("second")), asked, reader, by
            ).where(*([whose == asked.reviewer] if asked.reviewer else []))
            for whose, one, other in (first, second)
        ]
        return sa.union_all(*parts)
    keys: dict[By | None, Any] = {By.TEST: Comparison.test, By.CLIENT: SecondOpinion.organisation_id}
    outcomes = SecondOpinion.first_outcome.label("first"), SecondOpinion.outcome.label("second")
    query = sa.select(keys[by].label("key"), *outcomes) if by else sa.select(*outcomes)
    return _narrowed_reviews(query, asked, reader, by)


def _narrowed_findings(query: Any, asked: Asked, reader: Actor, by: By | None) -> Any:  # noqa: ANN401 - whatever it selects
    of_test = Comparison.test == (asked.test or TOGETHER)
    if by is By.TEST and asked.test is None:
        of_test = Comparison.test != TOGETHER
    query = query.join(Case, Case.id == Comparison.case_id).where(of_test, visible_to(reader, Case))
    query = query.where(*_within(Comparison.decided_at, asked))
    if asked.reviewer:
        query = query.where(Comparison.decided_by_id == asked.reviewer)
    return query.where(Comparison.organisation_id == asked.client) if asked.client else query


def _narrowed_reviews(query: Any, asked: Asked, reader: Actor, by: By | None) -> Any:  # noqa: ANN401 - as above
    query = query.join_from(SecondOpinion, Case, Case.id == SecondOpinion.looked_at_id)
    query = query.where(visible_to(reader, Case), *_within(SecondOpinion.given_at, asked))
    if by is By.TEST or asked.test:
        query = query.join(Comparison, Comparison.determination_id == SecondOpinion.determination_id)
        query = query.where(Comparison.test == asked.test if asked.test else Comparison.test != TOGETHER)
    if asked.reviewer:
        query = query.where(
            sa.or_(SecondOpinion.first_by_id == asked.reviewer, SecondOpinion.given_by_id == asked.reviewer)
        )
    return query.where(SecondOpinion.organisation_id == asked.client) if asked.client else query


def _within(column: Any, asked: Asked) -> Iterable[sa.ColumnElement[bool]]:  # noqa: ANN401 - a column of instants
    """Yield the conditions of the period: from the first day to the last, both included."""
    if asked.since:
        yield column >= _midnight(asked.since)
    if asked.until:
        yield column < _midnight(asked.until) + dt.timedelta(days=1)


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), dt.UTC)


def _names(session: Session, by: By, pairs: Any, after: tuple[str, str] | None, size: int) -> list[tuple[Any, str]]:  # noqa: ANN401 - a subquery
    """Return the keys that there are with their names, in the order of these."""
    if by is By.TEST:
        query = sa.select(pairs.c.key).distinct().order_by(pairs.c.key).limit(size)
        if after:
            query = query.where(pairs.c.key > after[1])
        return [(key, key) for key in session.scalars(query)]
    model = Person if by is By.REVIEWER else Organisation
    there = sa.select(model.id, model.name).where(model.id.in_(sa.select(pairs.c.key)))
    if after:
        name, key = sa.literal(after[0], model.name.type), sa.literal(uuid.UUID(after[1]), model.id.type)
        there = there.where(sa.tuple_(model.name, model.id) > sa.tuple_(name, key))
    return [(row.id, row.name) for row in session.execute(there.order_by(model.name, model.id).limit(size))]


def _listed(asked: Asked, which: Which, reader: Actor) -> Any:  # noqa: ANN401 - a query of several columns
    if asked.question is Question.FINDINGS:
        query = sa.select(
            Comparison.determination_id.label("id"),
            Case,
            Comparison.found.label("first"),
            Comparison.decided.label("second"),
            sa.null().label("first_by"),
            Comparison.decided_by_id.label("second_by"),
            Comparison.decided_at.label("at"),
            sa.null().label("look"),
        ).select_from(Comparison)
        return _narrowed_findings(query, asked, reader, None).where(_kind_of_pair(which))
    query = sa.select(
        SecondOpinion.id.label("id"),
        Case,
        SecondOpinion.first_outcome.label("first"),
        SecondOpinion.outcome.label("second"),
        SecondOpinion.first_by_id.label("first_by"),
        SecondOpinion.given_by_id.label("second_by"),
        SecondOpinion.given_at.label("at"),
        SecondOpinion.case_id.label("look"),
    )
    return _narrowed_reviews(query, asked, reader, None).where(SecondOpinion.first_outcome != SecondOpinion.outcome)


def _kind_of_pair(which: Which) -> sa.ColumnElement[bool]:
    if which is Which.LEFT_OPEN:
        return Comparison.found == OPEN
    if which is Which.NO_STATUS:
        return sa.and_(Comparison.found != OPEN, Comparison.decided.not_in(STATUSES))
    return sa.and_(Comparison.found != OPEN, Comparison.decided.in_(STATUSES), Comparison.found != Comparison.decided)


def _row_id(question: Question) -> Any:  # noqa: ANN401 - a column of ids
    return Comparison.determination_id if question is Question.FINDINGS else SecondOpinion.id
