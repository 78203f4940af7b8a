"""What the law asks the parties of a case to do: found by the compliance checks, from what the case itself says.

A process says where a case is at home and which questions of checks its own facts answer; answers that the parties gave
count too, where they do not contradict each other. Whatever else a check asks stays open and is said.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from compliance.engine.errors import RefusedError
from compliance.engine.questionnaire import Sheet
from compliance.rules import store
from compliance.rules.applicable import Situation
from compliance.rules.checks.following import Covering, Fact, Follows, covering, following
from compliance.rules.legal.questions import UNKNOWN

if TYPE_CHECKING:
    from compliance.engine.move import Move


BY_ANSWER: Final = "as answered"


@dataclass(frozen=True, slots=True)
class Known:
    """What a process can answer from: the case, its determination's outcome, and the sheets that may be read."""

    move: Move
    outcome: str | None
    sheets: tuple[Sheet, ...]

    def answered(self, key: str) -> tuple[str, str] | None:
        """Return what the parties answered to *key*, and who; nothing where they contradict each other."""
        given = {sheet.party: sheet.answers[key] for sheet in self.sheets if sheet.answers.get(key, UNKNOWN) != UNKNOWN}
        if len(set(given.values())) != 1:
            return None
        party, answer = next(iter(given.items()))
        return str(answer), party.value

    def as_answered(self, key: str) -> Fact | None:
        """Return the answer to *key* as a fact."""
        answer = self.answered(key)
        return Fact(answer[0], BY_ANSWER, answer[1]) if answer else None


Answer = Callable[[Known], Fact | None]


@dataclass(frozen=True, slots=True)
class Duties:
    """Where a case is at home and as of when, and the questions of compliance checks that a process can answer."""

    situation: Callable[[Any], Situation]
    facts: Mapping[str, Answer]


def found(move: Move, outcome: str | None, sheets: tuple[Sheet, ...] | None = None) -> tuple[Follows, ...]:
    """Return what follows for the case of *move*, with *outcome* where it is determined.

    Without *sheets* all that was answered counts.
    """
    declared = move.workflow.duties
    if declared is None:
        return ()
    situation = declared.situation(move.case)
    those = covering(store.standing(move.session), tuple(situation.places.values()), situation.on)
    those = tuple(one for one in those if outcome is None or one.check.about.status in {None, outcome})
    if not those:
        return ()
    known = Known(move, outcome, move.assessment.sheets if sheets is None else sheets)
    return following(those, _facts(declared, known, those))


def kept(move: Move, outcome: str) -> list[dict[str, Any]]:
    """Return what follows as it is kept with a determination, and keep the checks for ever.

    Raises ``RefusedError`` where a version was published with another content.
    """
    follows = found(move, outcome)
    try:
        for one in follows:
            store.publish(move.session, one.check, move.actor)
    except store.PublishedOtherwiseError as refused:
        raise RefusedError(str(refused)) from refused
    return [one.as_json() for one in follows]


def for_party(follows: Iterable[Mapping[str, Any]], party: str | None) -> list[dict[str, Any]]:
    """Return what follows without what another party told."""
    return [{**one, "facts": [fact for fact in one["facts"] if fact["told_by"] in {"", party}]} for one in follows]


def _facts(declared: Duties, known: Known, those: Iterable[Covering]) -> dict[str, Fact]:
    """Return what is known of each question of the checks, each looked up once."""
    facts: dict[str, Fact] = {}
    for key in dict.fromkeys(key for one in those for key in one.check.questions):
        fact = declared.facts[key](known) if key in declared.facts else known.as_answered(key)
        if fact is not None:
            facts[key] = fact
    return facts
