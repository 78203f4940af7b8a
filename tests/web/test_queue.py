"""The desk's queue: what stands on it, in which order, and how it is narrowed."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from compliance.engine import run, sweeping
from compliance.engine.case import Case
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Conflict
from tests import make
from tests.offer.scene import TERMS, UNCHARTED
from tests.web.conftest import Browser
from tests.web.scene import LATER, Scene, link, titles

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def scene(sign_in: SignIn) -> Scene:
    del sign_in  # Asked for so that the database is there.
    return Scene()


def test_the_queue_opens_on_what_is_mine(sign_in: SignIn, scene: Scene) -> None:
    scene.claim(scene.permit("Crane"), scene.rita)
    scene.claim(scene.permit("Tower"), scene.ray)
    scene.permit("Bridge")
    desk = sign_in(scene.rita)
    assert titles(desk.read("/queue").text) == ["Crane"]
    assert titles(desk.read("/queue?view=open").text) == ["Bridge"]
    assert sorted(titles(desk.read("/queue?view=all").text)) == ["Bridge", "Crane", "Tower"]


def test_an_empty_queue_says_where_work_is(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    desk = sign_in(scene.rita)
    page = desk.read("/queue").text
    assert "Nothing is yours right now" in page
    assert titles(desk.read(link(page, "See what is not claimed")).text) == ["Crane"]


def test_every_filter_narrows_and_can_be_taken_away_again(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    scene.permit("Mast", scene.bob, size="200")
    desk = sign_in(scene.rita)
    for narrowed in (
        f"client={scene.bolt.id}",
        "state=second_review",
        "waits=senior_reviewer",
        "text=mas",
    ):
        page = desk.read(f"/queue?view=all&{narrowed}").text
        assert titles(page) == ["Mast"], narrowed
        assert sorted(titles(desk.read(link(page, "Remove filter")).text)) == ["Crane", "Mast"]
    assert titles(desk.read("/queue?kind=offer").text) == []
    assert titles(desk.read("/queue?due=2000-01-01").text) == []
    assert titles(desk.read("/queue?late=yes").text) == []
    assert sorted(titles(desk.read("/queue?holder=nobody&kind=permit&due=2999-01-01").text)) == ["Crane", "Mast"]


def test_a_reference_is_found_by_its_beginning(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    scene.permit("Mast")
    desk = sign_in(scene.rita)
    for text in (reference, reference[:7].lower(), reference[3:]):
        assert "Crane" in titles(desk.read(f"/queue?view=all&text={text}").text)
    assert titles(desk.read(f"/queue?view=all&text={reference}").text) == ["Crane"]


def test_what_was_late_is_found_as_late(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    found = session().query(Case).one()
    sweeping.sweep(found.due_at)
    session().rollback()
    page = sign_in(scene.rita).read("/queue?late=yes").text
    assert titles(page) == ["Crane"]


def test_an_empty_result_says_which_filter_hides_something(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    desk = sign_in(scene.rita)
    page = desk.read("/queue?view=all&state=review&text=mast").text
    assert "Nothing matches" in page
    assert "Drop “Words: mast”" in page
    assert "Drop “State" not in page
    assert titles(desk.read(link(page, "Drop “Words: mast”")).text) == ["Crane"]


def test_an_empty_result_off_the_desk_says_so(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane", size="600")
    scene.claim(reference, scene.rita)
    case = run.find("permit", reference, scene.rita)
    run.fire("permit", reference, "grant", scene.rita, {"reason": "Fine"}, seen=case.content_digest)
    session().commit()
    desk = sign_in(scene.rita)
    page = desk.read("/queue?view=all&state=granted").text
    assert "Drop “Waits for: the desk”" in page
    assert titles(desk.read(link(page, "Drop “Waits for: the desk”")).text) == ["Crane"]


@pytest.mark.parametrize(
    "query",
    [
        "view=odd",
        "kind=unicorn",
        "state=unicorn",
        "client=1",
        "holder=x",
        "waits=me",
        "late=no",
        "due=tomorrow",
        "due=0001-01-01",
        "sort=size",
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_a_sentence(sign_in: SignIn, scene: Scene, query: str) -> None:
    response = sign_in(scene.rita).read(f"/queue?{query}")
    assert response.status_code == 400
    assert "Choose one from the filters." in response.text


def test_the_queue_is_sorted_by_what_its_columns_say(sign_in: SignIn, scene: Scene) -> None:
    for title in ("One", "Two", "Three"):
        scene.permit(title)
    desk = sign_in(scene.rita)
    assert titles(desk.read("/queue?view=all&sort=age").text) == ["One", "Two", "Three"]
    page = desk.read("/queue?view=all&sort=-age").text
    assert titles(page) == ["Three", "Two", "One"]
    assert 'aria-sort="descending"' in page
    forwards = titles(desk.read("/queue?view=all&sort=due").text)
    assert titles(desk.read("/queue?view=all&sort=-due").text) == forwards[::-1]


def test_pages_lead_forwards_and_back_over_the_same_rows(sign_in: SignIn, scene: Scene) -> None:
    for number in range(53):
        scene.permit(f"Crane {number:02}")
    desk = sign_in(scene.rita)
    for sort in ("due", "-age"):
        pages, address = [], f"/queue?view=all&sort={sort}"
        while address:
            pages.append(desk.read(address).text)
            found = re.search(r'href="([^"]+)" rel="next"', pages[-1])
            address = html.unescape(found[1]) if found else ""
        assert [len(titles(page)) for page in pages] == [25, 25, 3]
        assert len({title for page in pages for title in titles(page)}) == 53
        back = desk.read(link(pages[2], "Previous")).text
        assert titles(back) == titles(pages[1])
        first = desk.read(link(back, "Previous")).text
        assert titles(first) == titles(pages[0])
        assert 'rel="prev"' not in first


def test_an_offer_that_the_client_classifies_never_stands_on_the_desk(sign_in: SignIn, scene: Scene) -> None:
    scene.acme.compliance_enrolled = False
    session().commit()
    made = run.open_case("offer", scene.mona, TERMS | LATER | UNCHARTED, organisation_id=scene.acme.id)
    session().commit()
    case = run.fire("offer", made.case.reference, "submit", scene.mona).case
    session().commit()
    assert (case.state, case.waits_for, case.desk) == ("submitted", "compliance_contact", False)
    desk = sign_in(scene.rita)
    assert titles(desk.read("/queue?view=all").text) == []
    assert titles(desk.read("/queue?view=all&waits=compliance_contact").text) == ["Pricing engine"]


def test_clients_and_colleagues_are_looked_up_on_a_page(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    scene.permit("Mast", scene.bob)
    desk = sign_in(scene.rita)
    page = desk.read(link(desk.read("/queue?view=all").text, "Choose a client")).text
    assert ">Acme<" in page
    narrowed = desk.read("/queue/clients?view=all&q=bol").text
    assert ">Acme<" not in narrowed
    assert titles(desk.read(link(narrowed, "Bolt")).text) == ["Mast"]
    holders = desk.read("/queue/holders?view=all&q=ri").text
    assert link(holders, "Rita").endswith(f"holder={scene.rita.id}")
    assert "Ray" not in holders
    assert "Mona" not in desk.read("/queue/holders?view=all").text
    assert "Nothing begins like that" in desk.read("/queue/clients?q=%25").text


def test_a_conflict_of_interest_hides_a_client_from_queue_and_look_up(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    session().add(Conflict(person_id=scene.rita.id, organisation_id=scene.acme.id, declared_at=clock.now()))
    session().commit()
    rita = Actor(scene.rita.id, "Rita", scene.rita.grants, conflicts=frozenset({scene.acme.id}))
    desk = sign_in(rita)
    assert titles(desk.read("/queue?view=all").text) == []
    assert "Acme" not in desk.read("/queue/clients").text


@pytest.mark.parametrize("address", ["/queue", "/queue?view=all", "/queue/clients", "/queue/holders"])
def test_nobody_but_the_desk_sees_the_queue(sign_in: SignIn, scene: Scene, address: str) -> None:
    assert sign_in(scene.mona).read(address).status_code == 403


def test_a_row_is_claimed_and_released_where_it_stands(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    desk = sign_in(scene.rita)
    page = desk.read("/queue?view=all").text
    assert f'action="/permits/{reference}/claim"' in page
    assert 'data-row-key="e"' in page
    response = desk.press(page, f"/permits/{reference}/claim")
    assert response.location == "/queue?view=all"
    page = desk.read("/queue?view=all").text
    assert f"{reference} is yours now." in html.unescape(re.sub(r"<[^>]+>", "", page))
    assert f'action="/permits/{reference}/release"' in page
    desk.press(page, f"/permits/{reference}/release")
    assert titles(desk.read("/queue").text) == []


def test_a_second_claim_says_who_was_first_and_since_when(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    page = (stale := sign_in(scene.rita)).read("/queue?view=all").text
    scene.claim(reference, scene.ray)
    response = stale.press(page, f"/permits/{reference}/claim")
    assert response.status_code == 409
    assert re.search(r"already claimed: Ray holds it since \d+ \w+ \d{4} at \d\d:\d\d UTC", response.text)
    assert "/claim" not in sign_in(scene.rita).read("/queue?view=all").text


def test_an_address_of_another_site_is_not_returned_to(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    desk = sign_in(scene.rita)
    response = desk.press(desk.read("/queue?view=all").text, f"/permits/{reference}/claim", next="//evil.example/queue")
    assert "evil" not in response.location


@pytest.mark.parametrize("address", ["/queue?view=mine", "/queue?view=open", "/queue?view=all"])
def test_whoever_sees_no_cases_is_not_told_that_none_wait(sign_in: SignIn, address: str) -> None:
    Scene().permit("Crane")
    page = sign_in(make.actor("Ada", Role.ADMINISTRATOR)).read(address).text
    assert "You do not work on cases" in page
    assert link(page, "Go to the administration") == "/admin"
    assert "Nothing waits" not in page
    assert "Everything is claimed" not in page


def test_an_auditor_reads_cases_and_holds_none(sign_in: SignIn) -> None:
    Scene().permit("Crane")
    auditor = sign_in(make.actor("Al", Role.AUDITOR))
    page = auditor.read("/queue?view=mine").text
    assert "You read them all and hold none." in page
    assert titles(auditor.read(link(page, "See everything on the desk")).text) == ["Crane"]
