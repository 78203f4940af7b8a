"""Documents of a case: who may add them when, what a file must be, and who gets to see which."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from compliance.authz import Actor, Allow, is_at_desk, is_worker
from compliance.engine import file_types
from compliance.engine.case import Case, CaseDocument
from compliance.engine.errors import EngineError, InvalidInputError, NotFoundError
from compliance.engine.file_types import FileType, UnfitFileError
from compliance.kernel import clock, file_names, files, scanning
from compliance.kernel.files import Arrived, FileTooLargeError, Readable

MAX_BYTES: Final = 16_000_000
NO_FILE: Final = "Choose a file."
TOO_LARGE: Final = f"A file may have at most {MAX_BYTES // 1_000_000} MB. Make it smaller, or split it."
INFECTED: Final = "The virus scanner refused this file. It was not kept. Check the machine that it comes from."


class LargeFileError(EngineError):
    """The file is larger than any document may be."""

    status = 413
    code = "too_large"


class NoScannerError(EngineError):
    """Files are to be scanned, and the scanner does not answer: what nobody looked at is not kept."""

    status = 503
    code = "scanner"
    retry_after = 60


class LostFileError(EngineError):
    """The case has the document, and the data directory does not have its bytes."""

    status = 503
    code = "lost_file"


@dataclass(frozen=True, slots=True)
class Documents:
    """What a process says of documents: who beside the desk adds them in which states, and how many.

    The desk (whoever works on the cases) may always. ``closed`` is the sentence for whoever comes in another state.
    """

    allow: Allow
    states: tuple[enum.StrEnum, ...]
    closed: str
    most: int = 50
    most_bytes: int = 200_000_000


@dataclass(frozen=True, slots=True)
class Examined:
    """A file that has arrived and was looked at: what a form's file field takes, and nothing else does."""

    arrived: Arrived
    name: str
    kind: FileType


@dataclass(frozen=True, slots=True)
class Shown:
    """A document as a reader may see it."""

    id: uuid.UUID
    name: str
    media_type: str
    size: int
    sha256: str
    party: str
    internal: bool
    expires_on: dt.date | None
    expired: bool
    added_by_id: uuid.UUID | None
    added_at: dt.datetime
    withdrawn_at: dt.datetime | None


@contextmanager
def examined(given_name: str | None, stream: Readable) -> Iterator[Examined]:
    """Give the block the file from *stream*, looked at and scanned; it is gone afterwards unless an action kept it.

    To be called before the action, so that no lock is held meanwhile. Raises :class:`InvalidInputError` for its field
    ``file``, :class:`LargeFileError` and :class:`NoScannerError`.
    """
    if not given_name:
        raise InvalidInputError({"file": [NO_FILE]})
    name = file_names.clean(given_name)
    try:
        with files.documents().receive(stream, MAX_BYTES) as arrived:
            kind = file_types.type_of(name, arrived.path)
            if not scanning.is_clean(current_app.config["SETTINGS"].scan_command, arrived.path):
                raise InvalidInputError({"file": [INFECTED]})
            yield Examined(arrived, name, kind)
    except FileTooLargeError:
        raise LargeFileError(TOO_LARGE) from None
    except UnfitFileError as unfit:
        raise InvalidInputError({"file": [str(unfit)]}) from None
    except scanning.ScannerError:
        raise NoScannerError("Files cannot be scanned right now, so none is taken. Try again in a minute.") from None


def party_of(actor: Actor, case: Case) -> str:
    """Return on whose side *actor* adds something to *case*."""
    if is_at_desk(actor, case):
        return "desk"
    return "freelancer" if is_worker(actor, case) else "client"


def of_case(session: Session, case: Case, reader: Actor) -> list[Shown]:
    """Return the documents of *case* that *reader* may see, oldest first; withdrawn ones only for the desk."""
    query = sa.select(CaseDocument).where(CaseDocument.case_id == case.id, *_seen_by(reader, case))
    today = clock.now().date()
    return [_shown(row, today) for row in session.scalars(query.order_by(CaseDocument.id))]


def find(session: Session, case: Case, document_id: str, reader: Actor) -> Shown:
    """Return one document of *case*; raises :class:`NotFoundError` alike for what is not there or out of sight."""
    try:
        wanted = uuid.UUID(document_id)
    except ValueError:
        wanted = uuid.UUID(int=0)
    query = sa.select(CaseDocument).where(
        CaseDocument.id == wanted, CaseDocument.case_id == case.id, *_seen_by(reader, case)
    )
    row = session.scalar(query)
    if row is None:
        raise NotFoundError("There is no such document here for you. Look at the list of the case.")
    return _shown(row, clock.now().date())


def was_added(session: Session, case: Case, party: str, since: dt.datetime) -> bool:
    """Tell whether *party* has added a document since then that still stands."""
    found = sa.select(CaseDocument.id).where(
        CaseDocument.case_id == case.id,
        CaseDocument.party == party,
        CaseDocument.added_at >= since,
        CaseDocument.withdrawn_at.is_(None),
    )
    return session.scalar(found.limit(1)) is not None


def named(session: Session, case: Case) -> dict[str, CaseDocument]:
    """Return every document of *case* by its id, whoever may see it: for telling what happened, not for showing."""
    rows = session.scalars(sa.select(CaseDocument).where(CaseDocument.case_id == case.id))
    return {str(row.id): row for row in rows}


def _seen_by(reader: Actor, case: Case) -> list[sa.ColumnElement[bool]]:
    if is_at_desk(reader, case):
        return []
    return [CaseDocument.internal.is_(False), CaseDocument.withdrawn_at.is_(None)]


def _shown(row: CaseDocument, today: dt.date) -> Shown:
    return Shown(
        id=row.id,
        name=row.name,
        media_type=row.media_type,
        size=row.size,
        sha256=row.sha256,
        party=row.party,
        internal=row.internal,
        expires_on=row.expires_on,
        expired=row.expires_on is not None and row.expires_on < today,
        added_by_id=row.added_by_id,
        added_at=row.added_at,
        withdrawn_at=row.withdrawn_at,
    )
