"""Whoever is not allowed is refused in every state, by the engine, page and API, and nothing is written."""

from __future__ import annotations

import dataclasses
import io
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from wtforms import FileField

from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor, Channel
from compliance.engine import matrix, run
from compliance.engine.case import Case
from compliance.engine.definition import Action, Workflow
from compliance.engine.errors import NotAllowedError, NotFoundError
from compliance.kernel.db import session
from tests import papers
from tests.contract.conftest import STATES, kind_of
from tests.contract.filling import Someone, filled, looked_up
from tests.contract.play import Cast, Play

# In the scope of the module, so that the tests of one state follow each other and share its case.
in_every_state = pytest.mark.parametrize("workflow,state", STATES, ids=kind_of, scope="module")


def outsiders(cast: Cast, action: Action, case: Case) -> list[tuple[Someone, Actor]]:
    """Return one person of each role, the freelancer and a stranger, as far as *action* does not allow them."""
    found = [(who, cast.actors[who]) for who in cast.actors if who.number == 0]
    return [(who, actor) for who, actor in found if not action.allow.permits(actor, case)]


def all_that_is_kept(case: Case) -> tuple[Any, ...]:
    session().rollback()
    count = session().scalar(sa.select(sa.func.count()).select_from(AuditEvent))
    row = session().execute(sa.select(*Case.__table__.columns).where(Case.id == case.id)).one()
    session().rollback()
    return (count, *row)


@in_every_state
def test_the_engine_refuses_everybody_who_is_not_allowed(workflow: Workflow, state: str, resting: Play) -> None:
    case = resting.case
    before = all_that_is_kept(case)
    for action in workflow.actions:
        if state not in action.sources:
            continue
        data = looked_up(filled(action.form, resting.cast.person_id), resting.cast.person_id)
        for who, actor in outsiders(resting.cast, action, case):
            with pytest.raises((NotAllowedError, NotFoundError)):
                run.fire(workflow.kind, case.reference, action.name, actor, data, seen=case.content_digest)
            assert session().is_modified(case) is False, (action.name, who)
    assert all_that_is_kept(case) == before


@in_every_state
def test_the_matrix_says_what_the_engine_does(workflow: Workflow, state: str, resting: Play) -> None:
    case = resting.case
    named: dict[str, set[str]] = {}
    listed = {action.name for action in workflow.actions if action.listed}  # The others have their button elsewhere.
    for right in matrix.rights(workflow):
        if right.state == state and right.action in listed:
            named.setdefault(right.action, set()).add(right.who)
    for who, actor in resting.cast.actors.items():
        words = {who.role} | ({matrix.EVERYBODY} if _sees(workflow, case, actor) else set())
        expected = {action for action, holders in named.items() if words & holders}
        found = {o.action.name for o in run.available(case, actor)} if _sees(workflow, case, actor) else set()
        assert found <= expected, who
        hidden = expected - found
        assert not hidden or not _sees(workflow, case, actor), (who, hidden)


def _sees(workflow: Workflow, case: Case, actor: Actor) -> bool:
    try:
        run.find(workflow.kind, case.reference, actor)
    except NotFoundError:
        return False
    return True


class Doors:
    """The page and the API, as one person after the other comes through them."""

    def __init__(self, app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
        session().rollback()
        self.app, self.client, self.monkeypatch = app, app.test_client(), monkeypatch
        self.token = _token(self.client)

    def come_in(self, actor: Actor | None, scopes: frozenset[str]) -> None:
        session().rollback()  # An open transaction of the test would hold up the requests.
        through = dataclasses.replace(actor, scopes=scopes, channel=Channel.API) if actor else None
        self.monkeypatch.setitem(self.app.extensions, "current_actor", lambda: through)

    def page(self, address: str, data: dict[str, Any]) -> int:
        return self.client.post(address, data={"csrf_token": self.token, **data}).status_code

    def rest(self, address: str) -> int:
        return self.client.post(f"/api/v1{address}", json={}).status_code


def files_for(action: Action) -> dict[str, Any]:
    """Return a file for each field that takes one, or the missing file would be the refusal."""
    taking = [field.short_name for field in action.form() if isinstance(field, FileField)]
    return {name: (io.BytesIO(papers.TEXT), "paper.txt") for name in taking}


def _token(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]*)"', client.get("/login").text)
    assert found
    return found[1]


@in_every_state
def test_page_and_api_refuse_everybody_who_is_not_allowed(
    workflow: Workflow, state: str, resting: Play, whole_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each action is tried in the first of its states; the engine's own test goes through all of them."""
    case = resting.case
    address = f"/{workflow.plural}/{case.reference}"
    doors = Doors(whole_app, monkeypatch)
    scopes = frozenset({f"{workflow.plural}:write"})
    before = all_that_is_kept(case)
    data = {"seen": case.content_digest}
    for action in workflow.actions:
        if action.sources[0].value != state:
            continue
        for who, actor in outsiders(resting.cast, action, case):
            doors.come_in(actor, scopes)
            assert doors.page(f"{address}/{action.name}", data | files_for(action)) in {403, 404}, (action.name, who)
            assert doors.rest(f"{address}/actions/{action.name}") in {403, 404, 422}, (action.name, who)
        doors.come_in(None, scopes)
        assert doors.page(f"{address}/{action.name}", data) in {302, 401}, action.name
        assert doors.rest(f"{address}/actions/{action.name}") == 401, action.name
    assert all_that_is_kept(case) == before


@in_every_state
def test_what_happens_by_itself_has_no_button_and_no_address(
    workflow: Workflow, state: str, resting: Play, whole_app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = resting.case
    address = f"/{workflow.plural}/{case.reference}"
    doors = Doors(whole_app, monkeypatch)
    alone = [action for action in workflow.actions if action.by_itself and state in action.sources]
    for actor in resting.cast.actors.values():
        assert not {offer.action.name for offer in run.available(case, actor)} & {action.name for action in alone}
    doors.come_in(resting.cast.actors[Someone("account_admin")], frozenset({f"{workflow.plural}:write"}))
    for action in alone:
        assert doors.page(f"{address}/{action.name}", {}) == 404
        assert doors.rest(f"{address}/actions/{action.name}") == 404


def test_who_may_not_open_a_process_is_refused(play: Play, app: Flask) -> None:
    for workflow in app.extensions["workflows"]:
        data = looked_up(filled(workflow.open_form, play.cast.person_id), play.cast.person_id)
        place = play.cast.worlds["plain"].id
        for who, actor in [*play.cast.actors.items(), (Someone("system"), SYSTEM_ACTOR)]:
            if not workflow.may_open.permits_in(actor, place, None):
                with pytest.raises(NotAllowedError):
                    run.open_case(workflow.kind, actor, data, organisation_id=place)
                assert not session().new, who
    assert session().scalar(sa.select(sa.func.count()).select_from(Case)) == 0
