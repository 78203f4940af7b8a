"""Many at once on one case: exactly one wins, and the others hear who did, and when."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.authz import Actor, Role
from compliance.engine import run
from compliance.kernel.db import engine, session
from tests import make
from tests.hostile.scene import Cast, Front, refused

AT_ONCE = 8
ROUNDS = 4


def at_once(app: Flask, jobs: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """Let every job begin at the same moment, each in a thread and with a database session of its own."""
    gate = threading.Barrier(len(jobs))

    def work(job: Callable[[], TestResponse]) -> TestResponse:
        with app.app_context():
            gate.wait()
            return job()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(work, jobs))


def test_of_many_who_decide_at_once_one_wins_and_the_others_hear_who_and_when(
    app: Flask, cast: Cast, front: Callable[[Actor | None], Front]
) -> None:
    windows = [front(cast.rita) for _ in range(AT_ONCE)]
    for window in windows:
        window.csrf()
    for _ in range(ROUNDS):
        case = cast.claimed()
        fields = {"reason": "In order.", "seen": case.content_digest}
        address, stream = f"/permits/{case.reference}/grant", case.stream
        session().commit()
        answers = at_once(app, [partial(window.send, address, fields) for window in windows])
        assert Counter(answer.status_code for answer in answers) == {303: 1, 409: AT_ONCE - 1}
        for answer in answers:
            if answer.status_code == 409:
                assert "since Rita acted on" in refused(answer, 409)
                assert "In order." in answer.text
        granted = sa.select(sa.func.count()).where(AuditEvent.stream == stream, AuditEvent.action == "permit.grant")
        assert session().scalar(granted) == 1
        session().commit()
    with engine().connect() as connection:
        assert list(check.faults(connection, events.writer().key)) == []


def test_of_many_who_claim_at_once_one_wins_and_the_others_hear_who_and_when(
    app: Flask, cast: Cast, front: Callable[[Actor | None], Front]
) -> None:
    people = [make.actor(f"Rev{number}", Role.REVIEWER) for number in range(AT_ONCE)]
    fronts = [front(person) for person in people]
    for window in fronts:
        window.csrf()
    for _ in range(ROUNDS):
        case = make.submitted_permit(cast.mona, cast.acme)
        address = f"/permits/{case.reference}/claim"
        session().commit()
        answers = at_once(app, [partial(window.send, address) for window in fronts])
        assert Counter(answer.status_code for answer in answers) == {303: 1, 409: AT_ONCE - 1}
        session().expire_all()
        holder = run.find("permit", case.reference, cast.rita).holder_id
        winner = next(person.name for person in people if person.id == holder)
        for answer in answers:
            if answer.status_code == 409:
                assert f"{winner} holds it since" in refused(answer, 409)
        session().commit()
