"""Giving cases to colleagues: one by one with a search, and many at once without ever deciding on them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import Conflict, Person
from tests import make
from tests.web.conftest import Browser
from tests.web.scene import Scene, link

SignIn = Callable[[Actor | None], Browser]
ASSIGN = "/queue/assign"


@pytest.fixture
def scene(sign_in: SignIn) -> Scene:
    del sign_in  # Asked for so that the database is there.
    return Scene()


@pytest.fixture
def lea(scene: Scene) -> Actor:
    del scene  # As above.
    return make.actor("Lea", Role.TEAM_LEAD)


def holder(scene: Scene, reference: str) -> object:
    session().expire_all()
    found = run.find("permit", reference, scene.rita).holder_id
    session().rollback()  # A test that goes on reading must not stand in the way of whoever writes.
    return found


def assignments() -> list[dict[str, object]]:
    found = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == "permit.assign")).all()
    session().rollback()
    return [json.loads(entry)["subject"] for entry in found]


def chosen(desk: Browser, selected: list[str], **fields: str) -> TestResponse:
    page = desk.read("/queue?view=all").text
    return desk.press(page, ASSIGN, selected=selected, **fields)


def test_a_case_is_given_to_a_colleague_who_is_searched_for(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    reference = scene.permit("Crane")
    desk, address = sign_in(lea), f"/permits/{reference}/assign"
    everybody = desk.read(address).text
    assert "rita@example.com" in everybody
    assert "mona@example.com" not in everybody
    page = desk.read(f"{address}?q=ra").text
    assert "ray@example.com" in page
    assert "rita@example.com" not in page
    assert desk.client.post(address, data=fields_of(page, assignee=str(scene.ray.id))).status_code == 303
    assert holder(scene, reference) == scene.ray.id


def fields_of(page: str, **fields: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert token
    return {"csrf_token": token[1], **fields}


def test_who_has_a_conflict_or_no_part_in_the_kind_is_not_offered(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    reference = scene.permit("Crane")
    session().add(Conflict(person_id=scene.ray.id, organisation_id=scene.acme.id, declared_at=clock.now()))
    session().commit()
    page = sign_in(lea).read(f"/permits/{reference}/assign").text
    assert "ray@example.com" not in page
    assert "rita@example.com" in page


def test_who_has_a_conflict_is_refused_also_when_sent_by_hand(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    reference = scene.permit("Crane")
    session().add(Conflict(person_id=scene.ray.id, organisation_id=scene.acme.id, declared_at=clock.now()))
    session().commit()
    response = sign_in(lea).send(f"/permits/{reference}/assign", assignee=str(scene.ray.id), reason="Please do")
    assert response.status_code == 409
    assert "Ray declared a conflict of interest" in response.text
    assert "Please do" in response.text


@pytest.mark.parametrize("assignee", ["", "Ray", "01890000-0000-7000-8000-000000000000"])
def test_nobody_is_no_colleague(sign_in: SignIn, scene: Scene, lea: Actor, assignee: str) -> None:
    reference = scene.permit("Crane")
    response = sign_in(lea).send(f"/permits/{reference}/assign", assignee=assignee)
    assert response.status_code in {409, 422}
    assert "Choose a colleague" in response.text
    assert holder(scene, reference) is None


def test_a_colleague_whose_account_is_closed_is_given_nothing(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    reference = scene.permit("Crane")
    session().get_one(Person, scene.ray.id).active = False
    session().commit()
    assert sign_in(lea).send(f"/permits/{reference}/assign", assignee=str(scene.ray.id)).status_code == 409


def test_a_case_off_the_desk_is_given_to_nobody(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    reference = scene.permit("Crane")
    scene.claim(reference, scene.rita)
    case = run.find("permit", reference, scene.rita)
    run.fire("permit", reference, "grant", scene.rita, {"reason": "Fine"}, seen=case.content_digest)
    session().commit()
    assert sign_in(lea).send(f"/permits/{reference}/assign", assignee=str(scene.ray.id)).status_code == 409


def test_many_are_given_at_once_each_with_its_own_event(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    selected = [scene.permit(title) for title in ("One", "Two", "Three")]
    desk = sign_in(lea)
    page = chosen(desk, selected, q="ray").text
    assert "ray@example.com" in page
    page = desk.press(page, ASSIGN, step="preview", assignee=str(scene.ray.id), reason="Holiday").text
    assert "3 of 3 can be assigned. Nothing has happened yet." in page
    assert assignments() == []
    page = desk.press(page, ASSIGN, step="confirm").text
    assert "3 of 3 assigned to Ray" in page
    assert [holder(scene, reference) for reference in selected] == [scene.ray.id] * 3
    batches = {subject["batch"] for subject in assignments()}
    assert len(batches) == 1
    assert len(assignments()) == 3
    assert str(batches.pop()) in page


def test_one_that_is_refused_stops_no_other_and_says_why(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    first, held, foreign = scene.permit("One"), scene.permit("Two"), scene.permit("Three", scene.bob)
    scene.claim(held, scene.ray)
    session().add(Conflict(person_id=scene.ray.id, organisation_id=scene.bolt.id, declared_at=clock.now()))
    session().commit()
    desk = sign_in(lea)
    selected = [first, held, foreign, "PE-00000000", "PE-\0"]
    fields = {"assignee": str(scene.ray.id)}
    preview = desk.press(chosen(desk, selected).text, ASSIGN, step="preview", **fields).text
    result = desk.press(preview, ASSIGN, step="confirm").text
    for page in (preview, result):
        assert "Ray holds this case already." in page
        assert "Ray declared a conflict of interest" in page
        assert page.count("There is nothing here for you under this reference.") == 2
    assert "1 of 5 can be assigned" in preview
    assert "1 of 5 assigned to Ray" in result
    assert (holder(scene, first), holder(scene, foreign)) == (scene.ray.id, None)
    again = desk.press(result, ASSIGN, step="find").text
    assert foreign in again
    assert first not in again


def test_sending_the_confirmation_twice_writes_nothing_twice(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    selected = [scene.permit("One"), scene.permit("Two")]
    desk = sign_in(lea)
    fields = {"assignee": str(scene.ray.id)}
    preview = desk.press(chosen(desk, selected).text, ASSIGN, step="preview", **fields).text
    desk.press(preview, ASSIGN, step="confirm")
    assert "0 of 2 assigned to Ray" in desk.press(preview, ASSIGN, step="confirm").text
    assert len(assignments()) == 2


def test_the_guards_are_those_of_a_single_assignment(sign_in: SignIn, scene: Scene) -> None:
    selected = [scene.permit("One")]
    desk = sign_in(scene.rita)
    page = sign_in(make.actor("Sue", Role.SENIOR_REVIEWER)).read("/queue?view=all").text
    desk = sign_in(scene.rita)
    assert ASSIGN not in desk.read("/queue?view=all").text
    token = fields_of(page)
    response = desk.client.post(
        ASSIGN, data={**token, "selected": selected, "assignee": str(scene.ray.id), "step": "preview"}
    )
    assert response.status_code in {200, 400}
    fields = {**fields_of(desk.read("/queue").text), "selected": selected, "assignee": str(scene.ray.id)}
    for step in ("preview", "confirm"):
        assert "“Assign” is for: " in desk.client.post(ASSIGN, data={**fields, "step": step}).text
    assert holder(scene, selected[0]) is None


@pytest.mark.parametrize(
    "selected,words", [([], "Select at least one"), ([f"PE-{n:08}" for n in range(201)], "Select at most 200")]
)
def test_nothing_and_too_much_are_refused(
    sign_in: SignIn, scene: Scene, lea: Actor, selected: list[str], words: str
) -> None:
    scene.permit("One")
    response = chosen(sign_in(lea), selected)
    assert response.status_code == 422
    assert words in response.text


def test_a_client_assigns_nothing(sign_in: SignIn, scene: Scene) -> None:
    selected = [scene.permit("One")]
    client = sign_in(scene.mona)
    fields = fields_of(client.read("/permits").text)
    assert client.client.post(ASSIGN, data={**fields, "selected": selected}).status_code == 403
    assert ASSIGN not in client.read("/permits").text


def test_no_decision_can_be_taken_in_bulk(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    selected = [scene.permit("One")]
    page = chosen(sign_in(lea), selected, step="confirm", name="grant").text
    assert "Choose a colleague." in page
    assert run.find("permit", selected[0], scene.rita).state == "review"


def test_the_reason_and_the_way_back_survive_every_step(sign_in: SignIn, scene: Scene, lea: Actor) -> None:
    selected = [scene.permit("One")]
    desk = sign_in(lea)
    page = desk.press(chosen(desk, selected).text, ASSIGN, step="find", reason="Away till May").text
    assert "Away till May" in page
    assert link(page, "Back") == "/queue?view=all"
