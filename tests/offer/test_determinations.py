"""Determinations: one row for each decision, chained, bound to the record, and changed by nobody."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
import sqlalchemy as sa
import time_machine
from sqlalchemy.exc import DBAPIError

from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.demo import load, removal
from compliance.engine import determination, prefill
from compliance.engine.determination import Determination
from compliance.engine.errors import InvalidInputError, RefusedError
from compliance.engine.move import Move
from compliance.kernel import clock
from compliance.kernel.db import engine, is_sqlite, session, table
from tests import make
from tests.offer.scene import AGAINST, APPROVAL, EMPLOYEE, INSIDE, MONDAY, OUTSIDE, TERMS, UNCHARTED, UPHELD, Desk
from workflows.offer import workflow

pytestmark = pytest.mark.usefixtures("app")


def kept(desk: Desk) -> list[Determination]:
    return determination.history(session(), desk.offer(desk.mona))


def test_a_decision_keeps_all_that_it_rested_on(desk: Desk) -> None:
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "approve", **APPROVAL, conditions="At most 20 hours a week.")
    (found,) = kept(desk)
    offer = desk.offer(desk.mona)
    assert (found.number, found.action, found.outcome) == (1, "approve", "independent_contractor")
    assert (found.content_version, found.content_digest) == (1, offer.content_digest)
    assert (found.rule_set, found.rule_version, found.why_no_rules) == ("uk-cest-2.4", "2.4", "")
    assert set(found.answers) == set(found.findings) == {"client", "freelancer"}
    assert found.findings["client"]["result"] == OUTSIDE
    assert [factor["text"] for factor in found.factors] == [APPROVAL[name] for name in list(APPROVAL)[:3]]
    assert (found.reason, found.conditions) == (APPROVAL["reason"], "At most 20 hours a week.")
    assert (found.decided_by_id, found.first_reviewer_ids, found.decided_at) == (desk.rita.id, [], MONDAY)
    assert found.valid_until == offer.valid_until
    assert found.places == {"Place of work": "GB", "Client's country": "GB", "Freelancer's country": "GB"}
    assert found.statement["title"] == "Status Determination Statement"
    assert found.statement["object_until"] == "2026-04-01"
    assert found.overrides is False


def test_the_event_names_rules_finding_and_the_digest_of_the_row(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    (found,) = kept(desk)
    stream = desk.offer(desk.mona).stream
    event = (
        session()
        .execute(
            sa.select(AuditEvent.entry, AuditEvent.leaf_hash).where(
                AuditEvent.stream == stream, AuditEvent.rev == found.rev
            )
        )
        .one()
    )
    policy = json.loads(event.entry)["policy"]
    assert policy["finding"] == {"client": OUTSIDE}
    assert (policy["rule_set"], policy["version"], policy["digest"]) == ("uk-cest-2.4", "2.4", found.rule_digest)
    assert policy["determination"] == {"number": 1, "digest": found.digest}
    assert determination.receipt(session(), desk.offer(desk.mona), found) == event.leaf_hash.hex()


def test_a_later_decision_supersedes_and_leaves_the_earlier_one(desk: Desk) -> None:
    desk.rejected()
    desk.act(desk.fay, "disagree", grounds="The method is mine alone, see the contract.")
    desk.act(desk.sol, "take_disagreement")
    desk.act(desk.sol, "overturn", **APPROVAL)
    second, first = kept(desk)
    assert (second.number, second.supersedes_id) == (2, first.id)
    assert (first.outcome, first.supersedes_id) == ("not_engaged", None)
    assert first.reason_codes == [{"code": "CTRL_METHOD", "label": "The client says how the work is done"}]
    assert first.what_would_change_it == AGAINST["what_would_change_it"]
    assert second.first_reviewer_ids == []


def disputed(desk: Desk, first: str, **data: str) -> None:
    desk.result = INSIDE if first == "reject" else OUTSIDE
    desk.in_review()
    desk.act(desk.rita, first, **data)
    desk.act(desk.fay, "disagree", grounds="The method is mine alone, see the contract.")
    desk.act(desk.sol, "take_disagreement")


def test_upholding_makes_a_new_determination_with_fresh_reasons_and_the_outcome_before(
    desk: Desk, monday: time_machine.Traveller
) -> None:
    disputed(desk, "reject", **AGAINST)
    monday.shift(dt.timedelta(days=10))
    desk.act(desk.sol, "uphold", **UPHELD)
    second, first = kept(desk)
    assert (second.number, second.action, second.outcome, second.supersedes_id) == (
        2,
        "uphold",
        "not_engaged",
        first.id,
    )
    assert (second.decided_by_id, second.decided_at) == (desk.sol.id, MONDAY + dt.timedelta(days=10))
    assert second.reason == UPHELD["reason"]
    assert [factor["text"] for factor in second.factors] == list(UPHELD.values())[:3]
    assert (second.reason_codes, second.what_would_change_it) == (first.reason_codes, first.what_would_change_it)
    assert first.reason == AGAINST["reason"]
    offer = desk.offer(desk.mona)
    assert (offer.valid_until, offer.reason_codes) == (second.valid_until, ["CTRL_METHOD"])


def test_nothing_can_be_upheld_before_something_was_decided(desk: Desk) -> None:
    desk.open()
    action = workflow.action("uphold")
    assert action is not None
    move = Move(workflow, desk.offer(desk.mona), desk.sol, clock.now(), session(), facts={})
    with pytest.raises(RefusedError, match="no determination yet"):
        determination.keep(move, action, None)


def test_an_upheld_approval_keeps_its_conditions_and_is_not_disagreed_with_again(desk: Desk) -> None:
    disputed(desk, "approve", **APPROVAL, conditions="At most 20 hours a week.")
    desk.act(desk.sol, "uphold", **UPHELD)
    second, _ = kept(desk)
    assert (second.outcome, second.conditions) == ("independent_contractor", "At most 20 hours a week.")
    assert second.statement["object_until"] is None
    assert "cannot be disagreed with again" in second.statement["objection"]
    with pytest.raises(RefusedError, match="once already"):
        desk.act(desk.mona, "disagree", grounds="We direct every step of the work.")


@pytest.mark.parametrize("missing", list(UPHELD))
def test_nothing_is_upheld_without_every_fresh_reason(desk: Desk, missing: str) -> None:
    disputed(desk, "reject", **AGAINST)
    with pytest.raises(InvalidInputError):
        desk.act(desk.sol, "uphold", **{**UPHELD, missing: ""})
    assert len(kept(desk)) == 1


def test_the_form_to_uphold_holds_drafts_and_never_the_words_of_the_one_who_decided_before(desk: Desk) -> None:
    disputed(desk, "reject", **AGAINST)
    offer = desk.offer(desk.sol)
    action = workflow.action("uphold")
    assert action is not None
    form = prefill.form_for(offer, workflow, action, desk.sol)
    assert prefill.is_drafted(form)
    texts = [str(field.data or "") for field in form]
    assert not set(texts) & set(AGAINST.values())
    assert form["reason"].data == ""
    assert prefill.DRAFTED not in form["reason"].description


def test_an_override_and_whoever_passed_it_on_are_named(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review()
    desk.act(desk.rita, "escalate", reason="The contract says otherwise.")
    desk.act(desk.sue, "take_second")
    desk.act(dataclasses.replace(desk.sue, stands_for=desk.sol.id), "approve", **APPROVAL)
    (found,) = kept(desk)
    assert found.overrides is True
    assert found.first_reviewer_ids == [str(desk.rita.id)]
    assert (found.decided_by_id, found.stands_for_id) == (desk.sue.id, desk.sol.id)
    assert "second person" in found.statement["care"]


def test_where_no_rules_apply_the_row_says_why(desk: Desk) -> None:
    desk.in_review(**dict.fromkeys(UNCHARTED, "IE"))
    with pytest.raises(RefusedError, match=r"no test for the law of “IE”, so a reviewer must decide\. Escalate"):
        desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    desk.act(desk.rita, "escalate", reason="No rules")
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "determine_employee", **EMPLOYEE)
    (found,) = kept(desk)
    assert (found.rule_set, found.answers, found.findings) == (None, {}, {})
    assert found.why_no_rules == "There is no test for the law of “IE”, so a reviewer must decide."
    assert found.statement["title"] == "Determination"


def test_every_decision_of_a_running_engagement_is_kept(desk: Desk) -> None:
    desk.active()
    desk.act(desk.mona, "amend", **{**TERMS, "amount": "15000"})
    desk.act(desk.rita, "take_reassessment")
    desk.act(desk.rita, "confirm", **APPROVAL)
    desk.act(desk.mona, "amend", **{**TERMS, "amount": "16000"})
    desk.client_answers(INSIDE)
    desk.act(desk.rita, "take_reassessment")
    desk.act(desk.rita, "end_engagement", **AGAINST)
    assert [(one.action, one.content_version) for one in kept(desk)] == [
        ("end_engagement", 3),
        ("confirm", 2),
        ("approve", 1),
    ]
    assert kept(desk)[0].statement["objection"] == ""


def test_a_client_who_classifies_for_itself_makes_a_determination_too() -> None:
    desk = Desk(compliance_enrolled=False)
    cy = make.actor("Cy", Role.COMPLIANCE_CONTACT, at=desk.client)
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(cy, "self_certify", attested="true", reason="Own look")
    (found,) = kept(desk)
    assert (found.outcome, found.reason, found.factors) == ("independent_contractor", "Own look", [])
    assert "classified this engagement itself" in found.statement["care"]
    assert "then decides afresh within 45 days" in found.statement["objection"]
    desk.onboard()


@pytest.mark.parametrize(
    "statement",
    ["UPDATE determination SET reason = 'x'", "DELETE FROM determination", "UPDATE determination SET number = 2"],
)
def test_the_database_refuses_to_change_a_determination(desk: Desk, statement: str) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    refused = "append-only|go only with the event that erases them"
    with pytest.raises(DBAPIError, match=refused), engine().begin() as connection:
        connection.execute(sa.text(statement))


def test_a_determination_cannot_be_replaced(desk: Desk) -> None:
    desk.in_review()
    desk.act(desk.rita, "approve", **APPROVAL)
    row = dict(session().execute(sa.select(table(Determination))).mappings().one())
    session().rollback()
    insert = sa.insert(table(Determination))
    statement = insert.prefix_with("OR REPLACE") if is_sqlite() else insert
    with engine().connect() as connection, pytest.raises(DBAPIError):
        connection.execute(statement, row | {"reason": "x"})


def test_the_determinations_of_the_sample_go_with_it() -> None:
    load.load()
    assert session().scalar(sa.select(Determination.id).limit(1)) is not None
    removal.remove()
    assert session().scalar(sa.select(Determination.id).limit(1)) is None
