"""Agreement of the shipped legal tests with decided cases, by test, and whether it comes from fitting.

Usage: ``python bench/concordance.py [CASES]``, where CASES is a file with one decided case a line.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from compliance.rules.decided import AGREE, OPPOSITE, REVIEW, verdict
from compliance.rules.legal.finding import confidence_word
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import THOUSAND, Method
from compliance.rules.library import Library
from compliance.rules.model import Outcome

CASES = Path(__file__).parent.parent / "compliance" / "demo" / "data" / "caselaw.jsonl"
ON = dt.date(2026, 12, 31)

LEAST_AGREE, MOST_REVIEW, MOST_OPPOSITE = 0.85, 0.12, 3
"""The targets: a share of the cases, a share of the cases, and a number of cases."""

THRESHOLDS = (50, 75, 100, 125, 150, 175, 200)
TIES = (0, 150, 200, 250, 300, 350)
"""Between these, in thousandths, the two numbers that were chosen are chosen anew, each time without some cases."""

FACTS = (150, 150)
"""Threshold and tie-breaker's band as first proposed, before any of them was changed."""


class Case(NamedTuple):
    """A decided case and what its test makes of it."""

    id: str
    test: LegalTest
    decided: str
    finding: dict[str, Any]
    tie: str | None

    @property
    def by_weighing(self) -> bool:
        """Whether the outcome hangs on the two numbers: no gate decides, and enough is answered."""
        method = self.test.parts.combining.method
        enough = self.finding["answered"] * THOUSAND >= self.test.parts.combining.least_answered
        return method is Method.WEIGHING and self.finding["gate"] is None and enough


def cases(library: Library, lines: Iterable[str]) -> list[Case]:
    """Decide every case that was not remanded."""
    found: list[Case] = []
    for line in lines:
        case = json.loads(line)
        if case["outcome"] == "remanded":
            continue
        test = library.find(case["test"].replace("_", "-"), at=ON)
        if not isinstance(test, LegalTest):
            raise TypeError(case["test"])
        breaker = test.parts.combining.tie_breaker
        tie = breaker.results.get(case["facts"].get(breaker.question)) if breaker else None
        found.append(Case(case["id"], test, case["outcome"], test.decide(case["facts"]).as_json(), tie))
    return found


def outcome_with(case: Case, threshold: int, band: int) -> str:
    """Decide a case anew with other numbers."""
    if not case.by_weighing or case.test.about.always_review:
        return str(case.finding["outcome"])
    balance = round(case.finding["balance"] * THOUSAND)
    if case.tie is not None and abs(balance) < max(band, threshold):
        return case.tie
    if balance >= threshold:
        return Outcome.INDEPENDENT_CONTRACTOR
    return Outcome.EMPLOYEE if balance <= -threshold else Outcome.NEEDS_REVIEW


def counted(chosen: Sequence[Case], numbers: tuple[int, int]) -> Counter[str]:
    """Count verdicts with other numbers."""
    return Counter(verdict(outcome_with(case, *numbers), case.decided) for case in chosen)


def best(chosen: Sequence[Case]) -> tuple[int, int]:
    """Choose the numbers as a careful person would: a wrong result costs five reviews, and of equals the widest."""

    def cost(numbers: tuple[int, int]) -> tuple[int, int, int]:
        found = counted(chosen, numbers)
        return found[REVIEW] + 5 * found[OPPOSITE], -numbers[0], numbers[1]

    return min(product(THRESHOLDS, TIES), key=cost)


def left_out(found: Sequence[Case], groups: Callable[[int, Case], object]) -> Counter[str]:
    """Choose the numbers without a group of cases, decide that group with them, and count over all groups."""
    keys = [groups(place, case) for place, case in enumerate(found)]
    total: Counter[str] = Counter()
    for key in dict.fromkeys(keys):
        rest = [case for case, own in zip(found, keys, strict=True) if own != key]
        total += counted([case for case, own in zip(found, keys, strict=True) if own == key], best(rest))
    return total


def table(found: Sequence[Case]) -> Counter[str]:
    """Print the table by test and return its total."""
    by_test: dict[str, Counter[str]] = {}
    for case in found:
        by_test.setdefault(case.test.key, Counter())[verdict(case.finding["outcome"], case.decided)] += 1
    print(f"{'test':22}{'cases':>6}{AGREE:>8}{REVIEW:>8}{OPPOSITE:>10}")
    for key, counts in sorted(by_test.items()):
        print(f"{key:22}{counts.total():>6}{counts[AGREE]:>8}{counts[REVIEW]:>8}{counts[OPPOSITE]:>10}")
    total: Counter[str] = sum(by_test.values(), Counter())
    print(f"{'all':22}{total.total():>6}{total[AGREE]:>8}{total[REVIEW]:>8}{total[OPPOSITE]:>10}")
    return total


def said(counts: Counter[str]) -> str:
    """Say counts in a line."""
    return f"{counts[AGREE] / counts.total():6.1%} agree, {counts[REVIEW]:2} review, {counts[OPPOSITE]:2} opposite"


def strict_failures(found: Sequence[Case]) -> list[str]:
    """Cases decided the other way by an ABC test or a gate: there must be none."""
    return [
        case.id
        for case in found
        if (case.test.parts.combining.method is Method.ALL_PRONGS or case.finding["gate"])
        and verdict(case.finding["outcome"], case.decided) == OPPOSITE
    ]


def main(path: Path) -> int:
    """Print everything; return 1 if a target is missed."""
    found = cases(Library(("workflows",)), path.read_text(encoding="utf-8").splitlines())
    total = table(found)
    for case in found:
        if verdict(case.finding["outcome"], case.decided) == OPPOSITE:
            balance = case.finding["balance"]
            print(f"opposite: {case.id} ({case.test.key}), decided {case.decided}, balance {balance}")
    print()
    print(f"as shipped                               {said(total)}")
    print(f"with the numbers first proposed          {said(counted(found, FACTS))}")
    print(f"chosen anew without each case            {said(left_out(found, lambda place, _: place))}")
    print(f"chosen anew without each tenth           {said(left_out(found, lambda place, _: place % 10))}")
    print(f"chosen anew without each test            {said(left_out(found, lambda _, case: case.test.key))}")
    print(f"the cheapest numbers for all cases       {best(found)}")
    print()
    for word in ("high", "medium", "low"):
        sure = [
            case
            for case in found
            if case.finding["outcome"] != Outcome.NEEDS_REVIEW
            and confidence_word(round(case.finding["confidence"]["value"] * THOUSAND)) == word
        ]
        right = sum(case.finding["outcome"] == case.decided for case in sure)
        print(f"confidence {word:7} {right:3} of {len(sure):3} as decided")
    strict = strict_failures(found)
    print(f"opposite in an ABC test or by a gate: {', '.join(strict) or 'none'}")
    count = total.total()
    met = (
        total[AGREE] >= LEAST_AGREE * count
        and total[REVIEW] <= MOST_REVIEW * count
        and total[OPPOSITE] <= MOST_OPPOSITE
        and not strict
    )
    print("targets met" if met else "TARGETS MISSED")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else CASES))
