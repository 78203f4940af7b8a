import re
from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.kernel.db import session
from tests import make
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def mona(sign_in: SignIn) -> Actor:
    del sign_in  # Asked for so that the database is there.
    return make.actor("Mona", Role.HIRING_MANAGER, at=make.organisation())


@pytest.fixture
def rita(sign_in: SignIn) -> Actor:
    del sign_in  # As above.
    return make.actor("Rita", Role.REVIEWER)


def opened(browser: Browser, title: str = "Crane", size: str = "5") -> str:
    response = browser.send("/permits/new", title=title, size=size)
    assert response.status_code == 303, response.text
    return response.location


def test_an_offer_of_work_goes_from_form_to_decision_in_the_browser(sign_in: SignIn, mona: Actor, rita: Actor) -> None:
    client = sign_in(mona)
    address = opened(client)
    assert client.send(f"{address}/submit").status_code == 303
    desk = sign_in(rita)
    assert "Crane" in desk.read("/queue?view=open").text
    assert desk.send(f"{address}/claim").status_code == 303
    assert "Crane" in desk.read("/queue").text
    assert desk.send(f"{address}/grant", reason="All in order").status_code == 303
    page = sign_in(mona).read(address).text
    assert "Active" in page
    assert "All in order" in page
    assert "Rita" in page


def test_a_refused_form_comes_back_filled_in_and_writes_nothing(sign_in: SignIn, mona: Actor) -> None:
    client = sign_in(mona)
    response = client.send("/permits/new", title="Tower crane", size="0")
    assert response.status_code == 422
    assert 'value="Tower crane"' in response.text
    assert "Tower crane" not in client.read("/permits").text


def test_the_second_decider_is_told_who_was_first_and_keeps_the_text(sign_in: SignIn, mona: Actor, rita: Actor) -> None:
    address = opened(client := sign_in(mona))
    client.send(f"{address}/submit")
    desk = sign_in(rita)
    desk.send(f"{address}/claim")
    page = desk.read(f"{address}/grant").text
    found = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert found
    reference = address.rpartition("/")[2]
    run.fire("permit", reference, "edit", mona, {"title": "Crane", "size": "9"})
    run.fire("permit", reference, "submit", mona)
    session().commit()
    response = desk.client.post(
        f"{address}/grant", data={"csrf_token": found[1], "seen": "x", "reason": "My long text"}
    )
    assert response.status_code == 409
    assert "Mona acted on" in response.text
    assert "My long text" in response.text


def test_a_form_without_its_token_is_refused(sign_in: SignIn, mona: Actor) -> None:
    response = sign_in(mona).client.post("/permits/new", data={"title": "x", "size": "1"})
    assert response.status_code == 400


def test_other_peoples_cases_and_unknown_ones_answer_alike(sign_in: SignIn, mona: Actor) -> None:
    address = opened(sign_in(mona))
    stranger = sign_in(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    pages = {
        re.sub(r'name="csrf_token" value="[^"]*"', "", stranger.read(path).text).replace(path, "")
        for path in (address, "/permits/PE-00000000", f"/permits/{'9' * 400}", "/permits/PE-\0")
    }
    assert len(pages) == 1
    assert stranger.read(address).status_code == 404
    assert "Crane" not in stranger.read("/permits").text


def test_the_queue_is_for_the_desk(sign_in: SignIn, mona: Actor) -> None:
    assert sign_in(mona).read("/queue").status_code == 403


def test_an_action_that_cannot_be_done_says_why_where_its_button_would_be(
    sign_in: SignIn, mona: Actor, rita: Actor
) -> None:
    address = opened(client := sign_in(mona))
    client.send(f"{address}/submit")
    assert "Claim the case first, so that two people do not work on it." in sign_in(rita).read(address).text


def test_lists_go_on_page_by_page_without_losing_or_repeating_a_row(sign_in: SignIn, mona: Actor) -> None:
    client = sign_in(mona)
    for number in range(27):
        opened(client, title=f"Crane number {number:02}.")
    seen: list[str] = []
    address = "/permits"
    while address:
        page = client.read(address).text
        seen += re.findall(r"Crane number \d\d\.", page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert sorted(seen) == [f"Crane number {number:02}." for number in range(27)]


# The last one is well formed and lies before the first instant there is.
@pytest.mark.parametrize(
    "cursor",
    [
        "x",
        "%00",
        "9" * 400,
        "ZZZ|ZZZ",
        "MDAwMS0wMS0wMVQwMDowMDowMCsxNDowMHwwMTk5YTNhMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA=",
    ],
)
def test_a_damaged_page_address_is_refused(sign_in: SignIn, mona: Actor, cursor: str) -> None:
    assert sign_in(mona).read(f"/permits?after={cursor}").status_code == 400


def test_internal_comments_stay_at_the_desk(sign_in: SignIn, mona: Actor, rita: Actor) -> None:
    address = opened(client := sign_in(mona))
    client.send(f"{address}/submit")
    desk = sign_in(rita)
    desk.send(f"{address}/comment", body="Smells odd", internal="y")
    desk.send(f"{address}/comment", body="Please wait")
    assert "Smells odd" in desk.read(address).text
    page = sign_in(mona).read(address).text
    assert "Smells odd" not in page
    assert "Please wait" in page


def test_a_script_in_a_title_is_shown_as_text(sign_in: SignIn, mona: Actor) -> None:
    client = sign_in(mona)
    address = opened(client, title="<script>alert(1)</script>")
    for page in (address, "/permits"):
        assert "<script>alert(1)" not in client.read(page).text


@pytest.mark.parametrize("size,words", [("9" * 400, "too large"), ("1\0", "not text"), ("many", "valid integer")])
def test_odd_input_comes_back_with_a_sentence(sign_in: SignIn, mona: Actor, size: str, words: str) -> None:
    response = sign_in(mona).send("/permits/new", title="Crane", size=size)
    assert response.status_code == 422
    assert words in response.text


@pytest.mark.parametrize(
    "roles,start",
    [
        ([Role.REVIEWER], "/queue"),
        ([Role.ADMINISTRATOR, Role.SENIOR_REVIEWER], "/queue"),
        ([Role.AUDITOR], "/audit"),
        ([Role.ADMINISTRATOR], "/admin"),
        ([Role.SUPPORT_AGENT], "/queue"),
    ],
)
def test_everybody_of_the_staff_starts_where_their_work_is(sign_in: SignIn, roles: list[Role], start: str) -> None:
    assert sign_in(make.actor("Sam", *roles)).read("/").location == start
