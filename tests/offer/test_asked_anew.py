"""Answers hold for the work that they were given about: where that changes, everybody is asked again."""

from __future__ import annotations

import html
import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.audit.models import AuditEvent
from compliance.authz import Actor
from compliance.engine import answering
from compliance.engine.answering import ANSWER_FIRST, SEND_THEM, AnswerDraft
from compliance.engine.case import AnswerSheet
from compliance.engine.content import digest_of
from compliance.engine.errors import RefusedError
from compliance.kernel.db import session
from compliance.messages.kinds import Kind
from compliance.messages.models import Notification
from tests.offer.scene import APPROVAL, OUTSIDE, TERMS, Desk
from workflows.offer import workflow
from workflows.offer.asking import ABOUT
from workflows.offer.effects import MATERIAL

pytestmark = pytest.mark.usefixtures("app")
OTHER_WORK = {**TERMS, "description": "Sit in the office and answer the telephone all day."}


def parties(model: type[AnswerSheet | AnswerDraft]) -> list[str]:
    return sorted(session().scalars(sa.select(model.party)))


def test_other_work_takes_the_answers_of_both_off_the_offer_and_keeps_them_as_drafts(desk: Desk) -> None:
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    given = session().scalars(sa.select(AnswerSheet.answers).where(AnswerSheet.party == "client")).one()
    before = desk.offer(desk.mona).content_digest
    desk.act(desk.mona, "edit", **OTHER_WORK)
    assert (parties(AnswerSheet), parties(AnswerDraft)) == ([], ["client", "freelancer"])
    assert desk.offer(desk.mona).content_digest != before
    edit = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == "offer.edit")).one()
    asked = json.loads(edit)["policy"]["asked_anew"]
    assert asked["client"] == digest_of(given)
    assert set(asked) == {"client", "freelancer"}
    with pytest.raises(RefusedError, match=re.escape(SEND_THEM)):
        desk.act(desk.mona, "submit")
    desk.client_answers(OUTSIDE)
    assert desk.act(desk.mona, "submit") == "submitted"


@pytest.mark.parametrize("name,value", [("deliverables", "Calls taken."), ("contract_type", "hourly")])
def test_each_term_that_the_answers_are_about_counts(desk: Desk, name: str, value: str) -> None:
    desk.open()
    desk.act(desk.mona, "edit", **{**TERMS, name: value})
    assert parties(AnswerSheet) == []


@pytest.mark.parametrize(
    "change",
    [{"title": "Another title"}, {"amount": "13000"}, {"ends_on": "2026-08-31"}, {"purchase_order": "PO-1"}],
)
def test_answers_outlive_a_change_of_what_they_are_not_about(desk: Desk, change: dict[str, str]) -> None:
    desk.open()
    desk.act(desk.mona, "edit", **{**TERMS, **change})
    assert parties(AnswerSheet) == ["client"]
    assert desk.act(desk.mona, "submit") == "submitted"


def test_a_draft_that_is_newer_than_the_answers_stays(desk: Desk) -> None:
    desk.open()
    offer = desk.offer(desk.mona)
    row = {"party": "client", "rule_set": "uk-cest-2.4", "answers": {}, "changed_at": offer.created_at}
    session().execute(sa.insert(AnswerDraft), [row | {"case_id": offer.id}])
    session().commit()
    desk.act(desk.mona, "edit", **OTHER_WORK)
    assert session().scalars(sa.select(AnswerDraft.answers)).one() == {}
    with pytest.raises(RefusedError, match=re.escape(ANSWER_FIRST)):
        desk.act(desk.mona, "submit")


def test_a_running_engagement_is_not_confirmed_on_answers_about_other_work(desk: Desk) -> None:
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    desk.onboard()
    desk.act(desk.fay, "begin_work")
    session().execute(sa.delete(Notification))
    session().commit()
    desk.act(desk.mona, "amend", **OTHER_WORK)
    told = session().scalars(sa.select(Notification.kind).where(Notification.person_id == desk.fay.id)).all()
    assert told == [Kind.NEWS.value]
    desk.act(desk.rita, "take_reassessment")
    with pytest.raises(RefusedError, match="not answered to the end"):
        desk.act(desk.rita, "confirm", **APPROVAL)
    desk.client_answers(OUTSIDE)
    assert desk.act(desk.rita, "confirm", **APPROVAL) == "active"


def test_what_the_questions_are_about_is_among_what_reopens_a_determination() -> None:
    assert ABOUT <= MATERIAL


def test_the_pages_say_it_before_and_after(desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def page(address: str, who: Actor = desk.mona) -> str:
        monkeypatch.setitem(app.extensions, "current_actor", lambda: who)
        return html.unescape(app.test_client().get(f"/offers/{desk.reference}/{address}").text)

    desk.open()
    warning = "the questions about the work are asked again"
    assert f"“What is to be done” or “What is delivered”, {warning}" in page("change/2")
    assert f"If you change “Agency”, {warning}" in page("change/1")
    assert answering.warning(workflow, ["title", "amount"]) == ""
    assert warning in page("edit")
    assert SEND_THEM not in page("tasks")
    desk.act(desk.mona, "edit", **OTHER_WORK)
    assert SEND_THEM in page("tasks")
