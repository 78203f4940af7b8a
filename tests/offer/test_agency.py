"""The agency through which a freelancer works: named by the client, and let in to its own freelancers' offers."""

from __future__ import annotations

import html
import io
from dataclasses import replace

import pytest
import sqlalchemy as sa
from flask import Flask

from compliance.authz import Actor, Role, visible_to
from compliance.engine import importing, telling
from compliance.engine.case import AnswerSheet, Case
from compliance.engine.errors import InvalidInputError, NotFoundError, RefusedError
from compliance.engine.registry import registry
from compliance.engine.run import Opening
from compliance.kernel.db import session
from compliance.messages.models import Notification
from compliance.people.models import Organisation
from tests import make
from tests.offer.scene import SIGNED, TERMS, Desk

pytestmark = pytest.mark.usefixtures("app")


def agency(name: str = "Kestrel People") -> tuple[Organisation, Actor]:
    made = make.organisation(name)
    made.kind = "agency"
    session().commit()
    return made, make.actor(f"Owner-of-{made.name.split()[0]}", Role.AGENCY_OWNER, at=made)


def seen_by(reader: Actor) -> list[str]:
    return list(session().scalars(sa.select(Case.reference).where(visible_to(reader, Case))))


def test_people_of_the_agency_follow_and_answer_for_their_freelancer(desk: Desk) -> None:
    kestrel, owner = agency()
    _, other = agency("Merlin Staff")
    desk.open(agency=kestrel.name)
    assert seen_by(owner) == []
    desk.act(desk.mona, "submit")
    assert (seen_by(owner), seen_by(other)) == ([desk.reference], [])
    offer = desk.offer(owner)
    assert offer.worker_organisation_id == kestrel.id
    desk.act(desk.rita, "claim")
    desk.act(desk.rita, "ask_freelancer", asked="Who stands in?")
    told = session().scalars(sa.select(Notification.case_id).where(Notification.person_id == owner.id)).all()
    assert set(told) == {offer.id}
    assert desk.act(owner, "answer_freelancer", answer="We send somebody else.") == "classification_review"
    with pytest.raises(NotFoundError):
        desk.offer(other)


def test_a_line_of_the_facts_names_it_and_none_stands_for_nobody(desk: Desk) -> None:
    kestrel, _ = agency()
    workflow = registry().process("offer").workflow
    for name, shown in ((kestrel.name, [kestrel.name]), ("", [])):
        desk.open(agency=name)
        facts = telling.facts(session(), desk.offer(desk.mona), workflow, desk.mona)
        assert [row["value"] for row in facts if row["label"] == "Agency"] == shown
        assert desk.offer(desk.mona).worker_organisation_id == (kestrel.id if name else None)


@pytest.mark.parametrize("name", ["Nobody Ltd", "Acme", "kestrel people", "x" * 300])
def test_only_an_agency_that_the_desk_knows_is_named(desk: Desk, name: str) -> None:
    agency()
    with pytest.raises(InvalidInputError) as refused:
        desk.open(agency=name)
    assert list(refused.value.errors) == ["agency"]


def test_the_person_who_does_the_work_stays_named(desk: Desk) -> None:
    kestrel, _ = agency()
    with pytest.raises(InvalidInputError) as refused:
        desk.open(agency=kestrel.name, freelancer="", freelancer_email="")
    assert set(refused.value.errors) == {"freelancer", "freelancer_email"}


def test_another_agency_takes_the_place_of_the_one_before_and_the_questions_are_asked_again(desk: Desk) -> None:
    kestrel, owner = agency()
    merlin, other = agency("Merlin Staff")
    desk.open(agency=kestrel.name)
    desk.act(desk.mona, "edit", **{**TERMS, "agency": merlin.name})
    assert session().scalars(sa.select(AnswerSheet.party)).all() == []
    desk.client_answers(desk.result)
    desk.act(desk.mona, "submit")
    assert (seen_by(owner), seen_by(other)) == ([], [desk.reference])


def test_a_running_engagement_stays_with_its_agency_also_when_that_takes_another_name(desk: Desk) -> None:
    kestrel, _ = agency()
    merlin, _ = agency("Merlin Staff")
    desk.active(agency=kestrel.name)
    for name in (merlin.name, ""):
        with pytest.raises(RefusedError, match="Another agency"):
            desk.act(desk.mona, "amend", **{**TERMS, "agency": name})
    kestrel.name = "Kestrel and Daughters"
    session().commit()
    desk.act(desk.mona, "amend", **{**TERMS, "agency": "Kestrel and Daughters"})
    assert desk.offer(desk.mona).worker_organisation_id == kestrel.id


def test_a_reviewer_who_is_close_to_the_agency_does_not_see_the_offer(desk: Desk) -> None:
    kestrel, _ = agency()
    desk.open(agency=kestrel.name)
    desk.act(desk.mona, "submit")
    assert seen_by(desk.rita) == [desk.reference]
    assert seen_by(replace(desk.rita, conflicts=frozenset({kestrel.id}))) == []


def test_page_and_import_take_it_by_name(desk: Desk, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    kestrel, _ = agency()
    monkeypatch.setitem(app.extensions, "current_actor", lambda: desk.mona)
    page = html.unescape(app.test_client().get("/offers/new").text)
    assert f'<option value="{kestrel.name}">' in page
    rows = [{**TERMS, "agency": kestrel.name}, {**TERMS, "agency": "Nobody Ltd"}]
    columns = list(rows[0])
    quoted = [",".join(f'"{row[name]}"' for name in columns) for row in rows]
    content = "\n".join([",".join(columns), *quoted]).encode()
    with importing.arriving(io.BytesIO(content)) as file:
        checked = importing.check("offer", desk.mona, file, "offers.csv", Opening(desk.client.id))
    assert [(fault.line, fault.column) for fault in checked.faults] == [(3, "agency")]


def test_the_freelancer_signs_in_person(desk: Desk) -> None:
    kestrel, _ = agency()
    desk.approved(agency=kestrel.name)
    desk.act(desk.mona, "begin_onboarding")
    assert desk.act(desk.fay, "sign_contract", **SIGNED) == "onboarding"
