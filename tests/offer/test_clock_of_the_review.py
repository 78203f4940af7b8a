"""The reviewer's days count over the whole review: asking a party pauses them, and never gives them anew."""

import datetime as dt

import pytest
import time_machine

from tests.offer.scene import MONDAY, TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")
DAY = dt.timedelta(days=1)


def asked_and_answered(desk: Desk, clock: time_machine.Traveller, waited: dt.timedelta) -> None:
    desk.act(desk.rita, "ask_client", asked="Who sets the hours?")
    clock.shift(waited)
    desk.act(desk.mona, "answer", answer="The freelancer.")


def test_days_used_before_a_question_count_after_it_and_those_of_the_answer_do_not(
    desk: Desk, monday: time_machine.Traveller
) -> None:
    desk.in_review()
    monday.shift(2 * DAY)
    asked_and_answered(desk, monday, 7 * DAY)  # From Wednesday to the Wednesday after.
    assert desk.offer(desk.mona).due_at == MONDAY + 10 * DAY
    assert desk.later(MONDAY + 14 * DAY - dt.timedelta(seconds=1)) == "classification_review"
    assert desk.later(MONDAY + 14 * DAY) == "second_review"


def test_a_weekend_between_is_none_of_the_reviewers_days(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.in_review()
    monday.shift(4 * DAY)
    asked_and_answered(desk, monday, 5 * DAY)  # From Friday to Wednesday.
    assert desk.later(MONDAY + 10 * DAY - dt.timedelta(seconds=1)) == "classification_review"
    assert desk.later(MONDAY + 10 * DAY) == "second_review"


def test_asking_again_and_again_does_not_put_off_the_second_look(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.in_review()
    for _ in range(4):
        monday.shift(DAY)
        asked_and_answered(desk, monday, dt.timedelta())
    assert desk.later(MONDAY + 7 * DAY - dt.timedelta(seconds=1)) == "classification_review"
    assert desk.later(MONDAY + 7 * DAY) == "second_review"


def test_time_that_is_used_up_is_over_as_soon_as_the_answer_comes(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.in_review()
    monday.shift(4 * DAY)
    asked_and_answered(desk, monday, DAY / 24)
    assert desk.offer(desk.mona).due_at == MONDAY + 4 * DAY + DAY / 24
    desk.later(MONDAY + 4 * DAY + DAY / 24)
    assert desk.offer(desk.mona).late


def test_an_offer_that_was_changed_begins_a_review_of_its_own(desk: Desk, monday: time_machine.Traveller) -> None:
    desk.in_review()
    monday.shift(2 * DAY)
    asked_and_answered(desk, monday, dt.timedelta())
    desk.act(desk.mona, "edit", **{**TERMS, "amount": "13000"})
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    assert desk.offer(desk.mona).due_at == MONDAY + 7 * DAY
