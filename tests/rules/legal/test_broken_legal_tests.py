from collections.abc import Callable
from pathlib import Path

import pytest

from compliance.rules.errors import RuleSetError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import Library
from tests.rules.legal.conftest import ON, replace

Shelf = Callable[..., tuple[Library, Path]]
VERSION = "2026.1"

STATUTORY_EMPLOYEE = """statutory_category = ["homeworker"]
statutory_personal_service = ["yes"]
statutory_substantial_investment = ["no"]
statutory_continuing = ["yes"]"""

TIE_BREAKER = """question = "{question}"
within = 0.3

[combining.tie_breaker.results]
{yes} = "independent_contractor"{more}"""


def refused(shelf: Shelf, key: str, file: str, old: str, new: str, *, others: tuple[str, ...] = ()) -> str:
    library, root = shelf(key, *others)
    replace(root / key / VERSION / file, old, new)
    with pytest.raises(RuleSetError) as error:
        library.find(key, at=ON)
    assert error.value.place.file == file.rpartition("/")[2]
    return str(error.value)


@pytest.mark.parametrize(
    "old,new,words",
    [
        ("how_directed = { no", "how_direct = { no", "“how_direct” is no question of questions.toml"),
        ("how_directed = { no = 2", "how_directed = { never = 2", "“never” is no answer of how_directed"),
        ("how_directed = { no = 2", "how_directed = { no = 3", "“no” must be a whole number from -2 to 2"),
        ("how_directed = { no = 2", "how_directed = { no = -3", "“no” must be a whole number from -2 to 2"),
        ("how_directed = { no = 2", "how_directed = { no = 1.5", "must be a whole number"),
        ("{ no = 2, some = 0, yes = -2 }", "{ no = 2, yes = -2 }", "the answer “some” has no leaning"),
        ("weight = 1", "weight = 11", "“weight” must be from 0.001 to 10"),
        ("weight = 1", "weight = 0", "“weight” must be from"),
        ("weight = 1", "weight = 1.0005", "with at most three decimals"),
        ("weight = 1", 'weight = "1"', "“weight” must be a number"),
        ('citation = "29 CFR 795.110(b)(1)"', 'citation = ""', "“citation” must be given as a text"),
        ('source = "verified"', 'source = "surely"', "“source” is “surely”; it must be one of verified"),
        ('key = "investment"', 'key = "profit_loss"', "the key “profit_loss” is used twice"),
        ("expenses = {", "loss_risk = { yes = 2, limited = 0, no = -1 }\nexpenses = {", "“loss_risk” belongs to"),
        (
            "[factor.leanings]\nbusiness_relation",
            "[factor.leaning]\nbusiness_relation",
            "it needs leanings of at least",
        ),
        ("weight = 1", "wait = 1\nweight = 1", "“wait” is no entry known here"),
    ],
)
def test_a_broken_factor_is_refused_with_file_line_and_entry(shelf: Shelf, old: str, new: str, words: str) -> None:
    said = refused(shelf, "us-flsa", "factors.toml", old, new)
    assert words in said
    assert said.startswith("us-flsa 2026.1, factors.toml, line ")
    assert "factor “" in said


@pytest.mark.parametrize(
    "old,new,words",
    [
        ("contractor_from = 0.125", "contractor_from = 1.5", "combining: “contractor_from” must be from -1 to 1"),
        ("contractor_from = 0.125", "contractor_from = -0.125", "“employee_to” must be below “contractor_from”"),
        ("least_answered = 0.35", "least_answered = 2", "“least_answered” must be from 0 to 1"),
        ('method = "weighing"', 'method = "guessing"', "“method” is “guessing”"),
        ('method = "weighing"', 'method = "core_factors"', "“core” names factors exactly where"),
        ('method = "weighing"', 'method = "core_factors"\ncore = ["luck"]', "the core factor “luck” is none"),
        ("effective_from = 2024-03-11", "effective_from = 2024-03-11\neffective_to = 2020-01-01", "before it begins"),
        ("effective_from = 2024-03-11", 'effective_from = "soon"', "must be a date"),
        ("effective_from = 2024-03-11\n", "", "“effective_from” must be given as a date"),
        ('purposes = ["wages"]', 'purposes = ["fame"]', "the purpose “fame” is unknown"),
        ('places = ["US"]', "places = []", "“places” and “purposes” must each name at least one"),
        ('key = "us-flsa"', 'key = "us-fair"', "it says “us-fair”, but the folder is called “us-flsa”"),
        ('kind = "legal_test"', 'kind = "oracle"', "“kind” is “oracle”"),
        ('kind = "legal_test"', "kind = ", "this is not valid TOML"),
        ('status = "proposed"', 'status = "rumoured"', "“status” is “rumoured”"),
        ("[variant.weights]\nprofit_loss = 3", "[variant.weights]\nprofit_los = 3", "the variant must weigh each of"),
        ("[variant.weights]\nprofit_loss = 3", "[variant.weights]\nprofit_loss = -3", "“profit_loss” must be from 0"),
        ('key = "fact-sheet-13-2008"', 'key = "proposed-2026"', "the key “proposed-2026” is used twice"),
        ("effective_from = 2025-05-01\n", "", "a variant in use needs the day"),
        ("authority = [", "authority = []\nverified_by = [", "“authority” must name at least one statute"),
        ("authority = [", "authority = 3\nverified_by = [", "“authority” must be a text or a list of texts"),
        ("authority = [", 'authority = [" ",', "none of them empty"),
        ("[scope]", "[[scope]]", "“scope” must be a table"),
        ('level = "federal"', 'level = "federal"\ngate = "none"', "“gate” must be a list of tables"),
        ('level = "federal"', 'level = "federal"\nmood = "good"', "“mood” is no entry known here"),
    ],
)
def test_a_broken_head_is_refused_with_file_and_entry(shelf: Shelf, old: str, new: str, words: str) -> None:
    assert words in refused(shelf, "us-flsa", "rule_set.toml", old, new)


@pytest.mark.parametrize(
    "old,new,words",
    [
        ('s530_reporting_consistency = ["yes"]', 's530_reporting = ["yes"]', "“s530_reporting” is no question"),
        ('s530_reporting_consistency = ["yes"]', 's530_reporting_consistency = ["si"]', "“si” is no answer"),
        ('s530_reporting_consistency = ["yes"]', 's530_reporting_consistency = ["yes", "no"]', "every answer fulfils"),
        ('s530_reporting_consistency = ["yes"]', "s530_reporting_consistency = []", "no answer fulfils"),
        ('effect = "relief"', 'effect = "miracle"', "“effect” is “miracle”"),
        ('result = "independent_contractor"', 'result = "needs_review"', "“result” must be independent_contractor or"),
        ('key = "statutory_employee"', 'key = "section_530"', "the key “section_530” is used twice"),
        (
            'unless]\ns530_technical_services = ["yes"]',
            'unless]\ns530_reporting_consistency = ["yes"]',
            "gate “section_530”: the gate can never fire: unless takes back what all_of asks of s530_reporting",
        ),
        (
            'statutory_category = ["real_estate", "direct_seller", "companion_sitter"]',
            STATUTORY_EMPLOYEE + '\nbenefits = ["no"]',
            "gate “statutory_nonemployee”: the gate can never fire: “statutory_employee” before it takes every case",
        ),
    ],
)
def test_a_gate_that_is_broken_or_can_never_fire_is_refused(shelf: Shelf, old: str, new: str, words: str) -> None:
    said = refused(shelf, "us-irs-common-law", "rule_set.toml", old, new)
    assert words in said
    assert "line " in said


@pytest.mark.parametrize(
    "old,new,words",
    [
        ("[prong.leanings]\nbusiness_relation", "[prong.meanings]\nbusiness_relation", "a prong needs leanings"),
        ('independent_trade = { yes = "met"', 'independent_trade = { yes = "passed"', "“yes” is “passed”"),
        ('independent_trade = { yes = "met"', 'independent_trade = { aye = "met"', "“aye” is no answer"),
        (
            "any_of = true",
            "any_of = true\nsettled_by = { business_relation = { core = 'failed' } }",
            "any_of takes neither",
        ),
        ("[prong.met_only_if]\n", '[prong.met_only_if]\nbenefits = ["no"]\n', "has no leanings in it"),
        ("settled_by]\n", 'settled_by]\nadvertises = { no = "failed" }\n', "only one question can settle a prong"),
    ],
)
def test_a_broken_prong_is_refused(shelf: Shelf, old: str, new: str, words: str) -> None:
    assert words in refused(shelf, "us-nj-abc", "factors.toml", old, new)


@pytest.mark.parametrize(
    "old,new,words",
    [
        ('question = "mutual_intent"', 'question = "intent"', "“intent” is no question"),
        ('question = "mutual_intent"', 'question = "skill"', "“both_contractor” is no answer of skill"),
        ('both_contractor = "independent_contractor"', 'both_contractor = "neither"', "“both_contractor” is “neither”"),
        ("within = 0.3", "within = 3", "“within” must be from 0 to 1"),
        (
            'both_contractor = "independent_contractor"\nboth_employee = "employee"\n',
            "",
            "the tie-breaker gives no result",
        ),
        (
            TIE_BREAKER.format(question="mutual_intent", yes="both_contractor", more='\nboth_employee = "employee"'),
            TIE_BREAKER.format(question="entity_contract", yes="yes", more=""),
            "the tie-breaker “entity_contract” is also a factor's",
        ),
    ],
)
def test_a_broken_tie_breaker_is_refused(shelf: Shelf, old: str, new: str, words: str) -> None:
    assert words in refused(shelf, "can-common-law", "rule_set.toml", old, new)


def test_a_gate_without_a_condition_is_refused(shelf: Shelf) -> None:
    conditions = 'statutory_category = ["real_estate", "direct_seller", "companion_sitter"]'
    said = refused(shelf, "us-irs-common-law", "rule_set.toml", f"[gate.all_of]\n{conditions}", "")
    assert "gate “statutory_nonemployee”: the gate has no condition in all_of" in said


@pytest.mark.parametrize("key,header", [("us-flsa", "factor"), ("us-nj-abc", "prong")])
def test_a_test_with_nothing_to_look_at_is_refused(shelf: Shelf, key: str, header: str) -> None:
    library, root = shelf(key)
    (root / key / VERSION / "factors.toml").write_text("")
    with pytest.raises(RuleSetError, match=rf"write at least one \[\[{header}\]\]"):
        library.find(key, at=ON)


def test_a_factor_with_too_many_questions_is_refused(shelf: Shelf) -> None:
    more = "".join(f"b2b_{name} = {{ yes = 1, no = -1 }}\n" for name in ("license", "location", "established"))
    more += "".join(f"ref_{name} = {{ yes = 1, no = -1 }}\n" for name in ("licences", "own_tools", "sets_hours"))
    more += "".join(f"prof_{name} = {{ yes = 1, no = -1 }}\n" for name in ("discretion", "sets_rates"))
    said = refused(shelf, "us-flsa", "factors.toml", "how_directed = {", more + "how_directed = {")
    assert "it has more than 16 questions; divide it" in said


def test_a_redirect_to_nowhere_is_refused(shelf: Shelf) -> None:
    library, _ = shelf("us-ca-abc")
    with pytest.raises(
        RuleSetError, match="gate “b2b_exemption”: it redirects to “us-ca-borello”, which is no rule set"
    ):
        library.find("us-ca-abc", at=ON)


def test_a_redirect_to_something_else_is_refused(shelf: Shelf) -> None:
    said = refused(
        shelf,
        "au-fwa-15aa",
        "rule_set.toml",
        'redirect = "au-contract"',
        'redirect = "us-1099"',
        others=("us-1099", "au-contract"),
    )
    assert "it redirects to “us-1099”, which is no legal test" in said


def test_a_redirect_in_a_circle_is_refused(shelf: Shelf) -> None:
    library, root = shelf("au-fwa-15aa", "au-contract")
    with (root / "au-contract" / VERSION / "rule_set.toml").open("a") as head:
        head.write(
            '\n[[gate]]\nkey = "back"\ntitle = "Back"\neffect = "redirect"\nredirect = "au-fwa-15aa"\nnote = "Back."\n'
            'citation = "none"\nsource = "unverified"\n[gate.all_of]\nau_law_question = ["fair_work"]\n'
        )
    with pytest.raises(RuleSetError, match="circle, from “au-fwa-15aa” to “au-contract” to “au-fwa-15aa”"):
        library.find("au-fwa-15aa", at=ON)


@pytest.mark.parametrize(
    "old,new,words",
    [
        ('key = "actual_supervision"', 'key = "how_directed"', "the question “how_directed” is there twice"),
        ('key = "how_directed"', 'key = "How directed"', "cannot be a key"),
        ('some = "In part', 'unknown = "In part', "“unknown” cannot be an option"),
        ('answers = { substitution = ["free"], ', "answers = { ", "exactly two questions"),
        ("context = true", 'context = "yes"', "“context” must be true or false"),
    ],
)
def test_broken_shared_questions_are_refused(shelf: Shelf, old: str, new: str, words: str) -> None:
    library, root = shelf("us-flsa")
    replace(root / "questions.toml", old, new)
    with pytest.raises(RuleSetError, match=r"questions\.toml, line \d+, .*" + words):
        library.find("us-flsa", at=ON)


def test_the_digest_follows_whatever_can_change_a_finding(shelf: Shelf) -> None:
    def digest(file: str, old: str, new: str) -> str:
        library, root = shelf("us-flsa")
        replace(root / file, old, new)
        found = library.find("us-flsa", at=ON)
        assert isinstance(found, LegalTest)
        return found.digest

    same = digest("us-flsa/2026.1/factors.toml", "# Weights", "# The weights")
    assert digest("questions.toml", "# ---- Control", "# ---- Of control") == same
    assert digest("questions.toml", 'short = "supervision during the work"', 'short = "supervision"') != same
    assert digest("us-flsa/2026.1/factors.toml", "weight = 1", "weight = 2") != same
    assert digest("us-flsa/2026.1/rule_set.toml", "0.125", "0.13") != same
