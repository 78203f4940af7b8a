"""The shipped legal tests and checks, held against the facts that they were written from, and against decided cases."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench import concordance
from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import THOUSAND, Effect, Method
from compliance.rules.library import Library

ON = dt.date(2026, 12, 31)
"""By this day every test and check is in force."""

THRESHOLDS = (
    "Every test that weighs asks for a balance of 0.125, a quarter of a plain leaning, where 0.15 was proposed."
)
TIE_BREAKER = (
    "In Canada the parties' intention is read first and gives way to facts that clearly contradict it, up to 0.3."
)
COUNTED_ONCE = "A question that is listed twice in one prong is counted once."

DEVIATIONS = {
    "thresholds": THRESHOLDS,
    "can-common-law tie_breaker": TIE_BREAKER,
    "can-quebec tie_breaker": TIE_BREAKER,
    "us-il-abc prong_c": COUNTED_ONCE,
}
"""Where we deviate from the facts on purpose, and why."""


class Difference(NamedTuple):
    """What differs, under a name that the deviations know, and how."""

    name: str
    said: str


def library() -> Library:
    """The rule sets that are shipped."""
    return Library(("workflows",))


def differences(folder: Path) -> Iterator[Difference]:
    """Compare every test and check with the facts in *folder*."""
    facts = json.loads((folder / "jurisdictions.json").read_text(encoding="utf-8"))
    shelf = library()
    yield from _questions(facts["questions"], shelf)
    for fact in facts["tests"]:
        key = hyphened(fact["key"])
        test = shelf.find(key, at=ON)
        if not isinstance(test, LegalTest):
            yield Difference(key, "it is no legal test")
            continue
        yield from _test(fact, test)
    for fact in facts["compliance_checks"]:
        check = shelf.find(hyphened(fact["key"]), at=ON)
        if not isinstance(check, ComplianceCheck):
            yield Difference(hyphened(fact["key"]), "it is no compliance check")
            continue
        missing = {one["key"] for one in fact["questions"]} - {*check.questions} - {"sds_response_due"}
        if missing:
            yield Difference(check.key, f"questions are missing: {sorted(missing)}")


def _questions(facts: dict[str, Any], shelf: Library) -> Iterator[Difference]:
    known = shelf.legal_tests(ON)[0].parts.known
    if list(facts) != list(known):
        yield Difference("questions", "other questions, or in another order")
    for key, fact in facts.items():
        if frozenset(option["value"] for option in fact["options"]) != known.get(key):
            yield Difference(f"question {key}", "other options")


def hyphened(key: str) -> str:
    """Write a key as ours are written."""
    return key.replace("_", "-")


def _test(fact: dict[str, Any], test: LegalTest) -> Iterator[Difference]:
    yield from _head(fact, test)
    yield from _combining(fact["combining"], test)
    ours = {factor.key: factor for factor in test.factors}
    if [factor["key"] for factor in fact["factors"]] != list(ours):
        yield Difference(f"{test.key} factors", f"factors are {list(ours)}")
    for factor in fact["factors"]:
        one = ours[factor["key"]]
        name = f"{test.key} {one.key}"
        asked = [question["question"] for question in factor["questions"]]
        if len(asked) != len(set(asked)):
            yield Difference(name, "a question is listed twice")
        if {question["question"]: question["leanings"] for question in factor["questions"]} != {
            key: dict(leanings) for key, leanings in one.leanings.items()
        }:
            yield Difference(name, "other questions or leanings")
        if round(factor["weight"] * THOUSAND) != one.weight:
            yield Difference(name, f"weight {factor['weight']}, ours {one.weight / THOUSAND}")
        if factor["citation"] and factor["citation"] not in one.citation and one.citation not in factor["citation"]:
            yield Difference(name, f"citation {factor['citation']}, ours {one.citation}")
    yield from _gates(fact, test)
    yield from _variants(fact.get("variants", []), test)


def _head(fact: dict[str, Any], test: LegalTest) -> Iterator[Difference]:
    if fact["effective"]["start"] != test.about.effective_from.isoformat():
        yield Difference(f"{test.key} effective", f"from {fact['effective']['start']}")
    if fact["authority"] != list(test.about.authority):
        yield Difference(f"{test.key} authority", "other authorities")
    if fact.get("always_review", False) is not bool(test.about.always_review):
        yield Difference(f"{test.key} always_review", "differs")


def _combining(fact: dict[str, Any], test: LegalTest) -> Iterator[Difference]:
    ours = test.parts.combining
    prongs = fact["method"] == "all_prongs"
    names = ("prong_met_at_or_above", "prong_failed_at_or_below")
    upper, lower = names if prongs else ("ic_at_or_above", "employee_at_or_below")
    if prongs is not (ours.method is Method.ALL_PRONGS):
        yield Difference(f"{test.key} method", fact["method"])
    if (round(fact[upper] * THOUSAND), round(fact[lower] * THOUSAND)) != (ours.upper, ours.lower):
        name = f"{test.key} thresholds" if prongs else "thresholds"
        yield Difference(name, f"{test.key}: {fact[lower]} and {fact[upper]}, ours {ours.lower} and {ours.upper}")
    if round(fact.get("min_weight_answered", 0) * THOUSAND) != ours.least_answered:
        yield Difference(f"{test.key} least_answered", str(fact["min_weight_answered"]))
    breaker = fact.get("tie_breaker")
    if breaker and ours.tie_breaker:
        if (breaker["question"], breaker["results"]) != (ours.tie_breaker.question, dict(ours.tie_breaker.results)):
            yield Difference(f"{test.key} tie-breaker's question", "differs")
        if ours.tie_breaker.within != round(fact[upper] * THOUSAND):
            yield Difference(f"{test.key} tie_breaker", f"inside {fact[upper]}, ours {ours.tie_breaker.within}")
    elif bool(breaker) is not bool(ours.tie_breaker):
        yield Difference(f"{test.key} tie-breaker's question", "differs")
    yield from _prong_modes(fact, test)


def _prong_modes(fact: dict[str, Any], test: LegalTest) -> Iterator[Difference]:
    modes, only_if = fact.get("prong_modes", {}), fact.get("met_only_if_any", {})
    for factor in test.factors:
        if factor.any_of is not (modes.get(factor.key) == "any_of"):
            yield Difference(f"{test.key} {factor.key} any_of", "differs")
        needed = {key: frozenset(values) for one in only_if.get(factor.key, []) for key, values in one.items()}
        if needed != dict(factor.met_only_if):
            yield Difference(f"{test.key} {factor.key} met_only_if", "differs")


def _gates(fact: dict[str, Any], test: LegalTest) -> Iterator[Difference]:
    def flat(conditions: list[dict[str, list[str]]]) -> dict[str, frozenset[str]]:
        return {key: frozenset(values) for one in conditions for key, values in one.items()}

    if [gate["key"] for gate in fact["gates"]] != [gate.key for gate in test.gates]:
        yield Difference(f"{test.key} gates", "other gates, or in another order")
        return
    for gate, ours in zip(fact["gates"], test.gates, strict=True):
        to = hyphened(gate.get("result") or "") if ours.effect is Effect.REDIRECT else gate.get("result")
        conditions = (flat(gate["all_of"]), flat(gate["unless"]))
        if (gate["effect"], to, gate["citation"]) != (ours.effect, ours.redirect or ours.result, ours.citation):
            yield Difference(f"{test.key} {ours.key}", "effect, result or citation differ")
        if conditions != (dict(ours.all_of), dict(ours.unless)):
            yield Difference(f"{test.key} {ours.key}", "conditions differ")


def _variants(facts: list[dict[str, Any]], test: LegalTest) -> Iterator[Difference]:
    if [hyphened(one["key"]) for one in facts] != [variant.key for variant in test.variants]:
        yield Difference(f"{test.key} variants", "other variants")
    for fact, ours in zip(facts, test.variants, strict=False):
        weights = {key: round(weight * THOUSAND) for key, weight in fact["weights"].items()}
        if weights != dict(ours.weights) or fact["combining"].get("core", []) != list(ours.core):
            yield Difference(f"{test.key} {ours.key}", "weights or core factors differ")
        if ours.in_use is fact["status"].startswith("proposed"):
            yield Difference(f"{test.key} {ours.key}", "its status differs")


def held_to_facts(folder: Path) -> list[str]:
    """Print the deviations on purpose, and return every other difference."""
    found = list(differences(folder))
    on_purpose = Counter(DEVIATIONS[one.name] for one in found if one.name in DEVIATIONS)
    for reason, count in on_purpose.items():
        print(f"deviates on purpose {count} times: {reason}")
    return [f"{one.name}: {one.said}" for one in found if one.name not in DEVIATIONS]


def held_to_cases(folder: Path) -> list[str]:
    """Print agreement with the decided cases, and return what misses the targets."""
    return [] if concordance.main(folder / "caselaw" / "cases_public.jsonl") == 0 else ["the decided cases"]
