"""A legal test that was read and checked: it decides answers, explains every factor, and says what would change it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple, NoReturn

from compliance.rules.errors import AnswerError, UnknownVariantError, no_object, show
from compliance.rules.legal.all_prongs import AllProngs
from compliance.rules.legal.balance import NOTHING_LOCKED, Balance
from compliance.rules.legal.core_factors import CoreFactors
from compliance.rules.legal.finding import LegalFinding, Writer
from compliance.rules.legal.gates import FACTORS, Gates, Plan
from compliance.rules.legal.methods import DECIDES, Method, Reason, Verdict, Weighing, pack_open
from compliance.rules.legal.model import THOUSAND, Answers, Combining, Effect, Gate, Parts, Variant
from compliance.rules.legal.model import Method as Kind
from compliance.rules.legal.prongs import Prong
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.scoring import FactorScorer
from compliance.rules.legal.search import MOST_CHANGES, SHIFT, Way, order_of
from compliance.rules.model import Outcome, Question


class Decided(NamedTuple):
    """What was worked out before it is written."""

    outcome: Outcome
    plan: Plan
    gate: Gate | None
    verdict: Verdict
    inner: Decided | None


class Led(NamedTuple):
    """Where answers lead behind a gate, as far as it had to be worked out."""

    outcome: Outcome
    verdict: Verdict | None = None
    inner: Decided | None = None


class LegalTest:
    """A loaded and checked legal test; deciding changes nothing but what it remembers to be quick.

    ``digest`` is the SHA-256 of everything that can change a finding or its wording. ``others`` are the tests that its
    gates redirect to, by key.
    """

    def __init__(
        self, parts: Parts, others: Mapping[str, LegalTest] | None = None, variant: Variant | None = None
    ) -> None:
        self.parts, self.about, self.variant = parts, parts.about, variant
        self.key, self.version, self.title = parts.about.key, parts.about.version, parts.about.title
        self.others = dict(others or {})
        self.digest = _with_others(parts.digest, self.others)
        self.factors, self.gates, self.variants = parts.factors, parts.gates, parts.variants
        self.own_questions = parts.questions
        self._keys = tuple(parts.known)
        self._known = dict(parts.known)
        self._gates = self._read_gates()
        self.method = self._choose_method()
        self._contradictions = self._relevant_contradictions()
        self._writer = Writer(self)

    def __repr__(self) -> str:
        return f"<LegalTest {self.key} {self.version}>"

    @property
    def keys(self) -> tuple[str, ...]:
        """The key of every shared question, in the order in which they are asked."""
        return self._keys

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """The questions that this test, or one that it redirects to, can ask; in their order."""
        found = {question.key: question for test in (self, *self.others.values()) for question in test.own_questions}
        return tuple(found[key] for key in self._keys if key in found)

    @cached_property
    def by_key(self) -> Mapping[str, Question]:
        """The questions by their keys."""
        return {question.key: question for question in self.questions}

    def question(self, key: str) -> Question:
        """Find a question. Raises ``AnswerError`` if the test has none of that key."""
        if key not in self.by_key:
            raise AnswerError(None, key, f"{show(key)} is no question of {self.title}.")
        return self.by_key[key]

    def with_variant(self, key: str, *, at: dt.date | None = None, switched_on: bool = False) -> LegalTest:
        """Weigh as a variant does, if it is used on the day.

        Raises ``UnknownVariantError``, also for a proposal that nobody switched on: it is not law.
        """
        variant = next((one for one in self.variants if one.key == key), None)
        if variant is None:
            listed = ", ".join(one.key for one in self.variants) or "none"
            raise UnknownVariantError(f"{self.key} has no variant {show(key)}. Known variants: {listed}.")
        if not variant.in_use and not switched_on:
            raise UnknownVariantError(
                f"The variant {show(key)} of {self.key} is only proposed and not law ({variant.basis}). "
                "Switch it on if you want to see what it would say."
            )
        first = variant.effective_from
        if at is not None and first is not None and at < first:
            raise UnknownVariantError(f"The variant {show(key)} of {self.key} is not used before {first}.")
        return LegalTest(self.parts, self.others, variant)

    def decide(self, answers: object) -> LegalFinding:
        """Decide answers: an object with an option for each question; anything may be missing or ``unknown``.

        Questions of other tests are left aside. Raises ``AnswerError``, and decides nothing, for a question or an
        option that no test knows.
        """
        line = self.decide_line(answers)
        return LegalFinding(self.key, self.version, self.digest, line)

    def decide_line(self, interview: object) -> str:
        """Decide as ``decide`` does and hand back only the finding's line; a stream needs no more."""
        answers = self.checked(interview)
        decided = self._settle(answers)
        return self._writer.write(
            decided,
            self.routes(answers, decided, MOST_CHANGES),
            self.open(answers, decided),
            [
                text
                for one, first, other, second, text in self._contradictions
                if answers.get(one) in first and answers.get(other) in second
            ],
        )

    def still_to_ask(self, answers: object) -> tuple[Question, ...]:
        """The open questions that can still matter, what could change most first. Raises ``AnswerError``."""
        given = self.checked(answers)
        opened = self.open(given, self._settle(given))
        return tuple(self.question(self._keys[order_of(one)]) for one in opened if one >= SHIFT)

    def outcome(self, answers: object) -> Outcome:
        """Only the outcome: for whoever replays many."""
        return self._settle(self.checked(answers)).outcome

    def checked(self, interview: object) -> dict[str, str]:
        """Keep what is answered. Raises ``AnswerError`` for what no test knows."""
        if type(interview) is not dict and not isinstance(interview, Mapping):
            raise no_object(interview)
        known, answers = self._known, {}
        try:
            for key, value in interview.items():
                if value in known[key]:
                    answers[key] = value
                elif value is not None and value != UNKNOWN:
                    self._refuse(key, value)
        except (KeyError, TypeError):
            self._refuse_first(interview)
        return answers

    def _refuse_first(self, interview: Mapping[object, object]) -> NoReturn:
        for key, value in interview.items():
            if not isinstance(key, str) or key not in self._known:
                raise AnswerError(None, None, f"{show(key)} is no question of any test; is it misspelt?")
            if value is not None and not isinstance(value, str):
                self._refuse(key, value)
        raise AssertionError("an answer was refused, and nothing is wrong with any")

    def _refuse(self, key: str, value: object) -> NoReturn:
        allowed = ", ".join(sorted(self._known[key]))
        raise AnswerError(
            None, key, f"Question {key}: {show(value)} is not an answer of this question; give one of {allowed}."
        )

    def _settle(self, answers: Answers) -> Decided:
        plan = self._gates.plan(answers)
        verdict = self.method.settle(answers)
        if plan.gate == FACTORS:
            review = bool(self.about.always_review)
            return Decided(Outcome.NEEDS_REVIEW if review else verdict.outcome, plan, None, verdict, None)
        gate = self.gates[plan.gate]
        if gate.redirect is not None:
            inner = self.others[gate.redirect]._settle(answers)  # noqa: SLF001 - the same class
            return Decided(inner.outcome, plan, gate, inner.verdict, inner)
        return Decided(gate.result or Outcome.NEEDS_REVIEW, plan, gate, verdict, None)

    def routes(
        self, answers: dict[str, str], decided: Decided, most: int, locked: frozenset[str] = NOTHING_LOCKED
    ) -> Routes[Outcome]:
        """Find the smallest changes of answers that lead to another outcome, through the gates and the factors."""
        routes: Routes[Outcome] = Routes()
        here = Led(decided.outcome, decided.verdict, decided.inner)
        self._onward(routes, answers, (decided.plan.gate, Way(0, ()), here), most, locked)
        for led in decided.plan.ways:
            keys = {self._keys[step.order] for step in led.steps}
            if len(led.steps) <= most and not keys & locked:
                changed = {**answers, **{self._keys[step.order]: step.instead for step in led.steps}}
                way = Way(self._gate_effect(led.gate, decided), led.steps)
                # What no factor looks at does not change what the factors say.
                same = decided.verdict if decided.inner is None and not keys & self._weighed else None
                there = self._behind(led.gate, changed, same)
                routes.add(there.outcome, way)
                self._onward(routes, changed, (led.gate, way, there), most - len(led.steps), locked | keys)
        routes.drop(decided.outcome)
        return routes

    def _gate_effect(self, gate: int, decided: Decided) -> int:
        return 1 << 70 if gate != decided.plan.gate else 0

    def _led_to(self, gate: int, answers: dict[str, str]) -> Outcome:
        return self._behind(gate, answers, None).outcome

    def _behind(self, gate: int, answers: dict[str, str], known: Verdict | None) -> Led:
        """Work out where answers lead behind a gate; what the factors say of them may be *known* already."""
        if gate == FACTORS:
            if self.about.always_review:
                return Led(Outcome.NEEDS_REVIEW)
            verdict = known or self.method.settle(answers)
            return Led(verdict.outcome, verdict)
        redirect = self.gates[gate].redirect
        if redirect is None:
            return Led(self.gates[gate].result or Outcome.NEEDS_REVIEW)
        inner = self.others[redirect]._settle(answers)  # noqa: SLF001 - the same class
        return Led(inner.outcome, inner.verdict, inner)

    def _onward(
        self,
        routes: Routes[Outcome],
        answers: dict[str, str],
        led: tuple[int, Way, Led],
        most: int,
        locked: frozenset[str],
    ) -> None:
        gate, before, here = led
        if most <= 0:
            return
        if gate == FACTORS:
            if self.about.always_review:
                return
            held = locked | self._shared if self._shared else locked
            found = (here.verdict or self.method.settle(answers)).routes(most, held)
        else:
            redirect = self.gates[gate].redirect
            if redirect is None:
                return
            other = self.others[redirect]
            found = other.routes(answers, here.inner or other._settle(answers), most, locked)  # noqa: SLF001 - the same class
        if not before.steps:
            routes.take_over(found)
            return
        for end in found.ends():
            for way in found.get(end):
                routes.add(end, Way(before.effect + way.effect, tuple(sorted((*before.steps, *way.steps)))))

    def open(self, answers: dict[str, str], decided: Decided) -> list[int]:
        """List what is not answered and could still matter, packed; what could change most comes first."""
        opened = [] if decided.gate is not None and decided.inner is None else self._open_factors(answers, decided)
        kept = decided.plan.packed.get(decided.outcome)
        if kept is not None:
            opened += kept
        elif decided.plan.asking:
            opened = self._with_gates(opened, answers, decided)
        opened.sort(reverse=True)
        return opened

    def _with_gates(self, opened: list[int], answers: dict[str, str], decided: Decided) -> list[int]:
        by_gates = [
            pack_open(
                asking.order,
                asking.moves,
                decides=any(self._led_to(gate, answers) is not decided.outcome for gate in asking.leads),
            )
            for asking in decided.plan.asking
        ]
        if self._shared:
            best: dict[int, int] = {}
            for one in (*opened, *by_gates):
                best[order_of(one)] = max(one, best.get(order_of(one), 0))
            return list(best.values())
        if all(self._settled(gate) for asking in decided.plan.asking for gate in asking.leads):
            decided.plan.packed[decided.outcome] = by_gates
        return opened + by_gates

    def _settled(self, gate: int) -> bool:
        """Whether a gate's result is the same whatever else is answered."""
        return gate != FACTORS and self.gates[gate].redirect is None

    def _open_factors(self, answers: dict[str, str], decided: Decided) -> list[int]:
        if decided.inner is not None and decided.gate is not None and decided.gate.redirect is not None:
            return self.others[decided.gate.redirect].open(answers, decided.inner)
        opened = decided.verdict.open()
        if self.about.always_review:
            return [one if one < DECIDES * SHIFT else one - DECIDES * SHIFT for one in opened]
        return opened

    def reasons(self, decided: Decided) -> list[Reason]:
        """Say why the outcome is what it is, the gate first."""
        found: list[Reason] = []
        if self.about.always_review and decided.gate is None:
            found.append(Reason("always_review", self.about.always_review))
        gate = decided.gate
        if gate is not None:
            code = {Effect.REDIRECT: "redirected", Effect.APPLIES_IF: "does_not_apply"}.get(gate.effect, "gate")
            found.append(Reason(code, f"{gate.title}: {gate.note}"))
            if decided.inner is None or gate.redirect is None:
                return found
            return [*found, *self.others[gate.redirect].reasons(decided.inner)]
        if self.variant is not None:
            code = "variant" if self.variant.in_use else "variant_only_proposed"
            found.append(Reason(code, f"{self.variant.title}: {self.variant.note}"))
        return [*found, *decided.verdict.reasons]

    def confidence(self, decided: Decided) -> int:
        """How sure the finding is, in thousandths: see ``docs/rules.md``."""
        if decided.outcome is Outcome.NEEDS_REVIEW:
            return 0
        if decided.gate is not None and decided.inner is None:
            return THOUSAND
        return decided.verdict.confidence

    def _read_gates(self) -> Gates:
        asked = {key for factor in self.factors for key in factor.leanings}
        breaker = self.parts.combining.tie_breaker
        self._weighed = frozenset(asked | ({breaker.question} if breaker else set()))
        self._shared = frozenset(key for gate in self.gates for key in gate.questions if key in asked)
        options = {question.key: [option.word for option in question.options] for question in self.own_questions}
        return Gates(self.gates, self._keys, options, self._shared, self.parts.context)

    def _choose_method(self) -> Method:
        combining, weights = self._combining()
        by_key = {question.key: question for question in self.own_questions}
        order = {key: place for place, key in enumerate(self._keys)}
        scorers = [FactorScorer(factor, weights[factor.key], by_key, order) for factor in self.factors]
        if combining.method is Kind.ALL_PRONGS:
            return AllProngs([Prong(one, combining, self._keys) for one in scorers], combining)
        options = {key: [option.word for option in question.options] for key, question in by_key.items()}
        if combining.method is Kind.CORE_FACTORS:
            alone = dataclasses.replace(combining, least_answered=0, tie_breaker=None)
            core = [Balance([one], alone, self._keys) for one in scorers if one.factor.key in combining.core]
            rest = [one for one in scorers if one.factor.key not in combining.core]
            return CoreFactors(core, Balance(rest, alone, self._keys), combining)
        return Weighing(Balance(scorers, combining, self._keys, options), combining)

    def _combining(self) -> tuple[Combining, Mapping[str, int]]:
        combining, variant = self.parts.combining, self.variant
        if variant is None:
            return combining, {factor.key: factor.weight for factor in self.factors}
        return dataclasses.replace(combining, method=variant.method, core=variant.core), variant.weights

    def _relevant_contradictions(self) -> list[tuple[str, frozenset[str], str, frozenset[str], str]]:
        asked = {question.key for question in self.questions}
        return [
            (*one.first, *one.second, one.text)
            for one in self.parts.contradictions
            if {one.first[0], one.second[0]} <= asked
        ]


def _with_others(digest: str, others: Mapping[str, LegalTest]) -> str:
    """Return the digest of a test together with those that it redirects to."""
    if not others:
        return digest
    listed = "".join(f"{key} {other.digest}\n" for key, other in sorted(others.items()))
    return hashlib.sha256(f"{digest}\n{listed}".encode()).hexdigest()
