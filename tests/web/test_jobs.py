"""The page of background work: seen by administrators only, and acting on what is there."""

import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.kernel import beats, clock, jobs
from compliance.kernel.db import session
from compliance.kernel.jobs import Status
from compliance.messages.models import MailMessage
from tests import make
from tests.web.conftest import Browser

pytestmark = pytest.mark.usefixtures("job_tables")


@pytest.fixture
def browser(sign_in: Callable[[Actor | None], Browser]) -> Browser:
    return sign_in(make.actor("Adam", Role.ADMINISTRATOR))


def mail(count: int = 1, **columns: object) -> list[str]:
    at = clock.now()
    made = [
        MailMessage(address=f"p{n}@example.com", subject="Hello", text="Words", made_at=at, due_at=at, **columns)
        for n in range(count)
    ]
    session().add_all(made)
    session().commit()
    return [str(one.id) for one in made]


def actions() -> list[str]:
    found = list(session().scalars(sa.select(AuditEvent.action).order_by(AuditEvent.event_id)))
    session().rollback()
    return found


def test_a_waiting_job_is_stopped_and_tried_again(browser: Browser) -> None:
    job_id = jobs.enqueue("task", "one")
    session().commit()
    assert "task" in browser.read("/admin/jobs").text
    token = re.search(r'name="csrf_token" value="([^"]*)"', browser.read("/admin/jobs").text)
    assert token is not None
    sent = {"csrf_token": token[1], "which": job_id}
    assert browser.client.post("/admin/jobs/cancel", data=sent).status_code == 303
    assert [job.id for job in jobs.listing(Status.CANCELLED)] == [job_id]
    assert browser.client.post("/admin/jobs/cancel", data=sent).status_code == 409
    assert browser.client.post("/admin/jobs/retry", data=sent).status_code == 303
    assert len(jobs.listing(Status.WAITING)) == 1
    assert actions() == ["job.cancelled", "job.retried"]
    assert browser.client.post("/admin/jobs/retry", data={**sent, "which": "nonsense"}).status_code == 404
    assert browser.client.post("/admin/jobs/retry", data={**sent, "which": "\0"}).status_code == 404


def test_waiting_mail_is_given_up_and_failed_mail_tried_again(browser: Browser) -> None:
    (mail_id,) = mail()
    page = browser.read("/admin/jobs/mail").text
    assert "p0@example.com" in page
    assert "Words" not in page
    token = re.search(r'name="csrf_token" value="([^"]*)"', page)
    assert token is not None
    sent = {"csrf_token": token[1], "which": mail_id}
    for what, status in (("cancel", 303), ("cancel", 409), ("retry", 303), ("retry", 409)):
        assert browser.client.post(f"/admin/jobs/mail/{what}", data=sent).status_code == status
    assert actions() == ["mail.cancelled", "mail.retried"]
    assert browser.client.post("/admin/jobs/mail/retry", data={**sent, "which": "nonsense"}).status_code == 404


def test_failed_mail_is_listed_with_its_fault(browser: Browser) -> None:
    mail(failed_at=clock.now(), fault="550 nobody of that name")
    assert "nobody of that name" in browser.read("/admin/jobs/mail?status=failed").text
    assert "nobody of that name" not in browser.read("/admin/jobs/mail").text


@pytest.mark.parametrize("address", ["/admin/jobs", "/admin/jobs/mail"])
def test_pages_follow_each_other(browser: Browser, address: str) -> None:
    names = {f"p{n}@example.com" for n in range(30)} if "mail" in address else {f"key{n}" for n in range(30)}
    mail(30)
    for n in range(30):
        jobs.enqueue("task", f"key{n}")
    session().commit()
    pages = [browser.read(address).text]
    following = re.search(r'href="([^"]*)" rel="next"', pages[0])
    assert following is not None
    pages.append(browser.read(following[1].replace("&amp;", "&")).text)
    seen = [set(re.findall(r'class="(?:row-title|reference)">(p\d+@example.com|key\d+)<', page)) for page in pages]
    assert [len(page) for page in seen] == [25, 5]
    assert seen[0] | seen[1] == names
    assert 'rel="next"' not in pages[1]


def test_a_damaged_page_address_is_refused(browser: Browser) -> None:
    assert browser.read("/admin/jobs?before=nonsense").status_code == 400
    assert browser.read("/admin/jobs/mail?before=nonsense").status_code == 404


def test_workers_are_listed(browser: Browser) -> None:
    assert "None has been seen" in browser.read("/admin/jobs?status=failed").text
    beats.beat("worker-1")
    session().commit()
    assert "worker-1" in browser.read("/admin/jobs?status=done").text


@pytest.mark.parametrize("role", [Role.REVIEWER, Role.AUDITOR, Role.TEAM_LEAD])
def test_only_administrators_see_background_work(sign_in: Callable[[Actor | None], Browser], role: Role) -> None:
    browser = sign_in(make.actor("Rita", role))
    for address in ("/admin/jobs", "/admin/jobs/mail"):
        assert browser.read(address).status_code == 403
    assert "Background work" not in browser.read("/queue").text
    assert browser.send("/notifications", which="all").status_code == 303
    for address in ("/admin/jobs/retry", "/admin/jobs/mail/cancel"):
        page = browser.read("/notifications").text
        token = re.search(r'name="csrf_token" value="([^"]*)"', page)
        assert token is not None
        assert browser.client.post(address, data={"csrf_token": token[1], "which": "x"}).status_code == 403
