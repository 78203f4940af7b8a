"""Who hears of an offer, and that nothing of the desk's own reaches the other parties."""

import dataclasses
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.authz import CLIENT, ONLY_READS, SEES_ALL, Actor, Channel, Grant, Role
from compliance.engine.errors import NotAllowedError, NotFoundError
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.messages import choices
from compliance.messages.kinds import Kind
from compliance.messages.models import MailMessage, Notification
from compliance.people.models import Person
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, UNCHARTED, Desk

pytestmark = pytest.mark.usefixtures("app")


def news() -> list[tuple[str, str, str]]:
    """Return who was told what for which reason since this was last asked."""
    rows = session().execute(
        sa.select(Person.name, Notification.kind, Notification.reason).join(Person, Person.id == Notification.person_id)
    )
    found = sorted((row.name, row.kind, row.reason) for row in rows)
    session().execute(sa.delete(Notification))
    session().commit()
    return found


def test_a_question_tells_whoever_is_asked_and_its_answer_whoever_asked(desk: Desk) -> None:
    desk.in_review()
    news()
    desk.act(desk.rita, "ask_client", asked="Which office?")
    assert news() == [("Mona", "turn", "Your turn")]
    desk.act(desk.mona, "answer", answer="None.")
    assert news() == [("Rita", "turn", "Your turn")]
    desk.act(desk.rita, "ask_freelancer", asked="Other clients?")
    assert news() == [("Fay", "turn", "Your turn")]


def test_the_clients_own_approvers_are_told_that_an_offer_waits_for_them(desk: Desk) -> None:
    desk.client.approval_steps = 1
    make.actor("Ada", Role.APPROVER, at=desk.client)
    make.actor("Eve", Role.APPROVER, at=make.organisation("Other"))
    desk.open()
    desk.act(desk.mona, "submit")
    assert news() == [("Ada", "turn", "Your turn")]


def test_both_parties_hear_of_a_determination_and_each_event_once(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    assert news() == [("Fay", "decided", "Enterprise Ready"), ("Mona", "decided", "Enterprise Ready")]
    addresses = session().scalars(sa.select(MailMessage.address).order_by(MailMessage.address)).all()
    assert addresses == ["fay@example.com", "mona@example.com"]


def test_the_mail_of_a_determination_says_what_was_found_why_and_how_to_disagree(desk: Desk) -> None:
    for who in (desk.mona, desk.fay):
        assert who.id is not None
        choices.stop(who.id, Kind.DECIDED)
    desk.in_review()
    desk.act(desk.rita, "approve", **{**APPROVAL, "conditions": "At most 20 hours a week."})
    mails = session().scalars(sa.select(MailMessage).where(MailMessage.subject.contains("Enterprise Ready"))).all()
    assert {mail.address for mail in mails} == {"fay@example.com", "mona@example.com"}
    for mail in mails:
        for said in (
            "Status Determination Statement\nFor tax this engagement is not treated as employment.",
            "Why: A business of its own.",
            "Conditions: At most 20 hours a week.",
            "You can disagree until 01 April 2026.",
            f"/offers/{desk.reference}",
            "Determinations are always sent to their parties.",
        ):
            assert said in mail.text
        assert "unsubscribe" not in mail.text
        assert "A business of its own" not in mail.subject
        assert mail.kind is None


def test_what_is_no_determination_is_mailed_as_its_reader_chose(desk: Desk) -> None:
    assert desk.fay.id is not None
    choices.stop(desk.fay.id, Kind.DECIDED)
    desk.in_review()
    desk.act(desk.mona, "withdraw", reason="No budget")
    assert session().scalars(sa.select(MailMessage).where(MailMessage.address == "fay@example.com")).all() == []


def test_a_freelancer_never_hears_of_an_offer_that_was_never_theirs_to_see(desk: Desk) -> None:
    desk.open()
    desk.act(desk.mona, "withdraw", reason="No budget")
    assert news() == []


def test_nothing_that_the_desk_writes_for_itself_reaches_another_party(desk: Desk) -> None:
    secret, reasons = "The desk's own word", AGAINST["reason"]
    desk.in_review(former_employee="true")
    desk.act(desk.rita, "comment", body=secret, internal="true")
    desk.act(desk.rita, "escalate", reason=secret)
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "assign", assignee=str(desk.sol.id), reason=secret)
    desk.act(desk.sol, "reject", **AGAINST)
    rows = session().execute(sa.select(MailMessage.address, MailMessage.subject, MailMessage.text)).all()
    assert {row.address for row in rows} == {"fay@example.com", "mona@example.com", "sol@example.com"}
    assert secret not in "".join(row.subject + row.text for row in rows)
    assert reasons not in "".join(row.subject for row in rows)
    assert secret not in "".join(session().scalars(sa.select(Notification.reason)))


def read_by(
    program: Actor, reference: str, monkeypatch: pytest.MonkeyPatch, app: Flask
) -> tuple[str, list[dict[str, Any]]]:
    """Return the page of an offer and its events over REST as *program* gets them."""
    session().commit()  # An open transaction of the test would hold up the request.
    seen = dataclasses.replace(program, scopes=None)
    monkeypatch.setitem(app.extensions, "current_actor", lambda: seen)
    page = app.test_client().get(f"/offers/{reference}")
    assert page.status_code == 200
    seen = dataclasses.replace(program, scopes=frozenset({"offers:read"}), channel=Channel.API)
    events = app.test_client().get(f"/api/v1/offers/{reference}/events?limit=100")
    assert events.status_code == 200, events.text
    found = events.json
    assert found is not None
    return page.text, found["items"]


def test_notes_with_which_the_desk_hands_on_a_review_reach_no_party_on_page_rest_or_news(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch, monday: time_machine.Traveller
) -> None:
    secret = "The desk's own word"
    desk.in_review(former_employee="true", **UNCHARTED)
    for party in (desk.mona, desk.fay):
        read_by(party, desk.reference, monkeypatch, app)
    monday.shift(3600)
    desk.act(desk.rita, "escalate", reason=secret)
    for party in (desk.mona, desk.fay):
        page, events = read_by(party, desk.reference, monkeypatch, app)
        assert "New since you last looked" in page
        assert "own word" not in page
        assert [one["reason"] for one in events if one["action"] == "escalate"] == [None]
    page, events = read_by(desk.sue, desk.reference, monkeypatch, app)
    assert "own word" in page
    assert secret in [one["reason"] for one in events]


def test_that_a_colleague_asks_for_suspension_is_told_inside_the_desk_only(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch, monday: time_machine.Traveller
) -> None:
    desk.active()
    for party in (desk.mona, desk.fay):
        read_by(party, desk.reference, monkeypatch, app)
    monday.shift(3600)
    desk.act(desk.sue, "ask_suspension", reason="The desk's own word")
    for party in (desk.mona, desk.fay):
        page, events = read_by(party, desk.reference, monkeypatch, app)
        assert "New since you last looked" not in page
        assert "Ask for suspension" not in page
        assert "ask_suspension" not in [one["action"] for one in events]
    page, events = read_by(desk.sol, desk.reference, monkeypatch, app)
    assert "own word" in page
    assert "ask_suspension" in [one["action"] for one in events]
    desk.act(desk.sol, "suspend", reason="Work stopped on site.")
    assert "Work stopped on site." in read_by(desk.fay, desk.reference, monkeypatch, app)[0]


def test_what_the_desk_keeps_to_itself_follows_from_the_process() -> None:
    offer = registry().process("offer").workflow
    inside = {action.name for action in offer.actions if offer.is_for_desk(action)}
    assert inside == {"ask_suspension", "assign", "escalate", "pass_on"}


@pytest.mark.parametrize("question, answer", [("ask_client", "answer"), ("ask_freelancer", "answer_freelancer")])
def test_a_question_and_its_answer_are_between_the_desk_and_the_party_that_was_asked(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch, question: str, answer: str
) -> None:
    asked, other = (desk.mona, desk.fay) if question == "ask_client" else (desk.fay, desk.mona)
    desk.in_review(**UNCHARTED)
    desk.act(desk.rita, question, asked="Who else pays for this work?")
    for reader, reads in ((asked, True), (desk.rita, True), (other, False)):
        page, _ = read_by(reader, desk.reference, monkeypatch, app)
        assert ("Who else pays for this work?" in page) is reads
    desk.act(asked, answer, answer="Nobody but ourselves.")
    for reader, reads in ((asked, True), (desk.rita, True), (other, False)):
        page, _ = read_by(reader, desk.reference, monkeypatch, app)
        rest = app.test_client().get(f"/api/v1/offers/{desk.reference}").text
        for words in ("Who else pays for this work?", "Nobody but ourselves."):
            assert ((words in page), (words in rest)) == (reads, reads)


def test_the_freelancer_sees_that_the_offer_waits_for_the_client(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.in_review(**UNCHARTED)
    desk.act(desk.rita, "ask_client", asked="Which office?")
    page, _ = read_by(desk.fay, desk.reference, monkeypatch, app)
    assert "Question to the client" in page
    assert '"waits_for":"client"' in app.test_client().get(f"/api/v1/offers/{desk.reference}").text


@pytest.mark.parametrize("role", [Role.VIEWER, Role.TEAM_VIEWER, Role.RECRUITER, Role.AUDITOR])
def test_whoever_only_reads_writes_no_comment(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    desk.in_review(**UNCHARTED)
    reader = make.actor("Vera", role, at=None if role is Role.AUDITOR else desk.client)
    assert "comment-box" not in read_by(reader, desk.reference, monkeypatch, app)[0]
    assert "comment-box" in read_by(desk.mona, desk.reference, monkeypatch, app)[0]
    seen = dataclasses.replace(reader, scopes=frozenset({"offers:read", "offers:write"}), channel=Channel.API)
    monkeypatch.setitem(app.extensions, "current_actor", lambda: seen)
    address = f"/api/v1/offers/{desk.reference}/actions/comment"
    answer = app.test_client().post(address, json={"body": "Hello."}, headers={"Idempotency-Key": "a" * 32})
    assert answer.status_code == 403, answer.text
    assert answer.json is not None
    assert answer.json["detail"].startswith("“Comment” is for: ")
    with pytest.raises(NotAllowedError):
        desk.act(reader, "comment", body="Hello.")


@pytest.mark.parametrize("role", sorted((CLIENT | SEES_ALL) - ONLY_READS))
def test_everybody_else_who_sees_an_offer_comments_on_it(desk: Desk, role: Role) -> None:
    desk.in_review(**UNCHARTED)
    desk.act(make.actor("Ann", role, at=None if role in SEES_ALL else desk.client), "comment", body="Hello.")
    desk.act(desk.fay, "comment", body="Hello.")


def test_a_reviewer_who_is_the_freelancer_reads_as_the_freelancer(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fay = dataclasses.replace(desk.fay, grants=frozenset({Grant(Role.REVIEWER)}))
    desk.in_review()
    desk.act(desk.rita, "comment", body="The desk's own word", internal="true")
    desk.act(desk.rita, "ask_client", asked="Who else pays for this work?")
    page, events = read_by(fay, desk.reference, monkeypatch, app)
    assert "own word" not in page
    assert "Who else pays" not in page
    assert [one for one in events if one["internal"]] == []
    assert "Client&#39;s answers" not in page
    assert "The client's answers" not in page


def test_whoever_declared_a_conflict_with_the_freelancer_finds_nothing(desk: Desk) -> None:
    desk.in_review(**UNCHARTED)
    assert desk.fay.id is not None
    close = dataclasses.replace(desk.rita, conflicts=frozenset({desk.fay.id}))
    with pytest.raises(NotFoundError):
        desk.act(close, "escalate", reason="Mine.")
    assert desk.act(desk.rita, "escalate", reason="Large.") == "second_review"
