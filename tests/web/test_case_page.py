"""The page of a case: what is new, who must act, what happened, and deciding beside it."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine

from compliance.authz import Actor, Role
from compliance.demo import interviews
from compliance.engine import run
from compliance.engine.case import Case, CaseLook
from compliance.engine.registry import registry
from compliance.kernel import clock
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import APPROVAL, OUTSIDE, TERMS, UNCHARTED
from tests.web.conftest import Browser
from tests.web.scene import LATER, Scene, link, words

SignIn = Callable[[Actor | None], Browser]
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def scene(sign_in: SignIn) -> Scene:
    del sign_in  # Asked for so that the database is there.
    return Scene()


def edited(scene: Scene, reference: str, title: str, size: str) -> None:
    run.fire("permit", reference, "edit", scene.mona, {"title": title, "size": size})
    session().commit()
    run.fire("permit", reference, "submit", scene.mona)
    session().commit()


def offered(scene: Scene, **terms: str) -> str:
    made = run.open_case("offer", scene.mona, {**TERMS, **LATER, **UNCHARTED, **terms}, organisation_id=scene.acme.id)
    session().commit()
    if terms.get("work_place") == "GB":
        answers = json.dumps(interviews.client_answers(OUTSIDE))
        run.fire("offer", made.case.reference, "send_answers", scene.mona, {"answers": answers})
        session().commit()
    run.fire("offer", made.case.reference, "submit", scene.mona)
    session().commit()
    return made.case.reference


def fired(kind: str, reference: str, name: str, who: Actor, **data: str) -> Case:
    case = run.find(kind, reference, who)
    done = run.fire(kind, reference, name, who, data, seen=case.content_digest)
    session().commit()
    return done.case


def test_the_holder_is_named_with_since_when(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    scene.claim(reference, scene.ray)
    page = words(sign_in(scene.rita).read(f"/permits/{reference}").text)
    assert "Who acts Ray Since" in page
    assert re.search(r"Held by Ray since \d+ \w+ \d{4}, \d\d:\d\d UTC", page)
    assert "Who acts You" in words(sign_in(scene.ray).read(f"/permits/{reference}").text)


def test_what_is_asked_stands_where_the_case_stands(sign_in: SignIn, scene: Scene) -> None:
    reference = offered(scene)
    fired("offer", reference, "claim", scene.rita)
    fired("offer", reference, "ask_client", scene.rita, asked="Who sets the hours?")
    page = words(sign_in(scene.mona).read(f"/offers/{reference}").text)
    assert "What is asked Who sets the hours?" in page
    assert "Who acts You" in page


def test_what_changed_since_the_last_visit_is_shown_until_the_visit_is_over(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    desk, address, start = sign_in(scene.rita), f"/permits/{reference}", clock.now()
    assert "New since you last looked" not in desk.read(address).text
    with time_machine.travel(start + HOUR, tick=False):
        edited(scene, reference, "Tower crane", "9")
    with time_machine.travel(start + 2 * HOUR, tick=False):
        page = desk.read(address).text
        assert "New since you last looked" in page
        assert re.search(r"<del>.*Crane</del>", page)
        assert re.search(r"<ins>.*Tower crane</ins>", page)
        assert "Submit , Mona" in words(page)
        assert "New since you last looked" in desk.read(address).text, "it stays while somebody works"
    with time_machine.travel(start + 4 * HOUR, tick=False):
        assert "New since you last looked" not in desk.read(address).text


def test_ones_own_acts_are_no_news(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    desk = sign_in(scene.rita)
    desk.read(f"/permits/{reference}")
    desk.send(f"/permits/{reference}/claim")
    assert "New since you last looked" not in desk.read(f"/permits/{reference}").text


def test_a_look_is_kept_for_each_person_and_case(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    sign_in(scene.rita).read(f"/permits/{reference}")
    sign_in(scene.mona).read(f"/permits/{reference}")
    session().rollback()
    looks = session().scalars(sa.select(CaseLook)).all()
    assert {look.person_id for look in looks} == {scene.rita.id, scene.mona.id}
    assert {look.rev for look in looks} == {2}


def test_a_look_that_cannot_be_marked_spoils_no_page(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    case = run.find("permit", reference, scene.rita, lock=True)  # Somebody else is writing at this moment.
    assert sign_in(scene.rita).read(f"/permits/{case.reference}").status_code == 200
    session().rollback()


def test_two_versions_are_compared_in_words(sign_in: SignIn, scene: Scene) -> None:
    reference = offered(scene)
    client = sign_in(scene.mona)
    run.fire(
        "offer", reference, "edit", scene.mona, {**TERMS, **LATER, "amount": "9,000.00", "contract_type": "hourly"}
    )
    session().commit()
    page = words(client.read(f"/offers/{reference}/changes").text)
    assert "Removed: 12,500.00 GBP" in page
    assert "Added: 9,000.00 GBP" in page
    assert "Removed: A fixed price Added: By the hour" in re.sub(r"How it is paid ", "", page)
    assert "say the same" in client.read(f"/offers/{reference}/changes?from=1&to=1").text


@pytest.mark.parametrize("query", ["from=x", "to=0", "from=" + "9" * 400, "to=-1"])
def test_versions_that_do_not_exist_are_not_found(sign_in: SignIn, scene: Scene, query: str) -> None:
    reference = offered(scene)
    assert sign_in(scene.mona).read(f"/offers/{reference}/changes?{query}").status_code == 404


def test_versions_that_the_client_replaced_before_submitting_stay_its_own(sign_in: SignIn, scene: Scene) -> None:
    fay = make.actor("Fay")
    made = run.open_case(
        "offer", scene.mona, {**TERMS, **LATER, **UNCHARTED, "amount": "20,000.00"}, organisation_id=scene.acme.id
    )
    session().commit()
    reference = made.case.reference
    run.fire("offer", reference, "edit", scene.mona, {**TERMS, **LATER, **UNCHARTED})
    session().commit()
    fired("offer", reference, "submit", scene.mona)
    assert "20,000.00" in sign_in(scene.mona).read(f"/offers/{reference}/changes").text
    for other in (scene.rita, fay):
        page = sign_in(other).read(f"/offers/{reference}/changes")
        assert page.status_code == 200
        assert "20,000.00" not in page.text


def test_the_history_is_narrowed_to_one_kind_of_entry(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    desk = sign_in(scene.rita)
    page = desk.read(f"/permits/{reference}").text
    desk.press(page, f"/permits/{reference}/comment", body="Please wait")
    comments = words(desk.read(f"/permits/{reference}?history=comment").text)
    assert "Please wait" in comments
    assert "Submit Mona" not in comments
    assert "Nothing of that kind has happened." in desk.read(f"/permits/{reference}?history=decision").text
    assert 'id="r2"' in desk.read(f"/permits/{reference}?history=system").text


def test_a_comment_is_written_on_the_page_and_only_the_desk_may_keep_it_internal(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    address = f"/permits/{reference}"
    desk = sign_in(scene.rita)
    desk.press(desk.read(address).text, f"{address}/comment", body="Smells odd", internal="y")
    client = sign_in(scene.mona)
    page = client.read(address).text
    assert "Smells odd" not in page
    assert 'name="internal"' not in page
    assert 'name="internal"' not in client.read(f"{address}/comment").text
    assert client.press(page, f"{address}/comment", body="").status_code == 422


def test_cases_of_the_same_two_are_linked_as_far_as_the_reader_sees_them(sign_in: SignIn, scene: Scene) -> None:
    fay = make.actor("Fay")
    first, second = offered(scene), offered(scene, title="Second engine")
    for reference in (first, second):
        fired("offer", reference, "claim", scene.rita)
    assert second in sign_in(fay).read(f"/offers/{first}").text
    assert second in sign_in(scene.rita).read(f"/offers/{first}").text
    run.fire("offer", second, "edit", scene.mona, {**TERMS, **LATER, "title": "Second engine"})
    session().commit()
    assert second not in sign_in(fay).read(f"/offers/{first}").text


def test_a_decision_takes_three_keys_from_opening_the_page(sign_in: SignIn, scene: Scene) -> None:
    reference = offered(scene, **dict.fromkeys(UNCHARTED, "GB"))
    desk, address = sign_in(scene.rita), f"/offers/{reference}"
    page = desk.read(f"{address}?queue=view%3Dall").text
    assert re.search(rf'action="{address}/claim"[^>]*>(?:(?!</form>).)*data-key="e"', page, flags=re.DOTALL)
    page = desk.client.get(desk.press(page, f"{address}/claim").location).text
    approve = re.search(r'href="([^"]+)"[^>]*data-key="a"', page)
    assert approve
    page = desk.read(html.unescape(approve[1])).text
    assert "data-key-send" in page
    assert "Pricing engine" in page
    assert desk.press(page, f"{address}/approve", **APPROVAL).status_code == 303
    assert run.find("offer", reference, scene.rita).state == "enterprise_ready"


def test_a_decision_goes_on_to_the_next_case_of_the_queue_it_was_taken_from(sign_in: SignIn, scene: Scene) -> None:
    first, second, other = (scene.permit(title) for title in ("One", "Two", "Three"))
    for reference in (first, second):
        scene.claim(reference, scene.rita)
    desk = sign_in(scene.rita)
    page = desk.read(f"/permits/{first}?queue=view%3Dmine&decide=grant").text
    response = desk.press(page, f"/permits/{first}/grant", reason="Fine")
    assert response.location == f"/permits/{second}?queue=view%3Dmine"
    page = desk.read(response.location).text
    assert f"{first} is now “Active”." in words(page)
    page = desk.read(f"/permits/{second}?queue=view%3Dmine&decide=grant").text
    response = desk.press(page, f"/permits/{second}/grant", reason="Fine")
    assert response.location == "/queue?view=mine"
    assert other in desk.read("/queue?view=all").text


def test_the_next_case_of_the_queue_is_one_key_away(sign_in: SignIn, scene: Scene) -> None:
    references = [scene.permit(title) for title in ("One", "Two", "Three")]
    desk = sign_in(scene.rita)
    address, onward, seen = f"/permits/{references[0]}?queue=view%3Dopen", "", []
    for _ in references:
        onward = link(desk.read(address).text, "Next in your queue")
        address = desk.client.get(onward).location
        seen.append(address)
    assert len(set(seen)) == 3
    assert sign_in(scene.mona).client.get(onward).status_code == 403
    assert "Next in your queue" not in sign_in(scene.mona).read(f"/permits/{references[0]}").text


def test_who_comes_second_keeps_the_text_and_sees_what_changed_meanwhile(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    scene.claim(reference, scene.rita)
    desk, address = sign_in(scene.rita), f"/permits/{reference}"
    page = desk.read(f"{address}?decide=grant").text
    edited(scene, reference, "Tower crane", "9")
    response = desk.press(page, f"{address}/grant", reason="My long text")
    assert response.status_code == 409
    text = words(response.text)
    assert "The case changed after you opened the form. It is “Review” since Mona acted on" in text
    assert "My long text" in text
    assert "Changed while you were deciding" in text
    assert "Removed: Crane Added: Tower crane" in text
    scene.claim(reference, scene.rita)
    assert desk.press(response.text, f"{address}/grant", reason="My long text").status_code == 303


def test_text_is_kept_even_when_the_case_has_gone_out_of_sight(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    scene.claim(reference, scene.rita)
    desk, address = sign_in(scene.rita), f"/permits/{reference}"
    page = desk.read(f"{address}?decide=grant").text
    run.fire("permit", reference, "edit", scene.mona, {"title": "Crane", "size": "9"})
    session().commit()
    response = desk.press(page, f"{address}/grant", reason="My long text")
    assert response.status_code == 404
    assert "My long text" in response.text


def test_a_decision_without_its_reasons_comes_back_on_the_page_of_the_case(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    scene.claim(reference, scene.rita)
    desk, address = sign_in(scene.rita), f"/permits/{reference}"
    response = desk.press(desk.read(f"{address}?decide=grant").text, f"{address}/grant", reason="")
    assert response.status_code == 422
    assert "Give your reason." in response.text
    assert "History" in response.text


@pytest.mark.parametrize("name", ["unicorn", "edit", "start", "grant"])
def test_only_a_decision_that_can_be_taken_opens_in_the_panel(sign_in: SignIn, scene: Scene, name: str) -> None:
    reference = scene.permit("Crane")
    page = sign_in(scene.rita).read(f"/permits/{reference}?decide={name}").text
    assert "data-key-send" not in page
    assert "Claim the case first" in page


def test_no_two_actions_of_one_state_answer_to_the_same_key(scene: Scene) -> None:
    del scene  # Asked for so that the processes are there.
    taken_by_pages = {"j", "k", "x", "n", "g", "/", "?"}
    for workflow in registry():
        for state in workflow.states:
            keys = [action.key for action in workflow.actions if state in action.sources and action.key]
            assert len(keys) == len(set(keys)), (workflow.kind, state)
            assert not set(keys) & taken_by_pages, (workflow.kind, state)


def test_every_action_of_an_offer_that_somebody_takes_has_a_key(scene: Scene) -> None:
    del scene  # As above.
    workflow = registry().process("offer").workflow
    offered = [action for action in workflow.actions if action.listed and not action.by_itself]
    assert [action.name for action in offered if not action.key] == []


def test_another_client_sees_nothing_of_a_case(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    stranger = sign_in(scene.bob)
    for path in ("", "/changes", "/comment", "?decide=grant"):
        assert stranger.read(f"/permits/{reference}{path}").status_code == 404
    session().rollback()
    assert session().scalars(sa.select(CaseLook)).all() == []


def test_a_role_that_only_looks_sees_no_panel(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    page = sign_in(make.actor("Arno", Role.AUDITOR)).read(f"/permits/{reference}").text
    assert 'id="decide"' not in page
