"""A colleague of the desk to whom an offer is made is its freelancer there, and nothing else."""

from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.authz import Actor, Role, is_at_desk
from compliance.engine import assigning, documents, hearing, run
from compliance.engine.case import CaseComment
from compliance.engine.documents import party_of
from compliance.engine.errors import NotAllowedError
from compliance.engine.move import Move
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from tests import make, papers
from tests.offer.scene import Desk
from workflows.offer import workflow
from workflows.offer.documents import DOCUMENTS
from workflows.offer.model import State

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def wes(desk: Desk) -> Actor:
    """Return a senior reviewer to whom the offer in review is made, which Rita holds."""
    found = make.actor("Wes", Role.SENIOR_REVIEWER, Role.REVIEWER, Role.TEAM_LEAD)
    desk.open(freelancer_email="wes@example.com")
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    return found


def test_a_comment_for_the_desk_only_is_not_theirs_to_write(desk: Desk, wes: Actor) -> None:
    desk.act(wes, "comment", body="Between us colleagues", internal="true")
    kept = session().scalars(sa.select(CaseComment.internal).where(CaseComment.body == "Between us colleagues"))
    assert list(kept) == [False]


def test_they_stand_on_the_freelancers_side(desk: Desk, wes: Actor) -> None:
    offer = desk.offer(wes)
    assert not is_at_desk(wes, offer)
    assert party_of(wes, offer) == "freelancer"
    assert party_of(desk.rita, offer) == "desk"
    process = registry().process("offer").workflow
    assert [a.allow.capacity(wes, offer) for a in process.actions if a.name == "comment"] == ["worker"]


def test_no_act_of_the_desk_is_offered_to_them_or_done_by_them(desk: Desk, wes: Actor) -> None:
    offer = desk.offer(wes)
    offered = {one.action.name for one in run.available(offer, wes)}
    assert offered <= {"comment", "add_document", "send_answers"}
    for name in ("escalate", "release", "approve", "assign"):
        with pytest.raises(NotAllowedError):
            desk.act(wes, name)


def test_the_offer_is_not_given_to_them(desk: Desk, wes: Actor) -> None:
    move = Move(workflow, desk.offer(desk.rita), desk.sue, clock.now(), session(), facts={})
    assert assigning.why_not(move, wes) == assigning.NOT_A_COLLEAGUE


def test_documents_come_from_them_as_from_any_freelancer(desk: Desk, wes: Actor) -> None:
    with documents.examined("note.txt", io.BytesIO(papers.TEXT)) as file:
        run.fire("offer", desk.reference, "add_document", wes, {"file": file, "internal": "true"})
    session().commit()
    (found,) = documents.of_case(session(), desk.offer(desk.mona), desk.mona)
    assert (found.party, found.internal) == ("freelancer", False)
    desk.reject()
    for who, refusal in ((desk.rita, None), (wes, DOCUMENTS.closed)):
        assert [o.refusal for o in run.available(desk.offer(who), who) if o.action.name == "add_document"] == [refusal]


def test_a_freelancer_reads_of_the_desks_states_what_a_freelancer_sees(desk: Desk, wes: Actor) -> None:
    offer = desk.offer(wes)
    assert hearing.sees(wes, offer, workflow, "submitted")
    only_desk = replace(workflow.stage("submitted"), worker_sees=False)
    inside = replace(workflow, stages={**workflow.stages, State.SUBMITTED: only_desk})
    assert hearing.sees(desk.rita, offer, inside, "submitted")
    assert not hearing.sees(wes, offer, inside, "submitted")


def test_the_pages_name_the_role_to_the_parties_and_the_person_to_the_desk(
    desk: Desk, wes: Actor, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def page(who: Actor, address: str) -> str:
        monkeypatch.setitem(app.extensions, "current_actor", lambda: who)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", app.test_client().get(address).text))

    of_case = f"/offers/{desk.reference}"
    for who in (desk.mona, wes):
        text = page(who, of_case)
        assert "Who acts The compliance reviewer" in text
        assert "Held by" not in text
        assert "Only for the desk" not in text
        assert "The compliance reviewer" in page(who, "/offers")
        assert "Only for the desk" not in page(who, f"{of_case}/add_document")
    text = page(desk.sue, of_case)
    assert "Who acts Rita" in text
    assert "Held by Rita" in text
    assert "Only for the desk" in text
    assert "Rita" in page(desk.sue, "/offers")
