"""What the law asks the parties of an offer to do: found from its places, dates, amounts and parties, and kept."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.authz import Actor, Channel
from compliance.engine import determination, duties_told
from compliance.engine.errors import RefusedError
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.rules import store
from compliance.rules.model import Outcome
from compliance.rules.store import RuleSetVersion
from tests.answers import leading_to
from tests.offer.scene import APPROVAL, EMPLOYEE, INSIDE, MONDAY, Desk

pytestmark = pytest.mark.usefixtures("app")
NEW_YORK = dict.fromkeys(("work_place", "freelancer_country", "client_country"), "US-NY") | {"currency": "USD"}
Read = Callable[[str, Actor], Any]


@pytest.fixture
def read(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Read:
    def reading(address: str, reader: Actor) -> object:
        program = dataclasses.replace(reader, channel=Channel.API, scopes=frozenset({"offers:read"}))
        monkeypatch.setitem(app.extensions, "current_actor", lambda: program if "api" in address else reader)
        answer = app.test_client().get(address)
        assert answer.status_code == 200, answer.text
        return answer.json if "api" in address else answer.text

    return reading


def follows(desk: Desk, reader: Actor | None = None) -> dict[str, dict[str, Any]]:
    case = desk.offer(reader or desk.mona)
    workflow = registry().process("offer").workflow
    return {one["rule_set"]: one for one in duties_told.now(session(), case, workflow, reader or desk.mona)}


def states(one: dict[str, Any]) -> dict[str, str]:
    return {duty["key"]: duty["state"] for duty in one["duties"]}


def kept(desk: Desk) -> list[Any]:
    return list(determination.history(session(), desk.offer(desk.rita))[0].duties)


def facts(one: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fact["answer"], fact["basis"]) for fact in one["facts"]]


def test_the_laws_of_all_places_are_found_with_what_they_ask_and_what_is_not_known(desk: Desk) -> None:
    desk.open(**NEW_YORK)
    found = follows(desk)
    assert set(found) == {"ny-fifa", "us-1099"}
    act = found["ny-fifa"]
    assert (act["outcome"], act["places"]) == ("needs_review", ["US-NY"])
    assert facts(act) == [("at least 12,500", "by the terms")]
    assert len(act["open"]) == 2
    timely = next(duty for duty in act["duties"] if duty["key"] == "timely_pay")
    assert (timely["who"], timely["source"], timely["citation"]) == (
        "The client",
        "verified",
        "N.Y. Gen. Bus. Law art. 44-A (ss. 1410 ff.)",
    )
    assert timely["due"] == {
        "days": 30,
        "kind": "calendar_days",
        "after": "the work is done, where the contract names no day",
        "on": None,
    }


def test_below_the_threshold_stays_open_for_more_may_be_agreed_elsewhere(desk: Desk) -> None:
    desk.open(**NEW_YORK, amount="799.99")
    act = follows(desk)["ny-fifa"]
    assert facts(act) == [("at least 799", "by the terms")]
    assert act["outcome"] == "needs_review"


def test_offers_of_the_same_two_within_120_days_add_up(desk: Desk) -> None:
    with time_machine.travel(MONDAY - dt.timedelta(days=130), tick=False):
        desk.open(**NEW_YORK, amount="300")
        desk.act(desk.mona, "submit")
    with time_machine.travel(MONDAY - dt.timedelta(days=100), tick=False):
        desk.open(**NEW_YORK, amount="500")
        desk.act(desk.mona, "submit")
    desk.open(**NEW_YORK, amount="400")
    assert ("at least 900", "by the terms, with 1 other offer of the two within 120 days") in facts(
        follows(desk)["ny-fifa"]
    )


def test_what_is_paid_in_another_currency_says_nothing_of_dollars(desk: Desk) -> None:
    desk.open(**NEW_YORK | {"currency": "EUR"})
    found = follows(desk)
    assert facts(found["ny-fifa"]) == []
    assert len(found["us-1099"]["open"]) >= 2


def test_the_return_for_the_year_is_due_on_a_day_that_the_case_tells(desk: Desk) -> None:
    desk.approved(**NEW_YORK)
    (one,) = (one for one in kept(desk) if one["rule_set"] == "us-1099")
    assert one["outcome"] == "applies"
    assert next(duty["due"]["on"] for duty in one["duties"] if duty["key"] == "form_1099") == "2027-01-31"
    assert ("Yes", "by the determination") in facts(one)


def test_work_across_years_is_not_split(desk: Desk) -> None:
    desk.open(**NEW_YORK, ends_on="2027-02-28")
    assert facts(follows(desk)["us-1099"]) == []


def test_a_statement_of_status_is_given_and_a_disagreement_is_due_after_45_days(desk: Desk) -> None:
    desk.open()
    before = follows(desk)["uk-opw"]
    assert states(before)["sds"] == "open"
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    desk.act(desk.rita, "approve", **APPROVAL)
    after = follows(desk)["uk-opw"]
    assert (states(after)["sds"], states(after)["pass_on"]) == ("met", "does_not_apply")
    assert next(duty["who"] for duty in after["duties"] if duty["key"] == "pass_on") == "Each party that receives it"
    desk.act(desk.fay, "disagree", grounds="I work under direction.")
    answer = next(duty for duty in follows(desk)["uk-opw"]["duties"] if duty["key"] == "disagreement")
    assert answer["due"]["on"] == "2026-04-16"
    assert answer["state"] == "open"
    desk.act(desk.sue, "take_disagreement")
    desk.act(desk.sue, "uphold", **{**APPROVAL, "reason": "Read again."})
    assert states(follows(desk)["uk-opw"])["disagreement"] == "met"


def test_no_company_in_between_and_the_off_payroll_rules_ask_nothing(desk: Desk) -> None:
    desk.open()
    rules = desk.rules()
    assert rules is not None
    told = {"route": "paye", "provideServices": "soleTrader"}
    rest = leading_to(rules, {"endUserRole": "endClient", **told}, Outcome.INDEPENDENT_CONTRACTOR)
    desk.send(desk.mona, {**told, **rest})
    assert follows(desk) == {}


def test_the_law_for_contractors_says_nothing_of_employment(desk: Desk) -> None:
    desk.result = INSIDE
    desk.in_review(**NEW_YORK)
    desk.act(desk.rita, "determine_employee", **EMPLOYEE)
    assert kept(desk) == []


def test_an_engagement_that_cannot_go_on_has_no_duties_of_contractors(desk: Desk) -> None:
    desk.in_review(**NEW_YORK)
    desk.reject()
    assert "ny-fifa" not in {one["rule_set"] for one in kept(desk)}


def test_they_are_kept_with_digest_and_version_and_the_record_vouches_for_them(desk: Desk) -> None:
    desk.approved(**NEW_YORK)
    (made,) = determination.history(session(), desk.offer(desk.rita))
    check = store.library().exactly("ny-fifa", "2026.2")
    found = next(one for one in made.duties if one["rule_set"] == "ny-fifa")
    assert (found["version"], found["digest"]) == ("2026.2", check.digest)
    assert session().get(RuleSetVersion, ("ny-fifa", "2026.2")) is not None
    values = {column.key: getattr(made, column.key) for column in sa.inspect(determination.Determination).columns}
    assert determination.digest_of_row(values) == made.digest
    assert determination.digest_of_row({**values, "duties": []}) != made.digest


def test_a_version_published_with_another_content_is_refused(desk: Desk) -> None:
    desk.in_review(**NEW_YORK)
    check = store.library().exactly("ny-fifa", "2026.2")
    session().execute(
        sa.insert(RuleSetVersion).values(
            key=check.key, version=check.version, digest="0" * 64, content="{}", published_at=MONDAY, by="Ada"
        )
    )
    session().commit()
    with pytest.raises(RefusedError, match="Give the changed rule set a new version"):
        desk.act(desk.rita, "approve", **APPROVAL)
    assert desk.offer(desk.rita).state == "classification_review"


def test_both_parties_and_the_desk_read_them_on_page_statement_and_rest(desk: Desk, read: Read) -> None:
    desk.approved(**NEW_YORK)
    for reader in (desk.mona, desk.fay, desk.rita):
        for address in (f"/offers/{desk.reference}", f"/offers/{desk.reference}/determinations/1"):
            page = read(address, reader)
            assert "What the parties must do" in page
            assert "Keep the contract for six years." in page
            assert "not checked against the source" in page
            assert "/rules/ny-fifa?version=2026.2#duty-keep_contract" in page
        case = read(f"/api/v1/offers/{desk.reference}", reader)
        (made,) = read(f"/api/v1/offers/{desk.reference}/determinations", reader)["items"]
        assert [one["rule_set"] for one in case["duties"]] == [one["rule_set"] for one in made["duties"]]
        assert made["duties"][0]["duties"][0]["who"] == "The client"


def test_a_party_does_not_read_what_the_other_told(desk: Desk, read: Read) -> None:
    desk.approved()
    address = f"/api/v1/offers/{desk.reference}/determinations"

    def told(reader: Actor) -> set[str]:
        (made,) = read(address, reader)["items"]
        return {fact["told_by"] for one in made["duties"] for fact in one["facts"]}

    assert told(desk.rita) == {"", "client"}
    assert told(desk.mona) == {"", "client"}
    assert told(desk.fay) == {""}
    question = "Does the worker act through a company of their own, or another intermediary?"
    assert f"<dt>{question}</dt>" in read(f"/offers/{desk.reference}", desk.mona)
    assert f"<dt>{question}</dt>" not in read(f"/offers/{desk.reference}", desk.fay)


def test_answers_of_the_two_that_contradict_each_other_leave_it_open(desk: Desk) -> None:
    spain = dict.fromkeys(("work_place", "freelancer_country", "client_country"), "ES") | {"currency": "EUR"}
    desk.open(**spain)
    rules = desk.rules()
    assert rules is not None
    told = {"investment": "worker_major"}
    desk.send(desk.mona, {**told, **leading_to(rules, told, Outcome.EMPLOYEE)})
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    agreed = follows(desk, desk.rita)["es-trade"]
    assert ("From the worker, and they are worth a good deal", "as answered") in facts(agreed), facts(agreed)
    otherwise = {"investment": "worker_minor"}
    desk.send(desk.fay, {**otherwise, **leading_to(rules, otherwise, Outcome.EMPLOYEE)})
    differing = follows(desk, desk.rita)["es-trade"]
    assert facts(differing) == []
    assert len(differing["open"]) == len(agreed["open"]) + 1


def test_where_no_check_covers_the_places_nothing_is_said(desk: Desk, read: Read) -> None:
    desk.open(**dict.fromkeys(("work_place", "freelancer_country", "client_country"), "JP"))
    assert follows(desk) == {}
    assert "What the parties must do" not in read(f"/offers/{desk.reference}", desk.mona)


def test_an_offer_taken_back_before_anybody_decided_has_no_duties(desk: Desk) -> None:
    desk.open(**NEW_YORK)
    desk.act(desk.mona, "withdraw", reason="Not needed.")
    assert follows(desk) == {}
