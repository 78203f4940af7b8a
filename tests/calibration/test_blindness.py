"""Until they have answered, whoever looks blind comes by no way to how it was decided."""

from __future__ import annotations

import contextlib
import html
import io
import re
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.authz import Actor
from compliance.engine import documents, run
from compliance.engine.case import CaseDocument
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.messages.models import MailMessage, Notification
from compliance.people import directory
from compliance.people.models import Conflict, Person
from tests import papers
from tests.calibration.scene import FOUND, OTHER, TwoLooks
from tests.offer.scene import APPROVAL, MONDAY
from tests.web.conftest import Browser
from tests.web.scene import words

ComeIn = Callable[[Actor], Browser]
REASON = APPROVAL["reason"]
# What gives the first decision away, wherever it stands.
TELLING = (
    REASON,
    *(text for text in APPROVAL.values()),
    "Enterprise Ready",
    "Outside IR35",
    "The engagement fits",
    "Rita",
)


@pytest.fixture(autouse=True)
def on_monday() -> Iterator[None]:
    with time_machine.travel(MONDAY, tick=False):
        yield


def with_documents(desk: TwoLooks) -> dict[str, CaseDocument]:
    """Have an offer approved on one document of the client's, with one of the desk's own beside it."""
    desk.in_review()
    for who, name, internal in ((desk.mona, "contract.txt", ""), (desk.rita, "own-notes.txt", "true")):
        with documents.examined(name, io.BytesIO(papers.TEXT + name.encode())) as file:
            run.fire("offer", desk.reference, "add_document", who, {"file": file, "internal": internal})
            session().commit()
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.draw()
    return {row.name: row for row in session().scalars(sa.select(CaseDocument))}


def ways_to_the_case(desk: TwoLooks) -> list[str]:
    case = f"/offers/{desk.reference}"
    api = f"/api/v1/offers/{desk.reference}"
    parts = ("", "?history=decision", "/changes", "/determinations/1", "/comment", "/tasks", "/answers")
    of_api = ("", "/events", "/determinations", "/determinations/1", "/documents", "/versions")
    return [*(f"{case}{part}" for part in parts), *(f"{api}{part}" for part in of_api)]


def lists(desk: TwoLooks) -> list[str]:
    return [
        "/queue", "/queue?state=enterprise_ready", "/offers", "/offers?state=enterprise_ready", "/blind-reviews",
        f"/search?q={desk.reference}", "/search?q=pricing", "/notifications", "/rules/uk-cest-2.4/cases",
        "/api/v1/offers", "/api/v1/offers?state=enterprise_ready", "/api/v1/blind-reviews",
        f"/blind-reviews/{desk.look}", f"/blind-reviews/{desk.look}?history=system",
        f"/api/v1/blind-reviews/{desk.look}", f"/api/v1/blind-reviews/{desk.look}/events",
    ]  # fmt: skip


def test_the_case_itself_is_not_there_by_any_address(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    rob = come_in(desk.rob)
    for address in ways_to_the_case(desk):
        unknown = address.replace(desk.reference, "OF-00000000")
        here, nowhere = rob.client.get(address), rob.client.get(unknown)
        assert here.status_code == 404, address
        assert without_own_words(here.text, desk.reference) == without_own_words(nowhere.text, "OF-00000000"), address


def without_own_words(page: str, reference: str) -> str:
    """Return a page without what differs at every request: its number, its token and the address it answers."""
    page = re.sub(r'(csrf_token" value|content|request_id"|Request)[^\n]*', "", page.replace(reference, ""))
    return re.sub(r"[0-9a-f]{16}", "", page)


def test_no_list_search_or_inbox_tells_how_it_was_decided(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    senior = desk.sol
    desk.do(desk.rob, "release")
    desk.do(senior, "claim")
    for who in (desk.rob, senior):
        browser = come_in(who)
        for address in [
            *lists(desk),
            "/calibration",
            "/calibration?by=client",
            "/calibration/cases",
            "/calibration/table.csv",
        ]:
            answer = browser.client.get(address)
            assert answer.status_code in {200, 403, 404}, (address, answer.status_code)
            said = html.unescape(answer.text)
            # Words for states stand in every filter of a list; rows name the case.
            assert f'/offers/{desk.reference}"' not in said, address
            assert not [text for text in (REASON, *APPROVAL.values(), "The engagement fits") if text in said], address


def test_whoever_holds_it_reads_terms_answers_and_documents_and_nothing_of_the_decision(
    desk: TwoLooks, come_in: ComeIn
) -> None:
    kept = with_documents(desk)
    desk.do(desk.rob, "claim")
    page = come_in(desk.rob).read(f"/blind-reviews/{desk.look}").text
    said = words(page)
    assert "Design and deliver a pricing engine with tests and handbook." in said
    assert "Answers decided on" in said
    assert "The client's answers" in said
    assert "contract.txt" in said
    assert "own-notes.txt" not in said
    assert desk.reference not in page
    assert not [text for text in TELLING if text in said]
    rob = come_in(desk.rob)
    own = f"/blind-reviews/{desk.look}/looked-at"
    with contextlib.closing(rob.client.get(f"{own}/{kept['contract.txt'].id}")) as given:
        assert given.get_data().startswith(papers.TEXT)
    for other in (kept["own-notes.txt"].id, "00000000-0000-0000-0000-000000000000", "it"):
        assert rob.client.get(f"{own}/{other}").status_code == 404
    for somebody in (desk.una, desk.mona, desk.fay):
        assert come_in(somebody).client.get(f"{own}/{kept['contract.txt'].id}").status_code == 404


def test_before_it_is_claimed_the_page_says_nothing_of_what_it_looks_at(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.drawn()
    for who in (desk.rob, desk.rita, desk.sue):
        page = come_in(who).read(f"/blind-reviews/{desk.look}").text
        assert "What this looks at is not shown yet" in page
        assert desk.reference not in page
        assert "pricing engine" not in page


def test_the_form_of_the_finding_begins_empty(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    page = come_in(desk.rob).read(f"/blind-reviews/{desk.look}?decide=answer").text
    assert 'type="radio"' in page
    assert "checked" not in page
    assert re.search(r"<textarea[^>]*name=\"grounds\"[^>]*>\s*</textarea>", page)


def test_a_stand_in_for_whoever_looks_blind_sees_no_more(app: Flask, desk: TwoLooks) -> None:
    del app  # As above.
    desk.taken()
    una, rob = (session().get_one(Person, one.id) for one in (desk.una, desk.rob))
    stands_in = directory.actor_for(una, rob, ("reviewer",))
    assert stands_in.blind_to == desk.now(desk.rob).blind_to
    assert desk.now(desk.una).blind_to == frozenset()


def test_nobody_who_looks_blind_is_written_to_about_it(desk: TwoLooks) -> None:
    desk.taken()
    desk.act(desk.mona, "comment", body="Thank you for the decision.")
    to_rob = sa.select(Notification.id).where(Notification.person_id == desk.rob.id)
    assert session().scalars(to_rob).all() == []
    assert session().scalars(sa.select(MailMessage.id).where(MailMessage.person_id == desk.rob.id)).all() == []


def test_a_finding_is_given_in_the_browser_and_both_are_shown_side_by_side_after_it(
    desk: TwoLooks, come_in: ComeIn
) -> None:
    desk.taken()
    rob = come_in(desk.rob)
    address = f"/blind-reviews/{desk.look}"
    page = rob.read(f"{address}?decide=answer").text
    refused = rob.press(page, f"{address}/answer", outcome="employee", grounds="")
    assert refused.status_code == 422
    assert re.search(r"value=\"employee\"[^>]*checked|checked[^>]*value=\"employee\"", refused.text)
    assert rob.press(page, f"{address}/answer", **OTHER).status_code == 303
    for who in (desk.rob, desk.rita, desk.sue):
        browser = come_in(who)
        said = words(browser.read(address).text)
        assert "What both found" in said
        assert REASON in said
        assert OTHER["grounds"] in said
        original = words(browser.read(f"/offers/{desk.reference}").text)
        assert "found another outcome. The determination stands as it was." in original
    for party in (desk.mona, desk.fay):
        original = come_in(party).read(f"/offers/{desk.reference}").text
        assert "Blind" not in original
        assert desk.look not in original


def test_where_both_found_the_same_the_case_says_so(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    desk.do(desk.rob, "answer", **FOUND)
    said = words(come_in(desk.rita).read(f"/offers/{desk.reference}").text)
    assert "who did not know how it was decided, found the same." in said


def test_whoever_may_not_see_the_case_does_not_see_it_through_the_second_look(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    desk.do(desk.rob, "answer", **OTHER)
    assert desk.una.id is not None
    session().add(Conflict(person_id=desk.una.id, organisation_id=desk.client.id, declared_at=clock.now()))
    session().commit()
    page = come_in(desk.una).read(f"/blind-reviews/{desk.look}").text
    assert "not for you to see" in page
    assert REASON not in page
    assert OTHER["grounds"] not in page


def test_a_program_answers_like_a_person(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    rob = come_in(desk.rob)
    address = f"/api/v1/blind-reviews/{desk.look}"
    seen = rob.client.get(address).json
    assert seen is not None
    assert seen["facts"] == []
    sent = {**FOUND, "seen": seen["content_digest"]}
    done = rob.client.post(f"{address}/actions/answer", json=sent)
    assert done.status_code == 200, done.text
    assert done.json is not None
    assert done.json["state"] == "agreed"


def test_clients_find_no_way_to_blind_reviews_on_their_pages(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.drawn()
    mona = come_in(desk.mona)
    assert "/blind-reviews" not in mona.read("/offers").text
    assert "blind" not in mona.client.get("/").headers["Location"]
    assert desk.look not in mona.read("/blind-reviews").text


def test_what_follows_from_a_difference_is_read_with_the_case_looked_at(desk: TwoLooks, come_in: ComeIn) -> None:
    desk.taken()
    desk.do(desk.rob, "answer", **OTHER)
    desk.do(desk.sue, "settle", follows="The first is right; the terms say so.")
    assert desk.client.id is not None
    session().add(Conflict(person_id=desk.una.id, organisation_id=desk.client.id, declared_at=clock.now()))
    session().commit()
    assert "The first is right" in come_in(desk.rob).read(f"/blind-reviews/{desk.look}").text
    assert "The first is right" not in come_in(desk.una).read(f"/blind-reviews/{desk.look}").text
