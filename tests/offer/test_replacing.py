"""Another freelancer takes the place of the one before: nothing of what that one said stays."""

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Channel
from compliance.engine import versions
from compliance.engine.case import AnswerSheet
from compliance.engine.errors import NotFoundError
from compliance.engine.telling import history
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import APPROVAL, OUTSIDE, TERMS, Desk
from workflows.offer import workflow

pytestmark = pytest.mark.usefixtures("app")
HERS = "I send whom I like."


def parties(desk: Desk) -> list[str]:
    offer = desk.offer(desk.mona)
    return list(session().scalars(sa.select(AnswerSheet.party).where(AnswerSheet.case_id == offer.id)))


def answered_by_fay(desk: Desk) -> None:
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "ask_freelancer", asked="Fay, who stands in for you?")
    desk.act(desk.fay, "answer_freelancer", answer=HERS)


def test_the_answers_of_the_freelancer_before_are_off_the_offer_and_on_record(desk: Desk) -> None:
    answered_by_fay(desk)
    gus, before = make.actor("Gus"), desk.offer(desk.mona).content_digest
    assert parties(desk) == ["client", "freelancer"]
    desk.act(desk.mona, "edit", **{**TERMS, "freelancer": "Gus", "freelancer_email": "gus@example.com"})
    offer = desk.offer(gus) if desk.act(desk.mona, "submit") else None
    assert offer is not None
    assert parties(desk) == ["client"]
    assert (offer.asked, offer.answer, offer.grounds) == ("", "", "")
    assert offer.content_digest != before
    edits = sa.select(AuditEvent.entry).where(AuditEvent.stream == offer.stream, AuditEvent.action == "offer.edit")
    entry = json.loads(str(session().scalar(edits)))
    assert entry["policy"]["party"] == "freelancer"
    assert entry["changes"]["answers.endUserRole"] == ["personDoingWork", None]


def test_the_freelancer_before_sees_the_offer_no_more_and_the_new_one_reads_nothing_of_theirs(desk: Desk) -> None:
    answered_by_fay(desk)
    desk.act(desk.fay, "comment", body="My other clients are private.")
    gus = make.actor("Gus")
    desk.act(desk.mona, "edit", **{**TERMS, "freelancer": "Gus", "freelancer_email": "gus@example.com"})
    desk.act(desk.mona, "submit")
    with pytest.raises(NotFoundError):
        desk.offer(desk.fay)
    told = " ".join(str(one) for one in history(session(), desk.offer(gus), workflow, gus))
    assert HERS not in told
    assert "other clients" not in told
    desk.act(desk.rita, "claim")
    assert desk.act(desk.rita, "approve", **APPROVAL) == "enterprise_ready"


def given_to_gus(desk: Desk) -> Actor:
    """Decide on the offer to Fay, then give it to Gus, decide again, and return him."""
    desk.approved()
    gus = make.actor("Gus")
    desk.act(desk.mona, "edit", **{**TERMS, "freelancer": "Gus", "freelancer_email": "gus@example.com"})
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    desk.reject()
    return gus


def test_each_freelancer_reads_only_what_was_decided_about_themselves(
    desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    gus = given_to_gus(desk)

    def status(who: Actor, number: int) -> int:
        monkeypatch.setitem(app.extensions, "current_actor", lambda: who)
        return app.test_client().get(f"/offers/{desk.reference}/determinations/{number}").status_code

    def read(who: Actor) -> list[int]:
        program = replace(who, channel=Channel.API, scopes=frozenset({"offers:read"}))
        monkeypatch.setitem(app.extensions, "current_actor", lambda: program)
        answer = app.test_client().get(f"/api/v1/offers/{desk.reference}/determinations")
        return [one["number"] for one in answer.json["items"]] if answer.json and answer.status_code == 200 else []

    assert [status(who, 1) for who in (desk.mona, desk.rita, desk.fay, gus)] == [200, 200, 404, 404]
    assert [status(who, 2) for who in (desk.mona, desk.rita, desk.fay, gus)] == [200, 200, 404, 200]
    assert [read(who) for who in (desk.mona, desk.rita, desk.fay, gus)] == [[2, 1], [2, 1], [], [2]]
    monkeypatch.setitem(app.extensions, "current_actor", lambda: gus)
    assert APPROVAL["reason"] not in app.test_client().get(f"/offers/{desk.reference}").text


def test_neither_history_nor_terms_of_the_one_before_are_told_to_the_next(desk: Desk) -> None:
    gus = given_to_gus(desk)
    offer = desk.offer(gus)
    assert [one.number for one in versions.readable(session(), offer, workflow, gus)] == [2]
    assert [one.number for one in versions.readable(session(), offer, workflow, desk.rita)] == [1, 2]
    told = [one.name for one in history(session(), offer, workflow, gus)]
    assert told == ["reject", "take_second", "escalate", "claim", "submit", "edit"]
    assert "approve" in [one.name for one in history(session(), offer, workflow, desk.rita)]


def test_the_same_freelancer_keeps_the_answers(desk: Desk) -> None:
    answered_by_fay(desk)
    desk.act(desk.mona, "edit", **{**TERMS, "amount": "13000", "freelancer_email": "Fay@Example.com"})
    assert parties(desk) == ["client", "freelancer"]
    assert desk.offer(desk.mona).answer == HERS
