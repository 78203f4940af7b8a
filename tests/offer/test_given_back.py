"""After a party's answer the review is again with whoever asked, as far as they could still claim it."""

from __future__ import annotations

import pytest

from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Conflict, Person
from tests.offer.scene import Desk

pytestmark = pytest.mark.usefixtures("app")
ASKED = {"ask_client": "answer", "ask_freelancer": "answer_freelancer"}


def asked(desk: Desk, question: str) -> None:
    desk.in_review()
    desk.act(desk.rita, question, asked="Who owns the tools?")
    assert desk.offer(desk.mona).holder_id is None


def answered(desk: Desk, question: str) -> object:
    who = desk.mona if question == "ask_client" else desk.fay
    desk.act(who, ASKED[question], answer="The freelancer.")
    return desk.offer(desk.mona).holder_id


@pytest.mark.parametrize("question", ASKED)
def test_the_review_goes_back_to_whoever_asked(desk: Desk, question: str) -> None:
    asked(desk, question)
    assert answered(desk, question) == desk.rita.id


def test_whoever_was_disabled_meanwhile_gets_nothing_back(desk: Desk) -> None:
    asked(desk, "ask_client")
    session().get_one(Person, desk.rita.id).active = False
    session().commit()
    assert answered(desk, "ask_client") is None


def test_whoever_has_a_conflict_meanwhile_gets_nothing_back(desk: Desk) -> None:
    asked(desk, "ask_client")
    session().add(Conflict(person_id=desk.rita.id, organisation_id=desk.client.id, declared_at=clock.now()))
    session().commit()
    assert answered(desk, "ask_client") is None
