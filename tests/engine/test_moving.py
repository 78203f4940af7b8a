"""Open cases move to a newer definition as planned, each on record, and none that changed meanwhile."""

from __future__ import annotations

import dataclasses
import datetime as dt
import enum
import json
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner, Result
from flask import Flask

from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM, SYSTEM_ACTOR, Actor, Role, any_of
from compliance.cli_cases import cases as command
from compliance.engine import moving, picture, run, sweeping, telling
from compliance.engine.case import Case, CaseDeadline, CaseVersion
from compliance.engine.definition import Action, Party, Stage, Workflow
from compliance.engine.moving import BadPlanError, Planned
from compliance.engine.registry import Registry
from compliance.kernel.clock import business_days, calendar_days
from compliance.kernel.db import engine, session
from compliance.people.models import Organisation
from tests import make
from tests.engine.processes import permit

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)


class State(enum.StrEnum):
    """The second definition: no second review, but a panel, and more time."""

    DRAFT = "draft"
    REVIEW = "review"
    PANEL = "panel"
    GRANTED = "granted"
    ACTIVE = "active"
    LAPSED = "lapsed"


def at_once(move: object) -> None:
    """Start everything at once."""
    del move


client, reviewer_only = any_of(Role.HIRING_MANAGER), any_of(Role.REVIEWER)
newer = Workflow(
    kind="permit",
    title="Permit",
    prefix="PE",
    model=permit.Permit,
    version=2,
    states=State,
    start=State.DRAFT,
    open_form=permit.Terms,
    may_open=client,
    terms=("title", "size"),
    stages={
        State.DRAFT: Stage(waits_for=Party.CLIENT, staff_sees=False),
        State.REVIEW: Stage(waits_for=Party.REVIEWER, within=business_days(4)),
        State.PANEL: Stage(waits_for=Party.CLIENT, within=business_days(5)),
    },
    actions=(
        Action("submit", "Submit", (State.DRAFT,), State.REVIEW, client),
        Action("refer", "Refer to the panel", (State.REVIEW,), State.PANEL, reviewer_only),
        Action("grant", "Grant", (State.REVIEW, State.PANEL), State.GRANTED, reviewer_only, permit.Reasons),
        Action("start", "Start", (State.GRANTED,), State.ACTIVE, SYSTEM, guards=(at_once,), auto=True),
        Action("lapse", "Lapse", (State.REVIEW,), State.LAPSED, SYSTEM, due=calendar_days(60)),
    ),
    earlier=(permit.workflow,),
)
TO_PANEL = {"second_review": "panel"}


@pytest.fixture(autouse=True)
def monday() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(MONDAY, tick=False) as traveller:
        yield traveller


@pytest.fixture
def two_versions(app: Flask, monkeypatch: pytest.MonkeyPatch, monday: time_machine.Traveller) -> None:
    """Let the application learn the second definition, a day after the cases began."""
    registry = Registry()
    registry.add(newer)
    monkeypatch.setitem(app.extensions, "workflows", registry)
    monday.shift(dt.timedelta(days=1))


@pytest.fixture
def small(acme: Organisation, manager: Actor) -> Case:
    return make.submitted_permit(manager, acme)


@pytest.fixture
def large(acme: Organisation, manager: Actor) -> Case:
    return make.submitted_permit(manager, acme, size=600)


def carried_out(planned: list[Planned], reason: str | None = None) -> dict[str, str | None]:
    return {done.reference: done.refusal for done in moving.carry_out(planned, SYSTEM_ACTOR, reason)}


def planned_for(mapping: dict[str, str] | None = None) -> list[Planned]:
    return list(moving.plan("permit", 2, mapping))


def due_of(case: Case) -> dict[str, dt.datetime]:
    query = sa.select(CaseDeadline).where(CaseDeadline.case_id == case.id, CaseDeadline.settled_at.is_(None))
    return {row.what: row.due_at for row in session().scalars(query)}


def is_late(case: Case) -> bool:
    return bool(session().scalar(sa.select(Case.late).where(Case.id == case.id)))


def moves_of(case: Case) -> list[dict[str, object]]:
    query = sa.select(AuditEvent.entry).where(AuditEvent.stream == case.stream, AuditEvent.action == "permit.move")
    return [json.loads(entry) for entry in session().scalars(query)]


def test_a_plan_lists_each_open_case_with_what_would_change_and_changes_nothing(
    small: Case, large: Case, two_versions: None
) -> None:
    del two_versions
    before = session().scalar(sa.select(sa.func.count()).select_from(AuditEvent))
    plans = {planned.reference: planned for planned in planned_for()}
    assert plans.keys() == {small.reference, large.reference}
    assert plans[large.reference].refusal == (
        "Definition 2 has no state “second_review”. Say which state takes its place."
    )
    assert plans[small.reference].refusal is None
    assert plans[small.reference].changes == {
        "act:lapse": (MONDAY + dt.timedelta(days=30), MONDAY + dt.timedelta(days=60)),
        "late": (MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=4)),
        "remind:1": (MONDAY + dt.timedelta(days=3), None),
    }
    assert not session().dirty
    assert session().scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == before


def test_a_case_that_keeps_its_state_keeps_its_stay_and_gets_the_new_deadlines_from_its_beginning(
    small: Case, two_versions: None
) -> None:
    del two_versions
    stay, planned = small.entered_rev, planned_for()
    assert carried_out(planned, "New rules") == {small.reference: None}
    session().expire_all()
    assert (small.definition, small.state, small.entered_rev) == (2, "review", stay)
    assert small.entered_at == MONDAY
    assert due_of(small) == {"late": MONDAY + dt.timedelta(days=4), "act:lapse": MONDAY + dt.timedelta(days=60)}
    assert small.due_at == small.urgent_at == MONDAY + dt.timedelta(days=4)


def test_a_case_whose_state_is_replaced_enters_the_new_one_now(large: Case, two_versions: None) -> None:
    del two_versions
    assert carried_out(planned_for(TO_PANEL)) == {large.reference: None}
    session().expire_all()
    assert (large.definition, large.state, large.waits_for, large.desk) == (2, "panel", "client", False)
    assert due_of(large) == {"late": MONDAY + dt.timedelta(days=8)}
    assert large.entered_rev == large.audit_rev


def test_each_move_is_on_record_with_both_versions_its_reason_and_one_batch_id(
    app: Flask, small: Case, large: Case, two_versions: None
) -> None:
    del two_versions
    carried_out(planned_for(TO_PANEL), "New rules")
    [first], [second] = moves_of(small), moves_of(large)
    assert first["changes"] == {"definition": [1, 2]}
    assert (second["from"], second["to"]) == ("second_review", "panel")
    batches = {json.dumps(event["subject"]["batch"]) for event in (first, second)}  # type: ignore[index]  # JSON
    assert len(batches) == 1
    told = telling.history(session(), small, app.extensions["workflows"].process("permit", 2).workflow, SYSTEM_ACTOR)
    assert (told[0].title, told[0].reason) == ("Moved to a newer definition of its process", "New rules")
    session().rollback()
    with engine().connect() as connection:
        assert list(check.faults(connection, events.writer().key)) == []


def test_a_case_that_somebody_changed_meanwhile_is_left_as_it_is(
    small: Case, manager: Actor, two_versions: None
) -> None:
    del two_versions
    planned = planned_for()
    run.fire("permit", small.reference, "comment", manager, {"body": "Please wait"})
    session().commit()
    refusal = carried_out(planned)[small.reference]
    assert refusal == "Somebody changed it since it was planned. Plan again to take it along."
    session().expire_all()
    assert small.definition == 1
    assert carried_out(planned_for()) == {small.reference: None}


def test_nothing_is_moved_twice_and_closed_cases_stay_where_they_ended(small: Case, two_versions: None) -> None:
    del two_versions
    carried_out(planned_for())
    assert planned_for() == []
    assert len(moves_of(small)) == 1


def test_cases_that_have_ended_are_not_open(small: Case, two_versions: None, monday: time_machine.Traveller) -> None:
    del two_versions
    monday.shift(dt.timedelta(days=40))
    while sweeping.sweep():
        pass
    session().expire_all()
    assert small.state == "lapsed"
    assert planned_for() == []


def test_a_moved_case_goes_on_by_its_new_definition(small: Case, reviewer: Actor, two_versions: None) -> None:
    del two_versions
    carried_out(planned_for())
    assert run.fire("permit", small.reference, "refer", reviewer).case.state == "panel"


def test_what_happens_by_itself_in_the_new_definition_happens_with_the_move(
    large: Case, reviewer: Actor, two_versions: None
) -> None:
    """In the first definition a large permit waits in “granted”; in the second nothing holds it there."""
    del two_versions
    run.fire("permit", large.reference, "claim", reviewer)
    run.fire("permit", large.reference, "grant", reviewer, {"reason": "Fine"}, seen=large.content_digest)
    session().commit()
    assert large.state == "granted"
    carried_out(planned_for())
    session().expire_all()
    assert (large.state, large.definition) == ("active", 2)


def test_what_has_fired_in_a_stay_does_not_fire_again(
    small: Case, two_versions: None, monday: time_machine.Traveller
) -> None:
    del two_versions
    monday.shift(dt.timedelta(hours=1))
    assert sweeping.sweep() == 1
    assert is_late(small)
    planned = planned_for()
    assert "late" not in planned[0].changes
    carried_out(planned)
    assert not is_late(small)  # By the new definition it has time until Friday.
    assert due_of(small).keys() == {"act:lapse"}


def test_a_claim_ends_where_the_desk_is_not_waited_for_any_more(
    large: Case, reviewer: Actor, two_versions: None
) -> None:
    del two_versions
    run.fire("permit", large.reference, "claim", reviewer)
    session().commit()
    carried_out(planned_for(TO_PANEL))
    session().expire_all()
    assert large.holder_id is None


def test_other_terms_make_a_new_version_of_the_content(
    app: Flask, small: Case, monkeypatch: pytest.MonkeyPatch, two_versions: None
) -> None:
    del two_versions
    registry = Registry()
    registry.add(dataclasses.replace(newer, terms=("title",)))
    monkeypatch.setitem(app.extensions, "workflows", registry)
    carried_out(planned_for())
    terms = session().scalars(
        sa.select(CaseVersion.terms).where(CaseVersion.case_id == small.id).order_by(CaseVersion.number)
    )
    assert [set(found) for found in terms] == [{"title", "size"}, {"title"}]


def test_more_cases_than_a_batch_are_moved_batch_by_batch(
    acme: Organisation, manager: Actor, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    references = {make.submitted_permit(manager, acme).reference for _ in range(5)}
    request.getfixturevalue("two_versions")
    monkeypatch.setattr(moving, "BATCH", 2)
    walk = moving.carry_out(moving.plan("permit", 2), SYSTEM_ACTOR)
    first = next(walk)
    session().rollback()
    moved = session().scalars(sa.select(Case.reference).where(Case.definition == 2)).all()
    assert len(moved) == 2
    assert {first.reference, *(done.reference for done in walk)} == references


@pytest.mark.parametrize(
    "kind,version,mapping,sentence",
    [
        ("nothing", 2, {}, "There is no process “nothing”"),
        ("permit", 9, {}, "“permit” has no definition 9. Known: 1, 2."),
        ("permit", 2, {"nowhere": "panel"}, "No older definition of “permit” has a state nowhere."),
        ("permit", 2, {"review": "nowhere"}, "Definition 2 of “permit” has no state nowhere."),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused_before_the_first_case(
    two_versions: None, kind: str, version: int, mapping: dict[str, str], sentence: str
) -> None:
    del two_versions
    with pytest.raises(BadPlanError, match=sentence):
        moving.plan(kind, version, mapping)


def test_the_picture_of_a_moved_case_shows_the_move(large: Case, two_versions: None) -> None:
    del two_versions
    carried_out(planned_for(TO_PANEL))
    session().expire_all()
    trail = picture.trail_of(large, newer)
    assert (trail.current, trail.visited) == ("panel", frozenset({"draft"}))


def test_the_command_only_says_what_would_happen_until_it_is_told_to_do_it(
    small: Case, large: Case, two_versions: None
) -> None:
    del two_versions
    said = asked("permit", "--to", "2")
    assert said.exit_code == 0
    assert (
        f"{small.reference}  would move 1 to 2, review; act:lapse: 2026-04-01 09:00 to 2026-05-01 09:00" in said.output
    )
    assert f"{large.reference}  stays, second_review: Definition 2 has no state" in said.output
    assert "1 would move, 1 would stay. Nothing was changed; --do carries it out." in said.output
    assert small.definition == 1
    done = asked("permit", "--to", "2", "--do", "--reason", "New rules")
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "1 moved, 1 stayed.")
    rest = asked("permit", "--to", "2", "--do", "--state", "second_review=panel")
    assert (rest.exit_code, rest.output.splitlines()[-1]) == (0, "1 moved, 0 stayed.")
    session().expire_all()
    assert (small.definition, large.definition, large.state) == (2, 2, "panel")


@pytest.mark.parametrize(
    "arguments,sentence",
    [
        (("nothing", "--to", "2"), "There is no process “nothing”"),
        (("permit", "--to", "2", "--state", "draft"), "Write “draft” as OLD=NEW."),
        (("permit", "--to", "2", "--state", "=draft"), "Write “=draft” as OLD=NEW."),
        (("permit",), "Missing option '--to'"),
    ],
)
def test_the_command_says_what_is_wrong_with_what_it_was_asked(
    two_versions: None, arguments: tuple[str, ...], sentence: str
) -> None:
    del two_versions
    said = asked(*arguments)
    assert said.exit_code != 0
    assert sentence in said.output


def asked(*arguments: str) -> Result:
    session().rollback()
    return CliRunner().invoke(command, ["move", *arguments])
