import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import sqlalchemy as sa
import time_machine
from werkzeug.test import TestResponse

from compliance.audit import erasing, events
from compliance.audit.models import AuditEvent
from compliance.audit.sealed import Sealed
from compliance.audit.vocabulary import Event
from compliance.authz import SYSTEM_ACTOR, Actor, Grant, Role
from compliance.engine import run
from compliance.engine.case import Case
from compliance.kernel.db import session
from compliance.kernel.ids import new_id
from compliance.people.models import Organisation
from tests import make
from tests.audit.test_vouched import tamper
from tests.offer.scene import APPROVAL, MONDAY, OUTSIDE, UNCHARTED, Desk
from tests.offer.test_documents import add
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def reference(sign_in: SignIn) -> str:
    del sign_in  # Asked for so that the database is there.
    acme = make.organisation()
    return make.submitted_permit(make.actor("Mona", Role.HIRING_MANAGER, at=acme), acme).reference


def press_export(browser: Browser, query: str = "", form: str = "jsonl") -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.read("/audit").text)
    assert token
    return browser.client.post(f"/audit/export{query}", data={"csrf_token": token[1], "format": form})


def event_of(reference: str, action: str) -> AuditEvent:
    stream = session().scalars(sa.select(Case.stream).where(Case.reference == reference)).one()
    found = sa.select(AuditEvent).where(AuditEvent.stream == stream, AuditEvent.action == action)
    return session().scalars(found).one()


def take(browser: Browser, form: str, query: str = "") -> str:
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.read("/audit").text)
    assert token
    response = browser.client.post(f"/audit/export{query}", data={"csrf_token": token[1], "format": form})
    assert response.status_code == 200
    assert len(response.headers["Audit-Receipt"]) == 64
    return response.text


def test_an_auditor_searches_by_case_person_and_word(sign_in: SignIn, reference: str) -> None:
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    assert "permit.submit" in auditor.read("/audit").text
    assert "permit.submit" in auditor.read(f"/audit?reference={reference.lower()}").text
    assert "permit.submit" in auditor.read("/audit?who=mona@example.com").text
    found = auditor.read("/audit?what=permit.open").text
    assert "permit.open" in found
    assert "permit.submit" not in found.partition("<table")[2]
    assert "No event meets this search." in auditor.read("/audit?who=nobody@example.com").text


def test_exports_hold_what_the_search_shows_and_are_on_record(sign_in: SignIn, reference: str) -> None:
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    *rows, _ = csv.DictReader(io.StringIO(take(auditor, "csv", f"?reference={reference}")))
    assert [row["action"] for row in rows] == ["permit.open", "permit.submit"]
    submitted = rows[1]
    told = [submitted[name] for name in ("reference", "actor_name", "organisation", "from", "to")]
    assert told == [reference, "Mona", "Acme", "Draft", "Review"]
    lines = [json.loads(line) for line in take(auditor, "jsonl").splitlines()[:-1]]
    assert [line["action"] for line in lines] == ["permit.open", "permit.submit", "export.made", "export.ended"]
    logged = session().scalars(sa.select(AuditEvent.action).where(AuditEvent.stream == "log").order_by(AuditEvent.rev))
    assert logged.all() == ["export.made", "export.ended"] * 2


def test_what_opens_sealed_values_is_for_auditors_alone(sign_in: SignIn, reference: str) -> None:
    rita = make.actor("Rita", Role.REVIEWER)
    run.fire("permit", reference, "comment", rita, {"body": "For us", "internal": "y"})
    events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, reason="They asked")
    session().commit()
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    opened = [json.loads(line) for line in take(auditor, "disclosures").splitlines()]
    assert "They asked" in [line.get("value") for line in opened]
    acme = session().scalars(sa.select(Organisation)).one()
    viewer = sign_in(make.actor("Vera", Role.VIEWER, at=acme))
    assert press_export(viewer, form="disclosures").status_code == 403
    assert press_export(viewer, form="made-up").status_code == 400
    assert "Export what opens" not in viewer.read("/audit").text


def test_a_client_reads_names_but_nothing_sealed_and_the_file_says_what_it_is(sign_in: SignIn) -> None:
    acme = make.organisation()
    mona = replace(make.actor("Mona", Role.HIRING_MANAGER, at=acme), ip="192.0.2.7")
    case = make.submitted_permit(mona, acme)
    viewer = sign_in(make.actor("Vera", Role.VIEWER, at=acme))
    response = press_export(viewer, f"?reference={case.reference}", form="csv")
    assert f"filename=record-{case.reference}-taken-" in response.headers["Content-Disposition"]
    row = next(csv.DictReader(io.StringIO(response.text)))
    assert (row["actor_name"], row["address"]) == ("Mona", "Sealed; the programme's auditors can read it")


@pytest.mark.usefixtures("reference")
def test_a_client_sees_only_its_own_events_and_others_none(sign_in: SignIn) -> None:
    other = make.organisation("Other")
    viewer = sign_in(make.actor("Vera", Role.VIEWER, at=other))
    assert "permit.open" not in viewer.read("/audit").text.partition("<table")[2]
    assert "there is nothing to export" in press_export(viewer).text
    assert sign_in(make.actor("Rita", Role.REVIEWER)).read("/audit").status_code == 403


@pytest.mark.parametrize("query", ["before=x", "what=made.up", "since=soon", "who=" + "x" * 300])
@pytest.mark.usefixtures("reference")
def test_a_search_that_cannot_be_is_refused(sign_in: SignIn, query: str) -> None:
    assert sign_in(make.actor("Arno", Role.AUDITOR)).read(f"/audit?{query}").status_code == 400


def reviewed_offer() -> Desk:
    """Return an offer with a note of the desk's own of each kind, and with answers of both sides."""
    desk = Desk()
    desk.in_review()
    desk.freelancer_answers(OUTSIDE)
    desk.act(desk.rita, "comment", body="Ask legal.", internal="true")
    desk.act(desk.mona, "comment", body="Is it decided?")
    desk.act(desk.rita, "approve", **APPROVAL)
    desk.act(desk.mona, "begin_onboarding")
    desk.onboard()
    desk.act(desk.sue, "ask_suspension", reason="Look at the site.")
    return desk


def test_a_client_reads_the_record_without_the_desks_notes_and_the_other_sides_answers(sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=True):
        desk = reviewed_offer()
    vera = sign_in(make.actor("Vera", Role.VIEWER, at=desk.client))
    page = vera.read("/audit").text.partition("<table")[2]
    assert page.count("offer.comment") == 1
    assert "ask_suspension" not in page
    rows = [json.loads(line) for line in take(vera, "jsonl").splitlines()[:-1]]
    assert [row["action"] for row in rows].count("offer.comment") == 1
    assert "offer.ask_suspension" not in [row["action"] for row in rows]
    own, others = (row for row in rows if row["action"] == "offer.send_answers")
    assert any(name.startswith("answers.") for name in own["changes"])
    assert "changes" not in others or not others["changes"]
    assert others["left_out"] == ["changes.answers", "policy.answers"]
    decided = next(row for row in rows if row["action"] == "offer.approve")
    assert (list(decided["policy"]["finding"]), decided["left_out"]) == (
        ["client"],
        ["policy.finding.freelancer", "policy.within_desk"],
    )
    assert "answers." not in "".join(
        row["entry"] for row in csv.DictReader(io.StringIO(take(vera, "csv"))) if '"party":"freelancer"' in row["entry"]
    )
    made = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == "export.made")).first()
    assert json.loads(str(made))["subject"]["projection"] == "client"


def test_an_export_for_an_auditor_stays_whole(sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=True):
        reviewed_offer()
    written = session().scalars(sa.select(AuditEvent.entry).order_by(AuditEvent.event_id)).all()
    taken = take(sign_in(make.actor("Arno", Role.AUDITOR)), "jsonl").splitlines()
    assert taken[:-1] == list(written)
    assert "projection" not in json.loads(taken[-1])


def test_a_client_hears_of_no_document_that_the_desk_keeps_to_itself(sign_in: SignIn) -> None:
    desk = Desk()
    with time_machine.travel(MONDAY, tick=True):
        desk.in_review(**UNCHARTED)
    added = add(desk, desk.rita, internal="true")
    desk.act(desk.rita, "withdraw_document", document=str(added.id), reason="Wrong file.")
    text = take(sign_in(make.actor("Vera", Role.VIEWER, at=desk.client)), "jsonl")
    assert "document" not in text


def test_whoever_reads_for_two_clients_sees_the_events_of_both(sign_in: SignIn) -> None:
    acme, bolt = make.organisation(), make.organisation("Bolt")
    for name, client in (("Mona", acme), ("Bob", bolt)):
        make.submitted_permit(make.actor(name, Role.HIRING_MANAGER, at=client), client)
    vera = make.actor("Vera", Role.VIEWER, at=acme)
    both = dataclasses.replace(vera, grants=vera.grants | {Grant(Role.ACCOUNT_ADMIN, bolt.id)})
    rows = [json.loads(line) for line in take(sign_in(both), "jsonl").splitlines()[:-1]]
    assert {row["organisation"] for row in rows} == {str(acme.id), str(bolt.id)}


def test_what_happened_is_searched_for_in_words_and_a_person_by_the_beginning_of_a_name(
    sign_in: SignIn, reference: str
) -> None:
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    page = auditor.read("/audit").text
    assert '<option value="Permit: Submit">permit.submit</option>' in page
    for query in ("what=Permit:+Submit", "what=permit:+submit+(permit.submit)", "who=mon&what=permit.submit"):
        found = auditor.read(f"/audit?{query}").text.partition("<table")[2]
        assert reference in found
        assert "permit.open" not in found


@pytest.mark.usefixtures("reference")
def test_a_wrong_word_stands_at_its_field_and_keeps_what_was_typed(sign_in: SignIn) -> None:
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    answer = auditor.read("/audit?what=made+up&who=Mona")
    assert answer.status_code == 400
    assert "“made up” is not a word of the record." in answer.text
    assert 'value="made up"' in answer.text
    assert 'value="Mona"' in answer.text
    assert press_export(auditor, "?what=made+up").status_code == 400


def test_a_name_that_several_have_asks_for_an_address_and_shows_a_client_only_its_own_people(
    sign_in: SignIn, reference: str
) -> None:
    del reference
    other = make.organisation("Other")
    make.actor("Monique", Role.VIEWER, at=other)
    answer = sign_in(make.actor("Arno", Role.AUDITOR)).read("/audit?who=Mon")
    assert answer.status_code == 400
    assert "Mona (mona@example.com); Monique (monique@example.com)" in answer.text
    assert "mona@example.com" not in sign_in(make.actor("Vera", Role.VIEWER, at=other)).read("/audit?who=Mon").text


def test_an_empty_list_says_which_filter_nothing_meets(sign_in: SignIn, reference: str) -> None:
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    page = auditor.read(f"/audit?who=nobody@example.com&reference={reference}").text
    assert "Nothing at all is found for “Person: nobody@example.com”." in page
    assert "“Reference of a case:" not in page
    assert f'href="/audit?reference={reference}"' in page
    assert "Export as CSV" not in page


def test_an_event_is_opened_with_all_that_it_says(sign_in: SignIn, reference: str) -> None:
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    opened, submitted = (event_of(reference, action) for action in ("permit.open", "permit.submit"))
    assert f'href="/audit/events/{submitted.event_id}"' in auditor.read("/audit").text
    page = auditor.read(f"/audit/events/{submitted.event_id}").text
    for said in ("Permit: Submit", "Mona", "UTC", submitted.leaf_hash.hex(), opened.leaf_hash.hex(), "Acme"):
        assert said in page
    assert f'href="/permits/{reference}"' in page
    assert f'href="/audit/events/{opened.event_id}"' in page
    assert f'href="/audit/events/{submitted.event_id}"' in auditor.read(f"/audit/events/{opened.event_id}").text


def test_an_auditor_reads_an_event_whole_and_a_client_does_not_open_it(sign_in: SignIn, reference: str) -> None:
    acme = session().scalars(sa.select(Organisation)).one()
    vera = make.actor("Vera", Role.VIEWER, at=acme)
    receipt = events.append(
        "config",
        Event.ORGANISATION_CHANGED,
        replace(vera, ip="192.0.2.7"),
        organisation_id=acme.id,
        changes={"name": [Sealed("Old name"), Sealed("New name")], "paid": [False, True]},
        reason="They asked",
    )
    session().commit()
    address = f"/audit/events/{receipt.event_id}"
    whole = sign_in(make.actor("Arno", Role.AUDITOR)).read(address).text
    for said in ("Old name", "New name", "They asked", "Vera", "Settings, Acme", "192.0.2.7"):
        assert said in whole
    assert sign_in(vera).read(address).status_code == 404
    erasing.erase([receipt.event_id], SYSTEM_ACTOR, "They asked.")
    session().commit()
    assert "what opened it was erased" in sign_in(make.actor("Anna", Role.AUDITOR)).read(address).text
    comment = run.fire(
        "permit", reference, "comment", make.actor("Rita", Role.REVIEWER), {"body": "For us", "internal": "y"}
    )
    session().commit()
    assert "For us" not in sign_in(vera).read(f"/audit/events/{comment.receipts[0].event_id}").text


def test_a_page_says_when_a_value_is_not_the_one_that_was_sealed(sign_in: SignIn, reference: str) -> None:
    del reference
    said = events.append("config", Event.ORGANISATION_CHANGED, SYSTEM_ACTOR, reason="They asked")
    session().commit()
    address, arno = f"/audit/events/{said.event_id}", make.actor("Arno", Role.AUDITOR)
    assert "Not as it was written" not in sign_in(arno).read(address).text
    tamper("UPDATE audit_opening SET value = '\"Forged\"'")
    page = sign_in(arno).read(address).text
    assert "the value kept for “reason” is not the one that was sealed" in page
    assert "Forged" not in page


def test_an_event_out_of_sight_is_one_that_is_not(sign_in: SignIn, reference: str) -> None:
    event = event_of(reference, "permit.open")
    viewer = sign_in(make.actor("Vera", Role.VIEWER, at=make.organisation("Other")))
    assert viewer.read(f"/audit/events/{event.event_id}").status_code == 404
    assert viewer.read(f"/audit/events/{new_id()}").status_code == 404
    assert sign_in(make.actor("Rita", Role.REVIEWER)).read(f"/audit/events/{event.event_id}").status_code == 404


def test_a_case_out_of_sight_is_named_without_a_way_to_it(sign_in: SignIn) -> None:
    desk = Desk()
    desk.open(**UNCHARTED, starts_on="2099-04-01", ends_on="2099-07-31")
    auditor = sign_in(make.actor("Arno", Role.AUDITOR))
    page = auditor.read("/audit?what=offer.open").text
    event = event_of(desk.reference, "offer.open")
    for text in (page, auditor.read(f"/audit/events/{event.event_id}").text):
        assert desk.reference in text
        assert f'href="/offers/{desk.reference}"' not in text
    desk.act(desk.mona, "submit")
    assert f'href="/offers/{desk.reference}"' in auditor.read("/audit?what=offer.open").text
