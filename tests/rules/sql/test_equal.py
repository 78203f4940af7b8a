"""The query finds what the rule set finds, for every shipped set, over answers drawn at random."""

from __future__ import annotations

import datetime as dt
import json
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from compliance.rules import interview
from compliance.rules.finding import to_line
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.library import Library
from compliance.rules.model import Answer
from compliance.rules.rule_set import RuleSet
from compliance.rules.sql.compiled import NOT_ACCEPTED, Compilable, columns, decided, query
from compliance.rules.sql.writing import name

SHELF = Library(("workflows",))
ON = dt.date(2026, 12, 31)
DRAWN = 600
Given = dict[str, Answer]


def shipped() -> Iterator[Any]:
    for key in SHELF.known():
        for version in SHELF.versions(key):
            found = SHELF.find(key, at=ON, version=version)
            if isinstance(found, RuleSet):
                yield pytest.param(found, id=f"{key} {version}")
            elif isinstance(found, LegalTest):
                yield pytest.param(found, id=f"{key} {version}")
                for variant in found.variants:
                    weighed = found.with_variant(variant.key, switched_on=True)
                    yield pytest.param(weighed, id=f"{key} {version} {variant.key}")


def drawn(rules: Compilable, dice: random.Random) -> Iterator[Given]:
    """Draw interviews: from the empty one to the full one, led to the end, and with answers that nobody offers."""
    asked = {question.key: [option.value for option in question.options] for question in rules.questions}
    for _ in range(DRAWN):
        answered = dice.choice((0.1, 0.5, 0.9, 1.0))
        yield {key: dice.choice(values) for key, values in asked.items() if dice.random() < answered}
    for _ in range(DRAWN):
        side = {key: dice.choice(values) for key, values in asked.items()}
        yield {key: side[key] if dice.random() < 0.8 else dice.choice(values) for key, values in asked.items()}
    for _ in range(DRAWN // 10):
        strange: tuple[Answer, ...] = (UNKNOWN, "no such option", "", "'", True, False, "true")
        yield {key: dice.choice((*values, *strange)) for key, values in asked.items() if dice.random() < 0.3}
    if isinstance(rules, RuleSet):
        yield from (walked(rules, dice) for _ in range(DRAWN))


def walked(rules: RuleSet, dice: random.Random) -> Given:
    """Answer what is asked until nothing is, or until patience ends."""
    answers: Given = {}
    while dice.random() < 0.98 and (asked := interview.next_question(rules, answers)) is not None:
        answers[asked.key] = dice.choice(asked.options).value
    return answers


def found_by_query(rules: Compilable, interviews: list[Given]) -> list[str]:
    keys = columns(rules)
    with duckdb.connect() as database:
        named = ", ".join(f"{name(f'answer {key}')} VARCHAR" for key in keys)
        database.execute(f"CREATE TABLE given (number INTEGER, {named})")
        lines = [
            {"number": number} | {f"answer {key}": to_line(value) for key, value in answers.items()}
            for number, answers in enumerate(interviews)
        ]
        database.execute(
            "INSERT INTO given BY NAME SELECT unnest(from_json(?, ?), recursive := true)",
            [json.dumps(lines), json.dumps([{"number": "INTEGER"} | {f"answer {key}": "VARCHAR" for key in keys}])],
        )
        asked = query(rules, "given", ("number",), "answer {}".format)
        return [row[1] for row in database.execute(f"{asked} ORDER BY number").fetchall()]


@pytest.mark.parametrize("rules", list(shipped()))
def test_the_query_finds_what_the_rule_set_finds(rules: Compilable) -> None:
    interviews = list(drawn(rules, random.Random(rules.digest)))  # noqa: S311 - interviews, not secrets
    one_by_one = [decided(rules, answers) for answers in interviews]
    assert len(set(one_by_one)) > 1
    differing = [
        (answers, alone, together)
        for answers, alone, together in zip(interviews, one_by_one, found_by_query(rules, interviews), strict=True)
        if alone != together
    ]
    assert differing == [], f"{len(differing)} of {len(interviews)}, of {Counter(one_by_one)}"


def test_an_answer_that_a_test_does_not_know_is_told_from_an_open_one() -> None:
    test = SHELF.find("us-ca-abc", at=ON)
    assert isinstance(test, LegalTest)
    key = test.questions[0].key
    assert found_by_query(test, [{key: "no such option"}, {key: UNKNOWN}, {}])[0] == NOT_ACCEPTED
    assert NOT_ACCEPTED not in found_by_query(test, [{key: UNKNOWN}, {}])
