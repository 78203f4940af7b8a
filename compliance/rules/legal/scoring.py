"""Scoring one factor from its answers, and writing it out once for every later decision with the same ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from compliance.rules.finding import to_line
from compliance.rules.legal.model import EVEN, STRONGEST, THOUSAND, Answers, Factor
from compliance.rules.legal.search import Choice, pack
from compliance.rules.model import Outcome, Question

_MAX_KEPT: Final = 20_000
"""How many different sets of answers one factor remembers; what is beyond is worked out each time."""

SIDES: Final = {1: Outcome.INDEPENDENT_CONTRACTOR, 0: "neutral", -1: Outcome.EMPLOYEE}
SPOKEN: Final = {1: "points to an independent contractor", 0: "points to neither side", -1: "points to an employee"}


def decimal(thousandths: int) -> str:
    """Write thousandths as a number of at most three decimals, always the same way."""
    sign, size = ("-", -thousandths) if thousandths < 0 else ("", thousandths)
    whole, rest = divmod(size, THOUSAND)
    return f"{sign}{whole}.{rest:03d}".rstrip("0") if rest else f"{sign}{whole}"


DECIMALS: Final = {number: decimal(number) for number in range(-2 * THOUSAND, 2 * THOUSAND + 1)}
"""Every score, and every distance between two scores, as it is written."""

PULLS: Final = {number: f',"pull":{written}}}' for number, written in DECIMALS.items()}
"""How far a factor pulls the balance, as the end of the factor's line."""

NO_PULL: Final = ',"pull":null}'


def rounded(dividend: int, divisor: int) -> int:
    """Divide to the nearest whole number, halves upwards; the divisor is positive."""
    return (2 * dividend + divisor) // (2 * divisor)


class Unanswered(NamedTuple):
    """Open questions of a factor that could move its effect equally far, down and up, packed for sorting."""

    down: int
    up: int
    packed: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scored:
    """A factor's score. ``effect`` is weight times score in whole numbers, ``weight`` is 0 while nothing is answered.

    ``ups`` and ``downs`` are the strongest change of each answer, packed for the search; ``added`` is the weight that a
    first answer would bring.
    """

    answered: int
    total: int
    effect: int
    weight: int
    score: int | None
    line: str
    text: str
    ups: tuple[int, ...]
    downs: tuple[int, ...]
    unanswered: tuple[Unanswered, ...]
    added: int


class FactorScorer:
    """Scores one factor. Keeps no answers beyond the closed lists of its questions."""

    def __init__(
        self, factor: Factor, weight: int, questions: Mapping[str, Question], order: Mapping[str, int]
    ) -> None:
        self.factor = factor
        self.weight = weight
        self.keys = tuple(factor.leanings)
        self.questions = [questions[key] for key in self.keys]
        self.order = [order[key] for key in self.keys]
        self.leanings = [dict(factor.leanings[key]) for key in self.keys]
        self.most = [max(one.values()) for one in self.leanings]
        self.least = [min(one.values()) for one in self.leanings]
        self._kept: dict[tuple[str | None, ...], Scored] = {}
        self._written = [
            {word: to_line({"question": key, "answer": word, "leaning": leaning}) for word, leaning in one.items()}
            for key, one in zip(self.keys, self.leanings, strict=True)
        ]
        self._said = [{o.word: f"{one.short}: {o.label}" for o in one.options} for one in self.questions]
        self._head = to_line({"key": factor.key, "title": factor.title})[:-1]
        self._tail = to_line(
            {"weight": weight / THOUSAND if weight % THOUSAND else weight // THOUSAND}
            | {"citation": factor.citation, "source": factor.source}
        )[1:-1]

    def score(self, answers: Answers) -> Scored:
        """Score the factor; the answers are known to be options of their questions."""
        values = tuple(map(answers.get, self.keys))
        kept = self._kept.get(values)
        return kept if kept is not None else self._score_afresh(values)

    def pull(self, answers: Answers) -> tuple[int, int]:
        """Return effect and weight as the score has them, and write nothing out: to ask where answers would lead."""
        led = [
            leanings[value]
            for key, leanings in zip(self.keys, self.leanings, strict=True)
            if (value := answers.get(key)) is not None
        ]
        return (self.weight * EVEN // len(led) * sum(led), self.weight) if led else (0, 0)

    def _score_afresh(self, values: tuple[str | None, ...]) -> Scored:
        given = [(place, value, self.leanings[place][value]) for place, value in enumerate(values) if value is not None]
        count, total = len(given), sum(leaning for _, _, leaning in given)
        unit = self.weight * EVEN // count if count else 0
        score = rounded(total * THOUSAND, STRONGEST * count) if count else None
        text = self.spoken(given, score)
        moving = [(place, leaning) for place, _, leaning in given] if unit else []
        scored = Scored(
            answered=count,
            total=total,
            effect=unit * total,
            weight=self.weight if count else 0,
            score=score,
            line=self._line(given, score, text),
            text=text,
            ups=tuple([pack(unit * (self.most[p] - one), self.order[p]) for p, one in moving if one < self.most[p]]),
            downs=tuple(
                [pack(unit * (one - self.least[p]), self.order[p]) for p, one in moving if one > self.least[p]]
            ),
            unanswered=self._unanswered(values, count, total),
            added=0 if count else self.weight,
        )
        if len(self._kept) < _MAX_KEPT:
            self._kept[values] = scored
        return scored

    def _unanswered(self, values: tuple[str | None, ...], count: int, total: int) -> tuple[Unanswered, ...]:
        then, now = self.weight * EVEN // (count + 1), (self.weight * EVEN // count) * total if count else 0
        alike: dict[tuple[int, int], list[int]] = {}
        for place, value in enumerate(values):
            if value is None and self.weight:
                reach = then * (total + self.least[place]) - now, then * (total + self.most[place]) - now
                alike.setdefault(reach, []).append(pack(0, self.order[place]))
        return tuple(Unanswered(down, up, tuple(packed)) for (down, up), packed in alike.items())

    def spoken(self, given: list[tuple[int, str, int]], score: int | None) -> str:
        """Say how the factor leans and what was answered."""
        if score is None:
            return f"{self.factor.title}: {self.factor.not_asked or 'open, because none of its questions is answered'}."
        said = self.said(given)
        return f"{self.factor.title} {SPOKEN[_sign(score)]} ({DECIMALS[score]}). {said[0].upper()}{said[1:]}."

    def said(self, given: list[tuple[int, str, int]]) -> str:
        """Say what was answered."""
        return "; ".join([self._said[place][value] for place, value, _ in given])

    def _line(self, given: list[tuple[int, str, int]], score: int | None, text: str) -> str:
        answers = ",".join([self._written[place][value] for place, value, _ in given])
        leans = to_line("open" if score is None else SIDES[_sign(score)])
        number = "null" if score is None else DECIMALS[score]
        head = f'{self._head},"score":{number},"leans":{leans},"answers":[{answers}]'
        return f'{head},{self._tail},"text":{to_line(text)}'

    def choices(self, answers: Answers, locked: frozenset[str]) -> list[Choice]:
        """Every answered question with what each other answer would move."""
        scored = self.score(answers)
        unit = self.weight * EVEN // scored.answered if scored.answered else 0
        return [
            Choice(
                order,
                given,
                tuple((unit * (one - leanings[given]), value) for value, one in leanings.items() if value != given),
            )
            for key, order, leanings in zip(self.keys, self.order, self.leanings, strict=True)
            if (given := answers.get(key)) is not None and key not in locked
        ]


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
