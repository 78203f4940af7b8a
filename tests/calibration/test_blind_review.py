"""The blind second review: who is drawn and who may look, and that it changes nothing of what was decided."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json

import pytest
import sqlalchemy as sa
import time_machine
from flask import Flask

from compliance.audit import check, events
from compliance.audit.models import AuditEvent
from compliance.authz import SYSTEM_ACTOR, Actor, Role
from compliance.engine import blind, looks, run, sweeping
from compliance.engine.blind import SecondOpinion
from compliance.engine.case import Case
from compliance.engine.determination import Determination
from compliance.engine.errors import InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from compliance.kernel import clock
from compliance.kernel.db import begin_reading, engine, session, table
from compliance.kernel.ids import new_id
from compliance.messages.models import Notification
from compliance.people.models import Blindfold
from tests import make
from tests.audit.test_vouched import found, tamper
from tests.calibration.scene import FOUND, OTHER, TwoLooks
from tests.offer.scene import APPROVAL, MONDAY


@pytest.fixture
def all_drawn(app: Flask) -> None:
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], blind_shares=((dt.date(2026, 1, 1), 100),))


def determinations() -> list[tuple[object, ...]]:
    columns = Determination.__table__.columns
    return [tuple(row) for row in session().execute(sa.select(*columns).order_by(Determination.id))]


def told(reference: str, action: str) -> dict[str, object]:
    stream = sa.select(Case.stream).where(Case.reference == reference).scalar_subquery()
    entry = session().scalars(
        sa.select(AuditEvent.entry).where(AuditEvent.stream == stream, AuditEvent.action == f"blind_review.{action}")
    )
    found: dict[str, object] = json.loads(entry.one())
    return found


def at(day: dt.datetime = MONDAY) -> time_machine.travel:
    return time_machine.travel(day, tick=False)


@pytest.mark.usefixtures("all_drawn")
def test_a_determination_that_is_drawn_opens_a_case_that_says_why_and_names_nobody(desk: TwoLooks) -> None:
    with at():
        desk.approved()
        (look,) = session().scalars(sa.select(Case).where(Case.kind == "blind_review"))
        original = desk.offer(desk.rita)
        assert (look.state, look.waits_for) == ("waiting", "reviewer")
        assert look.title == f"Blind review {look.reference}"
        assert look.organisation_id != original.organisation_id
        assert look.worker_id is None
        policy = told(look.reference, "open")["policy"]
        assert isinstance(policy, dict)
        assert policy["looks_at"]["share"] == 100
        assert len(policy["looks_at"]["lot"]) == 16


def test_nothing_is_drawn_where_the_share_is_nothing(desk: TwoLooks) -> None:
    with at():
        desk.approved()
        assert desk.drawn_for() == 0


@pytest.mark.usefixtures("all_drawn")
def test_what_a_client_determines_for_itself_is_not_drawn(app: Flask) -> None:
    del app  # As above.
    with at():
        desk = TwoLooks(compliance_enrolled=False)
        contact = make.actor("Carla", Role.COMPLIANCE_CONTACT, at=desk.client)
        desk.open()
        desk.act(desk.mona, "submit")
        desk.act(contact, "self_certify", attested="true", reason="I looked at it with care.")
        assert desk.drawn_for() == 0


def test_the_lot_falls_as_often_as_its_share_says_and_always_the_same_way(app: Flask) -> None:
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = dataclasses.replace(settings, blind_shares=((dt.date.min, 20),))
    drawn = [new_id() for _ in range(5_000)]
    found = [one for one in drawn if blind.is_drawn(one, MONDAY)]
    assert 850 < len(found) < 1_150
    assert [one for one in drawn if blind.is_drawn(one, MONDAY)] == found
    # Whoever has not the key cannot tell which.
    app.config["SETTINGS"] = dataclasses.replace(app.config["SETTINGS"], secret_key="n" * 48)
    assert [one for one in drawn if blind.is_drawn(one, MONDAY)] != found


def test_whoever_finds_the_same_changes_nothing_and_nobody_is_bothered(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        before, case = determinations(), desk.offer(desk.rita)
        rev, state = case.audit_rev, case.state
        notified = session().scalar(sa.select(sa.func.count()).select_from(Notification))
        assert desk.do(desk.rob, "answer", **FOUND) == "agreed"
        assert determinations() == before
        case = desk.offer(desk.rita)
        assert (case.audit_rev, case.state) == (rev, state)
        assert session().scalar(sa.select(sa.func.count()).select_from(Notification)) == notified
        assert desk.of_look().holder_id is None


def test_another_outcome_changes_nothing_either_and_both_and_the_seniors_hear_of_it(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        before, rev = determinations(), desk.offer(desk.rita).audit_rev
        assert desk.do(desk.rob, "answer", **OTHER) == "different"
        assert determinations() == before
        assert desk.offer(desk.rita).audit_rev == rev
        look = desk.of_look()
        heard = session().scalars(sa.select(Notification.person_id).where(Notification.case_id == look.id)).all()
        assert sorted(heard) == sorted(one.id for one in (desk.rita, desk.sue, desk.sol) if one.id)
        assert look.waits_for == "senior_reviewer"
        with pytest.raises(NotAllowedError):
            desk.do(desk.una, "settle", follows="Nothing.")
        assert desk.do(desk.sue, "settle", follows="The first is right; the terms say so.") == "settled"
        assert determinations() == before


def test_a_third_settles_a_difference_and_neither_of_the_two(desk: TwoLooks) -> None:
    with at():
        senior = make.actor("Sam", Role.SENIOR_REVIEWER)
        desk.drawn()
        desk.do(senior, "claim")
        desk.do(senior, "answer", **OTHER)
        with pytest.raises(RefusedError, match="one of the two"):
            desk.do(senior, "settle", follows="Mine is right.")


def test_whoever_had_a_part_in_it_does_not_look_at_it_again(desk: TwoLooks) -> None:
    with at():
        desk.in_review()
        desk.act(desk.rita, "escalate", reason="Two should look.")
        desk.act(desk.sue, "take_second")
        desk.act(desk.sue, "approve", **APPROVAL)
        desk.draw()
        for somebody in (desk.rita, desk.sue):
            with pytest.raises(RefusedError, match="had a part"):
                desk.do(somebody, "claim")
        stand_in = dataclasses.replace(desk.rob, stands_for=desk.rita.id)
        with pytest.raises(RefusedError, match="had a part"):
            run.fire("blind_review", desk.look, "claim", stand_in)
        session().rollback()
        assert desk.do(desk.rob, "claim") == "waiting"


def test_a_conflict_of_interest_with_either_party_keeps_one_from_looking(desk: TwoLooks) -> None:
    with at():
        desk.drawn()
        for party in (desk.client.id, desk.fay.id):
            assert party is not None
            conflicted = dataclasses.replace(desk.rob, conflicts=frozenset({party}))
            with pytest.raises(RefusedError, match="close to a party"):
                run.fire("blind_review", desk.look, "claim", conflicted)
            session().rollback()


def test_whoever_has_seen_how_it_was_decided_does_not_look_at_it_again(desk: TwoLooks) -> None:
    with at():
        desk.in_review()
        saw(desk, desk.una)  # Before it was decided there was nothing to see.
        desk.act(desk.rita, "approve", **APPROVAL)
        desk.draw()
        saw(desk, desk.rob)
        with pytest.raises(RefusedError, match="have seen how it was decided"):
            desk.do(desk.rob, "claim")
        assert desk.do(desk.una, "claim") == "waiting"


def saw(desk: TwoLooks, who: Actor) -> None:
    case = desk.offer(who)
    session().rollback()
    begin_reading()
    assert who.id is not None
    looks.visit(session(), case, who.id, clock.now())
    session().rollback()


def test_whoever_reads_the_record_does_not_look_blind(desk: TwoLooks) -> None:
    with at():
        both = make.actor("Ada", Role.REVIEWER, Role.AUDITOR)
        desk.drawn()
        with pytest.raises(RefusedError, match="read the record"):
            desk.do(both, "claim")


def test_nobody_can_be_given_what_they_could_not_take(desk: TwoLooks) -> None:
    with at():
        desk.drawn()
        with pytest.raises(RefusedError, match="had a part"):
            desk.do(desk.sue, "assign", assignee=str(desk.rita.id))
        assert desk.do(desk.sue, "assign", assignee=str(desk.rob.id)) == "waiting"
        assert desk.offer_is_hidden_from(desk.rob)


def test_a_determination_is_looked_at_once_and_only_where_there_is_one(desk: TwoLooks) -> None:
    with at():
        desk.drawn()
        with pytest.raises(RefusedError, match="already"):
            desk.draw()
        session().rollback()
        with pytest.raises(RefusedError, match="no such determination"):
            run.open_case(
                "blind_review", SYSTEM_ACTOR, {"determination": str(new_id())}, organisation_id=desk.client.id
            )
        session().rollback()
        with pytest.raises(InvalidInputError):
            run.open_case("blind_review", SYSTEM_ACTOR, {"determination": "it"}, organisation_id=desk.client.id)
        session().rollback()
        with pytest.raises(NotAllowedError):
            run.open_case("blind_review", desk.sue, {"determination": str(new_id())}, organisation_id=desk.client.id)


def test_without_reasons_or_an_outcome_nothing_is_found(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        for data in ({"outcome": "employee"}, {"grounds": "So."}, {"outcome": "perhaps", "grounds": "So."}):
            with pytest.raises(InvalidInputError):
                desk.do(desk.rob, "answer", **data)
        assert session().scalar(sa.select(sa.func.count()).select_from(SecondOpinion)) == 0


def test_only_whoever_holds_it_answers(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        with pytest.raises(RefusedError, match="colleague holds"):
            desk.do(desk.una, "answer", **FOUND)


def test_client_and_freelancer_see_nothing_of_it(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        desk.do(desk.rob, "answer", **OTHER)
        for somebody in (desk.mona, desk.fay):
            with pytest.raises(NotFoundError):
                run.find("blind_review", desk.look, somebody)


def test_what_nobody_looks_at_lapses_and_comes_into_sight_again(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        assert desk.offer_is_hidden_from(desk.rob)
        later = MONDAY + dt.timedelta(days=61)
    with at(later):
        sweeping.sweep(later)
        assert desk.of_look().state == "lapsed"
        session().rollback()
        assert not desk.offer_is_hidden_from(desk.rob)


def test_whoever_gives_it_back_unanswered_sees_no_more_than_before(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        desk.do(desk.rob, "release")
        assert desk.offer_is_hidden_from(desk.rob)
        desk.do(desk.una, "claim")
        desk.do(desk.una, "answer", **FOUND)
        assert not desk.offer_is_hidden_from(desk.rob)
        assert session().scalar(sa.select(sa.func.count()).select_from(Blindfold)) == 0


def test_the_database_itself_keeps_second_opinions_and_comparisons_as_they_are(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        desk.do(desk.rob, "answer", **OTHER)
        for statement in (
            "UPDATE second_opinion SET outcome = 'employee'",
            "DELETE FROM second_opinion",
            "UPDATE comparison SET found = 'employee'",
            "DELETE FROM comparison",
        ):
            with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine().begin() as connection:
                connection.execute(sa.text(statement))


def test_the_record_vouches_for_what_was_found(desk: TwoLooks) -> None:
    with at():
        desk.taken()
        desk.do(desk.rob, "answer", **OTHER)
        (opinion,) = session().scalars(sa.select(SecondOpinion))
        policy = told(desk.look, "answer")["policy"]
        assert isinstance(policy, dict)
        assert policy["second_opinion"]["digest"] == opinion.digest
        values = {column.name: getattr(opinion, column.name) for column in table(SecondOpinion).columns}
        assert blind.digest_of_row(values) == opinion.digest
        session().rollback()
        with engine().connect() as connection:
            assert list(check.faults(connection, events.writer().key)) == []


@pytest.mark.parametrize(
    "statement,what",
    [
        ("UPDATE second_opinion SET outcome = 'independent_contractor'", "is not the one that its event vouches for"),
        ("DELETE FROM second_opinion", "names a second opinion that is not there"),
    ],
)
def test_a_second_opinion_that_was_changed_past_the_record_is_found(desk: TwoLooks, statement: str, what: str) -> None:
    with at():
        desk.taken()
        desk.do(desk.rob, "answer", **OTHER)
        tamper(statement)
        (fault,) = found()
        assert what in fault
