"""Many offers from one file: every row as if by hand, all of them or none, once."""

import csv
import io
import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.engine import importing, run
from compliance.engine.errors import NotAllowedError, NotFoundError, RefusedError
from compliance.engine.import_models import ImportBatch, ImportFault
from compliance.engine.run import Opening
from compliance.kernel import files
from compliance.kernel.db import engine, session
from tests import make
from tests.offer.scene import TERMS, UNCHARTED, Desk
from workflows.offer.model import Offer


def table_of(*changes: dict[str, str]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, [*TERMS, "former_employee"])
    writer.writeheader()
    for number, change in enumerate(changes):
        writer.writerow({**TERMS, **UNCHARTED, "title": f"Work {number}", **change})
    return out.getvalue().encode()


def brought(desk: Desk, content: bytes, name: str = "offers.csv", who: Actor | None = None) -> ImportBatch:
    with importing.arriving(io.BytesIO(content)) as arrived:
        checked = importing.check("offer", who or desk.mona, arrived, name, Opening(desk.client.id))
        batch = importing.stage(checked, who or desk.mona, arrived)
    session().commit()
    return batch


def carried_out(desk: Desk, batch: ImportBatch, **asked: bool) -> ImportBatch:
    found = importing.find("offer", str(batch.id), desk.mona, lock=True)
    try:
        done = importing.carry_out(found, desk.mona, **asked)
    except Exception:
        session().rollback()
        raise
    session().commit()
    return done


def offers() -> list[Offer]:
    found = list(session().scalars(sa.select(Offer).order_by(Offer.id)))
    session().commit()  # An open transaction of the test would hold up a request.
    return found


def test_every_row_becomes_a_draft_with_its_own_event_under_one_batch(desk: Desk) -> None:
    batch = brought(desk, table_of({}, {"currency": "EUR"}, {}))
    assert (batch.state, batch.rows, batch.faulty_rows) == ("waiting", 3, 0)
    assert offers() == []
    assert carried_out(desk, batch).handed_in == 0
    found = offers()
    assert [offer.title for offer in found] == ["Work 0", "Work 1", "Work 2"]
    assert {offer.state for offer in found} == {"draft"}
    assert len({offer.reference for offer in found}) == 3
    events = session().scalars(sa.select(AuditEvent).order_by(AuditEvent.event_id)).all()
    opened = [json.loads(event.entry) for event in events if event.action == "offer.open"]
    assert [entry["subject"]["batch"] for entry in opened] == [str(batch.id)] * 3
    made = next(json.loads(event.entry) for event in events if event.action == "import.made")
    assert made["subject"] == {
        "batch": str(batch.id), "kind": "offer", "sha256": batch.sha256, "rows": 3, "handed_in": 0, "again": False,
    }  # fmt: skip


def test_an_imported_offer_is_the_same_as_one_opened_by_hand(desk: Desk) -> None:
    desk.open(title="Work 0", **UNCHARTED)
    by_hand = desk.offer(desk.mona)
    carried_out(desk, brought(desk, table_of({})))
    imported = offers()[-1]
    assert imported.reference != by_hand.reference
    assert imported.content_digest == by_hand.content_digest
    assert (imported.content_version, imported.audit_rev, imported.due_at) == (1, 1, by_hand.due_at)


def test_more_rows_than_a_chunk_are_opened_in_order(desk: Desk) -> None:
    carried_out(desk, brought(desk, table_of(*[{}] * (2 * run.CHUNK + 1))))
    assert [offer.title for offer in offers()] == [f"Work {number}" for number in range(2 * run.CHUNK + 1)]


def test_bad_rows_are_named_with_line_column_value_and_advice(desk: Desk) -> None:
    bad: list[dict[str, str]] = [{}] * 40
    bad[7] = {"amount": "lots"}
    bad[20] = {"starts_on": "soon", "contract_type": "barter"}
    bad[39] = {"freelancer_email": "mona@example.com"}
    batch = brought(desk, table_of(*bad))
    assert (batch.state, batch.rows, batch.faulty_rows) == ("faulty", 40, 3)
    found = [(fault.line, fault.column, fault.value) for fault in importing.faults_of(batch)]
    assert sorted(found) == [
        (9, "amount", "lots"), (22, "contract_type", "barter"), (22, "starts_on", "soon"), (41, "", ""),
    ]  # fmt: skip
    advice = {fault.column: fault.advice for fault in importing.faults_of(batch)}
    assert advice["contract_type"] == "One of: fixed, hourly."
    assert advice["starts_on"] == "Write it as 2026-12-31: year, month, day; no other form is read."
    with pytest.raises(RefusedError, match="Correct them"):
        carried_out(desk, batch)
    assert offers() == []


def test_what_is_wrong_is_shown_as_it_was_typed(desk: Desk) -> None:
    batch = brought(desk, table_of({"contract_type": "barter"}, {"former_employee": "perhaps"}))
    choice, box = importing.faults_of(batch)
    assert (choice.value, choice.sentence) == ("barter", "“barter” is none of the values that this column takes.")
    assert (box.value, box.sentence) == ("perhaps", "Write yes or no.")


@pytest.mark.parametrize("written", ["31/12/2026", "31.12.2026", "12-31-2026", "2026-02-30", "1 April 2026", "46113"])
def test_a_day_in_another_form_is_shown_with_the_one_form_that_is_read(desk: Desk, written: str) -> None:
    (fault,) = importing.faults_of(brought(desk, table_of({"ends_on": written})))
    assert (fault.line, fault.column, fault.value) == (2, "ends_on", written)
    assert fault.sentence == f"“{written}” is no day that can be read."
    assert fault.advice == "Write it as 2026-12-31: year, month, day; no other form is read."


def test_what_is_wrong_comes_as_a_table_without_formulas(desk: Desk) -> None:
    batch = brought(desk, table_of({"title": "=HYPERLINK(1)"}, {"description": "@too short"}))
    out = io.StringIO(newline="")
    importing.write_faults(out, importing.faults_of(batch))
    rows = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert [row["value"] for row in rows] == ["'=HYPERLINK(1)", "'@too short"]
    assert "apostrophe" in rows[0]["what is wrong"]


def test_rows_are_handed_in_where_their_guards_allow(desk: Desk) -> None:
    batch = brought(desk, table_of({}, {"starts_on": "2026-01-01"}, {}))
    assert carried_out(desk, batch, hand_in=True).handed_in == 2
    assert [offer.state for offer in offers()] == ["submitted", "draft", "submitted"]


def test_an_import_is_done_once(desk: Desk) -> None:
    batch = brought(desk, table_of({}))
    carried_out(desk, batch)
    with pytest.raises(RefusedError, match="done already"):
        carried_out(desk, batch)
    assert len(offers()) == 1


def test_the_same_file_is_imported_again_only_when_that_is_said(desk: Desk) -> None:
    carried_out(desk, brought(desk, table_of({})))
    second = brought(desk, table_of({}))
    before = importing.earlier(second)
    assert before is not None
    with pytest.raises(RefusedError, match="imported before"):
        carried_out(desk, second)
    assert len(offers()) == 1
    carried_out(desk, second, again=True)
    assert len(offers()) == 2


def test_of_two_who_confirm_the_same_file_at_once_the_database_stops_one(desk: Desk) -> None:
    first, second = brought(desk, table_of({})), brought(desk, table_of({}))
    statement = sa.text("UPDATE import_batch SET state = 'done' WHERE id = :id")
    with engine().begin() as connection:
        connection.execute(statement.bindparams(sa.bindparam("id", first.id, ImportBatch.id.type)))
    session().expire_all()
    found = importing.find("offer", str(second.id), desk.mona, lock=True)
    with pytest.raises(RefusedError, match="imported before"):
        importing._mark_done(found, desk.mona, again=False)  # noqa: SLF001 - past the question that a race would pass too
    session().rollback()


def test_a_row_that_is_refused_by_now_undoes_the_whole_import(desk: Desk) -> None:
    rows: list[dict[str, str]] = [{} for _ in range(run.CHUNK + 10)]
    rows[run.CHUNK + 5] = {"freelancer_email": "new.name@example.com"}
    batch = brought(desk, table_of(*rows))
    session().execute(sa.text("UPDATE person SET email = 'new.name@example.com' WHERE name = 'Mona'"))
    session().commit()
    with pytest.raises(RefusedError, match=f"Line {run.CHUNK + 7} is refused by now: You cannot"):
        carried_out(desk, batch)
    assert offers() == []
    assert session().get_one(ImportBatch, batch.id).state == "waiting"
    assert session().scalars(sa.select(AuditEvent).where(AuditEvent.action == "import.made")).all() == []


def test_a_file_lapses_after_a_day_with_all_that_was_kept_of_it(desk: Desk, monday: time_machine.Traveller) -> None:
    waiting, faulty = brought(desk, table_of({})), brought(desk, table_of({"amount": "x"}))
    monday.shift(timedelta(days=1, seconds=1))
    assert importing.has_lapsed(waiting)
    with pytest.raises(RefusedError, match="kept for a day"):
        carried_out(desk, waiting)
    assert importing.forget() >= 2
    session().commit()
    assert session().get_one(ImportBatch, faulty.id).state == "lapsed"
    assert session().scalars(sa.select(ImportFault)).all() == []
    for batch in (waiting, faulty):
        with pytest.raises(RefusedError, match="kept for a day"):
            carried_out(desk, batch)


def test_a_file_that_is_gone_from_the_data_directory_has_lapsed(desk: Desk) -> None:
    batch = brought(desk, table_of({"title": "Lost"}))
    files.imports().forget(batch.sha256)
    with pytest.raises(RefusedError, match="Send it again"):
        carried_out(desk, batch)
    assert session().get_one(ImportBatch, batch.id).state == "waiting"


def test_only_who_may_open_there_brings_or_finds_an_import(desk: Desk) -> None:
    batch = brought(desk, table_of({}))
    stranger = make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other"))
    for who in (stranger, desk.rita, desk.fay, make.actor("Vic", Role.VIEWER, at=desk.client)):
        with pytest.raises(NotFoundError):
            importing.find("offer", str(batch.id), who)
        with pytest.raises(NotAllowedError):
            brought(desk, table_of({}), who=who)
        session().rollback()
    for address in ("x", "9" * 400, str(desk.client.id)):
        with pytest.raises(NotFoundError):
            importing.find("offer", address, desk.mona)
    with pytest.raises(NotFoundError):
        importing.find("permit", str(batch.id), desk.mona)


@pytest.mark.slow
def test_of_ten_thousand_rows_the_three_that_are_wrong_are_named_and_nothing_is_written(desk: Desk) -> None:
    wrong = {0: "lots", 4_999: "-1", 9_999: ""}
    content = table_of(*({"amount": wrong[number]} if number in wrong else {} for number in range(10_000)))
    events = sa.select(sa.func.count()).select_from(AuditEvent)
    before = session().scalar(events)
    batch = brought(desk, content)
    assert (batch.rows, batch.faulty_rows, batch.state) == (10_000, 3, "faulty")
    # The names of the columns are the first line.
    faults = session().execute(sa.select(ImportFault.line, ImportFault.value).order_by(ImportFault.number)).all()
    assert [tuple(fault) for fault in faults] == [(2, "lots"), (5_001, "-1"), (10_001, "")]
    with pytest.raises(RefusedError):
        carried_out(desk, batch)
    assert offers() == []
    assert session().scalar(events) == before
