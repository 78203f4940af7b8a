"""What a decision hands back: the result, the scores it came from, and a reason for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from compliance.rules.model import Answer, Outcome

RESULT: Final = "result"
"""The section name under which the reason for the result itself stands."""


@dataclass(frozen=True, slots=True)
class Held:
    """A condition of the deciding row that held: what was asked, the answers it takes, and the answer given."""

    question: str
    short: str
    wanted: tuple[Answer, ...]
    got: Answer
    label: str

    def as_json(self) -> dict[str, Any]:
        return {
            "question": self.question,
            "short": self.short,
            "wanted": list(self.wanted),
            "got": self.got,
            "label": self.label,
        }


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a section has its score, or (section ``result``) why the result is what it is.

    ``row`` counts the rules of the section's table from 1; it is missing where no table decided. ``because`` holds the
    conditions that the deciding row looked at, and ``text`` says the whole in a sentence.
    """

    section: str
    title: str
    score: str
    row: int | None
    because: tuple[Held, ...]
    text: str

    def as_json(self) -> dict[str, Any]:
        return {
            "section": self.section,
            "title": self.title,
            "score": self.score,
            "row": self.row,
            "because": [held.as_json() for held in self.because],
            "text": self.text,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """One decision. The same answers under the same version give the same finding, byte for byte.

    ``scores`` leaves out sections without a score. ``result_without`` is the result as if one section were neutral,
    where the rule set names such a section. ``line`` is the finding as one line of JSON.
    """

    rule_set: str
    version: str
    result: str
    outcome: Outcome
    scores: Mapping[str, str]
    reasons: tuple[Reason, ...]
    result_without: str | None
    line: str = field(repr=False)

    def as_json(self) -> dict[str, Any]:
        """Return the finding as plain data, always in the same order."""
        data: dict[str, Any] = json.loads(self.line)
        return data


def to_line(value: object) -> str:
    """Write plain data as compact JSON in ASCII, so that it can go anywhere."""
    return _ENCODER.encode(value)


# One encoder for all lines: making it takes longer than writing a sentence.
_ENCODER: Final = json.JSONEncoder(separators=(",", ":"), allow_nan=False)
