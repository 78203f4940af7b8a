"""The rules that stand on a day: what the release ships, and in its place what was changed since, from its first day.

A change that was published takes effect by itself when its day comes, and never for a day before that.
"""

from __future__ import annotations

import datetime as dt
from typing import TypeVar

from compliance.rules.checks.check import ComplianceCheck
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import AnySet, Library, number_of
from compliance.rules.places import Places
from compliance.rules.rule_set import RuleSet

_Kind = TypeVar("_Kind", LegalTest, ComplianceCheck)


class Standing:
    """A library with later versions of some of its rule sets. Made once for each set of changes, and kept."""

    def __init__(self, shipped: Library, changed: tuple[AnySet, ...]) -> None:
        self._shipped = shipped
        self._changed = tuple(sorted(changed, key=lambda one: (one.key, number_of(one.version))))

    @property
    def places(self) -> Places:
        """What is known about places."""
        return self._shipped.places

    def legal_tests(self, at: dt.date) -> list[LegalTest]:
        """Every legal test that is in force on a day, in its newest version for that day."""
        return self._newest(LegalTest, self._shipped.legal_tests(at), at)

    def checks(self, at: dt.date) -> list[ComplianceCheck]:
        """Every compliance check that is in force on a day, in its newest version for that day."""
        return self._newest(ComplianceCheck, self._shipped.checks(at), at)

    def table(self, shipped: RuleSet, at: dt.date) -> RuleSet:
        """Return a decision table that is *shipped* in its newest version for a day."""
        found = shipped
        for one in self._changed:
            if isinstance(one, RuleSet) and one.key == found.key and one.about.in_force(at) and is_newer(one, found):
                found = one
        return found

    def _newest(self, kind: type[_Kind], shipped: list[_Kind], at: dt.date) -> list[_Kind]:
        found = {one.key: one for one in shipped}
        for one in self._changed:
            if isinstance(one, kind) and one.about.in_force(at) and is_newer(one, found.get(one.key)):
                found[one.key] = one
        return [found[key] for key in sorted(found)]


def is_newer(one: AnySet, other: AnySet | None) -> bool:
    """Tell whether *one* is a later version than *other*, which may not be there."""
    return other is None or number_of(one.version) > number_of(other.version)
