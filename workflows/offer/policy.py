"""The programme's own limits for offers: data with a version and a first day, read and checked when it is loaded."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

from compliance.engine.content import digest_of, plain
from compliance.kernel.money import CURRENCIES
from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields, read_toml
from workflows.offer.places import COUNTRIES, US_STATES

FILE: Final = "policy.toml"
LONGEST: Final = 3650
BANDS: Final = ("yellow", "red")


@dataclass(frozen=True, slots=True)
class Policy:
    """The limits that apply from a day on, until the next policy's. Totals are in major units."""

    version: str
    effective_from: dt.date
    source: str
    digest: str
    offer_life: dt.timedelta
    disagreement: dt.timedelta
    disagreement_answer: dt.timedelta
    valid_for: dt.timedelta
    notice: dt.timedelta
    tenure_months: tuple[int, ...]
    abc_states: frozenset[str]
    payroll_countries: frozenset[str]
    value_limit: int
    value_limits: Mapping[str, int]

    @property
    def red_months(self) -> int:
        """The months of work for one client from which two people decide."""
        return self.tenure_months[-1]

    def limit_in(self, currency: str) -> int:
        """Return the total in *currency* above which two people decide."""
        return self.value_limits.get(currency, self.value_limit)


def load(folder: Path) -> tuple[Policy, ...]:
    """Read every policy, oldest first; raises ``RuleSetError`` with file and entry for anything broken."""
    whole = read_toml(folder, FILE)
    found = tuple(_policy(entry) for entry in whole.tables("policy"))
    whole.finish()
    if not found:
        raise RuleSetError(whole.place, "there is no policy; write at least one [[policy]].")
    for before, after in pairwise(found):
        if after.effective_from <= before.effective_from or after.version == before.version:
            raise RuleSetError(
                whole.place,
                f"version {show(after.version)} must begin after {show(before.version)} and be called otherwise.",
            )
    return found


def on(day: dt.date) -> Policy:
    """Return the policy that applies on *day*; before the first one began, the first."""
    return next((policy for policy in reversed(POLICIES) if policy.effective_from <= day), POLICIES[0])


def _policy(entry: Fields) -> Policy:
    digest = digest_of({name: plain(value) for name, value in entry.entries.items()})
    effective_from = entry.day("effective_from")
    if effective_from is None:
        raise RuleSetError(entry.place, "“effective_from” must be given as a date like 2024-04-06, without quotes.")
    limits = entry.table("value_limits")
    found = Policy(
        version=entry.text("version"),
        effective_from=effective_from,
        source=entry.text("source"),
        digest=digest,
        offer_life=_days(entry, "offer_life_days"),
        disagreement=_days(entry, "disagreement_days"),
        disagreement_answer=_days(entry, "disagreement_answer_days"),
        valid_for=_days(entry, "valid_days"),
        notice=_days(entry, "notice_days"),
        tenure_months=_bands(entry),
        abc_states=_known(entry, "abc_states", {f"US-{state}" for state in US_STATES}),
        payroll_countries=_known(entry, "payroll_countries", COUNTRIES),
        value_limit=entry.whole("value_limit"),
        value_limits={currency: limits.whole(currency) for currency in limits.entries},
    )
    for currency in found.value_limits:
        if currency not in CURRENCIES:
            raise RuleSetError(limits.place, f"{show(currency)} is no currency.")
    entry.finish()
    return found


def _days(entry: Fields, name: str) -> dt.timedelta:
    days = entry.whole(name)
    if days > LONGEST:
        raise RuleSetError(entry.place, f"{show(name)} is more than {LONGEST} days.")
    return dt.timedelta(days=days)


def _bands(entry: Fields) -> tuple[int, ...]:
    months = entry.wholes("tenure_months")
    if len(months) != len(BANDS) or months[0] >= months[1]:
        raise RuleSetError(entry.place, f"“tenure_months” needs two numbers, {' and '.join(BANDS)}, the lower first.")
    return months


def _known(entry: Fields, name: str, known: Collection[str]) -> frozenset[str]:
    given = entry.texts(name)
    for place in given:
        if place not in known:
            raise RuleSetError(entry.place, f"{show(name)}: {show(place)} is no place known here.")
    return frozenset(given)


POLICIES: Final = load(Path(__file__).parent)
