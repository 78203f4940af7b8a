"""A finding as people read it, whichever kind of rule set it comes from: a decision table or a legal test."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from compliance.rules import interview, what_if
from compliance.rules.finding import RESULT, Reason
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import Method
from compliance.rules.legal.questions import UNKNOWN
from compliance.rules.model import Answer, Option, Outcome, Question
from compliance.rules.rule_set import RuleSet
from compliance.rules.scoring import spoken
from compliance.rules.told.parts import anchor
from compliance.rules.walking import Answers

OUTCOMES: Final = {
    Outcome.INDEPENDENT_CONTRACTOR: "Independent contractor",
    Outcome.EMPLOYEE: "Employee",
    Outcome.NEEDS_REVIEW: "Left open: a reviewer decides",
}
NOT_KNOWN: Final = Option(UNKNOWN, "I do not know")


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that something came from, as people read it."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Written:
    """A place in one version of a rule set: a part of its text by its anchor, or a row of one of its tables."""

    key: str
    version: str
    part: str
    row: int | None = None


@dataclass(frozen=True, slots=True)
class Aspect:
    """One section of a table, or one factor or prong of a test: what it says, by which answers, under which source.

    ``word`` is the rule set's own name for where it stands; ``source`` tells whether the citation was verified.
    ``written`` says where the law of it stands in the rules.
    """

    key: str
    title: str
    word: str
    meaning: str
    because: tuple[Given, ...]
    citation: str = ""
    source: str = ""
    written: Written | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that would have to be different."""

    question: Question
    new: Answer

    @property
    def short(self) -> str:
        """It in a few words, for a list of several."""
        return f"{self.question.short}: {self.question.label(self.new)}"

    def __str__(self) -> str:
        """It in full."""
        return f"“{self.question.text}” answered “{self.question.label(self.new)}”"


@dataclass(frozen=True, slots=True)
class Way:
    """The fewest answers that would have to be different, and what would then be found."""

    changes: tuple[Change, ...]
    outcome: Outcome
    result: str


@dataclass(frozen=True, slots=True)
class Explained:
    """What one rule set finds. ``result`` is how people read it; ``code`` the rule set's own word for it.

    ``confidence`` and ``open`` (the open questions, what could change most first) are those of a legal test. ``counts``
    is what it adds to the whole where several are asked together: nothing where the answers put a test out of its
    scope. ``data`` is the finding in full, as it is kept.
    """

    key: str
    version: str
    digest: str
    title: str
    source: str
    outcome: Outcome
    code: str
    result: str
    sentence: str
    aspects: tuple[Aspect, ...]
    data: Mapping[str, Any] = field(repr=False)
    confidence: str = ""
    open: tuple[str, ...] = ()
    contradictions: tuple[str, ...] = ()
    counts: Outcome | None = None


def explain_table(rule_set: RuleSet, answers: Answers) -> Explained:
    """Decide complete *answers* by a decision table, and say what came of each section."""
    walked = rule_set.walk(answers)
    finding = rule_set.decide(interview.interview_after(rule_set, walked))
    about = rule_set.about
    return Explained(
        rule_set.key,
        rule_set.version,
        rule_set.digest,
        rule_set.title,
        " ".join(part for part in (f"{about.source}.", about.citation and f"{about.citation}.", about.note) if part),
        finding.outcome,
        finding.result,
        interview.wording(rule_set, finding.result, walked.answers),
        next((_in_short(one) for one in finding.reasons if one.section == RESULT), ""),
        tuple(_section(rule_set, one) for one in finding.reasons if one.section != RESULT),
        finding.as_json(),
    )


def _in_short(reason: Reason) -> str:
    """Return why the result is what it is; which scores it came from is said section by section."""
    return reason.text.removeprefix(f"{reason.score}: ").removesuffix(spoken(reason.because)).strip()


def _section(rule_set: RuleSet, reason: Reason) -> Aspect:
    meaning = rule_set.section(reason.section).scores.get(reason.score)
    because = tuple(Given(held.short, held.label) for held in reason.because)
    part = reason.section if reason.row is not None else anchor("Section", reason.section)
    written = Written(rule_set.key, rule_set.version, part, reason.row)
    said = _sentence(meaning) if meaning else reason.text
    return Aspect(reason.section, reason.title, reason.score, said, because, written=written)


def table_ways(rule_set: RuleSet, answers: Answers, at_most: int) -> tuple[Way, ...]:
    """Return the smallest changes that would lead to another result of a decision table."""
    found = _alternatives(
        rule_set, tuple(sorted((key, value) for key, value in answers.items() if value is not None)), at_most
    )
    return tuple(
        Way(
            tuple(Change(change.question, change.new) for change in one.changes),
            one.finding.outcome,
            interview.wording(rule_set, one.finding.result, answers),
        )
        for one in found
    )


@functools.lru_cache(maxsize=512)
def _alternatives(
    rule_set: RuleSet, answers: tuple[tuple[str, Answer], ...], at_most: int
) -> tuple[what_if.Alternative, ...]:
    return tuple(what_if.what_if(rule_set, dict(answers), at_most=at_most))


def explain_test(test: LegalTest, answers: Answers) -> Explained:
    """Decide *answers* by a legal test, and say what came of each factor."""
    data = test.decide(own(test, answers)).as_json()
    outcome = Outcome(data["outcome"])
    gate, confidence = data["gate"], data["confidence"]
    weighed_by = _weighed_by(test, gate)
    reasons = [one["text"] for one in data["reasons"]]
    return Explained(
        test.key,
        test.version,
        test.digest,
        test.title,
        " ".join([*(f"{one}." for one in test.about.authority), test.about.weights_are]).strip(),
        outcome,
        outcome.value,
        OUTCOMES[outcome],
        " ".join(reasons),
        (*([_gate(test, gate)] if gate else []), *(_factor(test, weighed_by, one) for one in data["factors"])),
        data,
        "" if outcome is Outcome.NEEDS_REVIEW else f"{confidence['word']} confidence ({confidence['value']:.0%})",
        tuple(test.question(one["question"]).text for one in data["open_questions"]),
        tuple(data["contradictions"]),
    )


def own(test: LegalTest, answers: Answers) -> dict[str, Answer]:
    """Return those of *answers* that are given to questions of *test*."""
    return {key: value for key, value in answers.items() if key in test.by_key and value is not None}


def _weighed_by(test: LegalTest, gate: Mapping[str, Any] | None) -> LegalTest:
    """Return the test whose factors were looked at: another one where a gate handed over to it."""
    return test.others[gate["redirected_to"]["rule_set"]] if gate and "redirected_to" in gate else test


def _gate(test: LegalTest, gate: Mapping[str, Any]) -> Aspect:
    written = Written(test.key, test.version, anchor("Gate", gate["key"]))
    return Aspect(
        gate["key"], gate["title"], gate["effect"], gate["scope"], (), gate["citation"], gate["source"], written
    )


def _factor(test: LegalTest, weighed_by: LegalTest, factor: Mapping[str, Any]) -> Aspect:
    kind = "Prong" if weighed_by.parts.combining.method is Method.ALL_PRONGS else "Factor"
    asked = [(test.question(one["question"]), one["answer"]) for one in factor["answers"]]
    return Aspect(
        factor["key"],
        factor["title"],
        factor["leans"],
        factor["text"],
        tuple(Given(question.short, question.label(answer)) for question, answer in asked),
        factor["citation"],
        factor["source"],
        Written(weighed_by.key, weighed_by.version, anchor(kind, factor["key"])),
    )


def test_ways(test: LegalTest, found: Explained, at_most: int) -> tuple[Way, ...]:
    """Return the smallest changes that would lead to another outcome of a legal test than *found*."""
    return tuple(
        Way(
            tuple(Change(test.question(step["question"]), step["to"]) for step in one["changes"]),
            Outcome(one["outcome"]),
            OUTCOMES[Outcome(one["outcome"])],
        )
        for one in found.data["what_if"][:at_most]
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."
