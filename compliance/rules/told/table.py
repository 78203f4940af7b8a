"""An authority's decision tables in plain words; their rows are many and come by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from compliance.rules.conditions import Clause, Condition
from compliance.rules.model import AnySectionScores, Column, Matrix, Question, Section, Step
from compliance.rules.rule_set import RuleSet
from compliance.rules.table import DecisionTable, Row
from compliance.rules.told.parts import OUTCOMES, Chapter, Line, Part, lines, span


def chapters(rules: RuleSet) -> tuple[Chapter, ...]:
    """Return everything that decision tables say but their rows, in the order in which people read it."""
    by_key: dict[str, Column] = {one.key: one for one in (*rules.questions, *rules.derived)}
    results = (Part("Result", one.word, one.word, _result(rules, one.word)) for one in rules.results.values())
    endings = (
        Part("Ending", one.key, one.text, lines(("When", _condition(one.when, by_key)))) for one in rules.endings
    )
    return (
        Chapter("About these tables", "", (_about(rules),)),
        Chapter(
            "Sections",
            "Each is scored by a table of its own, if it has one.",
            tuple(_section(o) for o in rules.sections),
        ),
        Chapter(
            "How it is decided",
            "Steps tried from the top; the first that decides gives the result.",
            tuple(_step(rules, number, step) for number, step in enumerate(rules.steps, start=1)),
        ),
        Chapter("Results", "", tuple(results)),
        Chapter("Where the questions end early", "", tuple(endings), folded=True),
        Chapter("Questions", "", tuple(_question(one, by_key) for one in rules.questions), folded=True),
    )


def tables(rules: RuleSet) -> dict[str, tuple[str, DecisionTable]]:
    """Return each table with its title, by the key of its section; that of the result comes last."""
    found = {one.key: (one.title, one.table) for one in rules.sections if one.table is not None}
    matrix = next((step.table for step in rules.steps if isinstance(step, Matrix)), None)
    return found if matrix is None else {**found, "result": ("Result", matrix)}


def row_told(table: DecisionTable, row: Row) -> tuple[str, ...]:
    """Return what a row wants, column by column; what it does not look at is left out."""
    return tuple(
        f"{column.short}: {' or '.join(column.label(value) for value in cell)}"
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell is not None
    )


def rows_told(rules: RuleSet) -> Iterator[Part]:
    """Yield every row of every table, named by what it wants."""
    for key, (title, table) in tables(rules).items():
        for row in table.rows:
            wanted = "; ".join(row_told(table, row)) or "whatever is answered"
            yield Part("Row", f"{key}: {wanted}", f"{title}: {wanted}", lines(("Outcome", row.outcome)))


def _about(rules: RuleSet) -> Part:
    about = rules.about
    told = lines(
        ("Source", about.source),
        ("Address of the source", about.source_url),
        ("Licence", about.licence),
        ("Law", about.citation),
        ("Place", about.jurisdiction),
        ("In force", span(about.effective_from, about.effective_to)),
        ("Note", about.note),
    )
    return Part("About", "about", rules.title, told)


def _section(section: Section) -> Part:
    scores = tuple(f"{score}: {meaning}" for score, meaning in section.scores.items())
    told = lines(
        ("What it asks", section.about),
        ("Scores", scores),
        ("Without any answer", section.empty or ""),
        ("Where no row fits", section.no_row or ""),
    )
    return Part("Section", section.key, section.title, told)


def _step(rules: RuleSet, number: int, step: Step) -> Part:
    titles = {section.key: section.title for section in rules.sections}
    match step:
        case AnySectionScores():
            named = " or ".join(f"“{titles[key]}”" for key in step.sections)
            told = lines(("When", f"{named} scores {step.score}"), ("Result", step.result), ("Meaning", step.text))
        case Matrix():
            results = (f"{score}: {result}. {step.texts[score]}" for score, result in step.results.items())
            told = lines(("When", "a row of the table “Result” holds"), ("Result", tuple(results)))
        case _:
            told = lines(("When", "nothing before decided"), ("Result", step.result), ("Meaning", step.text))
    return Part("Step", str(number), f"Step {number}", told)


def _result(rules: RuleSet, word: str) -> tuple[Line, ...]:
    result = rules.results[word]
    by_text = groupby(sorted(result.wording.items(), key=lambda one: one[1]), key=lambda one: one[1])
    wording = tuple(f"{text} ({', '.join(route for route, _ in routes)})" for text, routes in by_text)
    return lines(("Comes down to", OUTCOMES[result.outcome]), ("Meaning", result.text), ("Wording by route", wording))


def _question(question: Question, columns: Mapping[str, Column]) -> Part:
    answers = tuple(option.label for option in question.options if option.offered)
    told = lines(
        ("Help", question.help),
        ("Why it is asked", question.why),
        ("Answers", answers),
        ("Asked when", _condition(question.ask_if, columns)),
    )
    return Part("Question", question.key, question.text, told)


def _condition(condition: Condition, columns: Mapping[str, Column]) -> tuple[str, ...]:
    return tuple(
        " and ".join(_clause(clause, columns[clause.question]) for clause in clauses)
        for clauses in condition.alternatives
    )


def _clause(clause: Clause, column: Column) -> str:
    if clause.unanswered:
        return f"{column.short} is not answered"
    return f"{column.short} is {' or '.join(f'“{column.label(value)}”' for value in clause.values)}"
