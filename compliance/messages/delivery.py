"""Sending what waits: mail that is due goes to a job as a batch, and the job sends it one by one.

A batch is taken and its job enqueued in one transaction, so that a mail is in one job's hands at a time. What the job
has sent is noted mail by mail; whatever stops it, the rest is sent by whoever goes on with the job, or by another job
once the batch is overdue.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa
import structlog
from flask import current_app

from compliance.kernel import clock, db, jobs
from compliance.kernel.db import session, table
from compliance.kernel.ids import new_id
from compliance.messages.carriers import Carrier, carrier, is_final
from compliance.messages.letters import letter
from compliance.messages.models import MailMessage
from compliance.settings import Settings

JOB: Final = "mail.send"
BATCH: Final = 50
# How long a batch may lie in a job's hands; far longer than a batch takes, and than a dead worker's job lies idle.
IN_HAND: Final = dt.timedelta(minutes=30)
PAUSES: Final = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480, 1440))
KEPT: Final = dt.timedelta(days=90)
FAILED_WORDS_KEPT: Final = dt.timedelta(days=30)
LONGEST_FAULT: Final = 300

log = structlog.get_logger()


def is_due() -> bool:
    """Tell whether mail waits to be sent now."""
    return session().scalar(sa.select(MailMessage.id).where(*_due()).limit(1)) is not None


def hand_over() -> int:
    """Give the mail that is due to a job, in a transaction of its own; return how many that were."""
    active = session()
    due = sa.select(MailMessage.id).where(*_due()).order_by(MailMessage.due_at).limit(BATCH)
    ids = list(active.scalars(due.with_for_update(skip_locked=True)))
    if ids:
        active.execute(
            sa.update(table(MailMessage)).where(MailMessage.id.in_(ids)).values(due_at=clock.now() + IN_HAND)
        )
        jobs.enqueue(JOB, str(new_id()), [[str(mail_id) for mail_id in ids]])
    active.commit()
    return len(ids)


def send(ids: Sequence[str]) -> int:
    """Send those of the mails that still wait, each noted in a transaction of its own; return how many were sent."""
    settings: Settings = current_app.config["SETTINGS"]
    chosen, sent = carrier(settings), 0
    try:
        for mail_id in ids:
            sent += _send(uuid.UUID(mail_id), chosen, settings)
    finally:
        chosen.close()
    return sent


def retry(mail_id: uuid.UUID) -> bool:
    """Let a mail that failed be tried from the beginning; tell whether there was one."""
    failed = sa.update(table(MailMessage)).where(MailMessage.id == mail_id, MailMessage.failed_at.is_not(None))
    values = {"failed_at": None, "attempts": 0, "fault": "", "due_at": clock.now()}
    return _rows(failed.where(MailMessage.text != "").values(values)) == 1


def cancel(mail_id: uuid.UUID) -> bool:
    """Give up a mail that waits; tell whether there was one."""
    waiting = sa.update(table(MailMessage)).where(MailMessage.id == mail_id, *_waiting())
    return _rows(waiting.values(failed_at=clock.now(), fault="Cancelled by an administrator.")) == 1


def forget() -> None:
    """Delete sent mail that is old, and wipe the words of mail that failed long ago."""
    now, active = clock.now(), session()
    active.execute(sa.delete(table(MailMessage)).where(MailMessage.sent_at < now - KEPT))
    old = sa.update(table(MailMessage)).where(MailMessage.failed_at < now - FAILED_WORDS_KEPT)
    active.execute(old.where(MailMessage.text != "").values(text="", subject=""))


def _send(mail_id: uuid.UUID, chosen: Carrier, settings: Settings) -> int:
    """Send one mail, with no transaction open meanwhile: a slow server must hold up nobody."""
    db.begin_reading()
    mail = session().get(MailMessage, mail_id)
    session().expunge_all()  # Else reading the mail would begin another transaction.
    session().rollback()
    if mail is None or mail.sent_at or mail.failed_at:
        return 0
    try:
        chosen.carry(mail.id, letter(mail, settings))
    except Exception as fault:  # noqa: BLE001 - whatever is wrong with one mail, the others of its batch go out
        _note_fault(mail, fault)
        return 0
    waiting = sa.update(table(MailMessage)).where(MailMessage.id == mail_id, MailMessage.sent_at.is_(None))
    session().execute(waiting.values(sent_at=clock.now(), text="", subject="", fault=""))
    session().commit()
    return 1


def _note_fault(mail: MailMessage, fault: Exception) -> None:
    now, attempts = clock.now(), mail.attempts + 1
    over = is_final(fault) or attempts > len(PAUSES)
    words = f"{type(fault).__name__}: {fault}"[:LONGEST_FAULT]
    values = {"attempts": attempts, "fault": words, "failed_at": now if over else None}
    if not over:
        values["due_at"] = now + PAUSES[attempts - 1]
    session().execute(sa.update(table(MailMessage)).where(MailMessage.id == mail.id, *_waiting()).values(values))
    session().commit()
    (log.error if over else log.warning)("mail_not_sent", mail=str(mail.id), attempts=attempts, fault=words)


def _waiting() -> tuple[sa.ColumnElement[bool], ...]:
    return MailMessage.sent_at.is_(None), MailMessage.failed_at.is_(None)


def _due() -> tuple[sa.ColumnElement[bool], ...]:
    return (*_waiting(), MailMessage.due_at <= clock.now())


def _rows(statement: sa.Update) -> int:
    result = session().execute(statement)
    assert isinstance(result, sa.CursorResult)  # noqa: S101 - tells the type checker what an update returns
    return result.rowcount
