"""A write repeated under its key has one effect and one answer."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask
from sqlalchemy.orm import Session

from compliance.api import access, idempotency
from compliance.api.idempotency import IdempotencyKey
from compliance.authz import Actor, Role
from compliance.kernel import clock
from compliance.kernel.db import engine, is_sqlite, session
from compliance.people.models import Organisation
from tests import make
from tests.api.conftest import Program, Reply
from tests.api.test_cases import cases

Become = Callable[..., Program]
TERMS = {"title": "Crane", "size": 5}


def same(one: Reply, other: Reply) -> bool:
    kept = ("Location", "Audit-Receipt", "Content-Type")
    return (one.status_code, one.data, *map(one.headers.get, kept)) == (
        other.status_code,
        other.data,
        *map(other.headers.get, kept),
    )


def test_a_repeated_opening_gives_the_first_answer_again(program: Become, mona: Actor) -> None:
    client = program(mona)
    first = client.post("/permits", TERMS, Idempotency_Key="a-1")
    again = client.post("/permits", TERMS, Idempotency_Key="a-1")
    assert first.status_code == 201
    assert same(first, again)
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert cases() == 1


def test_a_repeated_action_is_answered_although_the_case_has_moved_on(program: Become, mona: Actor) -> None:
    client = program(mona)
    reference = client.open()
    first = client.act(reference, "submit", Idempotency_Key="once")
    client.act(reference, "edit", {"title": "Crane", "size": 9})
    assert same(first, client.act(reference, "submit", Idempotency_Key="once"))
    assert client.get(f"/permits/{reference}").json["state"] == "draft"


def test_the_same_key_for_something_else_is_refused(program: Become, mona: Actor) -> None:
    client = program(mona)
    reference = client.open()
    client.act(reference, "comment", {"body": "One"}, Idempotency_Key="k")
    others = (
        client.act(reference, "comment", {"body": "Two"}, Idempotency_Key="k"),
        client.act(reference, "submit", {"body": "One"}, Idempotency_Key="k"),
        client.act(reference, "comment", {"body": "One"}, Idempotency_Key="k", X_Seen_Digest="x"),
        client.post("/permits", TERMS, Idempotency_Key="k"),
    )
    assert [(other.status_code, other.json["code"]) for other in others] == [(422, "key_reused")] * 4
    assert cases() == 1


def test_keys_of_two_people_have_nothing_to_do_with_each_other(
    program: Become, mona: Actor, acme: Organisation
) -> None:
    max_ = make.actor("Max", Role.HIRING_MANAGER, at=acme)
    one, two = (program(who).post("/permits", TERMS, Idempotency_Key="k") for who in (mona, max_))
    assert one.json["reference"] != two.json["reference"]


def test_a_refusal_is_not_kept_so_that_the_request_can_succeed_later(program: Become, mona: Actor, rita: Actor) -> None:
    client, desk = program(mona), program(rita)
    reference = client.open()
    assert client.act(reference, "submit").status_code == 200
    seen = desk.get(f"/permits/{reference}").json["content_digest"]
    decision = {"reason": "Fine", "seen": seen}
    assert desk.act(reference, "grant", decision, Idempotency_Key="g").status_code == 409
    desk.act(reference, "claim")
    assert desk.act(reference, "grant", decision, Idempotency_Key="g").status_code == 200


def test_a_repetition_does_not_count_as_a_write(program: Become, mona: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "WRITES", 1)
    client = program(mona)
    assert client.post("/permits", TERMS, Idempotency_Key="k").status_code == 201
    assert client.post("/permits", TERMS, Idempotency_Key="k").status_code == 201
    assert client.post("/permits", TERMS, Idempotency_Key="l").status_code == 429


def test_a_token_that_may_not_write_any_more_gets_no_old_answer(program: Become, mona: Actor) -> None:
    program(mona).post("/permits", TERMS, Idempotency_Key="k")
    reads = program(mona, frozenset({"permits:read"}))
    assert reads.post("/permits", TERMS, Idempotency_Key="k").status_code == 403


@pytest.mark.parametrize("key", ["", "a b", "ü", "k" * 201])
def test_an_unusable_key_is_refused(program: Become, mona: Actor, key: str) -> None:
    assert program(mona).post("/permits", TERMS, Idempotency_Key=key).status_code == 400
    assert cases() == 0


def test_a_key_is_kept_for_seven_days_and_then_forgotten(program: Become, mona: Actor) -> None:
    client = program(mona)
    with time_machine.travel(dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC), tick=False) as travel:
        client.post("/permits", TERMS, Idempotency_Key="k")
        client.post("/permits", TERMS, Idempotency_Key="l")
        travel.shift(dt.timedelta(days=7))
        client.post("/permits", TERMS, Idempotency_Key="k")
        assert cases() == 2
        travel.shift(dt.timedelta(seconds=1))
        client.post("/permits", TERMS, Idempotency_Key="k")
        assert cases() == 3
        assert idempotency.forget() == 1
        session().commit()
        assert session().scalars(sa.select(IdempotencyKey.key)).all() == ["k"]
        assert session().scalars(sa.select(IdempotencyKey.at)).all() == [clock.now()]


def test_the_answer_is_kept_only_when_the_change_is(program: Become, mona: Actor) -> None:
    def fail(committing: Session) -> None:
        if any(isinstance(row, IdempotencyKey) for row in committing.new):
            raise sa.exc.OperationalError("COMMIT", None, Exception("disk full"))

    client = program(mona)
    sa.event.listen(Session, "before_commit", fail)
    try:
        refused = client.post("/permits", TERMS, Idempotency_Key="k")
    finally:
        sa.event.remove(Session, "before_commit", fail)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "60")
    assert cases() == 0
    assert client.post("/permits", TERMS, Idempotency_Key="k").status_code == 201
    assert cases() == 1


def test_a_twin_that_comes_while_the_first_is_running_is_told_so_or_waits(program: Become, mona: Actor) -> None:
    client = program(mona)
    if is_sqlite():  # Every writer waits for the one before it, so that a twin meets a finished first.
        first = client.post("/permits", TERMS, Idempotency_Key="k")
        assert same(first, client.post("/permits", TERMS, Idempotency_Key="k"))
        return
    assert mona.id is not None
    with engine().begin() as running:
        running.execute(sa.select(sa.func.pg_advisory_xact_lock(idempotency.lock_of(mona.id, "k"))))
        twin = client.post("/permits", TERMS, Idempotency_Key="k")
        assert (twin.status_code, twin.json["code"], twin.headers["Retry-After"]) == (409, "twin_running", "1")
        assert client.post("/permits", TERMS, Idempotency_Key="l").status_code == 201
    assert client.post("/permits", TERMS, Idempotency_Key="k").status_code == 201


def test_of_many_twins_at_once_one_has_an_effect(app: Flask, program: Become, mona: Actor) -> None:
    clients = [program(mona) for _ in range(6)]
    answers: list[Reply] = []
    together = threading.Barrier(len(clients))

    def send(client: Program) -> None:
        together.wait()
        with app.app_context():
            answers.append(client.post("/permits", TERMS, Idempotency_Key="k"))

    threads = [threading.Thread(target=send, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.data for answer in answers if answer.status_code == 201}) == 1
    assert cases() == 1
