"""What would change the result: the fewest answers, one or two, that would have to be different."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compliance.rules.finding import Finding
from compliance.rules.interview import to_interview, walk
from compliance.rules.model import Answer, Question
from compliance.rules.rule_set import RuleSet
from compliance.rules.walking import Answers, Walk

MAX_TRIED: Final = 4_000
"""How many sets of answers are tried at most; two answers of thirty pages come to about two thousand."""


@dataclass(frozen=True, slots=True)
class Change:
    """One answer that would be different, or (``old`` is ``None``) that would newly be asked for."""

    question: Question
    old: Answer | None
    new: Answer


@dataclass(frozen=True, slots=True)
class Alternative:
    """Changes that together lead to another result, and the finding they lead to."""

    changes: tuple[Change, ...]
    finding: Finding


class _Search:
    """Tries answers until the bound is reached; works the rest of the path out anew each time."""

    def __init__(self, rule_set: RuleSet, answers: Answers) -> None:
        self.rule_set = rule_set
        self.start = walk(rule_set, answers)
        self.context = {section.key for section in rule_set.sections if section.table is None}
        self.result = self._decide(self.start.answers).result if self.start.decides else ""
        self._left = MAX_TRIED

    def _decide(self, answers: Answers) -> Finding:
        return self.rule_set.decide(to_interview(self.rule_set, answers))

    def singles(self) -> Iterator[tuple[tuple[Change, ...], Walk]]:
        """Every change of one answer, wherever it leads."""
        for change in self._changes(self.start, after=-1):
            yield (change,), self._walk(self.start, change)

    def pairs(self) -> Iterator[tuple[tuple[Change, ...], Walk]]:
        """Every change of one answer with the answer it newly asks for, or with the change of a later one."""
        for (first,), led in self.singles():
            if led.next is not None:
                seconds = [Change(led.next, None, option.value) for option in led.next.offered(led.answers)]
            else:
                seconds = list(self._changes(led, after=led.pages.index(first.question)))
            for second in seconds:
                if self._left <= 0:
                    return
                yield (first, second), self._walk(led, second)

    def _changes(self, led: Walk, after: int) -> Iterator[Change]:
        for question in led.pages[after + 1 :]:
            if question.section in self.context:
                continue
            old = led.answers[question.key]
            for option in question.offered(led.answers):
                if option.value != old:
                    yield Change(question, old, option.value)

    def _walk(self, led: Walk, change: Change) -> Walk:
        self._left -= 1
        return walk(self.rule_set, {**self.start.answers, **led.answers, change.question.key: change.new})

    def altered(self, tried: Iterator[tuple[tuple[Change, ...], Walk]]) -> Iterator[Alternative]:
        """Those that end in a decision with another result."""
        for changes, led in tried:
            if led.decides:
                finding = self._decide(led.answers)
                if finding.result != self.result:
                    yield Alternative(changes, finding)


def what_if(rule_set: RuleSet, answers: Answers, at_most: int = 20) -> list[Alternative]:
    """Find the smallest changes of the page answers that would alter the result.

    Single answers first; pairs only if no single one is enough. Questions of context are left as they are. Answers that
    do not lead to a decision yet have no alternatives.
    """
    search = _Search(rule_set, answers)
    if not search.start.decides:
        return []
    found: list[Alternative] = []
    for tried in (search.singles, search.pairs):
        for alternative in search.altered(tried()):
            found.append(alternative)
            if len(found) == at_most:
                return found
        if found:
            break
    return found
