"""A question that asks for a document is answered once whoever is asked has added one."""

import datetime as dt

import pytest
import time_machine

from compliance.engine.errors import RefusedError
from tests import papers
from tests.offer.scene import Desk
from tests.offer.test_documents import add

pytestmark = pytest.mark.usefixtures("app")
ANSWERS = {"ask_client": "answer", "ask_freelancer": "answer_freelancer"}


@pytest.mark.parametrize("ask", ANSWERS)
def test_an_answer_waits_for_the_document_of_whoever_is_asked(
    desk: Desk, monday: time_machine.Traveller, ask: str
) -> None:
    desk.in_review()
    asked = desk.mona if ask == "ask_client" else desk.fay
    add(desk, asked, name="earlier.pdf")
    monday.shift(dt.timedelta(minutes=1))
    desk.act(desk.rita, ask, asked="Please send the insurance.", document_needed="true")
    add(desk, desk.rita, papers.TEXT, "other.txt")
    with pytest.raises(RefusedError, match="asked for a document"):
        desk.act(asked, ANSWERS[ask], answer="Here it is.")
    found = add(desk, asked, papers.png(), "insurance.png")
    desk.act(asked, "withdraw_document", document=str(found.id), reason="The wrong one.")
    with pytest.raises(RefusedError, match="asked for a document"):
        desk.act(asked, ANSWERS[ask], answer="Here it is.")
    add(desk, asked, papers.png(), "insurance.png")
    assert desk.act(asked, ANSWERS[ask], answer="Here it is.") == "classification_review"


def test_the_next_question_asks_for_no_document_unless_it_says_so(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "ask_client", asked="The plan?", document_needed="true")
    add(desk, desk.mona)
    desk.act(desk.mona, "answer", answer="Added.")
    desk.act(desk.rita, "ask_freelancer", asked="Who sets the hours?")
    assert desk.offer(desk.fay).document_asked_at is None
    assert desk.act(desk.fay, "answer_freelancer", answer="I do.") == "classification_review"
