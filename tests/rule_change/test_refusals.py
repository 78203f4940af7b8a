"""What a change of rules is refused for: each time nothing was written, and the sentence says what to do."""

from __future__ import annotations

import shutil

import pytest
import sqlalchemy as sa
import time_machine

from compliance.authz import Role
from compliance.engine import run
from compliance.engine.case import Case
from compliance.engine.errors import InvalidInputError, NotAllowedError, NotFoundError, RefusedError
from compliance.kernel.db import engine, session, table
from compliance.rules.store import RuleSetVersion
from tests import make
from tests.offer.scene import MONDAY, Desk
from tests.rule_change.scene import NETHERLANDS, REASON, WHY, Change

VARIANT = ('status = "proposed"', 'status = "in_use"\neffective_from = 2026-04-01')


@pytest.mark.parametrize(
    "key, changes, fields, said",
    [
        pytest.param(NETHERLANDS, [], {"new_version": "2026.1"}, "is there already and never changes", id="version"),
        pytest.param(NETHERLANDS, [], {"new_version": "2025.9"}, "is not later than 2026.1", id="an earlier version"),
        pytest.param(NETHERLANDS, [], {"new_version": "2026.01"}, "is not later than 2026.1", id="written otherwise"),
        pytest.param(NETHERLANDS, [], {"effective_from": "2026-03-01"}, "lies in the past", id="the past"),
        pytest.param("us-ca-borello", [], {}, "“California: ABC test” hands over to these rules", id="handed over to"),
        pytest.param(
            NETHERLANDS, [('title = "Neth', "title = Neth")], {}, "rule_set.toml: this is not valid TOML", id="no TOML"
        ),
        pytest.param(
            NETHERLANDS, [("[[factor]]\n", "[[factor]]\nodd = 1\n")], {}, "2026.2, factors.toml, line", id="a line"
        ),
        pytest.param(
            NETHERLANDS, [('key = "nl-del', 'key = "de-del')], {}, "but the folder is called “nl-deliveroo”", id="a key"
        ),
        pytest.param("us-flsa", [VARIANT], {}, "it was only proposed and is no law by “91 Fed. Reg.", id="a proposal"),
        pytest.param(NETHERLANDS, [("=== rule_set.toml", "=== other.toml")], {}, "holds no such file", id="no head"),
        pytest.param(NETHERLANDS, [("=== rule", "Hello\n=== rule")], {}, "text, line 1: this belongs", id="before"),
        pytest.param(NETHERLANDS, [("=== fac", "=== ../fac")], {}, "is no name of a file of rules", id="a way out"),
        pytest.param(
            NETHERLANDS, [("=== factors", "=== rule_set")], {}, "“rule_set.toml” stands here a second time", id="twice"
        ),
        pytest.param("uk-cest-2.4", [('key = "uk-', 'key = "us-')], {}, "“uk-cest-2.4” is to be changed", id="a table"),
        pytest.param(
            "nyc-fifa", [('kind = "compliance_check"', 'kind = "legal"')], {}, "“kind” is “legal”", id="no kind"
        ),
    ],
)
def test_what_is_wrong_with_the_rules_is_said_in_place_of_their_test(
    change: Change, key: str, changes: list[tuple[str, str]], fields: dict[str, str], said: str
) -> None:
    change.open(key, *changes, **fields)
    with pytest.raises(RefusedError) as refused:
        change.act(change.rita, "test")
    assert said in refused.value.sentence
    assert change.case().state == "draft"
    assert change.case().text.strip() != ""


@pytest.mark.parametrize(
    "fields, name",
    [
        ({"new_version": "next"}, "new_version"),
        ({"new_version": "2026.2\n"}, "new_version"),
        ({"new_version": "2026.2/../x"}, "new_version"),
        ({"effective_from": "soon"}, "effective_from"),
        ({"why": ""}, "why"),
        ({"text": "x" * 200_001}, "text"),
        ({"rule_set": ""}, "rule_set"),
    ],
)
def test_a_form_that_cannot_be_read_opens_nothing(change: Change, fields: dict[str, str], name: str) -> None:
    form = change.written(NETHERLANDS) | fields
    at = make.organisation("Elsewhere").id
    with pytest.raises(InvalidInputError) as refused:
        run.open_case("rule_change", change.rita, form, organisation_id=at)
    assert name in refused.value.errors
    assert session().scalar(sa.select(sa.func.count()).select_from(Case)) == 0


def test_only_rules_that_there_are_can_be_changed(change: Change) -> None:
    form = change.written(NETHERLANDS) | {"rule_set": "atlantis"}
    with pytest.raises(RefusedError, match="There is no rule set “atlantis”"):
        run.open_case("rule_change", change.rita, form, organisation_id=make.organisation("Elsewhere").id)


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR, Role.AUDITOR, Role.SUPPORT_AGENT])
def test_others_of_the_desk_open_none(change: Change, role: Role) -> None:
    at = make.organisation("Elsewhere").id
    with pytest.raises(NotAllowedError):
        run.open_case("rule_change", make.actor("Otto", role), change.written(NETHERLANDS), organisation_id=at)


def test_clients_see_none(desk: Desk, change: Change) -> None:
    change.open(NETHERLANDS)
    for who in (desk.mona, desk.fay):
        with pytest.raises(NotFoundError):
            change.case(who)


def test_whoever_wrote_it_does_not_publish_it(desk: Desk) -> None:
    change = Change(desk.sue, desk.sol)
    change.open(NETHERLANDS)
    change.put_forward()
    change.act(desk.sue, "claim")
    for action in ("publish", "send_back"):
        with pytest.raises(RefusedError, match="You wrote this change"):
            change.act(desk.sue, action, **REASON)
    assert session().execute(sa.select(table(RuleSetVersion))).all() == []


def test_whoever_changed_a_line_of_it_does_not_publish_it_either(desk: Desk, change: Change) -> None:
    change.open(NETHERLANDS)
    form = change.written(NETHERLANDS)
    del form["rule_set"]
    change.act(desk.sue, "edit", **form)
    change.put_forward()
    change.act(desk.sue, "claim")
    with pytest.raises(RefusedError, match="You wrote this change"):
        change.act(desk.sue, "publish", **REASON)


def test_a_reviewer_publishes_nothing(desk: Desk, change: Change) -> None:
    change.open(NETHERLANDS)
    change.put_forward()
    with pytest.raises(NotAllowedError, match="Senior reviewer"):
        change.act(desk.rita, "publish", **REASON)


def test_nothing_is_put_forward_before_all_of_the_past_is_replayed(change: Change) -> None:
    change.open(NETHERLANDS)
    change.act(change.rita, "test")
    with pytest.raises(RefusedError, match="not all replayed yet"):
        change.act(change.rita, "put_forward")
    change.replay()
    assert change.act(change.rita, "put_forward") == "second_person"


def test_a_replay_that_was_deleted_meanwhile_is_asked_for_again(change: Change) -> None:
    change.open(NETHERLANDS)
    change.act(change.rita, "test")
    change.replay()
    shutil.rmtree(change.shelf.folder)
    with pytest.raises(RefusedError, match="not all replayed yet"):
        change.act(change.rita, "put_forward")
    before = change.case().replay_job
    assert change.act(change.rita, "test") == "tested"
    assert change.case().replay_job != before
    change.replay()
    assert change.act(change.rita, "put_forward") == "second_person"


def test_a_text_that_is_changed_after_its_test_is_a_draft_without_one(change: Change) -> None:
    change.open(NETHERLANDS)
    change.put_forward()
    form = change.written(NETHERLANDS, ("weight = 1", "weight = 2"))
    del form["rule_set"]
    assert change.act(change.rita, "edit", **form) == "draft"
    change.act(change.rita, "test")
    with pytest.raises(RefusedError, match="not all replayed yet"):
        change.act(change.rita, "put_forward")


def test_what_a_first_day_promised_must_still_lie_ahead_when_it_is_published(
    change: Change, monday: time_machine.Traveller
) -> None:
    change.open(NETHERLANDS, effective_from="2026-03-03")
    change.put_forward()
    change.act(change.sue, "claim")
    monday.move_to(MONDAY.replace(day=4), tick=False)
    with pytest.raises(RefusedError, match="lies in the past"):
        change.act(change.sue, "publish", **REASON)


def test_of_two_changes_to_one_version_the_first_is_published_alone(desk: Desk, change: Change) -> None:
    other = Change(desk.rita, desk.sol)
    for one in (change, other):
        one.open(NETHERLANDS, why=f"{WHY} Of {one.sue.name}.")
        one.put_forward()
        one.act(one.sue, "claim")
    assert change.act(desk.sue, "publish", **REASON) == "published"
    with pytest.raises(RefusedError, match="is there already and never changes"):
        other.act(desk.sol, "publish", **REASON)


def test_nobody_publishes_without_a_claim_or_a_reason(change: Change) -> None:
    change.open(NETHERLANDS)
    change.put_forward()
    with pytest.raises(RefusedError, match="Claim the case first"):
        change.act(change.sue, "publish", **REASON)
    change.act(change.sue, "claim")
    with pytest.raises(InvalidInputError):
        change.act(change.sue, "publish")


def test_what_is_published_has_the_digest_that_was_tested(change: Change) -> None:
    change.open(NETHERLANDS)
    change.put_forward()
    change.act(change.sue, "claim")
    session().rollback()
    with engine().begin() as connection:
        connection.execute(sa.text("UPDATE rule_change SET tested_digest = 'another'"))
    with pytest.raises(RefusedError, match="changed after their test"):
        change.act(change.sue, "publish", **REASON)
    assert session().execute(sa.select(table(RuleSetVersion))).all() == []
