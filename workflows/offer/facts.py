"""What an offer shows of itself; the reasons of its determination stand in that."""

from __future__ import annotations

from typing import Final

from compliance.engine import hearing
from compliance.engine.definition import Party
from compliance.engine.move import Move
from compliance.kernel.money import Money
from workflows.offer.billing import RUNNING
from workflows.offer.model import Offer, State
from workflows.offer.onboarding import lines

ASKS: Final = {"ask_client": Party.CLIENT, "ask_freelancer": Party.FREELANCER}


def facts(move: Move) -> list[tuple[str, str]]:
    """Return what the reader of an offer sees of it, as labels and values."""
    case: Offer = move.case
    amount = Money(case.amount_minor, case.currency)
    found = [
        ("Freelancer", f"{case.freelancer}, {case.freelancer_country}"),
        *([("Agency", case.agency)] if case.agency else []),
        ("Client's country", case.client_country),
        ("Work", case.description),
        ("Delivered", case.deliverables),
        ("Place of work", case.work_place),
        (
            "Pay",
            f"{amount} {'an hour' if case.contract_type == 'hourly' else 'in all'}, {case.hours_per_week} hours a week",
        ),
        ("Dates", f"{case.starts_on:%d %B %Y} to {case.ends_on:%d %B %Y}"),
        ("Purchase order", case.purchase_order),
        ("Version of the terms", str(case.content_version)),
    ]
    if case.decided_version:
        found += [
            ("Decided on version", str(case.decided_version)),
            ("Valid until", f"{case.valid_until:%d %B %Y}"),
        ]
    beside = [
        ("When the last day is over", _end(move)),
        ("Employer of record", case.employer_of_record),
        *_question(move),
        ("Grounds of the disagreement", case.grounds),
    ]
    return found + [(label, value) for label, value in beside if value] + lines(move)


def _end(move: Move) -> str:
    """Say of a running engagement whether it ends by itself."""
    if move.case.state not in RUNNING:
        return ""
    if move.organisation.auto_close:
        return "The engagement ends by itself."
    return "The engagement stays open until the client ends it; later work is not covered."


def _question(move: Move) -> list[tuple[str, str]]:
    """Return the newest question and its answer for the desk and the party that was asked, as the record says."""
    if not move.case.asked:
        return []
    _, party = max((rev, ASKS[action]) for action, rev, _ in move.acts if action in ASKS)
    if not hearing.is_between(move.actor, move.case, party):
        return []
    document = [("Asked for with the answer", "A document")] if move.case.document_asked_at else []
    if move.case.state in {State.INFO_CLIENT, State.INFO_FREELANCER}:
        return document  # What is asked stands where the case does.
    return [("Asked", move.case.asked), *document, ("Answer", move.case.answer)]
