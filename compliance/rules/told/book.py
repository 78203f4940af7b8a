"""Any rule set told: its chapters, its kind, what is checked of it, and how one version differs from another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.model import Source
from compliance.rules.library import AnySet
from compliance.rules.rule_set import RuleSet
from compliance.rules.told import check, legal, table
from compliance.rules.told.parts import SOURCES, Chapter, Line, Part

KINDS: Final = {"table": "Authority's tables", "test": "Legal test", "check": "Compliance check"}


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that two versions say differently; one of them may not say it at all."""

    field: str
    before: str | None
    after: str | None


def chapters(rules: AnySet) -> tuple[Chapter, ...]:
    """Return the chapters of a rule set that have something in them."""
    return tuple(chapter for chapter in _all_chapters(rules) if chapter.parts)


def kind_of(rules: AnySet) -> str:
    """Return which of ``KINDS`` a rule set is."""
    if isinstance(rules, RuleSet):
        return "table"
    return "test" if isinstance(rules, LegalTest) else "check"


def in_short(rules: AnySet) -> str:
    """Return what a rule set is for, in a sentence."""
    match rules:
        case RuleSet():
            return rules.about.citation or rules.about.source
        case LegalTest():
            return rules.about.in_short
        case ComplianceCheck():
            return rules.about.applies_when


def places_of(rules: AnySet) -> tuple[str, ...]:
    """Return the places for which a rule set holds."""
    match rules:
        case RuleSet():
            return (rules.about.jurisdiction,)
        case LegalTest():
            return rules.parts.scope.places
        case ComplianceCheck():
            return rules.about.places


def proposals(rules: AnySet) -> list[str]:
    """Return the titles of variants that are only proposed."""
    return [one.title for one in rules.variants if not one.in_use] if isinstance(rules, LegalTest) else []


def checked(rules: AnySet) -> str:
    """Say how much of a rule set somebody held against its sources; tables come from the authority itself."""
    found = _sources(rules)
    if not found:
        return "taken over from the authority"
    return SOURCES[found.pop()] if len(found) == 1 else SOURCES[Source.PARTLY]


def differences(old: AnySet, new: AnySet) -> list[Difference]:
    """Return what *new* says otherwise than *old*: changed, removed, added."""
    before, after = ({(one.kind, one.key): one for one in _parts(rules)} for rules in (old, new))
    found: list[Difference] = []
    for name, part in before.items():
        if name in after:
            found += _changed(part, after[name])
        else:
            found.append(Difference(f"{part.kind}: {part.title}", _whole(part), None))
    added = (part for name, part in after.items() if name not in before)
    return [*found, *(Difference(f"{part.kind}: {part.title}", None, _whole(part)) for part in added)]


def _all_chapters(rules: AnySet) -> tuple[Chapter, ...]:
    match rules:
        case RuleSet():
            return table.chapters(rules)
        case LegalTest():
            return legal.chapters(rules)
        case ComplianceCheck():
            return check.chapters(rules)


def _sources(rules: AnySet) -> set[Source]:
    if isinstance(rules, RuleSet):
        return set()
    unsaid = {Source.UNVERIFIED} if rules.about.unverified else set()
    if isinstance(rules, ComplianceCheck):
        return unsaid | {one.source for one in rules.duties}
    return unsaid | {one.source for one in rules.factors} | {one.source for one in rules.gates}


def _parts(rules: AnySet) -> Iterator[Part]:
    for chapter in chapters(rules):
        yield from chapter.parts
    if isinstance(rules, RuleSet):
        yield from table.rows_told(rules)


def _changed(old: Part, new: Part) -> Iterator[Difference]:
    before, after = _said(old), _said(new)
    for label in dict.fromkeys((*before, *after)):
        if before.get(label) != after.get(label):
            yield Difference(f"{new.kind}: {new.title}: {label}", before.get(label), after.get(label))


def _said(part: Part) -> dict[str, str]:
    found = {line.label: _one_line(line) for line in (*part.lines, *part.more)}
    return {"Title": part.title, **found}


def _whole(part: Part) -> str:
    return " ".join(f"{line.label}: {_one_line(line)}." for line in (*part.lines, *part.more)) or part.title


def _one_line(line: Line) -> str:
    return "; ".join(one.rstrip(".") for one in line.said)
