"""Trying answers against the rules: the findings are those of the case pages, and nothing is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.demo import interviews
from compliance.kernel.db import session
from compliance.rules import store
from compliance.rules.agenda import agenda
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.model import Outcome
from tests import make
from tests.answers import leading_to
from tests.editions import publish_another
from tests.offer.scene import INSIDE, OUTSIDE
from tests.web.conftest import Browser
from tests.web.scene import words

SignIn = Callable[[Actor | None], Browser]
THREE_STATES = "/rules/try?worker=US-MA&client=US-CA&work=us-nj&on=2026-01-01"


@pytest.fixture
def reader(sign_in: SignIn) -> Browser:
    return sign_in(make.actor("Rita", Role.REVIEWER))


def sent(answers: Mapping[str, object]) -> dict[str, str]:
    return {
        f"answer.{key}": value if isinstance(value, str) else ("yes" if value else "no")
        for key, value in answers.items()
    }


def test_trying_begins_with_a_choice_and_the_questions_of_any_set(reader: Browser) -> None:
    page = reader.read("/rules/try").text
    for rules in store.library().everything():
        assert f'<option value="{rules.key}">' in page
        asked = words(reader.read(f"/rules/try?key={rules.key}").text)
        assert "Nothing is kept, and no case is touched." in asked
        assert "What is found" not in asked
        if isinstance(rules, ComplianceCheck):
            assert [one.text for one in rules.questions.values() if one.text not in asked] == []


@pytest.mark.parametrize("outcome", [Outcome.EMPLOYEE, Outcome.INDEPENDENT_CONTRACTOR])
def test_a_legal_test_finds_what_it_finds_on_a_case(reader: Browser, outcome: Outcome) -> None:
    test = store.library().exactly("us-ma-abc", "2026.1")
    assert isinstance(test, LegalTest)
    answers = dict(leading_to(agenda((test,)), {}, outcome))
    page = words(reader.send("/rules/try?key=us-ma-abc", **sent(answers)).text)
    assert {Outcome.EMPLOYEE: "Employee", Outcome.INDEPENDENT_CONTRACTOR: "Independent contractor"}[outcome] in page
    assert all(factor.title in page for factor in test.factors)
    assert ("G.L. c. 149 s. 148B(a)(2)" in page) is (outcome is Outcome.EMPLOYEE)
    assert ("What would change this" in page) is (outcome is Outcome.INDEPENDENT_CONTRACTOR)
    assert f"version 2026.1, digest {test.digest[:12]}…" in page


def test_answers_in_the_address_are_tried_too(reader: Browser) -> None:
    page = words(reader.read("/rules/try?key=us-ma-abc&answer.business_relation=core").text)
    assert "What is found Employee" in page
    assert "Not answered, what could change most first" in words(
        reader.read("/rules/try?key=us-flsa&answer.how_directed=no").text
    )


@pytest.mark.parametrize("result", [OUTSIDE, INSIDE])
def test_tables_of_an_authority_find_something_at_the_end_of_their_questions(reader: Browser, result: str) -> None:
    answers = sent(interviews.client_answers(result) | {"endUserRole": "endClient"})
    some = dict(list(answers.items())[:3])
    assert "these tables find nothing before their end" in words(reader.send("/rules/try?key=uk-cest-2.4", **some).text)
    page = words(reader.send("/rules/try?key=uk-cest-2.4", **answers).text)
    assert "What is found The off-payroll working rules (IR35)" in page
    assert "Answers behind it" in page


def test_an_answer_that_no_longer_counts_is_kept_while_others_are_tried(reader: Browser) -> None:
    answers = sent(interviews.client_answers(OUTSIDE) | {"endUserRole": "endClient", "officeHolder": True})
    page = reader.send("/rules/try?key=uk-cest-2.4", **answers).text
    dropped = [name for name in answers if f'type="hidden" name="{name}"' in page]
    assert len(dropped) > 3
    assert "What is found" in page


def test_a_proposed_variant_is_tried_and_marked(reader: Browser) -> None:
    address = "/rules/try?key=us-flsa&variant=proposed-2026"
    assert "Proposed, not law Proposal of 2026: two core factors." in words(reader.read(address).text)
    page = words(reader.send(address, **{"answer.how_directed": "no"}).text)
    assert "Proposed, not law" in page
    assert "Nature and degree of control" in page
    used = words(reader.read("/rules/try?key=us-flsa&variant=fact-sheet-13-2008").text)
    assert "A variant Fact Sheet 13 of 2008: seven factors." in used


def test_an_older_version_is_tried_by_what_it_said_then(reader: Browser) -> None:
    publish_another(
        "us-ma-abc",
        "2025.1",
        ("outside = 2, ancillary = 0, core = -2 }", "outside = 2, ancillary = 0, core = 2 }"),
        ("effective_from = 2004-07-19", "effective_from = 2004-07-19\neffective_to = 2005-01-01"),
    )
    old = words(reader.read("/rules/try?key=us-ma-abc&version=2025.1&answer.business_relation=core").text)
    assert "This version is not in force today It is in force from 2004-07-19 to 2005-01-01." in old
    assert "What is found Left open" in old
    new = words(reader.read("/rules/try?key=us-ma-abc&version=2026.1&answer.business_relation=core").text)
    assert "What is found Employee" in new


def test_all_tests_that_apply_somewhere_on_a_day_are_tried_together(reader: Browser) -> None:
    page = words(reader.read(THREE_STATES).text)
    for key in ("us-ma-abc", "us-ca-abc", "us-nj-abc", "us-flsa"):
        assert store.library().exactly(key, "2026.1").title in page
    found = words(reader.send(THREE_STATES, **{"answer.business_relation": "core"}).text)
    assert "leads, as the strictest" in found
    wages = words(reader.read(f"{THREE_STATES}&purpose=wages").text)
    assert store.library().exactly("us-irs-common-law", "2026.1").title not in wages


def test_each_purpose_has_its_own_finding_and_each_set_says_what_it_is_asked_for(reader: Browser) -> None:
    page = words(reader.read(THREE_STATES).text)
    assert f"{store.library().exactly('us-irs-common-law', '2026.1').title} , asked for social insurance, tax" in page
    found = words(reader.send(THREE_STATES, **{"answer.business_relation": "core"}).text)
    assert re.search(r"For [a-z, ]*wages and hours of work Employee", found)
    assert "For social insurance, tax Left open" in found


def test_an_authority_s_tables_are_asked_where_a_case_would_ask_them(reader: Browser) -> None:
    here = "/rules/try?worker=GB&client=GB&work=GB&on=2026-12-31"
    page = words(reader.read(here).text)
    assert store.library().table("uk-cest-2.4").title in page
    assert store.library().exactly("uk-status", "2026.1").title not in page
    assert store.library().exactly("uk-opw", "2026.2").title in page
    wages = words(reader.read(f"{here}&purpose=wages").text)
    assert store.library().exactly("uk-status", "2026.1").title in wages
    assert store.library().table("uk-cest-2.4").title not in wages


def test_a_place_without_rules_says_so(reader: Browser) -> None:
    nowhere = words(reader.read("/rules/try?worker=TH&client=TH&work=TH&on=2026-01-01").text)
    assert "There is no test for the law of “TH”, so a reviewer must decide." in nowhere
    partly = words(reader.read("/rules/try?worker=US-TX&client=FR&work=FR&on=2026-01-01").text)
    assert "Of “US-TX” only the tests of US are known" in partly


def test_a_check_tells_its_duties_and_by_when(reader: Browser) -> None:
    check = store.library().exactly("nyc-fifa", "2026.2")
    assert isinstance(check, ComplianceCheck)
    applies = {clause.question: clause for clause in check.parts.applies}
    given = {key: "900" if not one.values else next(iter(one.values)) for key, one in applies.items()}
    page = words(reader.send("/rules/try?key=nyc-fifa", **sent({**given, "written_contract": "no"})).text)
    assert "What is found The law applies" in page
    assert "There is a written contract, and the worker has a copy. Not fulfilled" in page
    assert "Due: 30 calendar days after the work is done" in page
    assert "Not answered yet" in page


def test_trying_writes_nothing(reader: Browser) -> None:
    before = session().scalar(sa.select(sa.func.count()).select_from(AuditEvent))
    reader.send("/rules/try?key=us-ma-abc", **{"answer.business_relation": "core"})
    reader.send(THREE_STATES, **{"answer.business_relation": "core"})
    assert session().scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == before
    assert session().scalar(sa.select(sa.func.count()).select_from(store.RuleSetVersion)) == 0


def test_a_form_without_its_token_is_refused(reader: Browser) -> None:
    assert reader.client.post("/rules/try?key=us-flsa", data={"answer.how_directed": "no"}).status_code == 400


@pytest.mark.parametrize(
    "address, answers, sentence",
    [
        (
            "/rules/try?key=us-flsa",
            {"answer.how_directed": "maybe"},
            "Choose one of the answers to “Besides",
        ),
        ("/rules/try?key=us-flsa", {"answer.colour": "red"}, "a question that these rules do not ask"),
        ("/rules/try?key=uk-cest-2.4", {"answer.route": "sideways"}, "Choose one of the answers to"),
        ("/rules/try?key=nyc-fifa", {"answer.written_contract": "maybe"}, "Choose one of the answers to"),
        ("/rules/try?key=nyc-fifa", {"answer.pay_days_after_completion": "soon"}, "Give a whole number, not below 0"),
        ("/rules/try?key=nyc-fifa", {"answer.colour": "red"}, "a question that this check does not ask"),
    ],
)
def test_broken_answers_are_refused_and_the_others_kept(
    reader: Browser, address: str, answers: dict[str, str], sentence: str
) -> None:
    refused = reader.send(address, **answers)
    assert refused.status_code == 422
    assert sentence in words(refused.text)
    assert "What is found" not in refused.text


def test_good_answers_stay_beside_a_broken_one(reader: Browser) -> None:
    page = reader.send("/rules/try?key=us-flsa", **{"answer.how_directed": "no", "answer.other_clients": "x"}).text
    assert '<option selected value="no">' in page


@pytest.mark.parametrize(
    "query",
    [
        "worker=US-MA",
        "worker=1&client=GB&work=GB&on=2026-01-01",
        "worker=GB&client=GB&work=GB&on=soon",
        "worker=GB&client=GB&work=GB&on=2026-01-01&purpose=fun",
    ],
)
def test_broken_places_and_days_are_refused(reader: Browser, query: str) -> None:
    refused = reader.read(f"/rules/try?{query}")
    assert refused.status_code == 422
    assert "There is a problem" in refused.text


@pytest.mark.parametrize(
    "query", ["key=nothing", "key=us-flsa&version=1", "key=us-flsa&variant=x", "key=uk-cest-2.4&variant=x"]
)
def test_what_is_no_rule_set_version_or_variant_is_not_found(reader: Browser, query: str) -> None:
    assert reader.read(f"/rules/try?{query}").status_code == 404


def test_trying_is_for_the_desk(sign_in: SignIn) -> None:
    browser = sign_in(make.actor("Mona", Role.HIRING_MANAGER, at=make.organisation()))
    assert browser.read("/rules/try?key=us-flsa").status_code == 403
