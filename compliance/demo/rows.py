"""The rows of the sample's files as words that terms and forms are made of."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from flask import current_app

from compliance.rules.library import Library
from compliance.rules.model import Question

CLIENT: Final = "endClient"
FREELANCER: Final = "personDoingWork"
# Who answers is known from the account and is not asked.
WHO: Final = "endUserRole"
# The groups of the questions that speak of each factor; all others speak of the relationship.
FACTORS: Final = {
    "behavioural": {"control", "personal_service"},
    "financial": {"financial"},
}
LONGEST: Final = 3_900
NOT_SAID: Final = "The decision does not speak of it."
CURRENCIES: Final = {"US": "USD", "CA": "CAD", "AU": "AUD", "GB": "GBP", "IN": "INR"}


def of(path: Path, series: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Return the words of each row of *path*, with its ``outcome``."""
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return _decided(found, series) if "facts" in found[0] else _interviews(found, series)


def _decided(found: list[dict[str, Any]], series: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    questions = Library(current_app.config["SETTINGS"].workflow_packages).questions.questions
    for row in found:
        place = series["places"][row["test"]]
        country = place.partition("-")[0]
        plain = {key: str(row.get(key) or "") for key in ("name", "court", "year", "citation", "note", "outcome")}
        yield {
            **plain,
            **_factors(row["facts"], questions),
            "answers": json.dumps(row["facts"]),
            "claim": row.get("claim") or "the worker's status",
            "place": place,
            "country": country,
            "currency": CURRENCIES.get(country, "EUR"),
        }


def _factors(facts: Mapping[str, str], questions: Mapping[str, Question]) -> dict[str, str]:
    """Return what was found, factor by factor, in the words of question and answer."""
    told: dict[str, list[str]] = {"behavioural": [], "financial": [], "relationship": []}
    for key, value in facts.items():
        question = questions[key]
        factor = next((name for name, groups in FACTORS.items() if question.section in groups), "relationship")
        told[factor].append(f"{question.text} {question.label(value)}.")
    return {factor: " ".join(lines)[:LONGEST] or NOT_SAID for factor, lines in told.items()}


def _interviews(found: list[dict[str, Any]], series: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Return each client's interview, with a freelancer's on the same route that comes to the same result."""
    works = itertools.cycle(series["works"])
    others: dict[tuple[object, ...], list[dict[str, Any]]] = {}
    for row in found:
        if row["answers"].get(WHO) == FREELANCER:
            others.setdefault(_kind(row), []).append(row)
    for row, work in zip((one for one in found if one["answers"].get(WHO) == CLIENT), works, strict=False):
        own = others[_kind(row)].pop(0)
        yield {
            "id": row["id"],
            "outcome": row["expected"]["result"],
            "work": work,
            "work_lower": work.lower(),
            "answers": _pages(row),
            "own_answers": _pages(own),
        }


def _kind(row: Mapping[str, Any]) -> tuple[object, ...]:
    answers = row["answers"]
    return answers["route"], answers["hasContractStarted"], row["expected"]["result"]


def _pages(row: Mapping[str, Any]) -> str:
    return json.dumps({key: value for key, value in row["answers"].items() if key != WHO})
