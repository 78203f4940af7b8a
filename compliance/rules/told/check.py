"""A compliance check in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.checks.model import CheckQuestion, Clause, Due, Duty, Type
from compliance.rules.told.parts import OUTCOMES, Chapter, Part, cited, lines, span

_TYPES: Final = {Type.NUMBER: ("a whole number",), Type.DATE: ("a date",)}


def chapters(check: ComplianceCheck) -> tuple[Chapter, ...]:
    """Return everything that a check says, in the order in which people read it."""
    return (
        Chapter("About this check", "", (_about(check),)),
        Chapter(
            "Duties", "What follows where the law applies.", tuple(_duty(one, check.questions) for one in check.duties)
        ),
        Chapter("Questions", "", tuple(_questions(check.questions)), folded=True),
    )


def due_told(due: Due) -> str:
    """Return by when something is due."""
    return f"{due.days} {due.kind.replace('_', ' ')} after {due.after}"


def _about(check: ComplianceCheck) -> Part:
    about = check.about
    told = lines(
        ("Applies when", about.applies_when),
        ("Only for", OUTCOMES[about.status] if about.status else ""),
        ("Asked by", _clauses(check.parts.applies, check.questions)),
        ("Left out", about.excluded),
        ("Consequences", about.consequences),
        ("Places", ", ".join(about.places)),
        ("In force", span(about.effective_from, about.effective_to)),
        ("Note", about.note),
        ("Authority", about.authority),
        ("Checked against its source", about.verified),
        ("Not checked", about.unverified),
    )
    return Part("About", "about", check.title, told)


def _duty(duty: Duty, questions: Mapping[str, CheckQuestion]) -> Part:
    told = lines(
        ("Who", duty.who),
        ("Only where", _clauses(duty.applies, questions)),
        ("Fulfilled when", _clauses(duty.met, questions)),
        ("Due", due_told(duty.due) if duty.due else ""),
        ("Source", cited(duty.citation, duty.source)),
    )
    return Part("Duty", duty.key, duty.text, told)


def _questions(questions: Mapping[str, CheckQuestion]) -> Iterator[Part]:
    for one in questions.values():
        answers = _TYPES.get(one.type) or tuple(one.options.values())
        yield Part("Question", one.key, one.text, lines(("Answers", answers)))


def _clauses(clauses: tuple[Clause, ...], questions: Mapping[str, CheckQuestion]) -> tuple[str, ...]:
    return tuple(_clause(one, questions[one.question]) for one in clauses)


def _clause(clause: Clause, question: CheckQuestion) -> str:
    if clause.values:
        labels = (f"“{label}”" for word, label in question.options.items() if word in clause.values)
        return f"{question.text} {' or '.join(labels)}"
    bounds = [("at least", clause.at_least), ("at most", clause.at_most)]
    return f"{question.text} {' and '.join(f'{words} {number}' for words, number in bounds if number is not None)}"
