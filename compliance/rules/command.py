"""What the command line asks of the rule sets."""

from __future__ import annotations

import datetime as dt
from typing import Final

from compliance.kernel.clock import now
from compliance.rules.errors import NotInForceError, RuleSetError, UnknownRuleSetError, UnknownVariantError
from compliance.rules.legal.legal_test import LegalTest
from compliance.rules.library import AnySet, Library

REFUSALS: Final = (UnknownRuleSetError, UnknownVariantError, NotInForceError, RuleSetError)


def known(packages: tuple[str, ...]) -> list[str]:
    """Return the key of every rule set, of whatever kind."""
    return Library(packages).known()


def choose(
    packages: tuple[str, ...],
    key: str,
    *,
    version: str | None = None,
    at: dt.datetime | None = None,
    variant: str | None = None,
    proposed: bool = False,
) -> AnySet:
    """Find the rule set that was asked for. Raises one of ``REFUSALS``."""
    day = at.date() if at is not None else now().date()
    found = Library(packages).find(key, at=day, version=version)
    if variant is None:
        return found
    if not isinstance(found, LegalTest):
        raise UnknownVariantError(f"{key} is no legal test, so it has no variants.")
    return found.with_variant(variant, at=day, switched_on=proposed)
