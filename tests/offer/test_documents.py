"""Documents of an offer: who adds them when, what is refused, and that a decision is bound to them."""

import io
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.exc import DBAPIError

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.engine import documents, run, telling
from compliance.engine.case import CaseDocument
from compliance.engine.documents import Shown
from compliance.engine.errors import InvalidInputError, MovedOnError, NotAllowedError, NotFoundError, RefusedError
from compliance.engine.registry import registry
from compliance.kernel import files
from compliance.kernel.db import engine, session
from tests import make, papers
from tests.offer.scene import APPROVAL, Desk


def add(desk: Desk, who: Actor, content: bytes = papers.PDF, name: str = "proof.pdf", **typed: str) -> Shown:
    with documents.examined(name, io.BytesIO(content)) as file, undone_when_refused():
        run.fire("offer", desk.reference, "add_document", who, {"file": file, **typed})
    session().commit()
    return documents.of_case(session(), desk.offer(who), who)[-1]


@contextmanager
def undone_when_refused() -> Iterator[None]:
    try:
        yield
    except Exception:
        session().rollback()
        raise


def listed(desk: Desk, who: Actor) -> list[str]:
    return [one.name for one in documents.of_case(session(), desk.offer(who), who)]


def test_client_freelancer_and_desk_add_documents_that_all_three_see(desk: Desk) -> None:
    desk.in_review()
    add(desk, desk.mona, name="scope.pdf")
    add(desk, desk.fay, papers.TEXT, "insurance.txt", expires_on="2026-12-31")
    found = add(desk, desk.rita, papers.png(), "note.png")
    assert (found.party, found.media_type, found.size) == ("desk", "image/png", len(papers.png()))
    for who in (desk.mona, desk.fay, desk.rita):
        assert listed(desk, who) == ["scope.pdf", "insurance.txt", "note.png"]
    assert files.documents().path(found.sha256).read_bytes() == papers.png()


def test_the_record_holds_digest_size_and_type_and_seals_the_name(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.mona)
    event = session().scalars(sa.select(AuditEvent).where(AuditEvent.action == "offer.add_document")).one()
    changes = json.loads(event.entry)["changes"]
    assert changes["document"] == [None, str(found.id)]
    assert changes["sha256"] == [None, found.sha256]
    assert changes["size"] == [None, len(papers.PDF)]
    assert changes["type"] == [None, "application/pdf"]
    assert list(changes["name"][1]) == ["$sealed"]
    assert "proof.pdf" not in event.entry


def test_a_decision_form_that_was_opened_before_is_refused(desk: Desk) -> None:
    desk.in_review()
    seen = desk.offer(desk.rita).content_digest
    found = add(desk, desk.fay)
    with pytest.raises(MovedOnError, match="changed after you opened"):
        run.fire("offer", desk.reference, "approve", desk.rita, APPROVAL, seen=seen)
    session().rollback()
    desk.act(desk.fay, "withdraw_document", document=str(found.id), reason="The wrong one.")
    assert desk.offer(desk.rita).content_digest == seen
    assert desk.act(desk.rita, "approve", **APPROVAL) == "enterprise_ready"


def test_after_the_decision_only_the_desk_adds(desk: Desk) -> None:
    desk.approved()
    for who in (desk.mona, desk.fay):
        with pytest.raises(RefusedError, match="Ask the desk"):
            add(desk, who)
    add(desk, desk.rita)
    desk.act(desk.mona, "begin_onboarding")
    add(desk, desk.fay, papers.TEXT, "signed.txt")


def test_whoever_has_no_part_in_the_offer_adds_nothing(desk: Desk) -> None:
    desk.in_review()
    viewer = make.actor("Vic", Role.VIEWER, at=desk.client)
    with pytest.raises(NotAllowedError):
        add(desk, viewer)
    stranger = make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other"))
    with pytest.raises(NotFoundError):
        add(desk, stranger)


def test_what_the_desk_keeps_to_itself_is_seen_by_nobody_else(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.rita, name="suspicion.pdf", internal="true")
    assert listed(desk, desk.sue) == ["suspicion.pdf"]
    for who in (desk.mona, desk.fay):
        offer = desk.offer(who)
        assert listed(desk, who) == []
        with pytest.raises(NotFoundError):
            documents.find(session(), offer, str(found.id), who)
        workflow = registry().process("offer").workflow
        told = telling.history(session(), offer, workflow, who)
        assert "add_document" not in {one.name for one in told}
    # The same file from a party is no twin of what they must not know of.
    assert add(desk, desk.mona).party == "client"
    assert not add(desk, desk.fay, papers.TEXT, "mine.txt", internal="true").internal


def test_an_internal_document_cannot_be_withdrawn_by_a_party_that_guesses_it(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.rita, internal="true")
    with pytest.raises(NotFoundError):
        desk.act(desk.mona, "withdraw_document", document=str(found.id), reason="Gone.")


def test_the_history_names_the_file(desk: Desk) -> None:
    desk.in_review()
    add(desk, desk.mona, name="scope.pdf")
    workflow = registry().process("offer").workflow
    newest = telling.history(session(), desk.offer(desk.fay), workflow, desk.fay)[0]
    assert (newest.title, newest.body, newest.actor) == ("Add a document", "scope.pdf", "Mona")


def test_the_same_file_twice_is_noted_and_not_doubled(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.mona, name="first.pdf")
    with pytest.raises(RefusedError, match="here already, as “first"):
        add(desk, desk.fay, name="second.pdf")
    desk.act(desk.mona, "withdraw_document", document=str(found.id), reason="Mistake.")
    assert add(desk, desk.fay, name="second.pdf").name == "second.pdf"


def test_a_withdrawn_document_is_left_to_the_desk_alone(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.mona)
    desk.act(desk.mona, "withdraw_document", document=str(found.id), reason="The wrong one.")
    assert listed(desk, desk.mona) == listed(desk, desk.fay) == []
    assert documents.find(session(), desk.offer(desk.rita), str(found.id), desk.rita).withdrawn_at is not None
    with pytest.raises(NotFoundError):
        desk.act(desk.mona, "withdraw_document", document=str(found.id), reason="Again.")


def test_nobody_withdraws_what_another_side_added(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.mona)
    for who in (desk.fay, desk.rita):
        with pytest.raises(RefusedError, match="Somebody else's side"):
            desk.act(who, "withdraw_document", document=str(found.id), reason="Not good.")


@pytest.mark.parametrize("document,error", [("x", InvalidInputError), (str(uuid.UUID(int=7)), NotFoundError)])
def test_a_document_that_is_none_cannot_be_withdrawn(desk: Desk, document: str, error: type[Exception]) -> None:
    desk.in_review()
    with pytest.raises(error):
        desk.act(desk.mona, "withdraw_document", document=document, reason="Gone.")


def test_a_document_of_another_offer_is_not_found_here(desk: Desk) -> None:
    desk.in_review()
    found = add(desk, desk.mona)
    desk.in_review(title="Another one")
    with pytest.raises(NotFoundError):
        documents.find(session(), desk.offer(desk.rita), str(found.id), desk.rita)
    with pytest.raises(NotFoundError):
        desk.act(desk.mona, "withdraw_document", document=str(found.id), reason="Gone.")


def test_a_document_past_its_date_is_marked(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.in_review()
    assert not add(desk, desk.fay, expires_on="2026-03-02").expired
    monday.shift(timedelta(days=1))
    assert documents.of_case(session(), desk.offer(desk.fay), desk.fay)[0].expired


def test_a_case_holds_only_so_many(desk: Desk) -> None:
    desk.in_review()
    for number in range(50):
        add(desk, desk.mona, f"{number}".encode(), f"{number}.txt")
    with pytest.raises(RefusedError, match="at most 50 documents"):
        add(desk, desk.mona)


@pytest.mark.parametrize("given", [{}, {"file": "text"}, {"file": ""}, {"file": 5}])
def test_only_a_file_that_was_looked_at_counts_as_one(desk: Desk, given: dict[str, object]) -> None:
    desk.in_review()
    with pytest.raises(InvalidInputError) as refused:
        run.fire("offer", desk.reference, "add_document", desk.mona, given)
    assert list(refused.value.errors) == ["file"]


def test_a_file_where_text_belongs_is_refused(desk: Desk) -> None:
    desk.in_review()
    with documents.examined("a.txt", io.BytesIO(b"a")) as file, pytest.raises(InvalidInputError) as refused:
        run.fire("offer", desk.reference, "comment", desk.mona, {"body": file})
    assert refused.value.errors == {"body": ["This takes text, not a file."]}


def test_a_refused_file_leaves_neither_row_nor_bytes(desk: Desk) -> None:
    desk.in_review()
    before = set(files.documents().root.rglob("*"))
    with pytest.raises(InvalidInputError):
        add(desk, desk.mona, papers.EXE)
    assert set(files.documents().root.rglob("*")) - {files.documents().root / "arriving"} <= before
    assert session().scalars(sa.select(CaseDocument)).all() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_document SET sha256 = 'x'",
        "UPDATE case_document SET withdrawn_at = NULL WHERE withdrawn_at IS NOT NULL",
    ],
)
def test_the_database_lets_nobody_exchange_a_document(desk: Desk, statement: str) -> None:
    desk.in_review()
    found = add(desk, desk.mona)
    desk.act(desk.mona, "withdraw_document", document=str(found.id), reason="The wrong one.")
    with pytest.raises(DBAPIError, match="stays what it is"), engine().begin() as connection:
        connection.execute(sa.text(statement))


def test_a_process_without_the_word_has_no_documents(app: Flask, desk: Desk) -> None:
    del desk
    permits = app.extensions["workflows"].process("permit").workflow
    assert permits.documents is None
    assert not {"add_document", "withdraw_document"} & {action.name for action in permits.actions}
    assert "/permits/<reference>/documents/<document>" not in {str(rule) for rule in app.url_map.iter_rules()}
