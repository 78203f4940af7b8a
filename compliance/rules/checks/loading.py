"""Reading a compliance check's folder; whatever is broken is refused with its place."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from compliance.rules.checks.model import CheckAbout, CheckParts, CheckQuestion, Clause, Due, Duty, Type
from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields, read_toml
from compliance.rules.legal.loading import FILE, check_days, day
from compliance.rules.legal.model import Source
from compliance.rules.legal.questions import Pool
from compliance.rules.legal.words import word_of
from compliance.rules.model import Outcome

KIND: Final = "compliance_check"
DUTIES: Final = "duties.toml"
USUALLY: Final = "The client"
"""Who has to see to a duty of which nothing else is said."""

_LARGEST: Final = 10**9
_LONGEST: Final = 3660
_DAYS: Final = ("calendar_days", "working_days")
_YES_NO: Final = {"yes": "Yes", "no": "No"}


def load(folder: Path, pool: Pool) -> CheckParts:
    """Read and check the compliance check in *folder*. Raises ``RuleSetError``."""
    head, listed = read_toml(folder, FILE), read_toml(folder, DUTIES)
    head.text("kind")
    about = _about(head)
    questions = _questions(head, pool)
    applies = _clauses(head.tables("applies_if"), questions)
    head.finish()
    duties = _duties(listed, questions)
    listed.finish()
    return CheckParts(about, _digest(head, listed), questions, applies, duties, frozenset(pool.questions))


def _about(head: Fields) -> CheckAbout:
    about = CheckAbout(
        key=head.text("key"),
        version=head.text("version"),
        title=head.text("title"),
        jurisdiction=head.text("jurisdiction"),
        effective_from=day(head, "effective_from"),
        effective_to=head.day("effective_to"),
        applies_when=head.text("applies_when"),
        excluded=head.text("excluded", ""),
        consequences=head.text("consequences"),
        note=head.text("note", ""),
        authority=head.texts("authority"),
        verified=head.texts("verified"),
        unverified=head.texts("unverified"),
        places=head.texts("places"),
        status=word_of(head, "status", Outcome) if "status" in head.names() else None,
    )
    check_days(head, about.effective_from, about.effective_to)
    if not about.authority or not about.places:
        raise RuleSetError(head.place, "“authority” and “places” must each name at least one.")
    return about


def _questions(head: Fields, pool: Pool) -> dict[str, CheckQuestion]:
    found: dict[str, CheckQuestion] = {}
    for key in head.texts("shared_questions"):
        if key not in pool.questions:
            raise RuleSetError(head.place, f"{show(key)} is none of the shared questions.")
        one = pool.questions[key]
        options = {option.word: option.label for option in one.options}
        found[key] = CheckQuestion(key, one.short, one.text, Type.CHOICE, options)
    for entry in head.tables("question"):
        question = _question(entry)
        if question.key in found or question.key in pool.questions:
            raise RuleSetError(
                entry.place, f"the question {show(question.key)} is there twice, here or among the shared."
            )
        found[question.key] = question
    return found


def _question(entry: Fields) -> CheckQuestion:
    kind = word_of(entry, "type", Type)
    options = entry.table("options").all_texts()
    if bool(options) is not (kind is Type.CHOICE):
        raise RuleSetError(entry.place, "“options” are for a choice, and a choice needs them.")
    question = CheckQuestion(
        key=entry.text("key"),
        short=entry.text("short"),
        text=entry.text("text"),
        type=kind,
        options=_YES_NO if kind is Type.YES_NO else options,
    )
    entry.finish()
    return question


def _clauses(entries: Sequence[Fields], questions: Mapping[str, CheckQuestion]) -> tuple[Clause, ...]:
    return tuple(_clause(entry, questions) for entry in entries)


def _clause(entry: Fields, questions: Mapping[str, CheckQuestion]) -> Clause:
    key = entry.text("question")
    if key not in questions:
        raise RuleSetError(entry.place, f"{show(key)} is no question of this check; there are {', '.join(questions)}.")
    question = questions[key]
    if question.type is Type.NUMBER:
        bounds = {name: entry.whole(name, 0, _LARGEST) for name in ("at_least", "at_most") if name in entry.names()}
        if not bounds or bounds.get("at_least", 0) > bounds.get("at_most", _LARGEST):
            raise RuleSetError(
                entry.place, "it needs at_least, at_most or both, and the least must not be above the most."
            )
        entry.finish()
        return Clause(key, at_least=bounds.get("at_least"), at_most=bounds.get("at_most"))
    values = entry.texts("is")
    entry.finish()
    for value in values:
        if value not in question.options:
            listed = ", ".join(question.options)
            raise RuleSetError(entry.place, f"{show(value)} is no answer of {key}; it has {listed or 'dates'}.")
    if not values or len(values) == len(question.options):
        raise RuleSetError(entry.place, f"“is” must name some answers of {key}, and not all.")
    return Clause(key, frozenset(values))


def _duties(listed: Fields, questions: Mapping[str, CheckQuestion]) -> tuple[Duty, ...]:
    found: dict[str, Duty] = {}
    for entry in listed.tables("duty"):
        duty = Duty(
            key=entry.text("key"),
            text=entry.text("text"),
            who=entry.text("who", USUALLY),
            citation=entry.text("citation"),
            source=word_of(entry, "source", Source),
            applies=_clauses(entry.tables("applies_if"), questions),
            met=_clauses(entry.tables("met_if"), questions),
            due=_due(entry, questions),
        )
        entry.finish()
        if duty.key in found:
            raise RuleSetError(entry.place, f"the key {show(duty.key)} is used twice.")
        found[duty.key] = duty
    if not found:
        raise RuleSetError(listed.place, "there is no duty; write at least one [[duty]].")
    return tuple(found.values())


def _due(entry: Fields, questions: Mapping[str, CheckQuestion]) -> Due | None:
    if "due" not in entry.names():
        return None
    one = entry.table("due")
    kind, question = one.text("kind", _DAYS[0]), one.optional("question")
    if kind not in _DAYS:
        raise RuleSetError(one.place, f"“kind” is {show(kind)}; it must be {' or '.join(_DAYS)}.")
    if question is not None and (question not in questions or questions[question].type is not Type.DATE):
        raise RuleSetError(one.place, f"{show(question)} is no question of this check that is answered with a date.")
    due = Due(one.whole("days", 0, _LONGEST), kind, one.text("after"), question)
    one.finish()
    return due


def _digest(head: Fields, listed: Fields) -> str:
    text = json.dumps(
        {"rule_set": head.entries, "duties": listed.entries},
        sort_keys=True,
        ensure_ascii=False,
        separators=(",", ":"),
        default=str,
    )
    return hashlib.sha256(text.encode()).hexdigest()
