"""Reading ``factors.toml``: the factors of a test that weighs, or the prongs of one that needs them all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields
from compliance.rules.legal.model import MOST_QUESTIONS, STRONGEST, THOUSAND, Factor, Method, Source, Standing
from compliance.rules.legal.questions import known_question, options, read_allowed
from compliance.rules.legal.words import word_of
from compliance.rules.model import Question

HEAVIEST: Final = 10 * THOUSAND
"""The largest weight that a factor may have."""


def read_factors(fields: Fields, method: Method, questions: Mapping[str, Question]) -> tuple[Factor, ...]:
    """Read and check every factor or prong. Raises ``RuleSetError``."""
    prongs = method is Method.ALL_PRONGS
    found: dict[str, Factor] = {}
    asked: dict[str, str] = {}
    for entry in fields.tables("prong" if prongs else "factor"):
        factor = _prong(entry, questions) if prongs else _factor(entry, questions)
        entry.finish()
        if factor.key in found:
            raise RuleSetError(entry.place, f"the key {show(factor.key)} is used twice.")
        for key in factor.leanings:
            if key in asked:
                raise RuleSetError(entry.place, f"the question {show(key)} belongs to {show(asked[key])} already.")
            asked[key] = factor.key
        found[factor.key] = factor
    fields.finish()
    if not found:
        raise RuleSetError(fields.place, f"there is nothing to look at; write at least one {_header(method)}.")
    return tuple(found.values())


def _header(method: Method) -> str:
    return "[[prong]]" if method is Method.ALL_PRONGS else "[[factor]]"


def _factor(entry: Fields, questions: Mapping[str, Question]) -> Factor:
    leanings, not_asked = _leanings(entry, questions), entry.text("not_asked", "")
    if bool(leanings) is bool(not_asked):
        raise RuleSetError(entry.place, "it needs leanings of at least one question, or “not_asked” with the reason.")
    return Factor(
        key=entry.text("key"),
        title=entry.text("title"),
        meaning=entry.text("meaning"),
        citation=entry.text("citation"),
        source=word_of(entry, "source", Source),
        weight=entry.thousandths("weight", 1, HEAVIEST),
        leanings=leanings,
        not_asked=not_asked,
    )


def _prong(entry: Fields, questions: Mapping[str, Question]) -> Factor:
    leanings = _leanings(entry, questions)
    if not leanings:
        raise RuleSetError(entry.place, "a prong needs leanings of at least one question.")
    any_of, only_if = entry.flag("any_of", default=False), read_allowed(entry.table("met_only_if"), questions)
    settled = _settled(entry.table("settled_by"), questions)
    for key in (*settled, *only_if):
        if key not in leanings:
            raise RuleSetError(entry.place, f"{show(key)} settles or allows this prong and has no leanings in it.")
    if any_of and (settled or only_if):
        raise RuleSetError(entry.place, "a prong with any_of takes neither settled_by nor met_only_if.")
    return Factor(
        key=entry.text("key"),
        title=entry.text("title"),
        meaning=entry.text("meaning"),
        citation=entry.text("citation"),
        source=word_of(entry, "source", Source),
        weight=THOUSAND,
        leanings=leanings,
        any_of=any_of,
        settled_by=settled,
        met_only_if=only_if,
    )


def _leanings(entry: Fields, questions: Mapping[str, Question]) -> dict[str, dict[str, int]]:
    listed = entry.table("leanings")
    found: dict[str, dict[str, int]] = {}
    for key in listed.names():
        question = known_question(key, questions, listed)
        one = listed.table(key)
        given = {value: one.whole(value, -STRONGEST, STRONGEST) for value in one.names()}
        for value in given:
            if value not in options(question):
                raise RuleSetError(one.place, f"{show(value)} is no answer of {key}; it has {question.words}.")
        for option in question.options:
            if option.word not in given:
                raise RuleSetError(one.place, f"the answer {show(option.word)} has no leaning; write 0 if it has none.")
        found[key] = {option.word: given[option.word] for option in question.options}
    if len(found) > MOST_QUESTIONS:
        raise RuleSetError(listed.place, f"it has more than {MOST_QUESTIONS} questions; divide it.")
    return found


def _settled(entry: Fields, questions: Mapping[str, Question]) -> dict[str, dict[str, Standing]]:
    found: dict[str, dict[str, Standing]] = {}
    for key in entry.names():
        question, one = known_question(key, questions, entry), entry.table(key)
        for value in one.names():
            if value not in options(question):
                raise RuleSetError(one.place, f"{show(value)} is no answer of {key}; it has {question.words}.")
            found.setdefault(key, {})[value] = word_of(one, value, Standing)
    if len(found) > 1:
        raise RuleSetError(entry.place, "only one question can settle a prong.")
    return found
