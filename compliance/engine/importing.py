"""Importing many cases from one file: looked at first, confirmed by a person, and then all of them or none.

Every row goes through the form and the guards that one case goes through, twice: when the file is looked at, and when
the cases are opened, by the engine's one way to open them.
"""

from __future__ import annotations

import csv
import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TextIO

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from compliance.audit import events
from compliance.audit.vocabulary import Event
from compliance.authz import Actor
from compliance.engine import import_files, run
from compliance.engine.definition import Workflow
from compliance.engine.documents import LargeFileError
from compliance.engine.errors import InvalidInputError, NotFoundError, RefusedError
from compliance.engine.import_files import Row
from compliance.engine.import_models import BatchState, ImportBatch, ImportFault
from compliance.engine.registry import registry
from compliance.engine.run import Opening
from compliance.kernel import clock, file_names, files
from compliance.kernel.cells import harmless
from compliance.kernel.db import session, table
from compliance.kernel.files import Arrived, FileMissingError, FileTooLargeError, Readable
from compliance.kernel.ids import new_id

MAX_BYTES: Final = 16_000_000
_OPEN: Final = (BatchState.WAITING.value, BatchState.FAULTY.value)
KEPT_FOR: Final = dt.timedelta(days=1)
LONGEST_VALUE: Final = 80
FAULT_COLUMNS: Final = ("line", "column", "value", "what is wrong", "what to do")
TOO_LARGE: Final = f"A file may have at most {MAX_BYTES // 1_000_000} MB. Split it, and import the parts in turn."
LAPSED: Final = "This file was kept for a day and is forgotten. Send it again."
DONE: Final = "This import is done already. Nothing was opened a second time."
_NO_CHOICE: Final = "Not a valid choice."  # What WTForms says of a value that is not on its list.
NO_CHOICE: Final = "“{}” is none of the values that this column takes."
_NO_DAY: Final = "Not a valid date value."  # As above, of a day.
NO_DAY: Final = "“{}” is no day that can be read."
_SAID_BETTER: Final = {_NO_CHOICE: NO_CHOICE, _NO_DAY: NO_DAY}
SAME_FILE: Final = "This very file was imported before. Say that you mean it again, or leave it."


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one row: where, which value, what, and what to do."""

    line: int
    column: str
    value: str
    sentence: str
    advice: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that was looked at row by row."""

    kind: str
    where: Opening
    name: str
    rows: int
    faults: list[Fault]

    @property
    def faulty_rows(self) -> int:
        """How many rows have at least one fault."""
        return len({fault.line for fault in self.faults})


def check(kind: str, actor: Actor, arrived: Arrived, name: str, where: Opening) -> Checked:
    """Look at every row as *actor* would open it.

    Raises :class:`~compliance.engine.import_files.ImportFileError` for the file as a whole.
    """
    workflow = registry().process(kind).workflow
    rows = import_files.read(arrived.path.read_bytes(), name, workflow.open_form)
    faults = [fault for row in rows for fault in _faults(workflow, actor, row, where)]
    return Checked(kind, where, file_names.clean(name), len(rows), faults)


@contextmanager
def arriving(stream: Readable) -> Iterator[Arrived]:
    """Give the block the file from *stream*, gone afterwards unless it was staged; raises :class:`LargeFileError`."""
    try:
        with files.imports().receive(stream, MAX_BYTES) as arrived:
            yield arrived
    except FileTooLargeError:
        raise LargeFileError(TOO_LARGE) from None


def stage(checked: Checked, actor: Actor, arrived: Arrived) -> ImportBatch:
    """Keep the file for a day, so that it can be confirmed, with what is wrong with it."""
    now = clock.now()
    files.imports().keep(arrived)
    batch = ImportBatch(
        id=new_id(),
        kind=checked.kind,
        organisation_id=checked.where.organisation_id,
        team_id=checked.where.team_id,
        brought_by_id=actor.id,
        file_name=checked.name,
        sha256=arrived.sha256,
        rows=checked.rows,
        faulty_rows=checked.faulty_rows,
        state=(BatchState.FAULTY if checked.faults else BatchState.WAITING).value,
        brought_at=now,
        lapses_at=now + KEPT_FOR,
    )
    session().add(batch)
    session().flush()
    rows = [_fault_row(batch, number, fault) for number, fault in enumerate(checked.faults, start=1)]
    if rows:
        session().execute(sa.insert(table(ImportFault)), rows)
    return batch


def find(kind: str, batch_id: str, actor: Actor, *, lock: bool = False) -> ImportBatch:
    """Return an import that *actor* could have made; raises :class:`NotFoundError` alike for all others."""
    try:
        wanted = uuid.UUID(batch_id)
    except ValueError:
        wanted = uuid.UUID(int=0)
    query = sa.select(ImportBatch).where(ImportBatch.id == wanted, ImportBatch.kind == kind)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    batch = session().scalar(query)
    allow = registry().process(kind).workflow.may_open
    if batch is None or not allow.permits_in(actor, batch.organisation_id, batch.team_id):
        raise NotFoundError("There is no such import here for you. Go back to the list.")
    return batch


def earlier(batch: ImportBatch) -> ImportBatch | None:
    """Return the newest import of the very same file for the same client, or ``None``."""
    query = sa.select(ImportBatch).where(
        ImportBatch.organisation_id == batch.organisation_id,
        ImportBatch.kind == batch.kind,
        ImportBatch.sha256 == batch.sha256,
        ImportBatch.state == BatchState.DONE.value,
        ImportBatch.id != batch.id,
    )
    return session().scalar(query.order_by(ImportBatch.done_at.desc()).limit(1))


def has_lapsed(batch: ImportBatch) -> bool:
    """Tell whether the file of *batch* is gone, or about to be."""
    return batch.state == BatchState.LAPSED or (batch.state != BatchState.DONE and batch.lapses_at <= clock.now())


def carry_out(batch: ImportBatch, actor: Actor, *, again: bool = False, hand_in: bool = False) -> ImportBatch:
    """Open every case of *batch*, which :func:`find` locked; raises :class:`EngineError`, and then none is opened.

    With *hand_in*, each is handed in at once where its guards allow; the others stay as they are.
    """
    _refuse_state(batch)
    if not again and earlier(batch) is not None:
        raise RefusedError(SAME_FILE)
    _mark_done(batch, actor, again=again)
    workflow = registry().process(batch.kind).workflow
    where = Opening(batch.organisation_id, batch.team_id, batch=batch.id)
    rows = _rows_of(batch, workflow)
    line = 0

    def values() -> Iterator[dict[str, Any]]:
        nonlocal line
        for row in rows:
            line = row.line
            yield row.values

    try:
        for outcome in run.open_many(batch.kind, actor, values(), where):
            batch.handed_in += hand_in and _hand_in(workflow, outcome, actor)
    except (InvalidInputError, RefusedError) as refused:
        raise RefusedError(f"Line {line} is refused by now: {refused.sentence} Nothing was imported.") from refused
    _record(batch, actor)
    session().flush()
    return batch


def faults_of(batch: ImportBatch, after: int = 0, size: int | None = None) -> list[ImportFault]:
    """Return what is wrong with the rows of *batch*, in order, from the one numbered *after* on."""
    query = sa.select(ImportFault).where(ImportFault.batch_id == batch.id, ImportFault.number > after)
    return list(session().scalars(query.order_by(ImportFault.number).limit(size)))


def write_faults(out: TextIO, faults: Iterable[Fault | ImportFault]) -> None:
    """Write *faults* as CSV; what a spreadsheet would run is made text."""
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(FAULT_COLUMNS)
    for fault in faults:
        cells = (fault.line, fault.column, fault.value, fault.sentence, fault.advice)
        writer.writerow([harmless(cell) for cell in cells])


def forget() -> int:
    """Let go of the files that nobody confirmed within a day; return how many imports lapsed. The caller commits."""
    due = sa.select(ImportBatch).where(ImportBatch.state.in_(_OPEN), ImportBatch.lapses_at <= clock.now())
    lapsed = session().scalars(due.with_for_update(skip_locked=True)).all()
    for batch in lapsed:
        batch.state = BatchState.LAPSED.value
        session().execute(sa.delete(table(ImportFault)).where(ImportFault.batch_id == batch.id))
    session().flush()
    for sha256 in files.imports().older_than(KEPT_FOR):
        still = sa.select(ImportBatch.id).where(ImportBatch.sha256 == sha256, ImportBatch.state.in_(_OPEN))
        if session().scalar(still.limit(1)) is None:
            files.imports().forget(sha256)
    files.imports().tidy()
    return len(lapsed)


def _faults(workflow: Workflow, actor: Actor, row: Row, where: Opening) -> Iterator[Fault]:
    form = workflow.open_form()
    wrong = {name: [sentence] for name, sentence in row.wrong.items()}
    refusal = run.refusal_of_opening(workflow.kind, actor, row.values, where)
    if isinstance(refusal, InvalidInputError):
        wrong = {**refusal.errors, **wrong}
    elif refusal is not None:
        yield Fault(row.line, "", "", refusal.sentence)
    for name, sentences in wrong.items():
        advice = import_files.how_to_write(form[name])
        given = _shown(row.typed.get(name, row.values.get(name)))
        sentence = " ".join(sentences)
        if given and sentence in _SAID_BETTER:
            sentence = _SAID_BETTER[sentence].format(given)
        yield Fault(row.line, name, given, sentence, "" if advice == sentence else advice)


def _shown(value: object) -> str:
    text = "" if value is None else ", ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _fault_row(batch: ImportBatch, number: int, fault: Fault) -> dict[str, Any]:
    named = {name: getattr(fault, name) for name in Fault.__slots__}
    return {"batch_id": batch.id, "number": number, **named}


def _refuse_state(batch: ImportBatch) -> None:
    if batch.state == BatchState.DONE:
        raise RefusedError(DONE)
    if has_lapsed(batch):
        raise RefusedError(LAPSED)
    if batch.state == BatchState.FAULTY:
        raise RefusedError("Rows of this file are refused, so none is imported. Correct them and send the file again.")


def _mark_done(batch: ImportBatch, actor: Actor, *, again: bool) -> None:
    """Take the file's one place among the imports that are done, before anything is opened."""
    batch.state, batch.again = BatchState.DONE.value, again
    batch.done_at, batch.done_by_id = clock.now(), actor.id
    try:
        session().flush()
    except IntegrityError:
        raise RefusedError(SAME_FILE) from None


def _rows_of(batch: ImportBatch, workflow: Workflow) -> list[Row]:
    try:
        content = files.imports().path(batch.sha256).read_bytes()
    except FileMissingError:
        raise RefusedError(LAPSED) from None
    return import_files.read(content, batch.file_name, workflow.open_form)


def _hand_in(workflow: Workflow, outcome: run.Outcome, actor: Actor) -> bool:
    """Hand a case in that was just opened; tell whether it was possible."""
    case = outcome.case
    try:
        run.fire(workflow.kind, case.reference, workflow.submit, actor, {}, seen=case.content_digest)
    except (InvalidInputError, RefusedError):
        return False
    return True


def _record(batch: ImportBatch, actor: Actor) -> None:
    said = {"batch": str(batch.id), "kind": batch.kind, "sha256": batch.sha256, "rows": batch.rows}
    events.append(
        "log",
        Event.IMPORT_MADE,
        actor,
        organisation_id=batch.organisation_id,
        subject=said | {"handed_in": batch.handed_in, "again": batch.again},
    )
