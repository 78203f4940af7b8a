"""What an offer shows of itself."""

from __future__ import annotations

from typing import Any

from compliance.kernel.money import Money
from workflows.offer.forms import REASON_CODES
from workflows.offer.onboarding import lines


def facts(case: Any) -> list[tuple[str, str]]:  # noqa: ANN401 - the engine hands its case over
    """Return what every reader of an offer sees of it, as labels and values."""
    amount = Money(case.amount_minor, case.currency)
    found = [
        ("Freelancer", f"{case.freelancer}, {case.freelancer_country}"),
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
            ("Behavioural control", case.behavioural_control),
            ("Financial control", case.financial_control),
            ("Relationship", case.relationship_of_parties),
            ("Conditions", case.conditions),
            ("Reason codes", ", ".join(REASON_CODES[code] for code in case.reason_codes)),
            ("What would change it", case.what_would_change_it),
            ("Valid until", f"{case.valid_until:%d %B %Y}"),
        ]
    asked = [
        ("Employer of record", case.employer_of_record),
        ("Asked", case.asked),
        ("Asked for with the answer", "A document" if case.document_asked_at else ""),
        ("Answer", case.answer),
        ("Grounds of the disagreement", case.grounds),
    ]
    return found + [(label, value) for label, value in asked if value] + lines(case)
