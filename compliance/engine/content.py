"""What a case says: its terms as versions, and the digest that a decision is bound to."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import json
import uuid
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session
from wtforms import Form, StringField

from compliance.audit.sealed import Sealed
from compliance.engine.case import AnswerSheet, Case, CaseDocument, CaseVersion
from compliance.engine.move import Move


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


def keep_version(move: Move) -> None:
    """Write a new version when the terms differ from the newest, and renew the digest of the content."""
    terms = {name: plain(getattr(move.case, name)) for name in move.workflow.terms}
    digest = digest_of(terms)
    born = not move.case.audit_rev  # Nothing can belong yet to a case that is being opened.
    newest = None if born else _newest_digest(move)
    if digest != newest:
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
    move.case.content_digest = _digest_with(digest) if born else content_digest(move.session, move.case, digest)


def content_digest(session: Session, case: Case, terms_digest: str) -> str:
    """Return the digest over terms, answers and documents: what a reviewer sees and decides on."""
    sheets = session.execute(
        sa.select(AnswerSheet.party, AnswerSheet.rule_digest, AnswerSheet.answers)
        .where(AnswerSheet.case_id == case.id)
        .order_by(AnswerSheet.party)
    )
    documents = session.scalars(
        sa.select(CaseDocument.sha256)
        .where(CaseDocument.case_id == case.id, CaseDocument.withdrawn_at.is_(None))
        .order_by(CaseDocument.id)
    )
    return _digest_with(terms_digest, [list(row) for row in sheets], documents)


def _digest_with(terms_digest: str, answers: Iterable[Any] = (), documents: Iterable[str] = ()) -> str:
    return digest_of({"terms": terms_digest, "answers": list(answers), "documents": list(documents)})


def _newest_digest(move: Move) -> str | None:
    query = sa.select(CaseVersion.digest).where(CaseVersion.case_id == move.case.id)
    return move.session.scalar(query.order_by(CaseVersion.number.desc()).limit(1))


def digest_of(document: object) -> str:
    """Return the SHA-256 of *document* as sorted, compact JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
