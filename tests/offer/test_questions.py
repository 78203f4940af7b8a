"""The questionnaire of an offer: who answers when, what is refused, and when its result asks for a second look."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.demo import interviews
from compliance.engine.case import AnswerSheet
from compliance.engine.errors import InvalidInputError, MovedOnError, NotAllowedError, RefusedError
from compliance.engine.questionnaire import assess
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.rules.store import RuleSetVersion
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, EMPLOYEE, INSIDE, OPEN, OUTSIDE, TERMS, UNCHARTED, Desk

pytestmark = pytest.mark.usefixtures("app")


def unanswered(desk: Desk) -> None:
    """Open an offer as one is opened: without answers."""
    desk.open(**UNCHARTED)
    desk.act(desk.mona, "edit", **TERMS)


def test_an_offer_is_submitted_only_with_complete_answers_where_rules_apply(desk: Desk) -> None:
    unanswered(desk)
    with pytest.raises(RefusedError, match="Answer the questions first"):
        desk.act(desk.mona, "submit")
    some = {key: interviews.client_answers(OUTSIDE)[key] for key in ("route", "provideServices")}
    desk.send(desk.mona, some)
    with pytest.raises(RefusedError, match="Answer the questions first"):
        desk.act(desk.mona, "submit")
    desk.client_answers(OUTSIDE)
    assert desk.act(desk.mona, "submit") == "submitted"


def test_sending_answers_moves_nothing_but_the_digest_and_is_on_record(desk: Desk) -> None:
    unanswered(desk)
    before = desk.offer(desk.mona).content_digest
    desk.client_answers(OUTSIDE)
    desk.client_answers(OUTSIDE, workerAsLineManager=True)
    offer = desk.offer(desk.mona)
    assert (offer.state, offer.content_version) == ("draft", 2)
    assert offer.content_digest != before
    newest = sa.select(AuditEvent.entry).where(AuditEvent.stream == offer.stream, AuditEvent.rev == offer.audit_rev)
    entry = json.loads(str(session().scalar(newest)))
    assert entry["action"] == "offer.send_answers"
    assert entry["changes"] == {"answers.workerAsLineManager": [False, True]}
    assert entry["policy"]["rule_set"] == "uk-cest-2.4"
    assert entry["policy"]["party"] == "client"
    assert len(entry["policy"]["answers"]) == 64
    sheet = session().scalars(sa.select(AnswerSheet)).one()
    assert (sheet.party, sheet.rule_version, sheet.complete) == ("client", "2.4", True)
    assert sheet.answers["endUserRole"] == "endClient"
    assert session().scalars(sa.select(RuleSetVersion.version)).all() == ["2.4"]


@pytest.mark.parametrize(
    "changed,sentence",
    [
        ({"colour": "red"}, "“colour” is no question of"),
        ({"route": "sideways"}, "“sideways” is not an answer to"),
        ({"officeHolder": "true"}, "“true” is not an answer to"),
        ({"officeHolder": 1}, "a number is not an answer to"),
        ({"officeHolder": ["no"]}, "a list is not an answer to"),
        ({"endUserRole": "personDoingWork"}, "is known: you answer for the client"),
        ({"workerSentActualSubstitute": "noSubstitutionHappened"}, "is not asked after these answers"),
        ({"\ud800": "x"}, "is no question of"),
    ],
)
def test_answers_that_the_rules_do_not_know_are_refused_by_name(
    desk: Desk, changed: dict[str, Any], sentence: str
) -> None:
    desk.open()
    with pytest.raises(InvalidInputError) as refused:
        desk.client_answers(OUTSIDE, **changed)
    assert sentence in refused.value.errors["answers"][0]


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "[" * 50_000, '"x"'])
def test_what_is_no_object_is_no_answers(desk: Desk, text: str) -> None:
    desk.open()
    with pytest.raises(InvalidInputError) as refused:
        desk.act(desk.mona, "send_answers", answers=text)
    assert list(refused.value.errors) == ["answers"]


def test_each_side_answers_in_its_own_time(desk: Desk) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    with pytest.raises(RefusedError, match="while the case is in “Draft”, “Question to the client”"):
        desk.client_answers(INSIDE)
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "claim")
    assert desk.act(desk.fay, "send_answers", answers=json.dumps(interviews.freelancer_answers(INSIDE))) == (
        "classification_review"
    )
    desk.act(desk.rita, "ask_client", asked="Look again at who pays for tools.")
    desk.client_answers(INSIDE)
    desk.act(desk.mona, "answer", answer="We had it wrong.")
    desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    with pytest.raises(MovedOnError):
        desk.freelancer_answers(OUTSIDE)


def test_nobody_else_answers(desk: Desk) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    for other in (desk.rita, make.actor("Vic", Role.VIEWER, at=desk.client)):
        with pytest.raises(NotAllowedError):
            desk.send(other, interviews.client_answers(OUTSIDE))


def test_no_rules_apply_elsewhere_and_the_reason_says_so(desk: Desk) -> None:
    desk.open(**UNCHARTED)
    with pytest.raises(RefusedError, match="There is no test for the law of “JP”"):
        desk.client_answers(OUTSIDE)


def test_an_approval_against_the_result_takes_two(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review()
    with pytest.raises(RefusedError, match=r"override what the questionnaire found\. Escalate"):
        desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.rita, "escalate", reason="The contract says otherwise.")
    desk.act(desk.sue, "take_second")
    assert desk.act(desk.sue, "approve", **APPROVAL) == "enterprise_ready"


def test_employment_against_the_result_or_a_rejection_takes_two(desk: Desk) -> None:
    desk.in_review()
    with pytest.raises(RefusedError, match="override what the questionnaire found"):
        desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    with pytest.raises(RefusedError, match=r"override what the questionnaire found\. Escalate"):
        desk.act(desk.rita, "reject", **AGAINST)
    desk.reject()
    assert desk.offer(desk.mona).state == "rejected"


def test_one_reviewer_may_reject_what_the_questionnaire_finds_to_be_employment(desk: Desk) -> None:
    desk.rejected()
    assert desk.offer(desk.mona).state == "rejected"


@pytest.mark.parametrize("action,data", [("approve", APPROVAL), ("determine_employee", EMPLOYEE)])
def test_an_open_result_takes_two(desk: Desk, action: str, data: dict[str, str]) -> None:
    desk.result = OPEN
    desk.in_review()
    with pytest.raises(RefusedError, match=r"leaves the status open\. Escalate"):
        desk.act(desk.rita, action, **data)


def test_answers_that_conflict_take_two(desk: Desk) -> None:
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    agreed = assess(session(), desk.offer(desk.rita), registry().process("offer").workflow)
    assert agreed.conflicts == ()
    session().rollback()
    desk.freelancer_answers(OUTSIDE, workerAsLineManager=True)
    with pytest.raises(RefusedError, match="answered the questionnaire differently"):
        desk.act(desk.rita, "approve", **APPROVAL)


def test_a_changed_engagement_without_answers_takes_two(desk: Desk) -> None:
    desk.in_review(**UNCHARTED)
    desk.act(desk.rita, "escalate", reason="No rules")
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    desk.onboard()
    desk.act(desk.fay, "begin_work")
    desk.act(desk.mona, "amend", **TERMS)
    desk.act(desk.rita, "take_reassessment")
    with pytest.raises(RefusedError, match=r"not answered to the end\. Pass it on"):
        desk.act(desk.rita, "confirm", **APPROVAL)


def test_the_same_answers_give_the_same_bytes_a_thousand_times(desk: Desk) -> None:
    desk.open()
    offer, workflow = desk.offer(desk.mona), registry().process("offer").workflow
    lines = set()
    for _ in range(1000):
        (sheet,) = assess(session(), offer, workflow).sheets
        assert sheet.finding is not None
        lines.add(json.dumps(sheet.finding.as_json()))
    assert len(lines) == 1
