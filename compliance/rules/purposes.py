"""What a status is asked for: tax, wages and so on. One engagement may be one thing for tax and another for wages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from compliance.rules.agenda import Agenda, Found, Member
from compliance.rules.applicable import strictest
from compliance.rules.errors import RuleSetError, show
from compliance.rules.explained import Explained
from compliance.rules.fields import read_toml
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.legal.loading import PURPOSES
from compliance.rules.model import Outcome

FILE: Final = "purposes.toml"
WORDS: Final = {
    "employment_rights": "employment rights",
    "social_insurance": "social insurance",
    "tax": "tax",
    "unemployment_insurance": "unemployment insurance",
    "wages": "wages and hours of work",
}

OfTables = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ForPurposes:
    """The strictest outcome for some purposes that have it alike, and the findings that it comes from."""

    purposes: tuple[str, ...]
    outcome: Outcome
    leading: tuple[Explained, ...]


def read_purposes(folder: Path) -> OfTables:
    """Read what the tables of a folder are asked for; nothing where no file says it. Raises ``RuleSetError``."""
    if not (folder / FILE).is_file():
        return {}
    fields = read_toml(folder, FILE)
    tables = fields.table("tables")
    found = {key: tables.texts(key) for key in tables.names()}
    fields.finish()
    for key, purposes in found.items():
        for one in purposes:
            if one not in PURPOSES:
                said = f"{show(key)} has the purpose {show(one)}; it is one of {', '.join(PURPOSES)}."
                raise RuleSetError(tables.place, said)
    return found


def purposes_of(rules: Member, of_tables: OfTables, on: dt.date) -> tuple[str, ...]:
    """Return what *rules* are asked for on a day; nothing is said of tables that no file speaks of."""
    if isinstance(rules, LegalTest):
        return tuple(one for one in PURPOSES if rules.parts.scope.answers_for(one, on))
    return of_tables.get(rules.key, ())


def by_purpose(rules: Agenda, found: Found, of_tables: OfTables, on: dt.date) -> tuple[ForPurposes, ...]:
    """Return what *found* comes to for each purpose that one of the rules is asked for; those alike stand together.

    As over all of them, the strictest outcome leads for each. What adds nothing to the whole adds nothing here.
    """
    asked = {one.key: purposes_of(one, of_tables, on) for one in rules.members}
    alike: dict[tuple[str, ...], ForPurposes] = {}
    for purpose in PURPOSES:
        counting = [one for one in found.findings if one.counts and purpose in asked[one.key]]
        if not counting:
            continue
        outcome = strictest([one.counts for one in counting if one.counts])
        leading = tuple(one for one in counting if one.counts is outcome)
        name = (outcome.value, *(one.key for one in leading))
        before = alike[name].purposes if name in alike else ()
        alike[name] = ForPurposes((*before, purpose), outcome, leading)
    return tuple(alike.values())


def spoken(purposes: tuple[str, ...]) -> str:
    """Return purposes as people read them."""
    return ", ".join(WORDS[one] for one in purposes)
