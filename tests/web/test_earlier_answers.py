"""Answers of an earlier case of the same two are offered, and never used by themselves."""

from __future__ import annotations

import html
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from compliance.authz import Actor, Role
from compliance.engine.answering import AnswerDraft
from compliance.engine.case import AnswerSheet
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import OUTSIDE, UNCHARTED, Desk
from tests.web.conftest import Browser
from tests.web.test_questionnaire import opened

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    """Return a desk at which the same two had an offer before, whose answers both sent."""
    del sign_in  # Asked for so that the database is there.
    made = Desk()
    made.open(starts_on="2030-01-01", ends_on="2030-02-01", title="First engine")
    made.act(made.mona, "submit")
    made.freelancer_answers(OUTSIDE)
    return made


def count(model: type[AnswerSheet | AnswerDraft]) -> int:
    found = session().scalar(sa.select(sa.func.count()).select_from(model)) or 0
    session().rollback()
    return found


def test_answers_given_before_are_offered_and_taken_only_when_asked_to(sign_in: SignIn, desk: Desk) -> None:
    first, address, mona = desk.reference, opened(desk), sign_in(desk.mona)
    start = mona.read(f"{address}/questions")
    assert start.location == f"{address}/answers/earlier"
    page = html.unescape(mona.read(start.location).text)
    for words in (
        "First engine",
        first,
        "Nothing is sent from here",
        "Answer everything afresh",
        "Begin with these answers",
    ):
        assert words in page
    assert count(AnswerDraft) == 0
    assert mona.send(start.location).location == f"{address}/answers"
    assert count(AnswerSheet) == 2
    assert "Send answers" in html.unescape(mona.read(f"{address}/answers").text)


def test_each_side_is_offered_its_own(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(OUTSIDE)
    desk.act(desk.mona, "submit")
    page = html.unescape(sign_in(desk.fay).read(f"{address}/answers/earlier").text)
    assert "First engine" in page
    assert "Is the worker's identity known" not in page


def test_whoever_began_afresh_is_not_asked_again(sign_in: SignIn, desk: Desk) -> None:
    address, mona = opened(desk), sign_in(desk.mona)
    first = f"{address}/questions/route"
    assert mona.send(first, answer="ir35").status_code == 303
    assert "/answers/earlier" not in mona.read(f"{address}/questions").location
    assert mona.read(f"{address}/answers/earlier").status_code == 303


def test_nothing_of_another_client_or_of_other_questions_is_offered(sign_in: SignIn, desk: Desk) -> None:
    other = make.organisation("Bolt")
    bob = make.actor("Bob", Role.HIRING_MANAGER, at=other)
    desk.client, desk.mona = other, bob
    address = opened(desk)
    assert "/answers/earlier" not in sign_in(bob).read(f"{address}/questions").location


def test_where_other_law_asks_other_questions_nothing_fits(sign_in: SignIn, desk: Desk) -> None:
    address, mona = opened(desk, **dict.fromkeys(UNCHARTED, "DE")), sign_in(desk.mona)
    assert "/answers/earlier" not in mona.read(f"{address}/questions").location
