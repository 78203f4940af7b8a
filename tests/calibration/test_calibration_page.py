"""The page of the calibration: figures, picture, filters, file, and the cases behind a figure."""

from __future__ import annotations

import csv
import dataclasses
import io
import re
from collections.abc import Callable, Iterator

import pytest
import time_machine
from flask import Flask

from compliance.authz import Actor, Role
from compliance.engine import agreeing
from compliance.engine.agreeing import Asked, By, Question
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Conflict
from compliance.web import calibration
from tests import make
from tests.calibration.scene import FOUND, OTHER, TwoLooks
from tests.offer.scene import APPROVAL, INSIDE, MONDAY, OPEN, OUTSIDE
from tests.web.conftest import Browser
from tests.web.scene import link, words

ComeIn = Callable[[Actor], Browser]
REVIEWS = "/calibration?question=reviews"


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


def looked_at(desk: TwoLooks, finding: dict[str, str], by: Actor | None = None) -> None:
    """Have an offer approved, and looked at a second time."""
    desk.result = OUTSIDE
    desk.drawn()
    who = by or desk.rob
    desk.do(who, "claim")
    desk.do(who, "answer", **finding)


def overridden(desk: TwoLooks) -> None:
    """Approve what the questionnaire finds to be employment, for which two look."""
    second_looked(desk, INSIDE)


def second_looked(desk: TwoLooks, result: str) -> None:
    desk.result = result
    desk.in_review()
    desk.act(desk.rita, "escalate", reason="Two should look.")
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "approve", **APPROVAL)


def decided(desk: TwoLooks) -> None:
    """Have decisions of every relation to their findings."""
    for _ in range(3):
        desk.result = OUTSIDE
        desk.approved()
    desk.rejected()  # Employment by the questionnaire, and no status by the decision.
    overridden(desk)
    second_looked(desk, OPEN)


def test_an_empty_desk_says_so_and_what_will_stand_here(app: Flask, desk: TwoLooks, come_in: ComeIn) -> None:
    sue = come_in(desk.sue)
    assert "Nothing to compare yet" in sue.read("/calibration").text
    assert "No determinations are drawn" in sue.read(REVIEWS).text
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], blind_shares=((clock.now().date(), 7),))
    said = words(sue.read(REVIEWS).text)
    assert "No blind second review yet" in said
    assert "Of a hundred determinations, 7 are drawn" in said
    assert "<svg width" not in sue.read(REVIEWS).text


def test_findings_are_compared_and_what_has_no_status_is_counted_apart(desk: TwoLooks, come_in: ComeIn) -> None:
    decided(desk)
    found = agreeing.overall(session(), Asked(), desk.sue)
    assert found.pairs == {
        ("independent_contractor", "independent_contractor"): 3,
        ("employee", "independent_contractor"): 1,
    }
    assert (found.left_open, found.no_status) == (1, 1)
    for by, names in ((By.TEST, ["uk-cest-2.4"]), (By.REVIEWER, ["Rita", "Sue"]), (By.CLIENT, ["Acme"])):
        page = agreeing.page(session(), Asked(by=by), desk.sue, None, 10)
        assert [row.name for row in page.rows] == names
        assert sum(sum(row.pairs.values()) for row in page.rows) == 4
    session().rollback()
    page_text = come_in(desk.sue).read("/calibration?by=reviewer").text
    # Rita's three agree on one outcome alone; Sue's only one differs.
    assert page_text.count('class="dot') == 1
    assert page_text.count("not defined</text>") == 1
    said = words(page_text)
    assert "Decisions compared 4" in said
    assert "Left open by the findings 1" in said
    assert "Decided without a status 1" in said


def test_two_looks_are_compared_by_test_by_client_and_for_both_who_looked(desk: TwoLooks, come_in: ComeIn) -> None:
    looked_at(desk, FOUND)
    looked_at(desk, FOUND, desk.una)
    looked_at(desk, OTHER)
    asked = Asked(question=Question.REVIEWS)
    found = agreeing.overall(session(), asked, desk.sue)
    assert found.pairs == {
        ("independent_contractor", "independent_contractor"): 2,
        ("independent_contractor", "employee"): 1,
    }
    by_reviewer = agreeing.page(session(), dataclasses.replace(asked, by=By.REVIEWER), desk.sue, None, 10)
    counts = {row.name: (row.agreement.pairs, row.agreement.agreeing) for row in by_reviewer.rows}
    assert counts == {"Rita": (3, 2), "Rob": (2, 1), "Una": (1, 1)}
    for by, name in ((By.TEST, "uk-cest-2.4"), (By.CLIENT, "Acme")):
        rows = agreeing.page(session(), dataclasses.replace(asked, by=by), desk.sue, None, 10).rows
        assert [(row.name, row.agreement.pairs) for row in rows] == [(name, 3)]
    session().rollback()
    sue = come_in(desk.sue)
    page = sue.read(f"{REVIEWS}&by=reviewer").text
    assert "One of the two only ever found one outcome" in page
    behind = sue.read(f"/calibration/cases?question=reviews&reviewer={desk.rob.id}").text
    assert "Employee" in behind
    assert desk.reference in behind
    assert desk.look in behind
    none = sue.read(f"/calibration/cases?question=reviews&reviewer={desk.una.id}").text
    assert "There is no such case that you can see." in none


def test_figures_lead_to_the_cases_behind_them(desk: TwoLooks, come_in: ComeIn) -> None:
    decided(desk)
    sue = come_in(desk.sue)
    page = sue.read("/calibration").text
    for which, first, second in (
        ("differ", "Employee", "Independent contractor"),
        ("open", "Needs review", "Independent contractor"),
        ("no_status", "Employee", "Cannot go on as it is"),
    ):
        address = re.search(rf'href="(/calibration/cases[^"]*which={which})"', page)
        assert address is not None
        behind = words(sue.read(address[1].replace("&amp;", "&")).text)
        assert f"{first} {second}" in re.sub(r" (Rita|Sue)", "", behind)


def test_period_test_reviewer_and_client_stand_in_the_address_and_go_one_by_one(
    desk: TwoLooks, come_in: ComeIn
) -> None:
    decided(desk)
    sue = come_in(desk.sue)
    assert "Decisions compared 4" in words(sue.read("/calibration?since=2026-03-02&until=2026-03-02").text)
    nothing = sue.read("/calibration?since=2026-03-03").text
    assert "Nothing matches" in nothing
    assert "Drop “From: 2026-03-03”" in nothing
    narrowed = sue.read(f"/calibration?by=client&reviewer={desk.rita.id}&test=uk-cest-2.4").text
    assert "Decisions compared 3" in words(narrowed)
    assert ">Rita</strong>" in narrowed
    assert sue.read(f"/calibration?client={desk.client.id}").status_code == 200


@pytest.mark.parametrize(
    "query,status",
    [
        ("since=yesterday", 422),
        ("test=no-such-test", 422),
        ("by=weather", 422),
        ("question=why", 422),
        ("reviewer=Rita", 422),
        ("client=1", 422),
        ("after=here", 400),
        ("after=[1]", 400),
        ('by=client&after=["Acme","x"]', 400),
        ("after=%5B%22a%22%2C%22b%5Cu0000%22%5D", 400),
    ],
)
def test_an_address_that_asks_for_nothing_of_ours_is_refused(
    desk: TwoLooks, come_in: ComeIn, query: str, status: int
) -> None:
    answer = come_in(desk.sue).client.get(f"/calibration?{query}")
    assert answer.status_code == status
    assert "calibration" in answer.text.lower()


@pytest.mark.parametrize("query", ["which=all", "before=it", "since=yesterday"])
def test_a_list_that_cannot_be_is_refused(desk: TwoLooks, come_in: ComeIn, query: str) -> None:
    assert come_in(desk.sue).client.get(f"/calibration/cases?{query}").status_code in {400, 422}
    assert come_in(desk.sue).client.get("/calibration/table.csv?test=none").status_code == 422


def test_only_senior_reviewers_and_auditors_read_it(desk: TwoLooks, come_in: ComeIn) -> None:
    for role, may in ((Role.ADMINISTRATOR, False), (Role.AUDITOR, True), (Role.TEAM_LEAD, False), (Role.SALES, False)):
        browser = come_in(make.actor(role.value, role))
        for address in ("/calibration", "/calibration/table.csv", "/calibration/cases"):
            assert browser.client.get(address).status_code == (200 if may else 403), (role, address)
    for who in (desk.rita, desk.mona, desk.fay):
        assert come_in(who).client.get("/calibration").status_code == 403
        assert 'href="/calibration"' not in come_in(who).client.get("/offers").text
    assert 'href="/calibration"' in come_in(desk.sue).client.get("/offers").text


def test_figures_leave_out_the_cases_that_their_reader_may_not_see(desk: TwoLooks, come_in: ComeIn) -> None:
    looked_at(desk, OTHER)
    session().add(Conflict(person_id=desk.sol.id, organisation_id=desk.client.id, declared_at=clock.now()))
    session().commit()
    for address in ("/calibration", REVIEWS):
        assert "Acme" not in come_in(desk.sol).read(f"{address}{'&' if '?' in address else '?'}by=client").text
    assert "Nothing to compare yet" in come_in(desk.sol).read("/calibration").text
    assert desk.reference not in come_in(desk.sol).read("/calibration/cases?question=reviews").text
    assert desk.reference in come_in(desk.sue).read("/calibration/cases?question=reviews").text


def test_the_file_holds_every_row_and_runs_in_no_spreadsheet(
    desk: TwoLooks, come_in: ComeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "PAGE_SIZE", 1)
    decided(desk)
    desk.client.name = "=Acme()"
    session().merge(desk.client)
    session().commit()
    sue = come_in(desk.sue)
    answer = sue.client.get("/calibration/table.csv?by=reviewer")
    assert answer.headers["Content-Disposition"] == "attachment; filename=calibration-findings-by-reviewer.csv"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["name"], row["pairs"], row["agreeing"]) for row in rows] == [("Rita", "3", "3"), ("Sue", "1", "0")]
    (client,) = csv.DictReader(io.StringIO(sue.client.get("/calibration/table.csv?by=client").text))
    assert client["name"] == "'=Acme()"
    assert (client["pairs"], client["kappa"]) == ("4", "0.0000")


def test_a_long_table_and_a_long_list_go_on_by_key(
    desk: TwoLooks, come_in: ComeIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "PAGE_SIZE", 1)
    for _ in range(2):
        looked_at(desk, OTHER)
    sue, seen = come_in(desk.sue), []
    address: str | None = f"{REVIEWS}&by=reviewer"
    while address:
        page = sue.read(address).text
        seen += re.findall(r'<text class="name"[^>]*>\s*(\w+)', page)
        address = link(page, "Next") if 'rel="next"' in page else None
    assert seen == ["Rita", "Rob"]
    first = sue.read("/calibration/cases?question=reviews").text
    second = sue.read(link(first, "Next")).text
    references = [re.findall(r"OF-[0-9A-Z]{8}", page)[0] for page in (first, second)]
    assert len(set(references)) == 2
    assert 'rel="next"' not in second
    by_test = sue.read("/calibration").text
    assert 'rel="next"' not in by_test
