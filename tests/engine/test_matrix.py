"""What is said of a process comes from its definition and leaves nothing of it out."""

from __future__ import annotations

import pytest

from compliance.authz import EVERYBODY, SYSTEM, WORKER, Role, any_of
from compliance.engine import handbook, matrix
from compliance.engine.definition import Moment, Stage
from compliance.engine.guards import not_after
from compliance.engine.matrix import Right
from compliance.engine.registry import discover
from compliance.kernel.clock import business_days, calendar_days
from tests.engine.processes import permit

PERMIT = discover(["tests.engine.processes"]).process("permit").workflow


def test_the_matrix_names_roles_and_those_who_are_no_roles() -> None:
    allow = any_of(Role.REVIEWER, Role.APPROVER) | WORKER | SYSTEM | EVERYBODY
    assert matrix.holders(allow) == ["approver", "reviewer", "worker", "system", "everybody who sees it"]


def test_the_matrix_holds_every_right_of_a_process_state_by_state() -> None:
    found = set(matrix.rights(PERMIT))
    assert {right.who for right in found if right.action == "open"} == {"hiring_manager", "reviewer"}
    assert Right("draft", "submit", "hiring_manager") in found
    assert Right("review", "submit", "hiring_manager") not in found
    assert Right("review", "lapse", "system") in found
    assert Right("granted", "comment", "hiring_manager") in found
    assert Right("review", "claim", "reviewer") in found


def test_who_sees_a_state_is_part_of_the_matrix() -> None:
    found = set(matrix.rights(PERMIT))
    assert Right("draft", "see", "hiring_manager") in found
    assert Right("draft", "see", "reviewer") not in found
    assert Right("review", "see", "reviewer") in found
    assert "worker" not in matrix.viewers(Stage(worker_sees=False))
    assert "sales" not in matrix.viewers(Stage())


def test_nobody_is_said_to_do_something_to_what_they_do_not_see() -> None:
    found = set(matrix.rights(PERMIT))
    assert Right("draft", "comment", "hiring_manager") in found
    assert Right("draft", "comment", "reviewer") not in found
    assert Right("review", "comment", "reviewer") in found


def test_states_say_what_they_mean_and_by_when() -> None:
    review = handbook.states(PERMIT)[1]
    assert review.stage.meaning == "A reviewer looks at it."
    assert review.within == "1 business day, counted on the client's calendar"
    assert review.reminders == ("after 3 days",)
    assert handbook.states(PERMIT)[0].hidden_from == "the desk"


def test_actions_say_who_from_where_to_where_and_what_must_hold() -> None:
    by_label = {found.action.label: found for found in handbook.actions(PERMIT, common=False)}
    grant = by_label["Grant"]
    assert grant.who == ("Reviewer",)
    assert grant.sources == ("Review", "Second review")
    assert grant.targets == ("Granted",)
    assert "Keep duties apart: “You wrote this permit; somebody else decides on it.”" in grant.conditions
    assert "Refuse when the case is no longer what the form showed." in grant.conditions
    assert [field.label for field in grant.fields] == ["Reason"]
    assert by_label["Start"].by_itself == "As soon as nothing refuses it."
    assert by_label["Lapse"].by_itself == "30 days, after the case came into the state."
    assert [found.action.name for found in handbook.actions(PERMIT, common=True)] == [
        "comment", "claim", "release", "assign",
    ]  # fmt: skip


def test_permissions_are_listed_by_who_holds_them() -> None:
    found = dict(handbook.permissions(PERMIT))
    assert found["Hiring manager"] == ["Open", "Edit", "Submit", "Comment"]
    assert found["Countersign itself"] == ["Start", "Lapse"]
    assert "Comment" not in found.get("Viewer", [])


@pytest.mark.parametrize(
    "given,words",
    [
        (business_days(2), "2 business days, counted on the client's calendar"),
        (calendar_days(1), "1 day"),
        (Moment("when the moon is full", lambda case: case.due_at), "when the moon is full"),
    ],
)
def test_terms_are_told_in_words(given: object, words: str) -> None:
    assert handbook.term(given) == words  # type: ignore[arg-type]  # three kinds of one protocol


def test_a_guard_is_told_by_its_first_line_and_one_without_words_is_left_out() -> None:
    assert handbook.guard(permit.is_small) == "Start nothing large without a word."
    assert handbook.guard(not_after("open", sentence="No.")) == "Keep duties apart: “No.”"
    assert handbook.guard(lambda move: move.fact("x")) == ""
