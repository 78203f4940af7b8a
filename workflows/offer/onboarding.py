"""What has to be done before work may begin, by which party, and whose turn it is until then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from compliance.engine.definition import Guard, Party
from compliance.engine.guards import not_after
from compliance.engine.move import Move
from compliance.engine.stay import done_here
from workflows.offer.model import Offer, State


@dataclass(frozen=True, slots=True)
class Part:
    """One party's part: done by one action, once in each stay."""

    action: str
    label: str
    party: Party


_IDENTITY: Final = Part("record_identity", "Identity and background check", Party.REVIEWER)
_SETUP: Final = Part("confirm_setup", "Access and contact at the client", Party.CLIENT)
# In the order in which they are waited for; they may be done in any.
PARTS: Final = {
    State.ONBOARDING: (Part("sign_contract", "Contract signed", Party.FREELANCER), _IDENTITY, _SETUP),
    State.PAYROLL_ONBOARDING: (
        Part("sign_employment", "Employment contract signed", Party.FREELANCER),
        _IDENTITY,
        _SETUP,
    ),
}
_ALL: Final = {part.action: part.party for parts in PARTS.values() for part in parts}

# What the freelancer signs on each way; work done as an employee belongs to the employer by law.
CONTRACTOR_PAPERS: Final = (
    ("confidentiality", "Confidentiality agreement"),
    ("contractor_agreement", "Contractor agreement"),
    ("intellectual_property", "Rights in the work"),
    ("code_of_conduct", "Code of conduct"),
)
EMPLOYEE_PAPERS: Final = (
    ("confidentiality", "Confidentiality agreement"),
    ("employment_contract", "Contract with the employer of record"),
    ("code_of_conduct", "Code of conduct"),
)


def missing(move: Move) -> list[Part]:
    """Return the parts that nobody has done since the offer came into its state."""
    return [part for part in PARTS[State(move.case.state)] if not move.times_here(part.action)]


def whoever_is_missing(move: Move) -> Party:
    """Return the first of freelancer, desk and client whose part is still to be done."""
    return next((part.party for part in missing(move)), Party.CLIENT)


def whoever_accepts(move: Move) -> Party:
    """Return the desk for the employer of record's acceptance, then the freelancer, then the client."""
    offer: Offer = move.case
    if not offer.employer_of_record:
        return Party.REVIEWER
    return Party.CLIENT if offer.worker_agreed else Party.FREELANCER


def everything_is_done(move: Move) -> str | None:
    """Wait until each party has done its part."""
    left = [f"{part.label} ({part.party.label})" for part in missing(move)]
    return f"Still to be done: {', '.join(left)}." if left else None


def own_part(action: str) -> tuple[Guard, Guard]:
    """Return the guards of the part that *action* does: once in a stay, and by nobody who did another party's."""
    others = [name for name, party in _ALL.items() if party is not _ALL[action]]

    def once(move: Move) -> str | None:
        """Take each part once."""
        return "This is done already." if move.times_here(action) else None

    return once, not_after(
        *others, sentence="You did another party's part of this; somebody else does this one.", here=True
    )


def lines(move: Move) -> list[tuple[str, str]]:
    """Return each part with who did it and when, or who is to do it."""
    parts = PARTS.get(State(move.case.state), ())
    done = done_here(move.session, move.case) if parts else {}
    return [
        (part.label, str(done[part.action]) if part.action in done else f"To be done by {part.party.label}")
        for part in parts
    ]
