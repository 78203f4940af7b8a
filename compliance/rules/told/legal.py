"""A legal test in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import THOUSAND, Effect, Factor, Gate, Method, Variant
from compliance.rules.model import Question
from compliance.rules.told.parts import OUTCOMES, Chapter, Line, Part, cited, conditions, lines, questions_told, span

LEANINGS: Final = {
    2: "strongly towards contractor",
    1: "towards contractor",
    0: "neither way",
    -1: "towards employee",
    -2: "strongly towards employee",
}
METHODS: Final = {
    Method.WEIGHING: "All factors are weighed against each other, and their balance decides.",
    Method.CORE_FACTORS: "Where the core factors agree, they decide; else the other factors are weighed.",
    Method.ALL_PRONGS: "Every prong has to be met; otherwise the worker is an employee.",
}
_STANDINGS: Final = {"met": "settles that it is met", "failed": "settles that it has failed", "open": "leaves it open"}


def chapters(test: LegalTest) -> tuple[Chapter, ...]:
    """Return everything that a test says, in the order in which people read it."""
    by_key = {question.key: question for question in test.own_questions}
    prongs = test.parts.combining.method is Method.ALL_PRONGS
    total = sum(factor.weight for factor in test.factors)
    factors = tuple(
        _factor(one, by_key, "Prong" if prongs else "Factor", 0 if prongs else total) for one in test.factors
    )
    return (
        Chapter("About this test", "", (_about(test),)),
        Chapter("Prongs" if prongs else "Factors", test.about.weights_are, factors),
        Chapter(
            "Gates",
            "Read before the factors, in this order; the first that fires is followed.",
            tuple(_gate(one, by_key) for one in test.gates),
        ),
        Chapter("How it is decided", "", (_combining(test, by_key),)),
        Chapter(
            "Variants", "Other ways of weighing the same factors.", tuple(_variant(test, o) for o in test.variants)
        ),
        Chapter("Questions", "", tuple(questions_told(test.own_questions)), folded=True),
    )


def _about(test: LegalTest) -> Part:
    about, scope = test.about, test.parts.scope
    flags = (
        "It shows that a presumption may arise and decides nothing." if scope.only_flags else "",
        "It is used only where another test hands over to it." if scope.only_by_redirect else "",
    )
    until = scope.until
    purposes = (f"{_plain(one)} (until {until[one]})" if one in until else _plain(one) for one in scope.purposes)
    told = lines(
        ("In short", about.in_short),
        ("Applies to", about.applies_to),
        ("Presumption", about.presumption),
        ("Asked for", ", ".join(purposes)),
        ("Places", ", ".join(scope.places)),
        ("Not in", ", ".join(scope.without)),
        ("In force", span(about.effective_from, about.effective_to)),
        ("Limits", tuple(one for one in flags if one)),
        ("Always a reviewer", about.always_review),
        ("Note", about.note),
        ("Authority", about.authority),
        ("Checked against its source", about.verified),
        ("Not checked", about.unverified),
    )
    return Part("About", "about", test.title, told)


def _factor(factor: Factor, questions: Mapping[str, Question], kind: str, total: int) -> Part:
    told = lines(
        ("Meaning", factor.meaning),
        ("Weight", f"{factor.weight / THOUSAND:g} of {total / THOUSAND:g} in all; the number is ours" if total else ""),
        ("Source", cited(factor.citation, factor.source)),
        ("Not asked", factor.not_asked),
        ("How its answers count", "The best of them counts." if factor.any_of else ""),
        ("Settled by", tuple(_settled(factor, questions))),
        ("Met only with one of", conditions(factor.met_only_if, questions)),
    )
    return Part(kind, factor.key, factor.title, told, tuple(_leanings(factor, questions)))


def _settled(factor: Factor, questions: Mapping[str, Question]) -> Iterator[str]:
    for key, standings in factor.settled_by.items():
        for answer, standing in standings.items():
            yield f"{questions[key].text} “{questions[key].label(answer)}” {_STANDINGS[standing]}"


def _leanings(factor: Factor, questions: Mapping[str, Question]) -> Iterator[Line]:
    for key, leanings in factor.leanings.items():
        question = questions[key]
        said = tuple(f"{question.label(answer)}: {LEANINGS[towards]}" for answer, towards in leanings.items())
        yield Line(question.text, said)


def _gate(gate: Gate, questions: Mapping[str, Question]) -> Part:
    wanted = "Applies only where" if gate.effect is Effect.APPLIES_IF else "Fires when all of these are answered"
    told = lines(
        ("Effect", _effect(gate)),
        ("Meaning", gate.note),
        ("Scope", gate.scope),
        (wanted, conditions(gate.all_of, questions)),
        ("Unless", conditions(gate.unless, questions)),
        ("Source", cited(gate.citation, gate.source)),
    )
    return Part("Gate", gate.key, gate.title, told)


def _effect(gate: Gate) -> str:
    result = OUTCOMES[gate.result] if gate.result else "left to a reviewer"
    match gate.effect:
        case Effect.REDIRECT:
            return f"hands over to {gate.redirect}"
        case Effect.APPLIES_IF:
            return f"the test does not apply otherwise: {result}"
        case Effect.RELIEF:
            return f"relief: {result}"
        case Effect.OVERRIDE:
            return f"goes before the factors: {result}"


def _combining(test: LegalTest, questions: Mapping[str, Question]) -> Part:
    combining, titles = test.parts.combining, {factor.key: factor.title for factor in test.factors}
    if combining.method is Method.ALL_PRONGS:
        above, below = "the prong is met", "the prong has failed"
    else:
        above, below = "independent contractor", "employee"
    least = combining.least_answered
    told = lines(
        ("Logic", METHODS[combining.method]),
        ("Core factors", tuple(titles[key] for key in combining.core)),
        (
            "Thresholds",
            (
                f"A balance of {_share(combining.upper)} of the strongest leaning or more: {above}.",
                f"A balance of {_share(combining.lower)} or less: {below}.",
                "Between the two it is left to a reviewer.",
            ),
        ),
        ("Answered at least", f"{_share(least)} of the weight; with less a reviewer decides" if least else ""),
        ("Where the balance is near zero", tuple(_tie_breaker(test, questions))),
        ("Note", combining.note),
    )
    return Part("Deciding", "combining", "How it is decided", told)


def _tie_breaker(test: LegalTest, questions: Mapping[str, Question]) -> Iterator[str]:
    tie = test.parts.combining.tie_breaker
    if tie is None:
        return
    question = questions[tie.question]
    yield f"Nearer to zero than {_share(tie.within)}, one question decides: {question.text}"
    for answer, outcome in tie.results.items():
        yield f"{question.label(answer)}: {OUTCOMES[outcome]}"


def _variant(test: LegalTest, variant: Variant) -> Part:
    titles = {factor.key: factor.title for factor in test.factors}
    told = lines(
        ("Standing", "used by the authority" if variant.in_use else "proposed, not law"),
        ("Used from", str(variant.effective_from or "")),
        ("Meaning", variant.note),
        ("Basis", cited(variant.basis, variant.source)),
        ("Logic", METHODS[variant.method]),
        ("Core factors", tuple(titles[key] for key in variant.core)),
        ("Weights", tuple(f"{titles[key]}: {weight / THOUSAND:g}" for key, weight in variant.weights.items())),
    )
    return Part("Variant", variant.key, variant.title, told, proposed=not variant.in_use)


def _plain(word: str) -> str:
    return word.replace("_", " ")


def _share(thousandths: int) -> str:
    return f"{'minus ' if thousandths < 0 else ''}{abs(thousandths) * 100 / THOUSAND:g}%"
