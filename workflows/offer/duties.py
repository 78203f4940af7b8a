"""Which questions of the compliance checks an offer answers by itself: by its terms, its answers and its determination.

Only what the case says is said. What was in fact paid, or what a contract outside says, stays open.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from compliance.engine.duties import BY_ANSWER, Duties, Known
from compliance.rules.checks.following import Fact
from compliance.rules.checks.model import AtLeast
from workflows.offer.asking import situation
from workflows.offer.model import Offer, State
from workflows.offer.outcomes import EMPLOYEE, INDEPENDENT
from workflows.offer.places import country_of
from workflows.offer.second_look import of_the_pair_since, total

DOLLARS: Final = "USD"
TOGETHER: Final = dt.timedelta(days=120)
# How the authority's own question is answered, as the off-payroll rules ask it.
INTERMEDIARIES: Final = {"limitedCompany": "yes", "partnership": "yes", "throughIndividual": "yes", "soleTrader": "no"}
BY_DETERMINATION: Final = "by the determination"


def _value_together(known: Known) -> Fact | None:
    """Return what the offer is worth with the others of the two of the last 120 days; more may be agreed elsewhere."""
    offer: Offer = known.move.case
    worth = [total(offer), *of_the_pair_since(known.move, known.move.at - TOGETHER)]
    in_dollars = [one for one in worth if one.currency == DOLLARS]
    if not in_dollars:
        return None
    others = len(in_dollars) - 1 if offer.currency == DOLLARS else len(in_dollars)
    beside = f", with {others} other offer{'s' if others > 1 else ''} of the two within 120 days" if others else ""
    return Fact(AtLeast(int(sum(one.amount for one in in_dollars))), f"by the terms{beside}")


def _pay_in_year(known: Known) -> Fact | None:
    """Return what is to be paid for the work of one calendar year; work across years cannot be split."""
    offer: Offer = known.move.case
    if offer.currency != DOLLARS or _year(offer) is None:
        return None
    return Fact(AtLeast(int(total(offer).amount)), f"agreed for {offer.starts_on.year}, whether or not it is paid yet")


def _year_end(known: Known) -> Fact | None:
    year = _year(known.move.case)
    return Fact(dt.date(year, 12, 31), "by the first and the last day") if year else None


def _year(offer: Offer) -> int | None:
    return offer.starts_on.year if offer.starts_on.year == offer.ends_on.year else None


def _no_employee(known: Known) -> Fact | None:
    if known.outcome not in {INDEPENDENT, EMPLOYEE}:
        return None
    return Fact("yes" if known.outcome == INDEPENDENT else "no", BY_DETERMINATION)


def _intermediary(known: Known) -> Fact | None:
    """Return whether a company stands between, as the authority's own questions have it or as our test asks it."""
    asked = known.answered("provideServices")
    if asked and asked[0] in INTERMEDIARIES:
        return Fact(INTERMEDIARIES[asked[0]], BY_ANSWER, asked[1])
    return known.as_answered("uk_intermediary")


def _one_person(known: Known) -> Fact | None:
    """Return that the other party is one person, where the freelancer contracts without agency and company."""
    offer: Offer = known.move.case
    answered = known.answered("entity_contract")
    alone = not offer.agency and answered is not None and answered[0] == "no"
    return Fact("yes", f"{BY_ANSWER}, and no agency is named", answered[1]) if alone and answered else None


def _listed_service(known: Known) -> Fact | None:
    """Return whether the service is on the list, which our test for the same place asks after under another name."""
    return known.as_answered("prof_listed_service")


def _statement_given(known: Known) -> Fact | None:
    """Return that the statement went out, where the determination is one; an agency may have to pass it on."""
    return Fact("yes", BY_DETERMINATION) if _is_statement(known) and not known.move.case.agency else None


def _says_employed(known: Known) -> Fact | None:
    return Fact("yes" if known.outcome == EMPLOYEE else "no", BY_DETERMINATION) if _is_statement(known) else None


def _is_statement(known: Known) -> bool:
    return country_of(known.move.case.work_place) == "GB" and known.outcome in {INDEPENDENT, EMPLOYEE}


def _disagreed_on(known: Known) -> Fact | None:
    offer: Offer = known.move.case
    if offer.state != State.DISAGREEMENT:
        return None
    return Fact(offer.entered_at.date(), "the day on which it was disagreed with here")


def _disagreement_answered(known: Known) -> Fact | None:
    offer: Offer = known.move.case
    answered = offer.disagreed and offer.state != State.DISAGREEMENT
    return Fact("yes", BY_DETERMINATION) if answered else None


duties = Duties(
    situation=situation,
    facts={
        "fifa_value_120_days": _value_together,
        "fwpa_value_120_days": _value_together,
        "paid_in_year": _pay_in_year,
        "year_end": _year_end,
        "non_employee": _no_employee,
        "uk_intermediary": _intermediary,
        "one_person": _one_person,
        "fwpa_listed_service": _listed_service,
        "sds_issued": _statement_given,
        "sds_concludes_employed": _says_employed,
        "sds_disagreement_received_on": _disagreed_on,
        "sds_disagreement_answered": _disagreement_answered,
    },
)
