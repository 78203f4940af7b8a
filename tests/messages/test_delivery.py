"""Mail on its way: files, a real server, pauses that grow, and the end of trying."""

import datetime as dt
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.kernel import clock, jobs
from compliance.kernel.db import session
from compliance.kernel.jobs import Status
from compliance.messages import delivery, outbox
from compliance.messages.carriers import Folder
from compliance.messages.letters import letter
from compliance.messages.models import MailMessage
from compliance.settings import Settings, from_environment
from tests.jobs.scene import Sink

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as moved:
        yield moved


@pytest.fixture
def settle(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Settings]:
    """Return a way to give the application other settings."""

    def chosen(**settings: str) -> Settings:
        made = from_environment(
            {
                "COMPLIANCE_ENV": "test",
                "COMPLIANCE_SECRET_KEY": "k" * 48,
                "COMPLIANCE_DATA_DIR": str(tmp_path),
                **settings,
            }
        )
        monkeypatch.setitem(app.config, "SETTINGS", made)
        return made

    return chosen


@pytest.fixture
def sink() -> Iterator[Callable[..., Sink]]:
    made: list[Sink] = []

    def build(refuses: str = "") -> Sink:
        made.append(Sink(refuses=refuses))
        return made[-1]

    yield build
    for one in made:
        one.close()


def post(address: str = "fay@example.com") -> uuid.UUID:
    mail = outbox.post(address, "notification", "News", headline="Approved", receipt="abc")
    assert mail is not None
    session().commit()
    return mail.id


def row(mail_id: uuid.UUID) -> MailMessage:
    session().expire_all()
    found = session().get_one(MailMessage, mail_id)
    session().expunge_all()
    session().rollback()
    return found


def test_mail_becomes_a_file_that_only_the_service_reads_and_its_words_are_wiped(
    settle: Callable[..., Settings], tmp_path: Path
) -> None:
    settle()
    mail_id = post()
    assert delivery.send([str(mail_id)]) == 1
    file = tmp_path / "mail" / f"{mail_id}.eml"
    assert b"Approved" in file.read_bytes()
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    sent = row(mail_id)
    assert (sent.sent_at, sent.text, sent.subject, sent.address) == (MONDAY, "", "", "fay@example.com")
    assert delivery.send([str(mail_id)]) == 0


def test_a_letter_written_again_takes_its_own_place(settle: Callable[..., Settings], tmp_path: Path) -> None:
    settings, mail_id = settle(), post()
    for _ in range(2):
        Folder(tmp_path / "mail").carry(mail_id, letter(row(mail_id), settings))
    assert [path.name for path in (tmp_path / "mail").iterdir()] == [f"{mail_id}.eml"]


def test_a_server_takes_a_batch_over_one_connection(settle: Callable[..., Settings], sink: Callable[..., Sink]) -> None:
    server = sink()
    settle(COMPLIANCE_SMTP_URL=server.url, COMPLIANCE_MAIL_FROM="Desk <desk@example.org>")
    ids = [post(f"p{n}@example.com") for n in range(3)]
    assert delivery.send([str(mail_id) for mail_id in ids]) == 3
    assert server.ids == [f"<{mail_id}@127.0.0.1>" for mail_id in ids]
    assert b"From: Desk <desk@example.org>" in server.letters[0]


def test_a_server_that_does_not_answer_is_tried_again_with_growing_pauses_and_then_given_up(
    settle: Callable[..., Settings], monday: time_machine.Traveller
) -> None:
    settle(COMPLIANCE_SMTP_URL="smtp://127.0.0.1:1")
    mail_id, pauses = post(), []
    while (mail := row(mail_id)).failed_at is None:
        monday.move_to(mail.due_at)
        assert delivery.send([str(mail_id)]) == 0
        if (after := row(mail_id)).failed_at is None:
            pauses.append(after.due_at - clock.now())
    assert pauses == list(delivery.PAUSES)
    assert mail.attempts == len(delivery.PAUSES) + 1
    assert "ConnectionRefusedError" in mail.fault
    assert "Approved" in mail.text
    assert delivery.send([str(mail_id)]) == 0


def test_a_server_that_comes_back_gets_the_mail(
    settle: Callable[..., Settings], sink: Callable[..., Sink], monday: time_machine.Traveller
) -> None:
    settle(COMPLIANCE_SMTP_URL="smtp://127.0.0.1:1")
    mail_id = post()
    delivery.send([str(mail_id)])
    server = sink()
    settle(COMPLIANCE_SMTP_URL=server.url)
    assert not delivery.is_due()
    session().rollback()
    monday.shift(delivery.PAUSES[0])
    assert delivery.is_due()
    session().rollback()
    assert delivery.send([str(mail_id)]) == 1
    assert (row(mail_id).fault, len(server.letters)) == ("", 1)


@pytest.mark.parametrize("answer,failed_at", [("550 nobody of that name", MONDAY), ("450 full, come back later", None)])
def test_a_refused_address_is_given_up_at_once_and_a_busy_one_is_not(
    settle: Callable[..., Settings], sink: Callable[..., Sink], answer: str, failed_at: dt.datetime | None
) -> None:
    settle(COMPLIANCE_SMTP_URL=sink(refuses=answer).url)
    mail_id = post()
    assert delivery.send([str(mail_id)]) == 0
    assert row(mail_id).failed_at == failed_at
    assert answer[4:] in row(mail_id).fault


def test_one_bad_address_holds_up_none_of_the_others(settle: Callable[..., Settings], tmp_path: Path) -> None:
    settle()
    bad, good = post("fay@example.com\nBcc: all@example.com"), post()
    assert delivery.send([str(bad), str(good)]) == 1
    assert row(bad).failed_at == MONDAY
    assert [path.name for path in (tmp_path / "mail").iterdir()] == [f"{good}.eml"]


@pytest.mark.usefixtures("job_tables")
def test_mail_is_in_the_hands_of_one_job_at_a_time(monday: time_machine.Traveller) -> None:
    ids = {str(post(f"p{n}@example.com")) for n in range(3)}
    assert delivery.is_due()
    assert (delivery.hand_over(), delivery.hand_over()) == (3, 0)
    assert not delivery.is_due()
    session().rollback()
    assert [job.name for job in jobs.listing(Status.WAITING)] == [delivery.JOB]
    monday.shift(delivery.IN_HAND)
    assert delivery.hand_over() == 3
    assert len(ids) == 3


def test_the_same_cause_sends_one_mail(app: Flask) -> None:
    del app  # Asked for so that the database is there.
    first = outbox.post("fay@example.com", "notification", "News", key="cause")
    session().commit()
    assert first is not None
    assert outbox.post("fay@example.com", "notification", "News", key="cause") is None


def test_a_mail_is_cancelled_while_it_waits_and_tried_again_when_it_failed(app: Flask) -> None:
    del app  # As above.
    mail_id = post()
    assert not delivery.retry(mail_id)
    assert delivery.cancel(mail_id)
    assert not delivery.cancel(mail_id)
    session().commit()
    assert (row(mail_id).failed_at, row(mail_id).fault) == (MONDAY, "Cancelled by an administrator.")
    assert delivery.retry(mail_id)
    session().commit()
    assert (row(mail_id).failed_at, row(mail_id).attempts, row(mail_id).fault) == (None, 0, "")


def test_sent_mail_is_forgotten_and_the_words_of_failed_mail_are_wiped(
    settle: Callable[..., Settings], monday: time_machine.Traveller
) -> None:
    settle()
    sent, failed = post(), post()
    delivery.send([str(sent)])
    delivery.cancel(failed)
    session().commit()
    monday.shift(delivery.FAILED_WORDS_KEPT + dt.timedelta(days=1))
    delivery.forget()
    session().commit()
    assert (row(failed).text, row(sent).sent_at) == ("", MONDAY)
    assert not delivery.retry(failed)
    monday.shift(delivery.KEPT)
    delivery.forget()
    session().commit()
    assert list(session().scalars(sa.select(MailMessage.id))) == [failed]
