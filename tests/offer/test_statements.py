"""How many statements the database answers for one decision and one page: a bound that timings cannot give."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from flask import Flask

from compliance.authz import SYSTEM_ACTOR, Role
from compliance.engine import run
from compliance.kernel.db import engine, session
from compliance.rules import store
from tests.offer.scene import APPROVAL, Desk
from tests.people import scene

# A waiting time that only one of the databases has to be told is part of the frame.
FRAME = ("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT", "ROLLBACK", "SET LOCAL")

# What each statement is for, so that whoever adds one sees whether it earns its place.
# Guards look at the case, at who did what before, at the answers, at the rules that were changed since the release, and
# at the client's other offers to the freelancer.
ASKING = 5
# The digest of answers and documents; the deadlines that end, and those that begin; which determination is superseded,
# and the new one; what each test found, to be counted beside it; whether the check whose duties follow is published;
# the event, its place among those to be sealed, what opens its sealed words; the row of the case, and that of the
# offer.
WRITING = 12
# Whether the opener still belongs to the client; who of those concerned can be told; notifications; mail.
TELLING = 4
# The sign-in with its person; roles and conflicts.
COMING_IN = 2
# The case; its events, their reasons, who acted; what the reader had seen, and that it is seen now; answers, and the
# rules that were changed since the release; determinations, and who looked at them a second time; documents, who is on
# the case, which client; other cases of the two; the way it took, for the picture; whether there is something unread;
# answers and determination once more, for the duties that follow from them.
SHOWING = 18


def publish_the_check() -> None:
    """Keep the check of the place, as the first decision there does once for all."""
    store.publish(session(), store.library().exactly("uk-opw", "2026.2"), SYSTEM_ACTOR)
    session().commit()


@contextmanager
def counted() -> Iterator[list[str]]:
    """Collect every statement but those that begin and end transactions."""
    found: list[str] = []

    def note(*told: object) -> None:
        statement = str(told[2])
        if not statement.startswith(FRAME):
            found.append(statement)

    session().rollback()
    session().expunge_all()
    sa.event.listen(engine(), "before_cursor_execute", note)
    yield found
    sa.event.remove(engine(), "before_cursor_execute", note)
    session().rollback()


def test_a_decision_takes_few_statements(desk: Desk) -> None:
    desk.in_review()
    publish_the_check()
    seen = desk.offer(desk.rita).content_digest
    with counted() as statements:
        run.fire("offer", desk.reference, "approve", desk.rita, APPROVAL, seen=seen)
    assert len(statements) <= ASKING + WRITING + TELLING, "\n".join(statements)


def test_what_can_be_done_is_asked_with_one_look_at_the_record_however_many_guards_ask(desk: Desk) -> None:
    desk.in_review()
    case = desk.offer(desk.rita)
    reference = case.reference
    with counted() as statements:
        run.available(run.find("offer", reference, desk.rita), desk.rita)
    assert len(statements) <= ASKING, "\n".join(statements)


def test_a_decision_in_the_browser_takes_few_statements_sign_in_included(app: Flask, desk: Desk) -> None:
    desk.open()
    publish_the_check()
    desk.act(desk.mona, "submit")
    scene.person("rae@example.com", Role.REVIEWER)
    client = app.test_client()
    scene.sign_in(client, "rae@example.com")
    scene.set_up_second_factor(client)
    address = f"/offers/{desk.reference}"
    assert scene.post(client, f"{address}/claim").status_code == 303
    page = client.get(f"{address}/approve").text
    hidden = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("csrf_token", "seen")}
    with counted() as statements:
        assert client.post(f"{address}/approve", data={**hidden, **APPROVAL}).status_code == 303
    assert len(statements) <= COMING_IN + ASKING + WRITING + TELLING, "\n".join(statements)
    with counted() as statements:
        assert client.get(address).status_code == 200
    assert len(statements) <= COMING_IN + SHOWING, "\n".join(statements)
