"""The questionnaire in the browser: page by page, changed with a warning, checked, sent, read by its own side."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from compliance.authz import Actor, Role
from compliance.demo import interviews
from compliance.engine import run
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import APPROVAL, INSIDE, OUTSIDE, TERMS, UNCHARTED, Desk
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]
INTERNAL = (
    "OUTOFIR35",
    "classification_review",
    "independent_contractor",
    "not_engaged",
    "endClient",
    "needs_review",
)


@pytest.fixture
def desk(sign_in: SignIn) -> Desk:
    del sign_in  # Asked for so that the database is there.
    return Desk()


def opened(desk: Desk, **terms: str) -> str:
    made = run.open_case(
        "offer",
        desk.mona,
        {**TERMS, "starts_on": "2030-04-01", "ends_on": "2030-07-31", **terms},
        organisation_id=desk.client.id,
    )
    session().commit()
    desk.reference = made.case.reference
    return f"/offers/{desk.reference}"


def word(answer: object) -> str:
    return answer if isinstance(answer, str) else ("yes" if answer else "no")


PROGRESS = r"Question (\d+) of about (\d+)<span[^>]*>; an answer can add questions or drop some<"


def follow(browser: Browser, address: str) -> tuple[str, str]:
    response = browser.read(address)
    while response.status_code == 302:
        address = response.location
        response = browser.read(address)
    assert response.status_code == 200, response.text
    return address, html.unescape(response.text)


def answer_all(browser: Browser, address: str, answers: dict[str, Any]) -> list[str]:
    """Answer page after page as a person does, until the answers can be checked; return the questions asked."""
    asked: list[str] = []
    at, page = follow(browser, f"{address}/questions")
    while at != f"{address}/answers":
        key = at.rpartition("/")[2]
        asked.append(key)
        progress = re.search(PROGRESS, page)
        assert progress, page
        assert int(progress[1]) == len(asked)
        assert int(progress[2]) >= len(asked)
        assert "Why we ask" in page
        assert "Leave for now" in page
        sent = browser.send(at, answer=word(answers[key]))
        assert sent.status_code == 303, sent.text
        at, page = follow(browser, sent.location)
    return asked


def test_a_client_answers_page_by_page_checks_and_sends(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    assert "Answer the questions first" in client.read(address).text
    answers = interviews.client_answers(OUTSIDE)
    asked = answer_all(client, address, answers)
    assert set(asked) == set(answers)
    page = client.read(f"{address}/answers").text
    assert page.count("?change=1") == len(answers)
    assert "Who are you?" not in page
    assert not any(name in page for name in INTERNAL)
    assert send(client, address).location == f"{address}/tasks"
    assert "Your answers to the questions" in client.read(address).text
    assert client.send(f"{address}/submit").status_code == 303


def send(browser: Browser, address: str) -> Any:  # noqa: ANN401 - a test response
    return browser.client.post(f"{address}/send_answers", data=hidden(browser.read(f"{address}/answers").text))


def hidden(page: str) -> dict[str, str]:
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("csrf_token", "seen")}
    return {name: value[1] for name, value in found.items() if value}


def test_a_draft_survives_the_tab_and_is_no_part_of_the_case(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    digest = desk.offer(desk.mona).content_digest
    session().rollback()
    at, _ = follow(client, f"{address}/questions")
    client.send(at, answer="ir35")
    elsewhere = sign_in(make.actor("Mo", Role.HIRING_MANAGER, at=desk.client))
    assert follow(elsewhere, f"{address}/questions")[0] == f"{address}/questions/provideServices"
    assert 'value="ir35" checked' in elsewhere.read(at).text
    assert "Your answers" not in client.read(address).text
    session().expire_all()
    assert desk.offer(desk.mona).content_digest == digest


def test_back_leads_to_the_question_before_and_keeps_its_answer(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    answer_all(client, address, interviews.client_answers(OUTSIDE))
    page = client.read(f"{address}/questions/provideServices").text
    back = re.search(r'class="back"><a href="([^"]+)"', page)
    assert back
    assert back[1] == f"{address}/questions/route"
    assert 'value="ir35" checked' in client.read(back[1]).text
    assert client.send(back[1], answer="ir35").location == f"{address}/questions/provideServices"


def test_a_changed_answer_warns_first_and_drops_only_when_confirmed(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    answer_all(client, address, interviews.client_answers(OUTSIDE))
    office = f"{address}/questions/officeHolder?change=1"
    warned = client.send(office, answer="yes")
    assert warned.status_code == 200
    assert "fall away" in warned.text
    assert "May the client decide the working hours?" in warned.text
    assert "May the client decide the working hours?" in client.read(f"{address}/answers").text
    other = client.send(office, answer="yes", confirmed="no")
    assert "fall away" in other.text
    done = client.send(office, answer="yes", confirmed="yes")
    assert done.location == f"{address}/answers"
    page = client.read(f"{address}/answers").text
    assert "May the client decide the working hours?" not in page
    assert "An office of the client settles the matter" in page


def test_a_change_without_consequences_returns_to_the_answers(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    answer_all(client, address, interviews.client_answers(OUTSIDE))
    changed = client.send(f"{address}/questions/workerAsLineManager?change=1", answer="yes")
    assert changed.location == f"{address}/answers"


def test_advice_to_start_again_can_be_changed_but_not_sent(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    client.send(f"{address}/questions/route", answer="ir35")
    client.send(f"{address}/questions/provideServices", answer="soleTrader")
    page = client.read(f"{address}/answers").text
    assert "Start again" in page
    assert "Send answers" not in page
    refused = send(client, address)
    assert refused.status_code == 409
    assert "still open" in refused.text


def test_whoever_came_to_no_decision_changes_the_last_answer_or_starts_again(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    client.send(f"{address}/questions/route", answer="ir35")
    client.send(f"{address}/questions/provideServices", answer="soleTrader")
    page = client.read(f"{address}/answers").text
    assert f'href="{address}/questions/provideServices?change=1">Change the last answer' in page
    assert f'href="{address}/answers/again">Start again' in page
    asks = client.read(f"{address}/answers/again").text
    assert "Your 2 answers are put away" in asks
    assert client.client.post(f"{address}/answers/again").status_code == 400
    assert client.read(f"{address}/questions").location == f"{address}/answers"  # Nothing is lost before the yes.
    assert client.send(f"{address}/answers/again").location == f"{address}/questions/route"
    assert "Nothing is answered yet." in client.read(f"{address}/answers").text


def test_starting_again_leaves_what_was_sent_with_the_case(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    desk.client_answers(OUTSIDE)
    assert "The answers that you sent before stay with the case" in client.read(f"{address}/answers/again").text
    client.send(f"{address}/answers/again")
    assert "Your answers to the questions" in client.read(address).text
    assert sign_in(desk.rita).read(f"{address}/answers/again").status_code in {403, 404}


@pytest.mark.parametrize("answer", ["", "maybe", "placingAgency", "\0", "9" * 400])
def test_what_is_no_answer_comes_back_with_a_sentence(sign_in: SignIn, desk: Desk, answer: str) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    refused = client.send(f"{address}/questions/route", answer=answer)
    assert refused.status_code == 422
    assert "Choose one of the answers" in refused.text


def test_a_page_off_the_path_leads_to_the_next_question_and_an_unknown_one_nowhere(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    assert client.read(f"{address}/questions/multipleEngagements").location == f"{address}/questions/route"
    assert client.read(f"{address}/questions/endUserRole").location == f"{address}/questions/route"
    assert client.read(f"{address}/questions/nothing").status_code == 404
    assert client.read(f"{address}/send_answers").location == f"{address}/questions/route"


def test_answers_that_changed_after_the_page_was_opened_are_not_sent(sign_in: SignIn, desk: Desk) -> None:
    address, client = opened(desk), sign_in(desk.mona)
    answer_all(client, address, interviews.client_answers(OUTSIDE))
    fields = hidden(client.read(f"{address}/answers").text)
    client.send(f"{address}/questions/workerAsLineManager?change=1", answer="yes")
    refused = client.client.post(f"{address}/send_answers", data=fields)
    assert refused.status_code == 409
    assert "changed after you opened this page" in refused.text


def test_the_freelancer_answers_from_submission_on_and_sees_only_the_own_sheet(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(OUTSIDE)
    desk.act(desk.mona, "submit")
    freelancer = sign_in(desk.fay)
    assert "Your answers to the questions" not in freelancer.read(address).text
    answers = interviews.freelancer_answers(OUTSIDE) | {"workerReceivesBenefits": True}
    assert set(answer_all(freelancer, address, answers)) == set(answers)
    assert send(freelancer, address).status_code == 303
    assert desk.offer(desk.fay).state == "submitted"
    session().rollback()
    page = freelancer.read(address).text
    assert "Your answers to the questions" in page
    assert "answered these questions differently" not in page
    page = sign_in(desk.mona).read(address).text
    assert "answered these questions differently" not in page
    for party in ("The client's answers", "The freelancer's answers"):
        assert party not in page


def test_the_desk_reads_findings_conflicts_and_what_would_change_them(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(INSIDE)
    desk.act(desk.mona, "submit")
    desk.freelancer_answers(
        INSIDE, workerReceivesBenefits=not interviews.client_answers(INSIDE)["workerReceivesBenefits"]
    )
    page = html.unescape(sign_in(desk.rita).read(address).text)
    for words in (
        "The client's answers",
        "The freelancer's answers",
        "The off-payroll working rules (IR35) apply",
        "UK employment status for tax (CEST 2.4), version 2.4",
        "A result computed from these tables is not a determination by HMRC.",
        "What would change this",
        "Conflicting answers",
        "Does the client give the worker corporate benefits that it pays for?",
        "Answers behind it",
        "The client has some control of the work.",
    ):
        assert words in page, words


def test_a_place_without_rules_asks_nothing_and_says_so(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk, **UNCHARTED)
    client = sign_in(desk.mona)
    assert "There is no test for the law of “JP”" in client.read(address).text
    assert client.read(f"{address}/questions").status_code == 409
    desk.act(desk.mona, "submit")
    assert "There is no test for the law of “JP”" in sign_in(desk.rita).read(address).text


def test_a_decision_form_opened_before_new_answers_is_refused(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(OUTSIDE)
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    reviewer = sign_in(desk.rita)
    fields = hidden(reviewer.read(f"{address}/approve").text)
    desk.freelancer_answers(OUTSIDE)
    refused = reviewer.client.post(f"{address}/approve", data={**fields, **APPROVAL})
    assert refused.status_code == 409
    assert "changed after you opened the form" in refused.text
    assert APPROVAL["financial_control"] in refused.text


def test_the_decision_form_holds_drafts_in_plain_words(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(INSIDE)
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    page = html.unescape(sign_in(desk.rita).read(f"{address}/determine_employee").text)
    assert page.count("Drafted from the questionnaire.") == 5
    assert "The client has some control of the work: the client may move the worker" in page
    assert "One of these would have to be true" in page
    assert not any(name in page for name in INTERNAL)
    approve = html.unescape(sign_in(desk.rita).read(f"{address}/approve").text)
    assert approve.count("Drafted from the questionnaire.") == 3


def test_other_clients_and_strangers_find_nothing_under_the_new_addresses(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(OUTSIDE)
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    desk.reject()
    stranger = sign_in(make.actor("Sam", Role.HIRING_MANAGER, at=make.organisation("Other")))
    for tail in ("questions", "questions/route", "answers", "send_answers", "determinations/1"):
        for root in (address, "/offers/OF-00000000"):
            assert stranger.read(f"{root}/{tail}").status_code == 404, tail
    assert sign_in(desk.rita).read(f"{address}/questions").status_code == 403
    assert sign_in(None).read(f"{address}/questions").location.startswith("/login")
    assert sign_in(desk.mona).read(f"{address}/questions").status_code == 409


def test_the_statement_is_printable_for_both_sides_and_holds_no_notes_of_the_desk(sign_in: SignIn, desk: Desk) -> None:
    address = opened(desk)
    desk.client_answers(OUTSIDE)
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    desk.act(desk.rita, "comment", body="Smells odd to me", internal="true")
    desk.act(desk.rita, "escalate", reason="I am not sure of this client")
    desk.act(desk.sue, "take_second")
    desk.act(desk.sue, "approve", **APPROVAL, conditions="At most 20 hours a week.")
    for reader in (desk.mona, desk.fay):
        browser = sign_in(reader)
        assert f"{address}/determinations/1" in browser.read(address).text
        page = html.unescape(browser.read(f"{address}/determinations/1").text)
        for words in (
            "Status Determination Statement",
            "For tax this engagement is not treated as employment.",
            APPROVAL["reason"],
            APPROVAL["financial_control"],
            "At most 20 hours a week.",
            "Reasonable care",
            "A second person had looked at it before.",
            "If you disagree",
            "within 45 days",
            "UK employment status for tax (CEST 2.4), version 2.4",
            "is not a determination by HMRC",
            desk.reference,
            "Sue",
        ):
            assert words in page, words
        for hidden in ("Smells odd", "I am not sure", *INTERNAL):
            assert hidden not in page, hidden
        assert re.search(r'class="digest">[0-9a-f]{64}<', page)
        for odd in ("2", "0", "-1", "x", "9" * 400, "1%00"):
            assert browser.read(f"{address}/determinations/{odd}").status_code == 404, odd
