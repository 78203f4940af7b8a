"""The inbox, the choices of mail, and the link that works signed out."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.engine.case import Case
from compliance.kernel import clock, ids
from compliance.kernel.db import session
from compliance.messages import choices, inbox
from compliance.messages.kinds import Kind
from compliance.messages.models import MailMessage, Notification
from compliance.people.models import Organisation, Person
from tests import make
from tests.people import scene
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def manager(sign_in: SignIn) -> tuple[Actor, Organisation]:
    del sign_in  # It makes the table of permits.
    acme = make.organisation()
    return make.actor("Mona", Role.HIRING_MANAGER, at=acme), acme


@pytest.fixture
def case(manager: tuple[Actor, Organisation]) -> Case:
    """Return a permit about which Mona was told three times, the last one first read."""
    found, rita = make.submitted_permit(*manager), make.actor("Rita", Role.REVIEWER)
    for body in ("One", "Two", "Three"):
        run.fire("permit", found.reference, "comment", rita, {"body": body})
        session().commit()
    return found


def ids_on(page: str) -> list[str]:
    return re.findall(r'name="which" value="([0-9a-f-]{36})"', page)


def test_the_inbox_shows_unread_first_and_opening_one_marks_it_read(
    sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case
) -> None:
    browser = sign_in(manager[0])
    page = browser.read("/notifications").text
    first, second, third = ids_on(page)
    assert page.count("New comment") == 3
    assert "some unread" in page
    opened = browser.send("/notifications", which=first)
    assert (opened.status_code, opened.location) == (303, f"/permits/{case.reference}")
    assert ids_on(browser.read("/notifications").text) == [second, third, first]
    browser.send("/notifications", which="all")
    page = browser.read("/notifications").text
    assert "Unread" not in page
    assert "some unread" not in page


def test_looking_changes_nothing(sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case) -> None:
    browser = sign_in(manager[0])
    for address in ("/notifications", f"/permits/{case.reference}"):
        browser.read(address)
    assert session().scalars(sa.select(Notification.read_at)).all() == [None, None, None]
    session().rollback()


def test_a_kind_can_be_looked_at_alone(sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case) -> None:
    del case  # It was commented on.
    browser = sign_in(manager[0])
    assert len(ids_on(browser.read("/notifications?kind=comment").text)) == 3
    assert "Nothing yet" in browser.read("/notifications?kind=late").text
    assert len(ids_on(browser.read("/notifications?kind=nonsense").text)) == 3


def test_pages_follow_each_other_over_the_border_of_read_and_unread(
    sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case
) -> None:
    person = manager[0].id
    assert person is not None
    for count in range(60):
        session().add(
            Notification(
                person_id=person, case_id=case.id, event_id=ids.new_id(), kind="news", reason="News",
                made_at=clock.now(), read_at=clock.now() if count % 2 else None,
            )
        )  # fmt: skip
    session().commit()
    browser, address, seen = sign_in(manager[0]), "/notifications", []
    while address:
        page = browser.read(address).text
        seen += ids_on(page)
        following = re.search(r'href="([^"]*)" rel="next"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert (len(seen), len(set(seen))) == (63, 63)
    unread = {
        str(found) for found in session().scalars(sa.select(Notification.id).where(Notification.read_at.is_(None)))
    }
    session().rollback()
    assert set(seen[:33]) == unread
    assert browser.read("/notifications?after=nonsense").status_code == 400
    assert browser.read("/notifications?after=uzz").status_code == 400


def test_somebody_elses_notification_does_not_exist(
    sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case
) -> None:
    del case  # Mona was told of it.
    first = ids_on(sign_in(manager[0]).read("/notifications").text)[0]
    stranger = sign_in(make.actor("Max", Role.HIRING_MANAGER, at=manager[1]))
    assert ids_on(stranger.read("/notifications").text) == []
    for which in (first, str(ids.new_id()), "nonsense"):
        assert stranger.send("/notifications", which=which).status_code == 404


def test_a_case_that_went_out_of_sight_goes_out_of_the_inbox(
    sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case
) -> None:
    del case  # As above.
    mona, _ = manager
    first = ids_on(sign_in(mona).read("/notifications").text)[0]
    elsewhere = sign_in(Actor(mona.id, mona.name))
    assert ids_on(elsewhere.read("/notifications").text) == []
    assert elsewhere.send("/notifications", which=first).status_code == 404


def test_no_internal_word_stands_in_a_clients_inbox(
    sign_in: SignIn, manager: tuple[Actor, Organisation], case: Case
) -> None:
    rita = make.actor("Rob", Role.REVIEWER)
    run.fire("permit", case.reference, "comment", rita, {"body": "A secret", "internal": "true"})
    session().commit()
    page = sign_in(manager[0]).read("/notifications").text
    assert "secret" not in page
    assert len(ids_on(page)) == 3


def test_the_inbox_is_for_those_who_signed_in(sign_in: SignIn) -> None:
    assert sign_in(None).read("/notifications").status_code == 302


@pytest.fixture
def mona(app: Flask) -> Person:
    del app  # Asked for so that the database is there.
    return scene.person("mona@example.com", Role.HIRING_MANAGER, organisation="Acme")


def test_one_chooses_what_one_is_mailed_about(app: Flask, mona: Person) -> None:
    browser = app.test_client()
    scene.sign_in(browser, mona.email)
    page = browser.get("/account/notifications").text
    assert page.count(" checked") == len(Kind)
    kept = scene.post(browser, "/account/notifications", mail="late")
    assert kept.status_code == 303
    assert choices.of(mona.id) == {Kind.LATE}
    session().rollback()
    assert scene.post(browser, "/account/notifications", mail="nonsense").status_code == 422
    assert scene.post(browser, "/account/notifications").status_code == 303
    assert choices.of(mona.id) == set()


def test_a_link_in_a_mail_stops_its_kind_without_signing_in(app: Flask, mona: Person) -> None:
    address = choices.address(mona.id, Kind.COMMENT).removeprefix("http://127.0.0.1:5000")
    session().rollback()
    browser = app.test_client()
    asked = browser.get(address)
    assert "Stop this mail?" in asked.text
    assert choices.of(mona.id) == set(Kind)
    session().rollback()
    assert "no more of this mail" in browser.post(address).text
    assert choices.of(mona.id) == set(Kind) - {Kind.COMMENT}
    session().rollback()
    assert "no more of this mail" in browser.post(address, data={"List-Unsubscribe": "One-Click"}).text


@pytest.mark.parametrize("old,new", [("comment", "late"), (".", ""), (".comment.", "."), ("comment", "é\0")])
def test_a_damaged_link_stops_nothing(app: Flask, mona: Person, old: str, new: str) -> None:
    token = choices.token(mona.id, Kind.COMMENT).replace(old, new)
    session().rollback()
    browser = app.test_client()
    for answer in (browser.get(f"/unsubscribe/{token}"), browser.post(f"/unsubscribe/{token}")):
        assert answer.status_code == 404
    assert choices.of(mona.id) == set(Kind)


def test_old_notifications_are_forgotten(manager: tuple[Actor, Organisation], case: Case) -> None:
    del manager, case  # Mona was told of it.
    session().execute(sa.update(Notification).values(made_at=clock.now() - inbox.KEPT * 2))
    inbox.forget()
    session().commit()
    assert session().scalars(sa.select(Notification.id)).all() == []
    assert len(session().scalars(sa.select(MailMessage.id)).all()) == 3
