"""Guards that any process may use. Each returns ``None`` or the sentence that stands where the button would be."""

from __future__ import annotations

from typing import Final

from compliance.engine.definition import Guard
from compliance.engine.move import Move
from compliance.people.models import Person


def not_conflicted(move: Move) -> str | None:
    """Refuse whoever declared a conflict of interest with the client or the freelancer."""
    parties = {move.case.organisation_id, move.case.worker_id, move.case.worker_organisation_id}
    if move.actor.conflicts & parties:
        return "You declared a conflict of interest with a party to this case. Ask a colleague to take it."
    return None


def holds_it(move: Move) -> str | None:
    """Ask that the actor (or whom the actor stands for) has claimed the case."""
    if move.case.holder_id is None:
        return "Claim the case first, so that two people do not work on it."
    if move.case.holder_id not in move.actor.identities:
        return f"A colleague holds this case: {_holder(move)}"
    return None


def on_desk(move: Move) -> str | None:
    """Refuse the desk's part in a case that waits for somebody else."""
    return None if move.case.desk else "This case does not wait for the desk."


def unclaimed(move: Move) -> str | None:
    """Refuse a second claim, and say who made the first."""
    if move.case.holder_id is None:
        return None
    if move.case.holder_id in move.actor.identities:
        return "You hold this case already."
    return f"The case is already claimed: {_holder(move)}"


def not_held_by_another(move: Move) -> str | None:
    """Leave a case to the colleague to whom it was given."""
    if move.case.holder_id is None or move.case.holder_id in move.actor.identities:
        return None
    return f"The case is already claimed: {_holder(move)}"


# What stands in the way of a claim only while somebody holds the case; whoever gives it to somebody else lifts these.
ABOUT_THE_HOLDER: Final = (unclaimed, not_held_by_another)


def is_claimed(move: Move) -> str | None:
    """Refuse to release what nobody holds."""
    return "Nobody holds this case." if move.case.holder_id is None else None


def not_after(*actions: str, sentence: str, here: bool = False) -> Guard:
    """Return a guard for segregation of duties: whoever did one of *actions*, also by a stand-in, may not do this.

    With *here*, only what was done since the case last came into its state counts.
    """

    def guard(move: Move) -> str | None:
        before = move.did_here(*actions) if here else move.did(*actions)
        return sentence if move.actor.identities & before else None

    guard.__doc__ = f"Keep duties apart: “{sentence}”"  # The page of the process says this of it.
    return guard


def _holder(move: Move) -> str:
    """Return who holds the case, since when, and what can be done about it."""
    name = move.session.get_one(Person, move.case.holder_id).name
    since = f" since {move.case.held_since:%d %B %Y at %H:%M} UTC" if move.case.held_since else ""
    return f"{name} holds it{since}. Ask for it to be released or assigned to you."
