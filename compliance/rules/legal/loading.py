"""Reading a legal test's folder: whatever is broken is refused here with its place, and waits for no decision."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields, read_toml
from compliance.rules.legal.combining import read_combining, read_variants
from compliance.rules.legal.factors import read_factors
from compliance.rules.legal.model import About, Factor, Gate, Parts, Scope
from compliance.rules.legal.questions import Pool
from compliance.rules.legal.reading_gates import read_gates
from compliance.rules.model import Question

FILE: Final = "rule_set.toml"
FACTORS: Final = "factors.toml"
KIND: Final = "legal_test"

PURPOSES: Final = ("employment_rights", "social_insurance", "tax", "unemployment_insurance", "wages")
"""What a status is asked for; a test says for which of these it answers."""


def load(folder: Path, pool: Pool) -> Parts:
    """Read and check the legal test in *folder*; raises ``RuleSetError`` with file, line and entry."""
    head, listed = read_toml(folder, FILE), read_toml(folder, FACTORS)
    head.text("kind")
    about, scope = read_about(head), _scope(head)
    combining = read_combining(head.table("combining"), pool.questions)
    factors = read_factors(listed, combining.method, pool.questions)
    gates = read_gates(head.tables("gate"), pool.questions)
    variants = read_variants(head.tables("variant"), factors)
    head.finish()
    _check_core(head, combining.core, factors)
    if combining.tie_breaker and combining.tie_breaker.question in _asked(factors):
        raise RuleSetError(head.place, f"the tie-breaker {show(combining.tie_breaker.question)} is also a factor's.")
    used = _used(factors, gates, combining.tie_breaker.question if combining.tie_breaker else None)
    questions = tuple(question for key, question in pool.questions.items() if key in used)
    return Parts(
        about=about,
        digest=_digest(head, listed, questions),
        scope=scope,
        factors=factors,
        gates=gates,
        combining=combining,
        variants=variants,
        questions=questions,
        context=pool.context & used,
        contradictions=pool.contradictions,
        known=pool.known,
    )


def read_about(head: Fields) -> About:
    """Read what a set says of itself."""
    about = About(
        key=head.text("key"),
        version=head.text("version"),
        title=head.text("title"),
        jurisdiction=head.text("jurisdiction"),
        level=head.text("level"),
        effective_from=day(head, "effective_from"),
        effective_to=head.day("effective_to"),
        in_short=head.text("in_short"),
        applies_to=head.text("applies_to"),
        presumption=head.text("presumption"),
        authority=head.texts("authority"),
        verified=head.texts("verified"),
        unverified=head.texts("unverified"),
        weights_are=head.text("weights_are"),
        note=head.text("note", ""),
        always_review=head.text("always_review", ""),
    )
    check_days(head, about.effective_from, about.effective_to)
    if not about.authority:
        raise RuleSetError(head.place, "“authority” must name at least one statute or decision.")
    return about


def day(head: Fields, name: str) -> dt.date:
    """Take a date that must be there."""
    found = head.day(name)
    if found is None:
        raise RuleSetError(head.place, f"{show(name)} must be given as a date like 2024-04-06, without quotes.")
    return found


def check_days(entry: Fields, first: dt.date, last: dt.date | None) -> None:
    """Refuse a last day before the first."""
    if last is not None and last < first:
        raise RuleSetError(entry.place, f"it would end on {last}, before it begins on {first}.")


def _scope(head: Fields) -> Scope:
    entry = head.table("scope")
    scope = Scope(
        places=entry.texts("places"),
        without=entry.texts("without"),
        purposes=entry.texts("purposes"),
        until=_until(entry.table("until")),
        parts_have_own_law=entry.flag("parts_have_own_law", default=False),
        only_by_redirect=entry.flag("only_by_redirect", default=False),
        only_flags=entry.flag("only_flags", default=False),
    )
    entry.finish()
    if not scope.places or not scope.purposes:
        raise RuleSetError(entry.place, "“places” and “purposes” must each name at least one.")
    for purpose in (*scope.purposes, *scope.until):
        if purpose not in PURPOSES:
            raise RuleSetError(entry.place, f"the purpose {show(purpose)} is unknown; it is {', '.join(PURPOSES)}.")
    return scope


def _until(entry: Fields) -> dict[str, dt.date]:
    return {name: day(entry, name) for name in entry.names()}


def _check_core(head: Fields, core: tuple[str, ...], factors: tuple[Factor, ...]) -> None:
    for key in core:
        if key not in {factor.key for factor in factors}:
            raise RuleSetError(head.place, f"the core factor {show(key)} is none of the factors.")


def _asked(factors: Iterable[Factor]) -> set[str]:
    return {key for factor in factors for key in factor.leanings}


def _used(factors: Iterable[Factor], gates: Iterable[Gate], tie_breaker: str | None) -> frozenset[str]:
    used = _asked(factors)
    for factor in factors:
        used |= {*factor.settled_by, *factor.met_only_if}
    for gate in gates:
        used |= {*gate.all_of, *gate.unless}
    return frozenset(used | ({tie_breaker} if tie_breaker else set()))


def _digest(head: Fields, listed: Fields, questions: tuple[Question, ...]) -> str:
    asked: Mapping[str, object] = {
        one.key: {"text": one.text, "short": one.short, "options": {o.word: o.label for o in one.options}}
        for one in questions
    }
    content = {"rule_set": head.entries, "factors": listed.entries, "questions": asked}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()
