"""The lists of clients and freelancers: where each case stands, whose turn it is, by when, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import TERMS, UNCHARTED
from tests.web.conftest import Browser
from tests.web.scene import LATER, Scene, link, titles, words

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def scene(sign_in: SignIn) -> Scene:
    del sign_in  # Asked for so that the database is there.
    return Scene()


@pytest.fixture
def fay(scene: Scene) -> Actor:
    del scene  # As above.
    return make.actor("Fay")


def offered(scene: Scene, title: str) -> str:
    made = run.open_case(
        "offer", scene.mona, {**TERMS, **LATER, **UNCHARTED, "title": title}, organisation_id=scene.acme.id
    )
    session().commit()
    return made.case.reference


def fired(reference: str, name: str, who: Actor, **data: str) -> None:
    case = run.find("offer", reference, who)
    run.fire("offer", reference, name, who, data, seen=case.content_digest)
    session().commit()


def test_a_client_reads_where_an_offer_stands_who_acts_and_by_when(sign_in: SignIn, scene: Scene) -> None:
    reference = offered(scene, "Engine")
    assert "You" in words(sign_in(scene.mona).read("/offers").text)
    fired(reference, "submit", scene.mona)
    fired(reference, "claim", scene.rita)
    page = words(sign_in(scene.mona).read("/offers").text)
    assert "Classification review A reviewer is looking at how the work will be done." in page
    assert "The compliance reviewer" in page
    assert "Rita" not in page
    assert "left" in page
    assert "Rita" in words(sign_in(scene.ray).read("/offers").text)


def test_what_waits_for_the_reader_is_one_link_away(sign_in: SignIn, scene: Scene, fay: Actor) -> None:
    waiting, asked = offered(scene, "Engine"), offered(scene, "Gearbox")
    for reference in (waiting, asked):
        fired(reference, "submit", scene.mona)
        fired(reference, "claim", scene.rita)
    fired(asked, "ask_freelancer", scene.rita, asked="Who sets the hours?")
    client = sign_in(scene.mona)
    page = client.read(link(client.read("/offers").text, "Waiting for you")).text
    assert titles(page) == []
    assert "Nothing waits for you" in page
    page = client.read("/offers?me=yes&text=engine").text
    assert titles(client.read(link(page, "Drop “Waits for: you”")).text) == ["Engine"]
    freelancer = sign_in(fay)
    assert titles(freelancer.read("/offers?me=yes").text) == ["Gearbox"]
    assert sorted(titles(freelancer.read("/offers").text)) == ["Engine", "Gearbox"]
    assert titles(sign_in(scene.rita).read("/offers?me=yes").text) == ["Engine"]


def test_an_approver_is_waited_for_where_approvals_are_on(sign_in: SignIn, scene: Scene) -> None:
    scene.acme.approval_steps = 1
    session().commit()
    anna = make.actor("Anna", Role.APPROVER, at=scene.acme)
    fired(offered(scene, "Engine"), "submit", scene.mona)
    assert titles(sign_in(anna).read("/offers?me=yes").text) == ["Engine"]
    assert titles(sign_in(scene.mona).read("/offers?me=yes").text) == []


def test_a_list_is_narrowed_by_state(sign_in: SignIn, scene: Scene) -> None:
    offered(scene, "Engine")
    fired(offered(scene, "Gearbox"), "submit", scene.mona)
    client = sign_in(scene.mona)
    page = client.read("/offers?state=submitted").text
    assert titles(page) == ["Gearbox"]
    assert sorted(titles(client.read(link(page, "Remove filter")).text)) == ["Engine", "Gearbox"]
    assert client.read("/offers?state=unicorn").status_code == 400
    assert client.read("/offers?state=review").status_code == 200  # A state of another kind: nothing matches.


def test_an_empty_list_says_what_it_will_hold_and_what_to_do_first(sign_in: SignIn, scene: Scene, fay: Actor) -> None:
    page = sign_in(scene.mona).read("/offers").text
    assert "No offer yet" in page
    assert link(page, "New offer") == "/offers/new"
    page = sign_in(fay).read("/offers").text
    assert "Every offer that concerns you stands here" in page
    assert "/offers/new" not in page


@pytest.mark.parametrize("query", ["", "?me=yes", "?state=submitted", "?text=engine", "?late=yes", "?due=2999-01-01"])
def test_another_client_sees_nothing_whatever_is_filtered(sign_in: SignIn, scene: Scene, query: str) -> None:
    reference = offered(scene, "Engine")
    fired(reference, "submit", scene.mona)
    page = sign_in(scene.bob).read(f"/offers{query}").text
    assert "Engine" not in page
    assert reference not in page
    assert "Acme" not in page


def test_a_filter_of_the_queue_is_none_of_a_clients_list(sign_in: SignIn, scene: Scene) -> None:
    offered(scene, "Engine")
    page = sign_in(scene.mona).read(f"/offers?holder={scene.rita.id}&client={scene.bolt.id}&view=mine").text
    assert titles(page) == ["Engine"]


def test_keys_are_switched_off_and_on_again(sign_in: SignIn, scene: Scene) -> None:
    client = sign_in(scene.mona)
    page = client.read("/offers").text
    assert "data-keys" not in page
    assert client.press(page, "/preferences/keys").location == "/offers"
    page = client.read("/offers").text
    assert 'data-keys="off"' in page
    client.press(page, "/preferences/keys")
    assert "data-keys" not in client.read("/offers").text
    assert client.press(client.read("/offers").text, "/preferences/keys", keys="odd", next="//evil").location == "/"
    assert "data-keys" not in client.read("/offers").text


def test_the_queue_is_two_keys_away(sign_in: SignIn, scene: Scene) -> None:
    assert 'data-key="g q"' in sign_in(scene.rita).read("/offers").text
    assert 'data-key="g q"' not in sign_in(scene.mona).read("/offers").text
