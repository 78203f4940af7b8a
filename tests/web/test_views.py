"""Saved views: kept under a name, opened with the list, shared with the desk and with nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from compliance.authz import Actor, Role
from compliance.engine.case import SavedView
from compliance.kernel import clock
from compliance.kernel.db import session
from compliance.people.models import RoleGrant
from tests import make
from tests.web.conftest import Browser
from tests.web.scene import Scene, link, titles

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def scene(sign_in: SignIn) -> Scene:
    del sign_in  # Asked for so that the database is there.
    return Scene()


def saved(browser: Browser, name: str, address: str = "/queue?view=all&text=mast") -> None:
    response = browser.press(browser.read(address).text, "/views", name=name)
    assert response.status_code == 303, response.text


def changed(browser: Browser, name: str, wish: str, /, **fields: str) -> int:
    page = browser.read("/views").text
    found = re.search(rf'value="{name}" autocomplete.*?</form>', page, flags=re.DOTALL)
    address = re.findall(r'action="(/views/[^"]+)"', page[: found.start() if found else 0])
    assert address, name
    return browser.press(page, address[-1], wish=wish, **fields).status_code


def view_ids() -> list[str]:
    found = [str(view.id) for view in session().scalars(sa.select(SavedView))]
    session().rollback()
    return found


def test_filters_are_saved_under_a_name_and_opened_again(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    scene.permit("Mast")
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    page = desk.read("/queue").text
    page = desk.read(link(page, "Masts")).text
    assert titles(page) == ["Mast"]
    assert re.search(r'aria-current="page">Masts', page)


def test_a_list_opens_with_its_start_view_and_still_shows_the_rest(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Mast")
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    assert changed(desk, "Masts", "start") == 303
    assert desk.client.get("/queue").location == "/queue?view=all&text=mast"
    assert desk.read("/queue?view=mine").status_code == 200
    assert changed(desk, "Masts", "start") == 303
    assert desk.read("/queue").status_code == 200


def test_a_clients_list_keeps_views_too(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Mast")
    client = sign_in(scene.mona)
    saved(client, "Masts", "/permits?text=mast")
    assert changed(client, "Masts", "start") == 303
    page = client.read(client.client.get("/permits").location).text
    assert titles(page) == ["Mast"]
    assert link(page, "All") == "/permits?sort=due"
    assert client.read("/permits?sort=due").status_code == 200


def test_a_view_is_renamed_and_deleted(sign_in: SignIn, scene: Scene) -> None:
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    assert changed(desk, "Masts", "rename", name="  Poles  and masts ") == 303
    assert "Poles and masts" in desk.read("/queue").text
    assert changed(desk, "Poles and masts", "delete") == 303
    assert "No saved views yet" in desk.read("/views").text


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\0b"])
def test_a_view_needs_a_name(sign_in: SignIn, scene: Scene, name: str) -> None:
    desk = sign_in(scene.rita)
    page = desk.read("/queue?view=all&text=mast").text
    assert desk.press(page, "/views", name=name).status_code == 422
    assert view_ids() == []


def test_a_name_is_given_once(sign_in: SignIn, scene: Scene) -> None:
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    saved(desk, "Cranes", "/queue?view=all&text=crane")
    page = desk.read("/queue?view=all&text=mast").text
    assert desk.press(page, "/views", name="Masts").status_code == 422
    assert changed(desk, "Cranes", "rename", name="Masts") == 422


def test_nobody_keeps_more_views_than_fit(sign_in: SignIn, scene: Scene) -> None:
    session().add_all(
        SavedView(person_id=scene.rita.id, page="queue", name=f"View {n}", query="", made_at=clock.now())
        for n in range(50)
    )
    session().commit()
    desk = sign_in(scene.rita)
    response = desk.press(desk.read("/queue?view=all&text=mast").text, "/views", name="One more")
    assert response.status_code == 422
    assert "Delete one first" in response.text


def test_the_desk_shares_views_with_the_desk_only(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Mast")
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    saved(desk, "My permits", "/permits?text=mast")
    assert "Masts" not in sign_in(scene.ray).read("/queue").text
    desk = sign_in(scene.rita)
    assert changed(desk, "Masts", "share") == 303
    assert changed(desk, "My permits", "share") == 303
    page = sign_in(scene.ray).read("/queue").text
    assert reference in sign_in(scene.ray).read(link(page, "Masts (shared)")).text
    for client in (scene.mona, scene.bob):
        assert "shared" not in sign_in(client).read("/permits").text


def test_a_client_shares_nothing(sign_in: SignIn, scene: Scene) -> None:
    client = sign_in(scene.mona)
    saved(client, "Masts", "/permits?text=mast")
    assert "Share" not in client.read("/views").text
    assert changed(client, "Masts", "share") == 422
    colleague = make.actor("Max", Role.HIRING_MANAGER, at=scene.acme)
    assert "Masts" not in sign_in(colleague).read("/permits").text
    assert "Masts" not in sign_in(scene.rita).read("/permits").text


def test_a_view_of_somebody_elses_data_shows_nothing_of_it(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Mast")
    session().add(
        SavedView(person_id=scene.bob.id, page="permit", name="Theirs", query="text=mast", made_at=clock.now())
    )
    session().commit()
    stranger = sign_in(scene.bob)
    page = stranger.read(link(stranger.read("/permits").text, "Theirs")).text
    assert titles(page) == []
    assert "Nothing matches" in page


def test_a_shared_view_goes_when_its_owner_leaves_the_desk(sign_in: SignIn, scene: Scene) -> None:
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    changed(desk, "Masts", "share")
    for grant in session().scalars(sa.select(RoleGrant).where(RoleGrant.person_id == scene.rita.id)):
        grant.ended_at = clock.now()
    session().commit()
    assert "Masts" not in sign_in(scene.ray).read("/queue").text


def test_nobody_touches_the_views_of_somebody_else(sign_in: SignIn, scene: Scene) -> None:
    desk = sign_in(scene.rita)
    saved(desk, "Masts")
    (view_id,) = view_ids()
    other = sign_in(scene.ray)
    token = re.search(r'name="csrf_token" value="([^"]*)"', other.read("/queue").text)
    assert token
    for wish in ("rename", "start", "share", "delete", "unicorn"):
        fields = {"csrf_token": token[1], "wish": wish, "name": "Mine"}
        assert other.client.post(f"/views/{view_id}", data=fields).status_code == 404
    assert view_ids() == [view_id]
    assert "Masts" not in other.read("/views").text


@pytest.mark.parametrize("page", ["queue", "unicorn", ""])
def test_a_list_that_somebody_has_not_keeps_no_view(sign_in: SignIn, scene: Scene, page: str) -> None:
    client = sign_in(scene.mona)
    fields = {"page": page, "name": "Masts", "query": "view=all"}
    assert client.press(client.read("/permits?text=x").text, "/views", **fields).status_code == 404
    assert view_ids() == []


def test_a_view_keeps_only_filters_that_exist(sign_in: SignIn, scene: Scene) -> None:
    desk = sign_in(scene.rita)
    page = desk.read("/queue?view=all&text=mast").text
    desk.press(page, "/views", name="Odd", query="state=unicorn&next=//evil&late=yes&view=all")
    kept = session().scalars(sa.select(SavedView.query)).one()
    assert kept == "view=all&late=yes"


def test_a_start_view_whose_filters_are_gone_leads_nowhere_in_a_circle(sign_in: SignIn, scene: Scene) -> None:
    session().add(
        SavedView(
            person_id=scene.mona.id, page="permit", name="Old", query="state=gone", starts=True, made_at=clock.now()
        )
    )
    session().commit()
    assert sign_in(scene.mona).read("/permits").status_code == 200
