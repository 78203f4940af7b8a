"""A proposal as a text: every shipped rule set comes through it as it was, and nothing else comes in."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from flask import Flask

from compliance.rules import decided, proposal, store
from compliance.rules.errors import RuleSetError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import AnySet
from compliance.rules.proposal import Proposal
from compliance.rules.told import book

DAY = dt.date(2026, 4, 1)


def files(rules: AnySet) -> dict[str, str]:
    found: dict[str, str] = json.loads(store.content_of(rules))
    return found


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_shipped_rule_set_is_the_same_after_it_was_a_text(app: Flask, line_end: str) -> None:
    del app  # Asked for so that the library is there.
    for rules in store.library().everything():
        text = proposal.as_text(proposal.own_files(files(rules), rules)).replace("\n", line_end)
        made = proposal.checked(Proposal(rules.key, "2099.1", DAY, text), rules, files(rules))
        assert (made.rules.version, made.rules.about.effective_from) == ("2099.1", DAY), rules.key
        changed = {one.field.rpartition(": ")[2] for one in book.differences(rules, made.rules)}
        assert len(changed) <= 2, (rules.key, changed)
        assert store.read(rules.key, "2099.1", made.content).digest == made.rules.digest


def test_a_first_day_is_added_where_none_was_said(app: Flask) -> None:
    del app  # As above.
    rules = store.shipped("uk-cest-2.4")
    own = proposal.own_files(files(rules), rules)
    own["rule_set.toml"] = own["rule_set.toml"].replace("effective_from = 2019-10-24\n", "")
    made = proposal.checked(Proposal(rules.key, "2.5", DAY, proposal.as_text(own)), rules, files(rules))
    assert made.rules.about.effective_from == DAY


def test_the_kind_of_a_rule_set_never_changes(app: Flask) -> None:
    del app  # As above.
    check = store.library().exactly("nyc-fifa", "2026.2")
    test = store.library().exactly("us-nj-abc", "2026.1")
    text = proposal.as_text(proposal.own_files(files(check), check)).replace('"nyc-fifa"', '"us-nj-abc"')
    with pytest.raises(RuleSetError, match="the kind of a rule set never changes"):
        proposal.checked(Proposal("us-nj-abc", "2026.2", DAY, text), test, files(test))


def test_a_variant_becomes_law_by_what_made_it_law(app: Flask) -> None:
    del app  # As above.
    rules = store.library().exactly("us-flsa", "2026.1")
    text = proposal.as_text(proposal.own_files(files(rules), rules))
    text = text.replace('status = "proposed"', 'status = "in_use"\neffective_from = 2026-04-01')
    text = text.replace('basis = "91 Fed. Reg.', 'basis = "29 CFR part 795 as enacted; 91 Fed. Reg.')
    made = proposal.checked(Proposal("us-flsa", "2026.2", DAY, text), rules, files(rules))
    assert isinstance(made.rules, LegalTest)
    assert all(one.in_use for one in made.rules.variants)


def test_a_fact_that_a_test_takes_no_more_leaves_its_case_to_a_person(app: Flask) -> None:
    del app  # As above.
    test = store.library().exactly("us-nj-abc", "2026.1")
    assert isinstance(test, LegalTest)
    case = decided.DecidedCase("x", "X v. Y", "us-nj-abc", "employee", {"how_directed": "never heard of"})
    assert decided.outcome(test, case) == "needs_review"


def test_the_decided_cases_are_those_that_were_not_sent_back() -> None:
    assert len(decided.cases()) == 101
    assert decided.verdict("needs_review", "employee") == decided.REVIEW
    assert decided.verdict("employee", "employee") == decided.AGREE
    assert decided.verdict("employee", "independent_contractor") == decided.OPPOSITE
