"""Reading how a test's scores become an outcome, and the other ways of weighing that it knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from compliance.rules.errors import RuleSetError, show
from compliance.rules.fields import Fields
from compliance.rules.legal.factors import HEAVIEST
from compliance.rules.legal.model import THOUSAND, Combining, Factor, Method, Source, TieBreaker, Variant
from compliance.rules.legal.questions import known_question, options
from compliance.rules.legal.words import decided, word_of
from compliance.rules.model import Question


def read_combining(entry: Fields, questions: Mapping[str, Question]) -> Combining:
    """Read the thresholds. Raises ``RuleSetError``."""
    method = word_of(entry, "method", Method)
    prongs = method is Method.ALL_PRONGS
    upper_name, lower_name = ("met_from", "failed_to") if prongs else ("contractor_from", "employee_to")
    upper = entry.thousandths(upper_name, -THOUSAND, THOUSAND)
    lower = entry.thousandths(lower_name, -THOUSAND, THOUSAND)
    if lower >= upper:
        raise RuleSetError(entry.place, f"{show(lower_name)} must be below {show(upper_name)}; they overlap.")
    found = Combining(
        method=method,
        upper=upper,
        lower=lower,
        least_answered=0 if prongs else entry.thousandths("least_answered", 0, THOUSAND),
        note=entry.text("note"),
        tie_breaker=None if prongs else _tie_breaker(entry, questions),
        core=_core(entry, method),
    )
    entry.finish()
    return found


def _core(entry: Fields, method: Method) -> tuple[str, ...]:
    core = entry.texts("core")
    if bool(core) is not (method is Method.CORE_FACTORS):
        raise RuleSetError(entry.place, "“core” names factors exactly where the method is core_factors.")
    return core


def _tie_breaker(entry: Fields, questions: Mapping[str, Question]) -> TieBreaker | None:
    if "tie_breaker" not in entry.names():
        return None
    one = entry.table("tie_breaker")
    question = known_question(one.text("question"), questions, one)
    within = one.thousandths("within", 0, THOUSAND)
    results = one.table("results")
    found = {value: decided(results, value) for value in results.names()}
    for value in found:
        if value not in options(question):
            raise RuleSetError(results.place, f"{show(value)} is no answer of {question.key}; it has {question.words}.")
    one.finish()
    if not found:
        raise RuleSetError(one.place, "the tie-breaker gives no result.")
    return TieBreaker(question.key, within, found)


def read_variants(entries: Sequence[Fields], factors: Sequence[Factor]) -> tuple[Variant, ...]:
    """Read the other ways of weighing. Raises ``RuleSetError``."""
    found: dict[str, Variant] = {}
    for entry in entries:
        variant = _variant(entry, {factor.key for factor in factors})
        entry.finish()
        if variant.key in found:
            raise RuleSetError(entry.place, f"the key {show(variant.key)} is used twice.")
        found[variant.key] = variant
    return tuple(found.values())


def _variant(entry: Fields, factors: set[str]) -> Variant:
    status = entry.text("status")
    if status not in {"proposed", "in_use"}:
        raise RuleSetError(entry.place, f"“status” is {show(status)}; it must be proposed or in_use.")
    method = word_of(entry, "method", Method)
    core, weights = _core(entry, method), entry.table("weights")
    given = {key: weights.thousandths(key, 0, HEAVIEST) for key in weights.names()}
    if {*given} != factors or not factors >= {*core}:
        raise RuleSetError(weights.place, f"the variant must weigh each of {', '.join(sorted(factors))}, and no other.")
    first = entry.day("effective_from")
    if status == "in_use" and first is None:
        raise RuleSetError(entry.place, "a variant in use needs the day from which it is used: effective_from.")
    return Variant(
        key=entry.text("key"),
        title=entry.text("title"),
        in_use=status == "in_use",
        effective_from=first,
        basis=entry.text("basis"),
        note=entry.text("note"),
        source=word_of(entry, "source", Source),
        weights=given,
        method=method,
        core=core,
    )
