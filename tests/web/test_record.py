import csv
import dataclasses
import io
import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Grant, Role
from compliance.kernel.db import session
from tests import make
from tests.offer.scene import APPROVAL, MONDAY, OUTSIDE, TASKS, Desk
from tests.offer.test_documents import add
from tests.web.conftest import Browser

SignIn = Callable[[Actor | None], Browser]


@pytest.fixture
def reference(sign_in: SignIn) -> str:
    del sign_in  # Asked for so that the database is there.
    acme = make.organisation()
    return make.submitted_permit(make.actor("Mona", Role.HIRING_MANAGER, at=acme), acme).reference


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
    rows = list(csv.DictReader(io.StringIO(take(auditor, "csv", f"?reference={reference}"))))
    assert [row["action"] for row in rows] == ["permit.open", "permit.submit"]
    lines = [json.loads(line) for line in take(auditor, "jsonl").splitlines()]
    assert [line["action"] for line in lines] == ["permit.open", "permit.submit", "export.made", "export.made"]
    assert (
        session().scalars(sa.select(AuditEvent.action).where(AuditEvent.stream == "log")).all() == ["export.made"] * 2
    )


@pytest.mark.usefixtures("reference")
def test_a_client_sees_only_its_own_events_and_others_none(sign_in: SignIn) -> None:
    other = make.organisation("Other")
    viewer = sign_in(make.actor("Vera", Role.VIEWER, at=other))
    assert "permit.open" not in viewer.read("/audit").text.partition("<table")[2]
    assert take(viewer, "jsonl") == ""
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
    desk.act(desk.mona, "complete_tasks", **TASKS)
    desk.act(desk.sue, "ask_suspension", reason="Look at the site.")
    return desk


def test_a_client_reads_the_record_without_the_desks_notes_and_the_other_sides_answers(sign_in: SignIn) -> None:
    with time_machine.travel(MONDAY, tick=True):
        desk = reviewed_offer()
    vera = sign_in(make.actor("Vera", Role.VIEWER, at=desk.client))
    page = vera.read("/audit").text.partition("<table")[2]
    assert page.count("offer.comment") == 1
    assert "ask_suspension" not in page
    rows = [json.loads(line) for line in take(vera, "jsonl").splitlines()]
    assert [row["action"] for row in rows].count("offer.comment") == 1
    assert "offer.ask_suspension" not in [row["action"] for row in rows]
    own, others = (row for row in rows if row["action"] == "offer.send_answers")
    assert any(name.startswith("answers.") for name in own["changes"])
    assert "changes" not in others or not others["changes"]
    assert others["left_out"] == ["changes.answers", "policy.answers"]
    decided = next(row for row in rows if row["action"] == "offer.approve")
    assert (list(decided["policy"]["finding"]), decided["left_out"]) == (["client"], ["policy.finding.freelancer"])
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
    assert taken[: len(written)] == list(written)
    assert "projection" not in json.loads(taken[-1])["subject"]


def test_a_client_hears_of_no_document_that_the_desk_keeps_to_itself(sign_in: SignIn) -> None:
    desk = Desk()
    with time_machine.travel(MONDAY, tick=True):
        desk.in_review(work_place="IE")
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
    rows = [json.loads(line) for line in take(sign_in(both), "jsonl").splitlines()]
    assert {row["organisation"] for row in rows} == {str(acme.id), str(bolt.id)}
