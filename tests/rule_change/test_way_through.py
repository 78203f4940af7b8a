"""A change of rules from its first line to the version that another person publishes, and what that touches."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner
from flask import Flask

from compliance import cli_rules
from compliance.audit.models import AuditEvent
from compliance.engine.determination import Determination
from compliance.engine.errors import RefusedError
from compliance.kernel import jobs
from compliance.kernel.db import session, table
from compliance.kernel.jobs import Status
from compliance.messages.models import Notification
from compliance.people import organisations
from compliance.rules import replay, store
from compliance.rules.replay import Moved
from compliance.rules.store import RuleSetVersion
from tests.offer.scene import CEST, INSIDE, MONDAY, OUTSIDE, TERMS, Desk
from tests.rule_change.scene import NETHERLANDS, Change

AMENDED = (f'"{OUTSIDE}"', f'"{INSIDE}"')


def determinations() -> list[tuple[object, ...]]:
    found = [tuple(row) for row in session().execute(sa.select(Determination.__table__))]
    session().rollback()
    return found


def test_a_change_is_tested_put_forward_and_published_by_somebody_else(desk: Desk, change: Change) -> None:
    for _ in range(2):
        desk.approved()
    before = determinations()
    assert change.open(CEST, AMENDED) == "draft"
    assert change.act(desk.rita, "test") == "tested"
    job = jobs.find(change.case().replay_job)
    assert job is not None
    assert job.status is Status.WAITING
    change.replay()
    assert replay.matrix(change.shelf) == [Moved(OUTSIDE, INSIDE, 2)]
    assert {one.determination for one in replay.changed(change.shelf)} == {str(row[0]) for row in before}
    assert change.act(desk.rita, "put_forward") == "second_person"
    assert change.case().replayed == [[OUTSIDE, INSIDE, 2]]
    assert [version for _, version in versions()] == ["2.4"]
    change.act(desk.sue, "claim")
    assert change.act(desk.sue, "publish", reason="Read.") == "published"
    assert versions() == [(CEST, "2.4"), (CEST, "2.5")]
    new = session().scalars(sa.select(RuleSetVersion).where(RuleSetVersion.version == "2.5")).one()
    assert (new.origin, new.by, new.digest) == (change.reference, str(desk.sue.id), change.case().tested_digest)
    assert determinations() == before


def versions() -> list[tuple[str, str]]:
    """Return what was published of the tables; the checks whose duties follow are published with the decisions."""
    kept = sa.select(RuleSetVersion.key, RuleSetVersion.version).where(RuleSetVersion.key.in_([CEST, NETHERLANDS]))
    return [(row.key, row.version) for row in session().execute(kept.order_by(RuleSetVersion.version))]


def test_every_step_is_on_record_and_so_is_what_was_published(desk: Desk, change: Change) -> None:
    change.published(NETHERLANDS)
    query = sa.select(AuditEvent.action, AuditEvent.entry).where(AuditEvent.stream == change.case().stream)
    told = {row.action: json.loads(row.entry) for row in session().execute(query.order_by(AuditEvent.rev))}
    assert list(told) == [f"rule_change.{name}" for name in ("open", "test", "put_forward", "claim", "publish")]
    tested, published = told["rule_change.test"]["policy"], told["rule_change.publish"]["policy"]
    assert tested["agreement"]["before"] == tested["agreement"]["after"]
    assert tested["digest"] == published["digest"] == change.case().tested_digest
    assert published["effective_from"] == "2026-04-01"
    kept = session().scalars(sa.select(AuditEvent.entry).where(AuditEvent.action == "rules.published")).one()
    assert json.loads(kept)["subject"]["origin"] == change.reference
    assert told["rule_change.publish"]["actor"]["id"] == str(desk.sue.id)


def test_it_belongs_to_the_programme_and_to_no_client(change: Change) -> None:
    change.open(NETHERLANDS)
    assert change.case().organisation_id == organisations.PROGRAMME
    assert organisations.programme().kind == "programme"
    other = Change(change.rita, change.sue)
    other.open("us-nj-abc")
    assert other.case().organisation_id == organisations.PROGRAMME


def test_the_new_version_decides_from_its_first_day_on_and_never_before(
    desk: Desk, change: Change, monday: time_machine.Traveller
) -> None:
    asked = dict.fromkeys(("freelancer_country", "client_country", "work_place"), "NL")
    for key, places in ((NETHERLANDS, asked), (CEST, {})):
        change.published(key)
        version = change.case().new_version
        for first_day, expected in (("2026-03-31", version), ("2026-04-01", version)):
            desk.open(starts_on=first_day, **places)
            rules = desk.rules()
            assert rules is not None
            assert rules.key == key
            assert (rules.version == expected) is (first_day == "2026-04-01")
    monday.move_to(MONDAY, tick=False)


def test_a_case_is_finished_on_the_version_that_it_was_answered_under(desk: Desk, change: Change) -> None:
    desk.open()
    desk.act(desk.mona, "submit")
    desk.act(desk.rita, "claim")
    change.published(CEST)
    desk.freelancer_answers(OUTSIDE)
    rules = desk.rules()
    assert rules is not None
    assert rules.version == "2.4"
    desk.act(desk.mona, "edit", **TERMS)
    with pytest.raises(RefusedError, match=r"The questions have a new version, 2\.5"):
        desk.act(desk.mona, "submit")


def test_what_courts_decided_is_held_against_both_versions(change: Change) -> None:
    change.open("us-irs-common-law", ("contractor_from = 0.125", "contractor_from = 0.95"))
    change.act(change.rita, "test")
    told = change.case().agreement
    assert told["cases"] == sum(told["before"].values()) == sum(told["after"].values()) == 14
    assert told["after"]["agree"] == told["before"]["agree"] - len(told["moved"]) < told["before"]["agree"]
    assert {(one["before"], one["after"]) for one in told["moved"]} == {("independent_contractor", "needs_review")}


def test_duties_decide_no_status_so_that_nothing_is_replayed(change: Change) -> None:
    assert change.published("nyc-fifa") == "published"
    assert (change.case().replay, change.case().replayed, change.case().agreement["cases"]) == ("", [], 0)


def test_a_change_that_is_sent_back_is_written_and_tested_again(desk: Desk, change: Change) -> None:
    change.open(NETHERLANDS)
    change.put_forward()
    change.act(desk.sue, "claim")
    assert change.act(desk.sue, "send_back", reason="The note is out of date.") == "draft"
    form = change.written(NETHERLANDS)
    del form["rule_set"]
    change.act(desk.rita, "edit", **form)
    assert change.put_forward() == "second_person"


def test_its_author_hears_what_became_of_it_and_no_client_does(desk: Desk, change: Change) -> None:
    change.published(NETHERLANDS)
    told = sa.select(Notification.person_id, Notification.reason).where(Notification.case_id == change.case().id)
    assert [tuple(row) for row in session().execute(told)] == [(desk.rita.id, "Published")]


def test_a_change_can_be_taken_back(change: Change) -> None:
    change.open(NETHERLANDS)
    assert change.act(change.rita, "withdraw", reason="The bill fell.") == "withdrawn"
    assert session().execute(sa.select(table(RuleSetVersion))).all() == []


def test_a_second_change_starts_from_the_version_that_the_first_has_published(change: Change) -> None:
    change.published(NETHERLANDS, ("Netherlands: employment", "The Netherlands: employment"))
    change.open(NETHERLANDS)
    assert change.case().new_version == "2026.3"
    assert "The Netherlands: employment" in change.case().text
    assert change.put_forward() == "second_person"


def test_the_command_line_says_where_a_version_came_from(app: Flask, change: Change) -> None:
    change.published(NETHERLANDS)
    told = CliRunner().invoke(cli_rules.rules, ["list"], obj=app).output
    (line,) = [line for line in told.splitlines() if "2026.2" in line and NETHERLANDS in line]
    assert line.endswith("published since 2026-03-02, by a change of the rules")


def test_rules_are_looked_up_once_in_a_transaction_and_anew_after_a_change(change: Change) -> None:
    first = store.standing(session())
    assert store.standing(session()) is first
    session().rollback()
    assert store.standing(session()) is first
    change.published(NETHERLANDS)
    assert store.standing(session()) is not first
