"""Search: straight to a reference, and everything else by what it is, as far as the reader may see it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from compliance.authz import Actor, Role
from compliance.engine import run, words
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import TERMS
from tests.web.conftest import Browser
from tests.web.scene import LATER, Scene, link, titles

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def scene(sign_in: SignIn) -> Scene:
    del sign_in  # Asked for so that the database is there.
    return Scene()


def test_a_reference_leads_to_its_case(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    for text in (reference, reference.lower(), f"  {reference} "):
        response = sign_in(scene.rita).client.get("/search", query_string={"q": text})
        assert response.location == f"/permits/{reference}"


def test_the_beginning_of_a_reference_or_of_words_finds_cases(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Tower crane for the harbour")
    scene.permit("Bridge")
    for text in (reference[:6], "tower", "HARB cran", "crâne"):
        page = sign_in(scene.rita).client.get("/search", query_string={"q": text}).text
        assert titles(page) == ["Tower crane for the harbour"], text


@pytest.mark.parametrize("error", ["wrong", "missing", "doubled", "swapped"])
def test_a_reference_with_one_letter_wrong_is_found(sign_in: SignIn, scene: Scene, error: str) -> None:
    reference = scene.permit("Crane")
    head, tail = reference[:5], reference[5:]
    other = "7" if tail[0] != "7" else "8"
    mistaken = {
        "wrong": head + other + tail[1:],
        "missing": head + tail[1:],
        "doubled": head + other + tail,
        "swapped": head + tail[1] + tail[0] + tail[2:],
    }[error]
    response = sign_in(scene.rita).client.get("/search", query_string={"q": mistaken})
    if response.status_code == 302:
        assert mistaken == reference  # Two letters that are the same can be swapped unseen.
    else:
        assert "Did you mean" in response.text
        assert titles(response.text) == ["Crane"]


def test_what_may_have_been_meant_is_bounded() -> None:
    assert len(words.near("PE-7K3M9QXD")) < 300
    assert len(words.near("PE-7K3M9QX")) < 300
    assert words.near("PE-7K3") == []
    assert words.near("7K3M9QXD") == []
    assert words.near("PE-" + "7" * 400) == []


def test_the_desk_finds_clients_and_colleagues(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Mast", scene.bob)
    desk = sign_in(scene.rita)
    assert titles(desk.read(link(desk.read("/search?q=bolt").text, "Bolt")).text) == ["Mast"]
    reference = scene.permit("Crane")
    scene.claim(reference, scene.ray)
    page = desk.read("/search?q=ray").text
    assert titles(desk.read(link(page, "Ray")).text) == ["Crane"]


def test_a_freelancer_is_found_by_name_on_their_offers(sign_in: SignIn, scene: Scene) -> None:
    run.open_case("offer", scene.mona, {**TERMS, **LATER}, organisation_id=scene.acme.id)
    session().commit()
    assert titles(sign_in(scene.mona).read("/search?q=kirk").text) == ["Pricing engine"]


def test_new_words_replace_old_ones(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    run.fire("permit", reference, "edit", scene.mona, {"title": "Bridge", "size": "5"})
    session().commit()
    client = sign_in(scene.mona)
    assert titles(client.read("/search?q=bridge").text) == ["Bridge"]
    assert titles(client.read("/search?q=crane").text) == []


@pytest.mark.parametrize("text", ["%", "_", "%%%", "\\", "'; --", "a" * 4000, "OF-%", "-", "  "])
def test_odd_text_finds_nothing_and_breaks_nothing(sign_in: SignIn, scene: Scene, text: str) -> None:
    scene.permit("Crane")
    response = sign_in(scene.rita).client.get("/search", query_string={"q": text})
    assert response.status_code == 200
    assert titles(response.text) == []


@pytest.mark.parametrize("raw", ["%00", "%ED%A0%80", "%FF"])
def test_what_is_no_text_is_refused_at_the_door(sign_in: SignIn, scene: Scene, raw: str) -> None:
    response = sign_in(scene.rita).client.get(f"/search?q={raw}")
    assert response.status_code == 400
    assert "not text in UTF-8" in response.text


def test_another_client_finds_nothing(sign_in: SignIn, scene: Scene) -> None:
    reference = scene.permit("Crane")
    stranger = sign_in(scene.bob)
    for text in (reference, reference[:6], reference[:-1], "crane", "acme", "rita", "mona"):
        response = stranger.read(f"/search?q={text}")
        assert response.status_code == 200
        assert "Nothing that you may see is called so" in response.text, text


def test_the_desk_finds_no_draft(sign_in: SignIn, scene: Scene) -> None:
    run.open_case("permit", scene.mona, {"title": "Crane", "size": "5"}, organisation_id=scene.acme.id)
    session().commit()
    assert titles(sign_in(scene.rita).read("/search?q=crane").text) == []


def test_a_conflict_of_interest_hides_a_client_from_search(sign_in: SignIn, scene: Scene) -> None:
    scene.permit("Crane")
    rita = Actor(scene.rita.id, "Rita", scene.rita.grants, conflicts=frozenset({scene.acme.id}))
    page = sign_in(rita).read("/search?q=acme").text
    assert "Nothing that you may see is called so" in page


def test_the_search_box_stands_on_every_page_and_keeps_the_text(sign_in: SignIn, scene: Scene) -> None:
    page = sign_in(scene.mona).read("/search?q=unicorn").text
    assert 'action="/search"' in page
    assert 'name="q" value="unicorn"' in page
    assert "Type a reference" in sign_in(make.actor("Arno", Role.AUDITOR)).read("/search").text


def test_a_stranger_signs_in_first(sign_in: SignIn, scene: Scene) -> None:
    del scene  # Asked for so that there is something to find.
    assert sign_in(None).client.get("/search?q=x").status_code == 302
