"""What a legal test hands back, and how it is written: compact JSON in ASCII, always in the same order."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from compliance.rules.finding import to_line
from compliance.rules.legal.methods import DECIDES, Reason
from compliance.rules.legal.model import THOUSAND, Gate
from compliance.rules.legal.routes import Routes
from compliance.rules.legal.scoring import DECIMALS
from compliance.rules.legal.search import SHIFT, Step, order_of
from compliance.rules.model import Outcome

if TYPE_CHECKING:
    from compliance.rules.legal.legal_test import Decided, LegalTest

_MAX_KEPT: Final = 20_000

HIGH: Final = 500
LOW: Final = 200
"""From 0.5 on the confidence is called high, below 0.2 low; in thousandths."""


@dataclass(frozen=True, slots=True)
class LegalFinding:
    """One decision. The same answers under the same version give the same line, byte for byte."""

    rule_set: str
    version: str
    digest: str
    line: str = field(repr=False)

    @property
    def outcome(self) -> Outcome:
        """What the test says."""
        return Outcome(self.as_json()["outcome"])

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain data, always in the same order."""
        data: dict[str, Any] = json.loads(self.line)
        return data


def confidence_word(thousandths: int) -> str:
    """Name a confidence."""
    if thousandths >= HIGH:
        return "high"
    return "low" if thousandths < LOW else "medium"


class Writer:
    """Writes the findings of one test."""

    def __init__(self, test: LegalTest) -> None:
        self._test = test
        self._names = [to_line(key) for key in test.keys]
        variant = test.variant
        head: dict[str, object] = {"rule_set": test.key, "version": test.version, "digest": test.digest}
        if variant is not None:
            head["variant"] = {"key": variant.key, "status": "in_use" if variant.in_use else "proposed"}
        self._head = to_line(head)[:-1]
        self._outcomes = {outcome: to_line(outcome) for outcome in Outcome}
        self._confidences = {
            number: f'{{"value":{DECIMALS[number]},"word":{to_line(confidence_word(number))}}}'
            for number in range(THOUSAND + 1)
        }
        self._gates = {gate.key: self._gate(gate) for gate in test.gates}
        self._steps: dict[Step, str] = {}
        self._reasons: dict[Reason, str] = {}
        self._opened: dict[int, str] = {}

    def write(self, decided: Decided, routes: Routes[Outcome], opened: list[int], contradictions: list[str]) -> str:
        """Write one finding."""
        verdict = decided.verdict
        balance = "null" if verdict.balance is None else DECIMALS[verdict.balance]
        reasons = ",".join([self._reason(one) for one in self._test.reasons(decided)])
        confidence = self._confidences[self._test.confidence(decided)]
        gate = "null" if decided.gate is None else self._gates[decided.gate.key]
        return (
            f'{self._head},"outcome":{self._outcomes[decided.outcome]},"confidence":{confidence},'
            f'"balance":{balance},"answered":{DECIMALS[verdict.answered]},"gate":{gate},"reasons":[{reasons}],'
            f'"factors":[{",".join(verdict.lines())}],"what_if":[{self._what_if(routes)}],'
            f'"open_questions":[{",".join([self._opened.get(one) or self._open(one) for one in opened])}],'
            f'"contradictions":{to_line(contradictions) if contradictions else "[]"}}}'
        )

    def _gate(self, gate: Gate) -> str:
        written: dict[str, object] = {"key": gate.key, "title": gate.title, "effect": gate.effect}
        if gate.redirect is not None:
            other = self._test.others[gate.redirect]
            written["redirected_to"] = {"rule_set": other.key, "version": other.version, "digest": other.digest}
        return to_line(written | {"scope": gate.scope, "citation": gate.citation, "source": gate.source})

    def _what_if(self, routes: Routes[Outcome]) -> str:
        return ",".join(
            [
                f'{{"outcome":{written},"changes":[{",".join([self._step(step) for step in way.steps])}]}}'
                for outcome, written in self._outcomes.items()
                if outcome in routes.ways
                for way in routes.get(outcome)
            ]
        )

    def _step(self, step: Step) -> str:
        kept = self._steps.get(step)
        if kept is None:
            kept = self._steps[step] = (
                f'{{"question":{self._names[step.order]},"from":{to_line(step.given)},"to":{to_line(step.instead)}}}'
            )
        return kept

    def _reason(self, reason: Reason) -> str:
        kept = self._reasons.get(reason)
        if kept is None:
            kept = to_line(reason._asdict())
            if len(self._reasons) < _MAX_KEPT:
                self._reasons[reason] = kept
        return kept

    def _open(self, packed: int) -> str:
        decides, moves = divmod(packed // SHIFT, DECIDES)
        written = (
            f'{{"question":{self._names[order_of(packed)]},"moves":{DECIMALS[moves]},'
            f'"decides":{"true" if decides else "false"}}}'
        )
        if len(self._opened) < _MAX_KEPT:
            self._opened[packed] = written
        return written
