import csv
import io
import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.kernel.db import session
from tests import make
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
