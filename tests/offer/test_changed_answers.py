"""Who controls the work is answered, not written into the terms: other answers reopen a running engagement."""

import json

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.demo import interviews
from compliance.engine.answering import CHANGE
from compliance.engine.case import AnswerSheet
from compliance.engine.errors import MovedOnError, NotAllowedError, RefusedError
from compliance.kernel.db import session
from tests.offer.scene import APPROVAL, INSIDE, OUTSIDE, TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")


def answers_anew(desk: Desk, result: str) -> str:
    return desk.act(desk.mona, CHANGE, answers=json.dumps(interviews.client_answers(result)))


def test_other_answers_on_a_running_engagement_have_it_decided_on_again(desk: Desk) -> None:
    desk.active()
    assert answers_anew(desk, INSIDE) == "reassessment"
    desk.act(desk.rita, "take_reassessment")
    with pytest.raises(RefusedError, match="override what the questionnaire found"):
        desk.act(desk.rita, "confirm", **APPROVAL)


def test_the_answers_decided_on_change_nothing_when_they_are_given_again(desk: Desk) -> None:
    desk.active()
    before = desk.offer(desk.mona).audit_rev
    with pytest.raises(RefusedError, match="the answers that were decided on"):
        answers_anew(desk, OUTSIDE)
    assert (desk.offer(desk.mona).state, desk.offer(desk.mona).audit_rev) == ("active", before)


def test_answers_are_changed_by_the_client_and_while_work_is_running(desk: Desk) -> None:
    desk.active()
    with pytest.raises(NotAllowedError):
        desk.act(desk.fay, CHANGE, answers=json.dumps(interviews.freelancer_answers(INSIDE)))
    with pytest.raises(MovedOnError):
        desk.client_answers(INSIDE)
    desk.act(desk.mona, "close")
    with pytest.raises(MovedOnError):
        answers_anew(desk, INSIDE)


@pytest.mark.parametrize("change", [{}, {"description": "Sit in the office and answer the telephone all day."}])
def test_a_change_taken_back_takes_the_answers_given_with_it_back(desk: Desk, change: dict[str, str]) -> None:
    desk.active()
    decided = desk.offer(desk.mona).decided_digest
    if change:
        desk.act(desk.mona, "amend", **{**TERMS, **change})
        desk.client_answers(INSIDE)
    else:
        answers_anew(desk, INSIDE)
    assert desk.act(desk.mona, "take_back", reason="It stays as it was.") == "active"
    assert desk.offer(desk.mona).content_digest == decided
    kept = session().scalars(sa.select(AnswerSheet.answers)).one()
    assert kept == interviews.client_answers(OUTSIDE) | {"endUserRole": "endClient"}
    entry = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == "offer.take_back")).one()
    assert set(json.loads(entry)["policy"]["restored"]) == {"client"}
