"""Guards that any process may use. Each returns ``None`` or the sentence that stands where the button would be."""

from __future__ import annotations

from compliance.engine.definition import Guard
from compliance.engine.move import Move


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
        return "A colleague holds this case. Ask for it to be released or assigned to you."
    return None


def unclaimed(move: Move) -> str | None:
    """Refuse a second claim."""
    if move.case.holder_id is not None:
        return "The case is already claimed."
    return None


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
