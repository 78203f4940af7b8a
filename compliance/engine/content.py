"""What a case says: its terms as versions, and the digest that a decision is bound to."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import json
import uuid
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, Final

import sqlalchemy as sa
from wtforms import Form, StringField

from compliance.audit.sealed import Sealed
from compliance.engine.case import AnswerSheet, CaseDocument, CaseVersion
from compliance.engine.move import Move
from compliance.kernel.db import direct, table

if TYPE_CHECKING:
    from compliance.engine.definition import Workflow

_SHEET, _DOCUMENT = table(AnswerSheet).c, table(CaseDocument).c
# Answers and documents in one round trip; what one of them has not is null.
_ANSWERS_AND_DOCUMENTS: Final = sa.union_all(
    sa.select(
        _SHEET.id,
        _SHEET.party,
        _SHEET.rule_digest,
        _SHEET.answers,
        sa.cast(sa.null(), sa.Text()).label("sha256"),
        sa.false().label("internal"),
    ).where(_SHEET.case_id == sa.bindparam("case_id")),
    sa.select(
        _DOCUMENT.id,
        _DOCUMENT.party,
        sa.cast(sa.null(), sa.Text()),
        sa.cast(sa.null(), sa.JSON()),
        _DOCUMENT.sha256,
        _DOCUMENT.internal,
    ).where(_DOCUMENT.case_id == sa.bindparam("case_id"), _DOCUMENT.withdrawn_at.is_(None)),
)


def plain(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """Return *value* as JSON carries it: numbers with a fraction and times as text."""
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal | uuid.UUID):
        return str(value)
    return value


def take_terms(move: Move, form: Form) -> None:
    """Write what *form* says into the columns of the same name, and note each change for the record.

    Text that people typed is sealed in the record, so that it can be erased; numbers, dates and choices are not.
    """
    for field in form:
        name = field.short_name
        if name not in sa.inspect(type(move.case)).column_attrs:
            continue
        free_text = isinstance(field, StringField)
        old, new = getattr(move.case, name), move.fact(name)
        if new is None and free_text:
            new = ""  # A field left out says the same as a field left empty.
        if old == new:
            continue
        setattr(move.case, name, new)
        before, after = plain(old), plain(new)
        move.changes[name] = [Sealed(before), Sealed(after)] if free_text else [before, after]


def restore_terms(move: Move, number: int, names: Collection[str]) -> None:
    """Write the terms called *names* back as version *number* has them, and note each change as a form's would be."""
    kept = sa.select(CaseVersion.terms).where(CaseVersion.case_id == move.case.id, CaseVersion.number == number)
    terms = move.session.execute(kept).scalar_one()
    columns = sa.inspect(type(move.case)).columns
    for name in sorted(names):
        now, then = plain(getattr(move.case, name)), terms.get(name)
        if now == then or name not in terms:  # A version may be older than one of the terms.
            continue
        is_day = isinstance(columns[name].type, sa.Date)
        setattr(move.case, name, dt.date.fromisoformat(then) if is_day else then)
        move.changes[name] = [Sealed(now), Sealed(then)] if isinstance(then, str) and not is_day else [now, then]


def terms_of(move: Move) -> dict[str, Any]:
    """Return the terms as the case has them now."""
    return terms_as_kept(move.case, move.workflow)


def terms_as_kept(case: Any, workflow: Workflow) -> dict[str, Any]:  # noqa: ANN401 - the process's own model
    """Return the terms of *case* as its versions keep them, by the definition *workflow*."""
    return {name: plain(getattr(case, name)) for name in workflow.terms}


def keep_version(move: Move, *, anew: bool = False) -> None:
    """Write a new version when the terms differ from the newest, and renew the digest of the content.

    The newest version is read only when a term was touched: terms change by actions alone, and each keeps its version.
    With *anew* it is read all the same, since other columns may be the terms now.
    """
    terms = terms_of(move)
    digest = digest_of(terms)
    born = not move.case.audit_rev  # Nothing can belong yet to a case that is being opened.
    if born or ((anew or _is_touched(move)) and digest != _newest_digest(move)):
        move.case.content_version += 1
        move.session.add(
            CaseVersion(
                case_id=move.case.id,
                number=move.case.content_version,
                terms=terms,
                digest=digest,
                made_by_id=move.actor.id,
                made_at=move.at,
            )
        )
    move.case.content_digest = _digest_with(digest) if born else _content_digest(move, digest)


def _content_digest(move: Move, terms_digest: str) -> str:
    """Return the digest over terms, answers and documents: what a reviewer sees and decides on."""
    rows = direct(move.session, _ANSWERS_AND_DOCUMENTS, {"case_id": move.case.id}).all()
    documents = sorted((row for row in rows if row.sha256 is not None), key=lambda row: row.id)
    move.documents = tuple((row.party, row.sha256) for row in documents if not row.internal)
    return digest_of_all(terms_digest, [row for row in rows if row.sha256 is None], documents)


def digest_of_all(terms_digest: str, sheets: Iterable[Any], documents: Iterable[Any]) -> str:
    """Return the digest over terms, answer sheets and documents, the latter in the order of their ids.

    Documents that were taken back do not count.
    """
    answers = sorted((row.party, row.rule_digest, row.answers) for row in sheets)
    standing = [row.sha256 for row in documents if getattr(row, "withdrawn_at", None) is None]
    return _digest_with(terms_digest, answers, standing)


def _digest_with(terms_digest: str, answers: Iterable[Any] = (), documents: Iterable[str] = ()) -> str:
    return digest_of({"terms": terms_digest, "answers": list(answers), "documents": list(documents)})


def _is_touched(move: Move) -> bool:
    """Tell whether this attempt wrote to one of the terms."""
    return not sa.inspect(move.case).unmodified.issuperset(move.workflow.terms)


def _newest_digest(move: Move) -> str | None:
    newest = sa.select(CaseVersion.digest).where(CaseVersion.case_id == move.case.id)
    found: str | None = move.session.scalar(newest.order_by(CaseVersion.number.desc()).limit(1))
    return found


def digest_of(document: object) -> str:
    """Return the SHA-256 of *document* as sorted, compact JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
