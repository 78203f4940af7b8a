"""A legal test as SQL: its gates, its factors in whole numbers, and the tests that it redirects to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from compliance.rules.finding import to_line
from compliance.rules.legal.all_prongs import AllProngs
from compliance.rules.legal.balance import Balance
from compliance.rules.legal.core_factors import CoreFactors
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.methods import Weighing
from compliance.rules.legal.model import EVEN, STRONGEST, THOUSAND, Allowed, Effect, Gate, Standing
from compliance.rules.legal.prongs import Prong
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.legal.scoring import FactorScorer, rounded
from compliance.rules.model import Outcome
from compliance.rules.sql.writing import (
    NOT_ACCEPTED,
    Codes,
    Stages,
    among,
    coded,
    codes,
    every,
    first,
    name,
    some,
    text,
)

_STANDS: Final = {Standing.FAILED: 0, Standing.OPEN: 1, Standing.MET: 2}
_FAILED, _OPEN, _MET = (str(number) for number in _STANDS.values())
_OUTCOMES: Final = {
    _MET: text(Outcome.INDEPENDENT_CONTRACTOR),
    _FAILED: text(Outcome.EMPLOYEE),
    _OPEN: text(Outcome.NEEDS_REVIEW),
}
_REVIEW: Final = text(Outcome.NEEDS_REVIEW)


class LegalWriter:
    """Writes one test, and those that it redirects to. Every number in it is whole, as in the test itself."""

    def __init__(self, test: LegalTest) -> None:
        self._test = test
        self._codes: dict[str, Codes] = {one.key: codes(one) for one in test.questions}
        self._names = {key: f"a{number}" for number, key in enumerate(self._codes)}
        self._prefixes = 0

    def write(self, stages: Stages, answer: Callable[[str], str], not_accepted: str) -> str:
        """Add the stages; return the expression of the outcome, or of *not_accepted* where an answer is no option."""
        stages.add({self._names[key]: _read(name(answer(key)), numbered) for key, numbered in self._codes.items()})
        outcome = self._outcome(stages, self._test)
        refused = some([f"{one} = {NOT_ACCEPTED}" for one in self._names.values()])
        return first([(refused, not_accepted)], outcome)

    def _outcome(self, stages: Stages, test: LegalTest) -> str:
        """Write one test; return the expression of its outcome."""
        self._prefixes += 1
        prefix = f"t{self._prefixes}_"
        gates = [(self._fires(gate), str(place)) for place, gate in enumerate(test.gates)]
        stages.add({f"{prefix}gate": first(gates, "-1")})
        by_gate = []
        for place, gate in enumerate(test.gates):
            led = (
                self._outcome(stages, test.others[gate.redirect])
                if gate.redirect
                else text(gate.result or Outcome.NEEDS_REVIEW)
            )
            by_gate.append((f"{prefix}gate = {place}", led))
        factors = _REVIEW if test.about.always_review else self._factors(stages, test, prefix)
        stages.add({f"{prefix}outcome": first(by_gate, factors)})
        return f"{prefix}outcome"

    def _fires(self, gate: Gate) -> str:
        if gate.effect is Effect.APPLIES_IF:
            return some([f"NOT {self._allowed(key, gate.all_of)}" for key in gate.all_of])
        spared = [f"coalesce({self._allowed(key, gate.unless)}, FALSE)" for key in gate.unless]
        return every([*(self._allowed(key, gate.all_of) for key in gate.all_of), *(f"NOT {one}" for one in spared)])

    def _allowed(self, key: str, allowed: Allowed) -> str:
        return among(self._names[key], [self._codes[key][word] for word in allowed[key]])

    def _factors(self, stages: Stages, test: LegalTest, prefix: str) -> str:
        match method := test.method:
            case Weighing():
                return _outcome_of(self._balance(stages, method.weighed, f"{prefix}all"))
            case CoreFactors():
                return self._core(stages, method, prefix)
            case AllProngs():
                stands = [self._prong(stages, one, f"{prefix}p{place}") for place, one in enumerate(method.prongs)]
                failed = some([f"{one} = {_FAILED}" for one in stands])
                undecided = some([f"{one} = {_OPEN}" for one in stands])
                return first([(failed, _OUTCOMES[_FAILED]), (undecided, _REVIEW)], _OUTCOMES[_MET])
        raise AssertionError(f"{method!r} is no way of weighing that SQL was written for")

    def _core(self, stages: Stages, method: CoreFactors, prefix: str) -> str:
        stands = [self._balance(stages, one, f"{prefix}c{place}") for place, one in enumerate(method.parts)]
        weight = " + ".join(f"{prefix}c{place}_weight" for place in range(len(stands)))
        enough = f"({weight}) * {THOUSAND} >= {method.possible * method.combining.least_answered}"
        *core, rest = stands
        agree = every([f"{core[0]} <> {_OPEN}", *(f"{one} = {core[0]}" for one in core[1:])])
        deciding = first([(agree, core[0])], rest)
        return first([(enough, _outcome_of(f"({deciding})"))], _REVIEW)

    def _balance(self, stages: Stages, balance: Balance, prefix: str) -> str:
        """Weigh factors together; return the name of where their balance stands."""
        parts = [self._pull(one) for one in balance.scorers if one.keys]
        names = [f"{prefix}_f{place}" for place in range(len(parts))]
        stages.add({f"{one}_n": count for one, (_, count, _) in zip(names, parts, strict=True)})
        stages.add(
            {
                f"{prefix}_sum": _total(
                    [_effect(scorer, f"{one}_n", led) for one, (scorer, _, led) in zip(names, parts, strict=True)]
                ),
                f"{prefix}_weight": _total(
                    [
                        f"CASE WHEN {one}_n > 0 THEN {scorer.weight} ELSE 0 END"
                        for one, (scorer, _, _) in zip(names, parts, strict=True)
                    ]
                ),
            }
        )
        stages.add({f"{prefix}_stand": self._standing(balance, prefix)})
        return f"{prefix}_stand"

    def _pull(self, scorer: FactorScorer) -> tuple[FactorScorer, str, str]:
        """How many questions of a factor are answered, and what their leanings add up to."""
        known = [self._names[key] for key in scorer.keys]
        count = " + ".join(f"({one} IS NOT NULL)::INT" for one in known)
        led = [
            self._by_answer(key, {word: str(leaning) for word, leaning in leanings.items() if leaning}, "0")
            for key, leanings in zip(scorer.keys, scorer.leanings, strict=True)
        ]
        return scorer, count, _total(led)

    def _by_answer(self, key: str, values: Mapping[str, str], otherwise: str) -> str:
        by_value: dict[str, list[int]] = {}
        for word, value in values.items():
            by_value.setdefault(value, []).append(self._codes[key][word])
        return first([(among(self._names[key], these), value) for value, these in by_value.items()], otherwise)

    def _standing(self, balance: Balance, prefix: str) -> str:
        """Compare without dividing: the sum in thousandths with the thresholds times the whole weight."""
        combining, total = balance.combining, f"{prefix}_sum * {THOUSAND}"
        whole = f"{STRONGEST * EVEN}::BIGINT * {prefix}_weight"
        met, failed = f"{total} >= {combining.upper} * {whole}", f"{total} <= {combining.lower} * {whole}"
        plain = first([(failed, _FAILED), (met, _MET)], _OPEN)
        cases = [(f"{prefix}_weight = 0 OR {prefix}_weight < {balance.needed}", _OPEN)]
        if (breaker := balance.tie_breaker) is not None:
            towards = {
                Outcome.INDEPENDENT_CONTRACTOR: f"{total} > -{breaker.within} * {whole}",
                Outcome.EMPLOYEE: f"{total} < {breaker.within} * {whole}",
            }
            for outcome, within in towards.items():
                these = [self._codes[breaker.question][word] for word, one in breaker.results.items() if one is outcome]
                stands = _MET if outcome is Outcome.INDEPENDENT_CONTRACTOR else _FAILED
                cases.append((every([among(self._names[breaker.question], these), within]), stands))
        return first(cases, plain)

    def _prong(self, stages: Stages, prong: Prong, prefix: str) -> str:
        """Judge one prong; return the name of where it stands."""
        factor = prong.factor
        if factor.any_of:
            stands = self._best_limb(prong)
        else:
            balance = self._balance(stages, prong.balance, prefix)
            settled = [
                (among(self._names[key], [self._codes[key][word]]), str(_STANDS[standing]))
                for key, standings in factor.settled_by.items()
                for word, standing in standings.items()
            ]
            stands = first(settled, balance)
        stages.add({f"{prefix}_before": stands})
        if not factor.met_only_if:
            return f"{prefix}_before"
        allowed = some([f"coalesce({self._allowed(key, factor.met_only_if)}, FALSE)" for key in factor.met_only_if])
        barred = every([f"{prefix}_before = {_MET}", f"NOT {allowed}"])
        stages.add({f"{prefix}_after": first([(barred, _OPEN)], f"{prefix}_before")})
        return f"{prefix}_after"

    def _best_limb(self, prong: Prong) -> str:
        combining, scorer = prong.combining, prong.scorer
        leads = {
            key: {word: rounded(leaning * THOUSAND, STRONGEST) for word, leaning in leanings.items()}
            for key, leanings in zip(scorer.keys, scorer.leanings, strict=True)
        }
        met = some(
            [self._led(key, [w for w, s in words.items() if s >= combining.upper]) for key, words in leads.items()]
        )
        failed = every(
            [self._led(k, [w for w, s in words.items() if s <= combining.lower]) for k, words in leads.items()]
        )
        return first([(met, _MET), (failed, _FAILED)], _OPEN)

    def _led(self, key: str, words: list[str]) -> str:
        return among(self._names[key], [self._codes[key][word] for word in words])


def _read(column: str, numbered: Codes) -> str:
    """Turn answers into numbers; what is not known is no answer."""
    strange = f"CASE WHEN {column} IS NOT NULL THEN {NOT_ACCEPTED} END"
    return coded(column, numbered, f"WHEN {text(to_line(UNKNOWN))} THEN NULL ELSE {strange}")


def _effect(scorer: FactorScorer, count: str, led: str) -> str:
    """Write weight times score; what is divided by the number of answers is divided here, once and without rest."""
    units = [(f"{count} = {n}", f"{scorer.weight * EVEN // n}") for n in range(1, len(scorer.keys) + 1)]
    return f"({first(units, '0')})::BIGINT * ({led})"


def _total(parts: list[str]) -> str:
    return " + ".join(f"({one})" for one in parts) or "0"


def _outcome_of(standing: str) -> str:
    return first([(f"{standing} = {number}", outcome) for number, outcome in _OUTCOMES.items()], _REVIEW)
