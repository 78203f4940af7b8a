"""Reading ``questions.toml``: the pages of the questionnaire, the answers derived from them, and where it ends."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from compliance.rules.conditions import Condition, parse_condition
from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields
from compliance.rules.model import Answer, Column, Derived, Ending, Option, Question

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_RESERVED = frozenset({"answered", "no", "not", "result", "unanswered", "yes"})
_YES_NO = "yes_no"
_CHOICE = "choice"


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Everything that ``questions.toml`` says, in its order."""

    questions: tuple[Question, ...]
    derived: tuple[Derived, ...]
    endings: tuple[Ending, ...]

    def columns(self, section: str) -> tuple[Column, ...]:
        """List the answers that an interview carries in this section."""
        asked = tuple(one for one in self.questions if one.section == section and not one.page_only)
        return (*asked, *(one for one in self.derived if one.section == section))


def read_questionnaire(fields: Fields, sections: Collection[str]) -> Questionnaire:
    """Read and check the whole file. Raises ``RuleSetError``."""
    questions: dict[str, Question] = {}
    for entry in fields.tables("question"):
        question = _question(entry, sections, questions)
        questions[question.key] = question
    if not questions:
        raise RuleSetError(fields.place, "there is no question; write at least one [[question]].")
    derived: dict[str, Derived] = {}
    for entry in fields.tables("derived"):
        one = _derived(entry, sections, questions)
        _refuse_twice(one.key, {**questions, **derived}, entry)
        derived[one.key] = one
    endings = tuple(_ending(entry, questions) for entry in fields.tables("ending"))
    fields.finish()
    return Questionnaire(tuple(questions.values()), tuple(derived.values()), endings)


def _question(entry: Fields, sections: Collection[str], before: Mapping[str, Question]) -> Question:
    key = name(entry, "key")
    _refuse_twice(key, before, entry)
    question = Question(
        key=key,
        section=_section(entry, sections),
        short=entry.text("short"),
        options=_options(entry, before),
        text=entry.text("text"),
        help=entry.text("help", ""),
        why=entry.text("why"),
        ask_if=parse_condition(entry.texts("ask_if"), before, entry.place.at("ask_if")),
        page_only=entry.flag("page_only", default=False),
    )
    entry.finish()
    return question


def _derived(entry: Fields, sections: Collection[str], questions: Mapping[str, Question]) -> Derived:
    column = Column(name(entry, "key"), _section(entry, sections), entry.text("short"), _options(entry, {}))
    takes = tuple(_take(take, column, questions) for take in entry.tables("take"))
    if not takes:
        raise RuleSetError(entry.place, "it never gets a value; write at least one take.")
    entry.finish()
    return Derived(column.key, column.section, column.short, column.options, takes)


def _take(entry: Fields, column: Column, questions: Mapping[str, Question]) -> tuple[Answer, Condition]:
    value = entry.value("value")
    if not column.accepts(value):
        raise RuleSetError(entry.place, f"{show(value)} is none of its options {column.words}.")
    when = parse_condition(entry.texts("when"), questions, entry.place.at("when"))
    entry.finish()
    return value, when


def _ending(entry: Fields, questions: Mapping[str, Question]) -> Ending:
    when = entry.texts("when")
    if not when:
        raise RuleSetError(entry.place, "“when” is missing, so the questionnaire would end before it begins.")
    ending = Ending(
        name(entry, "key"),
        parse_condition(when, questions, entry.place.at("when")),
        entry.flag("decides", default=True),
        entry.text("text"),
    )
    entry.finish()
    return ending


def _options(entry: Fields, before: Mapping[str, Question]) -> tuple[Option, ...]:
    kind = entry.text("type")
    listed = entry.tables("options")
    if kind == _YES_NO:
        if listed:
            raise RuleSetError(entry.place, "a yes_no question has no options of its own; use the type choice.")
        return Option(value=True, label=entry.text("yes", "Yes")), Option(value=False, label=entry.text("no", "No"))
    if kind != _CHOICE:
        raise RuleSetError(entry.place, f"the type {show(kind)} is unknown; it is {_YES_NO} or {_CHOICE}.")
    if not listed:
        raise RuleSetError(entry.place, "a choice needs options.")
    options = tuple(_option(one, before) for one in listed)
    values = [option.value for option in options]
    for value in values:
        if values.count(value) > 1:
            raise RuleSetError(entry.place, f"the option {show(value)} is there twice.")
    return options


def _option(entry: Fields, before: Mapping[str, Question]) -> Option:
    option = Option(
        name(entry, "value"),
        entry.text("label"),
        entry.flag("offered", default=True),
        parse_condition(entry.texts("offered_if"), before, entry.place.at("offered_if")),
    )
    entry.finish()
    return option


def name(entry: Fields, field: str) -> str:
    """Take a name: letters, digits and underscores, so that tables and conditions can hold it."""
    value = entry.text(field)
    if not _NAME.fullmatch(value) or value in _RESERVED:
        raise RuleSetError(
            entry.place,
            f"{show(value)} cannot be used as {field}; take letters, digits and underscores, and none of "
            f"{', '.join(sorted(_RESERVED))}.",
        )
    return value


def _section(entry: Fields, sections: Collection[str]) -> str:
    section = entry.text("section")
    if section not in sections:
        raise RuleSetError(entry.place, f"the section {show(section)} is unknown; there are {', '.join(sections)}.")
    return section


def _refuse_twice(key: str, known: Mapping[str, Column], entry: Fields) -> None:
    if key in known:
        raise RuleSetError(entry.place, f"the key {show(key)} is used twice.")
