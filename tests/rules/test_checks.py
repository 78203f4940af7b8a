import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.checks.following import Fact, covering, following
from compliance.rules.checks.model import AtLeast
from compliance.rules.errors import AnswerError, RuleSetError
from compliance.rules.library import Library
from tests.rules.legal.conftest import ON, library, replace, shelf

__all__ = ["library", "shelf"]

Shelf = Callable[..., tuple[Library, Path]]
FREELANCE = {"fifa_value_120_days": 900, "one_person": "yes", "fifa_excluded": "no"}


def decide(library: Library, key: str, answers: object) -> dict[str, Any]:
    found = library.find(key, at=ON)
    assert isinstance(found, ComplianceCheck)
    return found.decide(answers)


def states(found: dict[str, Any]) -> dict[str, str]:
    return {duty["key"]: duty["state"] for duty in found["duties"]}


def test_a_law_applies_from_its_threshold_on(library: Library) -> None:
    assert decide(library, "ny-fifa", FREELANCE)["outcome"] == "applies"
    assert decide(library, "ny-fifa", {**FREELANCE, "fifa_value_120_days": 800})["outcome"] == "applies"
    below = decide(library, "ny-fifa", {**FREELANCE, "fifa_value_120_days": 799})
    assert (below["outcome"], below["duties"], below["missing"]) == ("does_not_apply", [], [])


def test_what_is_not_answered_leaves_it_to_a_reviewer_and_is_named(library: Library) -> None:
    found = decide(library, "ny-fifa", {"fifa_value_120_days": 900})
    assert (found["outcome"], found["missing"]) == ("needs_review", ["one_person", "fifa_excluded"])


def test_each_duty_says_whether_it_is_met(library: Library) -> None:
    answers = {
        **FREELANCE,
        "written_contract": "yes",
        "contract_states_pay_date": "no",
        "pay_days_after_completion": 31,
    }
    found = states(decide(library, "ny-fifa", answers))
    assert found["written_contract"] == "met"
    assert found["contract_pay_date"] == "not_met"
    assert found["timely_pay"] == "not_met"
    assert found["contract_rate"] == "open"
    assert found["keep_contract"] == "to_do"


def test_a_disagreement_in_the_united_kingdom_is_due_after_45_days(library: Library) -> None:
    answers = {
        "uk_intermediary": "yes",
        "uk_client_size": "public",
        "sds_disagreement_received_on": "2026-05-01",
        "sds_concludes_employed": "no",
    }
    found = decide(library, "uk-opw", answers)
    due = next(duty["due"] for duty in found["duties"] if duty["key"] == "disagreement")
    assert due == {"days": 45, "kind": "calendar_days", "after": "the disagreement arrives", "on": "2026-06-15"}
    assert states(found)["pass_on"] == "does_not_apply"


def test_a_duty_that_may_not_exist_is_open_until_that_is_known(library: Library) -> None:
    found = decide(library, "uk-opw", {"uk_intermediary": "yes", "uk_client_size": "public"})
    assert states(found)["pass_on"] == "open"


def test_a_line_says_which_set_decided(library: Library) -> None:
    check = library.find("ny-fifa", at=ON)
    line = json.loads(check.decide_line(FREELANCE))
    assert (line["rule_set"], line["version"], line["outcome"]) == ("ny-fifa", "2026.2", "applies")


def test_working_days_are_named_and_not_counted(library: Library) -> None:
    found = decide(library, "es-trade", {"trade_signed_on": "2026-05-01"})
    due = next(duty["due"] for duty in found["duties"] if duty["key"] == "register")
    assert (due["days"], due["kind"], due["on"]) == (10, "working_days", None)


def test_a_small_client_is_left_to_the_intermediary(library: Library) -> None:
    assert decide(library, "uk-opw", {"uk_client_size": "small"})["outcome"] == "does_not_apply"


@pytest.mark.parametrize(
    "answers,words",
    [
        ({"written_contract": True}, "Question written_contract: true is not an answer.*give one of yes, no"),
        ({"fifa_value_120_days": "900"}, "give a whole number, not below 0"),
        ({"fifa_value_120_days": -1}, "give a whole number"),
        ({"fifa_value_120_days": True}, "give a whole number"),
        ({"value": 1}, "“value” is no question of any test"),
        ("yes", "“yes” stands where an object of answers belongs"),
    ],
)
def test_bad_answers_are_refused(library: Library, answers: object, words: str) -> None:
    with pytest.raises(AnswerError, match=words):
        decide(library, "ny-fifa", answers)


@pytest.mark.parametrize("day", ["1 May 2026", "2026-02-30", 20260501, True])
def test_a_day_is_written_in_one_way(library: Library, day: object) -> None:
    with pytest.raises(AnswerError, match="give a date like 2026-04-06"):
        decide(library, "uk-opw", {"sds_disagreement_received_on": day})


def test_answers_to_questions_of_the_tests_are_left_aside(library: Library) -> None:
    assert decide(library, "ny-fifa", {**FREELANCE, "how_directed": "no"}) == decide(library, "ny-fifa", FREELANCE)


def test_every_check_says_what_was_checked_and_each_duty_has_a_source(library: Library) -> None:
    checks = library.checks(ON)
    assert len(checks) == 10
    for check in checks:
        assert check.about.verified or check.about.unverified, check.key
        assert all(duty.citation for duty in check.duties), check.key
    assert repr(checks[0]) == "<ComplianceCheck au-sham 2026.2>"


@pytest.mark.parametrize(
    "file,old,new,words",
    [
        ("rule_set.toml", "at_least = 800", "at_least = -1", "“at_least” must be a whole number"),
        ("rule_set.toml", "at_least = 800", "at_least = 800\nat_most = 1", "the least must not be above the most"),
        ("rule_set.toml", "at_least = 800\n", "", "it needs at_least, at_most or both"),
        ("rule_set.toml", 'question = "one_person"', 'question = "person"', "“person” is no question of this check"),
        ("rule_set.toml", 'key = "one_person"', 'key = "how_directed"', "is there twice"),
        ("rule_set.toml", 'type = "yes_no"', 'type = "choice"', "a choice needs them"),
        ("rule_set.toml", 'type = "yes_no"', 'type = "mood"', "“type” is “mood”"),
        ("rule_set.toml", 'places = ["US-NY"]', "places = []", "must each name at least one"),
        (
            "rule_set.toml",
            "authority = [",
            'shared_questions = ["luck"]\nauthority = [',
            "“luck” is none of the shared",
        ),
        ("duties.toml", 'is = ["yes"]', 'is = ["maybe"]', "“maybe” is no answer"),
        ("duties.toml", 'is = ["yes"]', 'is = ["yes", "no"]', "must name some answers"),
        ("duties.toml", 'citation = "N.Y.', 'citation = ""\nx = "N.Y.', "“citation” must be given"),
        ("duties.toml", 'key = "contract_rate"', 'key = "contract_list"', "the key “contract_list” is used twice"),
        ("duties.toml", "days = 30", 'kind = "moons", days = 30', "“kind” is “moons”"),
        ("duties.toml", "days = 30", 'question = "one_person", days = 30', "answered with a date"),
    ],
)
def test_a_broken_check_is_refused(shelf: Shelf, file: str, old: str, new: str, words: str) -> None:
    library, root = shelf("ny-fifa")
    replace(root / "ny-fifa" / "2026.2" / file, old, new)
    with pytest.raises(RuleSetError, match=rf"{file}[,:] .*{words}"):
        library.find("ny-fifa", at=ON)


def test_a_check_without_duties_is_refused(shelf: Shelf) -> None:
    library, root = shelf("ny-fifa")
    (root / "ny-fifa" / "2026.2" / "duties.toml").write_text("")
    with pytest.raises(RuleSetError, match=r"write at least one \[\[duty\]\]"):
        library.find("ny-fifa", at=ON)


def test_a_lower_bound_decides_only_what_it_can(library: Library) -> None:
    def outcome(least: int) -> str:
        return str(decide(library, "ny-fifa", {**FREELANCE, "fifa_value_120_days": AtLeast(least)})["outcome"])

    assert (outcome(800), outcome(799)) == ("applies", "needs_review")
    paid = decide(library, "ny-fifa", {**FREELANCE, "pay_days_after_completion": AtLeast(31)})
    assert states(paid)["timely_pay"] == "not_met"
    paid = decide(library, "ny-fifa", {**FREELANCE, "pay_days_after_completion": AtLeast(30)})
    assert states(paid)["timely_pay"] == "open"


def test_each_duty_says_who_sees_to_it(library: Library) -> None:
    for check in library.checks(ON):
        for duty in check.duties:
            assert duty.who, (check.key, duty.key)
    found = decide(library, "uk-opw", {"uk_intermediary": "yes", "uk_client_size": "public"})
    who = {duty["key"]: duty["who"] for duty in found["duties"]}
    assert (who["sds"], who["pass_on"]) == ("The client", "Each party that receives it")


def test_a_check_covers_a_place_and_what_lies_in_it_from_its_first_day(library: Library) -> None:
    def keys(place: str, on: dt.date = ON) -> set[str]:
        return {one.check.key for one in covering(library, (place,), on)}

    assert keys("US-NY-NYC") == {"nyc-fifa", "ny-fifa", "us-1099"}
    assert keys("UK-SCT") == {"uk-opw"}
    assert "eu-pwd" in keys("DE")
    assert "eu-pwd" not in keys("DE", dt.date(2026, 12, 1))
    assert keys("JP") == set()


def test_a_law_that_does_not_apply_is_left_out(library: Library) -> None:
    here = covering(library, ("US-NY", "JP"), ON)
    assert [one.places for one in here] == [("US-NY",), ("US-NY",)]
    facts = {"one_person": Fact("no", "as answered", "client"), "year_end": Fact(dt.date(2026, 12, 31), "by the terms")}
    (found,) = following(here, facts)
    assert found.check.key == "us-1099"
    said = found.as_json()
    assert said["facts"] == [
        {
            "question": "On which day did the calendar year of the payments end?",
            "answer": "2026-12-31",
            "basis": "by the terms",
            "told_by": "",
        }
    ]
    assert json.loads(json.dumps(said)) == said


def test_a_status_that_is_none_is_refused(shelf: Shelf) -> None:
    books, root = shelf("ny-fifa")
    replace(root / "ny-fifa" / "2026.2" / "rule_set.toml", '"independent_contractor"', '"freelancer"')
    with pytest.raises(RuleSetError, match="it must be one of"):
        books.exactly("ny-fifa", "2026.2")
