"""Reading a rule set's folder as a whole: what one file says is held to what the others say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from compliance.rules.errors import Place, RuleSetError, show
from compliance.rules.fields import Fields, read_text, read_toml
from compliance.rules.model import Outcome, Result, Section, Without
from compliance.rules.questions import Questionnaire, name, read_questionnaire
from compliance.rules.rule_set import About, Parts, RuleSet
from compliance.rules.steps import read_steps
from compliance.rules.table import parse_table, read_cells

FILE: Final = "rule_set.toml"
QUESTIONS: Final = "questions.toml"
TABLES: Final = "tables"


def load(folder: Path) -> RuleSet:
    """Read and check the rule set in *folder*.

    Raises :class:`RuleSetError` with file, line and column (or entry) for anything broken: nothing is left to be found
    at a decision.
    """
    head, asked, tables = read_toml(folder, FILE), read_toml(folder, QUESTIONS), _Tables(folder)
    about = _about(head)
    outlines = head.tables("section")
    questionnaire = read_questionnaire(asked, [name(Fields(one.entries, one.place), "key") for one in outlines])
    sections = _sections(outlines, questionnaire, tables)
    results = _results(head)
    steps = read_steps(head.tables("step"), sections, results, tables.text, head.place)
    without = _without(head, sections)
    wording_by = head.optional("wording_by")
    head.finish()
    tables.refuse_unused()
    _check_wording(head.place, wording_by, results, questionnaire)
    return RuleSet(
        Parts(
            about=about,
            digest=_digest(head, asked, tables),
            sections=tuple(sections.values()),
            questions=questionnaire.questions,
            derived=questionnaire.derived,
            endings=questionnaire.endings,
            steps=steps,
            results=results,
            without=without,
            wording_by=wording_by,
        )
    )


class _Tables:
    """The text files of the tables, each to be used once."""

    def __init__(self, folder: Path) -> None:
        self.texts = {
            path.stem: read_text(folder / TABLES, path.name) for path in sorted((folder / TABLES).glob("*.txt"))
        }
        self._unused = set(self.texts)

    def text(self, key: str, place: Place) -> str:
        if key not in self.texts:
            raise RuleSetError(place, f"there is no file {TABLES}/{key}.txt, which should hold its table.")
        self._unused.discard(key)
        return self.texts[key]

    def refuse_unused(self) -> None:
        for key in sorted(self._unused):
            raise RuleSetError(Place(f"{key}.txt"), f"no section and no step of {FILE} uses this table.")


def _digest(head: Fields, asked: Fields, tables: _Tables) -> str:
    cells = {key: [row for _, row in read_cells(text, key)] for key, text in tables.texts.items()}
    content = {"rule_set": head.entries, "questions": asked.entries, "tables": cells}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _about(head: Fields) -> About:
    return About(
        key=head.text("key"),
        version=head.text("version"),
        title=head.text("title"),
        jurisdiction=head.text("jurisdiction"),
        effective_from=head.day("effective_from"),
        effective_to=head.day("effective_to"),
        source=head.text("source"),
        source_url=head.text("source_url", ""),
        licence=head.text("licence", ""),
        citation=head.text("citation", ""),
        note=head.text("note", ""),
    )


def _sections(entries: Sequence[Fields], questionnaire: Questionnaire, tables: _Tables) -> dict[str, Section]:
    found: dict[str, Section] = {}
    for entry in entries:
        section = _section(entry, questionnaire, tables)
        if section.key in found:
            raise RuleSetError(entry.place, f"the section {show(section.key)} is there twice.")
        found[section.key] = section
    if not found:
        raise RuleSetError(Place(FILE), "there is no section; write at least one [[section]].")
    return found


def _section(entry: Fields, questionnaire: Questionnaire, tables: _Tables) -> Section:
    key, title, about = name(entry, "key"), entry.text("title"), entry.text("about", "")
    columns = questionnaire.columns(key)
    if "scores" not in entry.entries:
        entry.finish()
        return Section(key, title, about, columns)
    scores = entry.table("scores").all_texts()
    empty, no_row = entry.optional("empty"), entry.text("no_row")
    entry.finish()
    if empty is not None and empty not in scores:
        raise RuleSetError(entry.place, f"the score {show(empty)} of an empty section is none of its scores.")
    if no_row in scores:
        raise RuleSetError(entry.place, f"{show(no_row)} must not be a score: it says that no row fits.")
    file = f"{key}.txt"
    table = parse_table(tables.text(key, entry.place), file, {one.key: one for one in columns}, tuple(scores))
    for score in scores:
        if score != empty and all(row.outcome != score for row in table.rows):
            raise RuleSetError(Place(file), f"the score {show(score)} is declared, but no row gives it.")
    return Section(key, title, about, columns, table, scores, empty, no_row)


def _results(head: Fields) -> dict[str, Result]:
    found: dict[str, Result] = {}
    for entry in head.tables("result"):
        word, outcome = entry.text("word"), entry.text("outcome")
        if outcome not in list(Outcome):
            raise RuleSetError(entry.place, f"the outcome {show(outcome)} is unknown; it is {', '.join(Outcome)}.")
        if word in found:
            raise RuleSetError(entry.place, f"the result {show(word)} is there twice.")
        found[word] = Result(word, Outcome(outcome), entry.text("text"), entry.table("wording").all_texts())
        entry.finish()
    return found


def _without(head: Fields, sections: Mapping[str, Section]) -> Without | None:
    if "without" not in head.entries:
        return None
    entry = head.table("without")
    without = Without(name(entry, "name"), entry.text("section"), entry.text("score"))
    entry.finish()
    if without.section not in sections or without.score not in sections[without.section].scores:
        raise RuleSetError(entry.place, f"the section {show(without.section)} cannot score {show(without.score)}.")
    return without


def _check_wording(
    place: Place, wording_by: str | None, results: Mapping[str, Result], questionnaire: Questionnaire
) -> None:
    if wording_by is None:
        return
    question = next((one for one in questionnaire.questions if one.key == wording_by), None)
    if question is None:
        raise RuleSetError(place, f"wording_by names {show(wording_by)}, which is no question.")
    for result in results.values():
        if set(result.wording) != {option.word for option in question.options}:
            raise RuleSetError(place, f"the result {show(result.word)} must be worded for each of {question.words}.")
