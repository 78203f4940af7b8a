"""What a case says: its terms as versions, and the digest that a decision is bound to."""

from __future__ import annotations

import datetime as dt
import decimal
import hashlib
import json
import uuid
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


def terms_of(move: Move) -> dict[str, Any]:
    """Return the terms as the case has them now."""
    return {name: plain(getattr(move.case, name)) for name in move.workflow.terms}


def keep_version(move: Move, before: dict[str, Any] | None = None) -> None:
    """Write a new version when the terms differ from the newest, and renew the digest of the content.

    With *before*, the terms as they stood ahead of a change, the newest version is asked for only when they differ.
    """
    terms = terms_of(move)
    digest = digest_of(terms)
    if terms != before and digest != _newest_digest(move):
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
    move.case.content_digest = content_digest(move.session, move.case, digest)


def _newest_digest(move: Move) -> str | None:
    of_case = sa.select(CaseVersion.digest).where(CaseVersion.case_id == move.case.id)
    found: str | None = move.session.scalar(of_case.order_by(CaseVersion.number.desc()).limit(1))
    return found


def content_digest(session: Session, case: Case, terms_digest: str) -> str:
    """Return the digest over terms, answers and documents: what a reviewer sees and decides on."""
    sheets = sa.select(AnswerSheet.id, AnswerSheet.party, AnswerSheet.rule_digest, AnswerSheet.answers)
    documents = sa.select(CaseDocument.id, sa.null(), CaseDocument.sha256, sa.cast(sa.null(), sa.JSON))
    both = sa.union_all(sheets.where(AnswerSheet.case_id == case.id), documents.where(CaseDocument.case_id == case.id))
    rows = sorted(session.execute(both).all(), key=lambda row: (row.party or "", row.id))
    return digest_of(
        {
            "terms": terms_digest,
            "answers": [list(row[1:]) for row in rows if row.party is not None],
            "documents": [row.rule_digest for row in rows if row.party is None],
        }
    )


def digest_of(document: object) -> str:
    """Return the SHA-256 of *document* as sorted, compact JSON."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
