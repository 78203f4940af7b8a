"""Workers that are killed, paused and many: nothing is lost and nothing happens twice."""

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine

from compliance.audit.models import AuditEvent
from compliance.authz import Role
from compliance.kernel import clock, jobs
from compliance.kernel.beats import Watch, WorkerBeat
from compliance.kernel.db import engine, session
from compliance.kernel.jobs import Status
from compliance.messages.models import MailMessage
from tests import make
from tests.jobs.scene import House, Sink, number, until
from tests.offer.scene import Desk

pytestmark = pytest.mark.usefixtures("job_tables")

UNSENT = "SELECT count(*) FROM mail_message WHERE sent_at IS NULL"
OPEN = "SELECT count(*) FROM case_deadline WHERE settled_at IS NULL"
RUNNING = ["worker", "--patience", "2"]


def write_mail(count: int) -> set[uuid.UUID]:
    at = clock.now()
    mails = [
        MailMessage(id=uuid.uuid4(), address=f"p{n}@example.com", subject="Hello", text="Words", made_at=at, due_at=at)
        for n in range(count)
    ]
    session().add_all(mails)
    session().commit()
    return {mail.id for mail in mails}


def overdue_offers(count: int) -> int:
    """Submit offers so long ago that each is late and has expired; return how many deadlines that makes."""
    past = clock.now() - dt.timedelta(days=60)
    with time_machine.travel(past, tick=False):
        desk, first = Desk(), (past + dt.timedelta(days=10)).date()
        dates = {"starts_on": first.isoformat(), "ends_on": (first + dt.timedelta(days=90)).isoformat()}
        for _ in range(count):
            desk.open(**dates)
            desk.act(desk.mona, "submit")
        make.actor("Tess", Role.TEAM_LEAD)
    session().commit()
    return 2 * count


def happened(action: str) -> list[str]:
    found = list(session().scalars(sa.select(AuditEvent.stream).where(AuditEvent.action == action)))
    session().rollback()
    return found


def test_a_worker_killed_with_a_letter_on_its_lips_loses_none_and_sends_none_twice(
    house: Callable[..., House], sink: Callable[..., Sink]
) -> None:
    server = sink(holds_at=3)
    here = house(COMPLIANCE_SMTP_URL=server.url)
    mails = write_mail(8)
    first = here.start(*RUNNING)
    assert server.holding.wait(60)
    here.kill(first)
    assert len(server.letters) == 3
    server.holds_at = None
    here.start(*RUNNING)
    until(lambda: number(UNSENT) == 0, "the rest of the mail")
    assert sorted(server.ids) == sorted(f"<{mail}@127.0.0.1>" for mail in mails)


def test_files_and_deadlines_survive_killing_after_killing(house: Callable[..., House]) -> None:
    here = house()
    mails, deadlines = write_mail(120), overdue_offers(15)
    for _ in range(3):
        seen = len(here.letters()) + deadlines - number(OPEN)
        worker = here.start(*RUNNING)
        until(lambda seen=seen: len(here.letters()) + deadlines - number(OPEN) > seen or not number(UNSENT), "work")  # type: ignore[misc]
        here.kill(worker)
    here.start(*RUNNING)
    until(lambda: number(OPEN) == 0 and number(UNSENT) == 0, "the rest of the work")
    for action in ("offer.late", "offer.expire"):
        streams = happened(action)
        assert (len(streams), len(set(streams))) == (15, 15), action
    notified = session().scalars(sa.select(MailMessage.id)).all()
    assert set(here.letters()) == {f"{mail}.eml" for mail in notified}
    assert mails < set(notified)
    words = session().scalars(sa.select(MailMessage.text).distinct()).all()
    assert list(words) == [""]


def test_two_workers_at_once_carry_out_each_deadline_once(house: Callable[..., House]) -> None:
    here = house()
    deadlines = overdue_offers(20)
    for _ in range(2):
        here.start(*RUNNING)
    until(lambda: number(OPEN) == 0 and number(UNSENT) == 0, "the deadlines")
    assert deadlines == 40
    for action in ("offer.late", "offer.expire"):
        streams = happened(action)
        assert (len(streams), len(set(streams))) == (20, 20), action
    # Late: Rita, Sue, Sol and Tess. Expired: Mona, and Fay, to whom the offers were made.
    assert number("SELECT count(*) FROM notification") == len(here.letters()) == 20 * 6


def test_the_living_take_over_from_the_dead(house: Callable[..., House], sink: Callable[..., Sink]) -> None:
    server = sink(holds_at=2)
    here = house(COMPLIANCE_SMTP_URL=server.url)
    mails = write_mail(5)
    first = here.start(*RUNNING)
    assert server.holding.wait(60)
    here.start(*RUNNING)
    server.holds_at = None
    here.kill(first)
    until(lambda: number(UNSENT) == 0, "the take-over")
    assert sorted(server.ids) == sorted(f"<{mail}@127.0.0.1>" for mail in mails)


def test_an_embedded_installation_goes_on_with_its_own_job_after_a_power_cut(
    house: Callable[..., House], sink: Callable[..., Sink]
) -> None:
    server = sink(holds_at=2)
    here = house(COMPLIANCE_SMTP_URL=server.url)
    mails = write_mail(5)
    first = here.start("run", "--port", "0")
    assert server.holding.wait(60)
    here.kill(first)
    server.holds_at = None
    here.start("run", "--port", "0")
    until(lambda: number(UNSENT) == 0, "the rest of the mail")
    assert sorted(server.ids) == sorted(f"<{mail}@127.0.0.1>" for mail in mails)
    until(lambda: [(job.name, job.worker) for job in jobs.listing(Status.DONE)] == [("mail.send", "local")], "its end")


@pytest.mark.parametrize("command", [["worker"], ["run", "--port", "0"], ["web", "--port", "0"]])
def test_every_process_stops_politely(house: Callable[..., House], command: list[str]) -> None:
    here = house()
    process = here.start(*command)
    assert here.stop(process) == 0
    assert number("SELECT count(*) FROM worker_beat") == 0


def test_no_process_starts_on_a_database_that_is_behind(house: Callable[..., House]) -> None:
    here = house()
    jobs.remove(engine())
    with pytest.raises(AssertionError, match="Run “countersign db upgrade” first"):
        here.start("worker")


def test_silence_is_measured_by_ones_own_clock_and_needs_no_row() -> None:
    session().add(WorkerBeat(worker="alive", beats=1, began_at=clock.now(), beat_at=clock.now()))
    session().commit()
    watch = Watch(dt.timedelta(seconds=10))
    owners = ["alive", "gone"]
    assert watch.silent(owners, 0.0) == []
    session().execute(sa.update(WorkerBeat).values(beats=2))
    assert watch.silent(owners, 9.0) == []
    assert watch.silent(owners, 11.0) == ["gone"]
    assert watch.silent(owners, 20.0) == ["alive", "gone"]
    assert watch.silent(["alive"], 21.0) == ["alive"]
    assert watch.silent([*owners, "gone"], 22.0) == ["alive"]
