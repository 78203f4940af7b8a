"""What must hold before something happens to an offer. Each refusal is the sentence that its reader sees."""

from __future__ import annotations

import datetime as dt
from typing import Final

from compliance.authz import Role
from compliance.engine import determination
from compliance.engine.answering import CHANGE
from compliance.engine.documents import party_of, was_added
from compliance.engine.guards import not_after
from compliance.engine.move import Move
from workflows.offer import policy
from workflows.offer.model import State
from workflows.offer.places import country_of

# A request to suspend is of its day: later, somebody looks again.
REQUEST_COUNTS: Final = dt.timedelta(days=7)
FIRST_LOOK: Final = ("claim", "take_review", "escalate")
DECISIONS: Final = ("approve", "determine_employee", "reject", "confirm", "change_route")
BY_THE_CLIENT: Final = ("self_certify", "self_confirm", "self_uphold", "self_overturn", "self_overturn_against")
OVERTURNING: Final = ("uphold", "overturn", "overturn_employee", "overturn_against")

not_first_reviewer = not_after(*FIRST_LOOK, sentence="You made the first review; the second belongs to somebody else.")
not_involved = not_after(
    *FIRST_LOOK,
    "take_second",
    "take_reassessment",
    "pass_on",
    *DECISIONS,
    *OVERTURNING,
    sentence="You were part of an earlier decision; somebody new decides on this.",
)
not_requester = not_after("open", "edit", "submit", sentence="You asked for this offer; somebody else approves it.")
not_signed_yet = not_after(
    "sign", sentence="You have signed already; the next signature is somebody else's.", here=True
)
not_suspender = not_after(
    "ask_suspension", sentence="You asked for the suspension; a second person confirms it.", here=True
)
did_not_suspend = not_after("suspend", sentence="You suspended this engagement; a second person ends it.")
_did_not_write = not_after(
    "open", "edit", "submit", "amend", sentence="You wrote or submitted this offer; somebody else decides on it."
)


def not_own_offer(move: Move) -> str | None:
    """Refuse to let anybody decide on an offer that they wrote or that is made to them."""
    if move.case.worker_id in move.actor.identities:
        return "This offer is made to you; somebody else decides on it."
    return _did_not_write(move)


def not_to_oneself(move: Move) -> str | None:
    """Refuse an offer of work to whoever makes it."""
    email = move.fact("freelancer_email")
    if email and move.person_with(email) in move.actor.identities:
        return "You cannot offer work to yourself. Enter the freelancer's own e-mail address."
    return None


def same_freelancer(move: Move) -> str | None:
    """Keep an engagement with the person it was made with, and with that person's agency."""
    email = move.fact("freelancer_email")
    if email and email.strip().lower() != move.case.freelancer_email.strip().lower():
        return "Another freelancer needs an offer of their own. End this engagement and make a new one."
    if move.facts is not None and move.agency_called(move.fact("agency")) != move.case.worker_organisation_id:
        return "Another agency, or none, needs an offer of its own. End this engagement and make a new one."
    return None


def a_change_waits(move: Move) -> str | None:
    """Take back only a change; what the clock asked to be looked at again is looked at."""
    asked = [(rev, action) for action, rev, _ in move.acts if action in {"amend", CHANGE, "review_tenure"}]
    if max(asked, default=(0, ""))[1] in {"amend", CHANGE}:
        return None
    return "No change waits here: the time has come to look at the engagement again. A reviewer decides on it."


def work_has_not_begun(move: Move) -> str | None:
    """Keep work that has begun from being called off as if it had not."""
    if move.case.began_on is None:
        return None
    return "Work has begun under this offer, so it is ended, not called off. End the engagement instead."


def may_end_by_itself(move: Move) -> str | None:
    """Leave the end to the client's people where their company chose that nothing ends by itself."""
    if move.actor.type != "system" or move.organisation.auto_close:
        return None
    return "This client ends its engagements itself."


def work_has_begun(move: Move) -> str | None:
    """End only what began; the rest is called off."""
    return "Work has not begun under this offer. Withdraw it instead." if move.case.began_on is None else None


def senior_in_second_review(move: Move) -> str | None:
    """Leave the second review to a senior reviewer who did not make the first."""
    if move.case.state != State.SECOND_REVIEW:
        return None
    if not move.actor.holds(Role.SENIOR_REVIEWER):
        return "The second review belongs to a senior reviewer."
    return not_first_reviewer(move)


def enrolled(move: Move) -> str | None:
    """Review only for clients who enrolled in the classification service."""
    return None if move.organisation.compliance_enrolled else "This client classifies for itself; there is no review."


def not_enrolled(move: Move) -> str | None:
    """Let only a client who did not enrol classify for itself."""
    return "Your programme's reviewers classify this offer." if move.organisation.compliance_enrolled else None


def second_contact(move: Move) -> str | None:
    """Let a disagreement be answered by a compliance contact of the client who did not classify before."""
    if not move.actor.identities & move.did(*BY_THE_CLIENT):
        return None
    if move.people_with(Role.COMPLIANCE_CONTACT) - move.did(*BY_THE_CLIENT):
        return "You classified this offer. A second compliance contact of your company answers the disagreement."
    return (
        "You classified this offer, and your company has no second compliance contact who could answer. Ask your "
        "administrator to give somebody else that role."
    )


def purchase_order_is_there(move: Move) -> str | None:
    """Ask for a purchase order where the client requires one."""
    if move.organisation.po_required and not move.case.purchase_order:
        return "Your company asks for a purchase order on each offer. Edit the offer and add it."
    return None


def first_day_lies_ahead(move: Move) -> str | None:
    """Refuse an offer whose first day has passed, unless its work had begun before."""
    if move.case.starts_on < move.at.date() and not move.did("begin_work"):
        return "The first day has passed. The client must offer new dates."
    return None


def offer_is_young(move: Move) -> str | None:
    """Refuse to begin with an offer that is older than its life."""
    offered_at = move.case.offered_at
    life = policy.on((offered_at or move.at).date()).offer_life
    if offered_at is None or move.at - offered_at >= life:
        return f"The offer is older than {life.days} days and has lapsed."
    return None


def decided_terms_stand(move: Move) -> str | None:
    """Refuse to go on with terms that are not the ones decided on, or on a determination that has run out."""
    if not move.once(_are_decided_on):
        return "The terms are not the ones that were decided on."
    if move.case.valid_until is None or move.case.valid_until < move.at.date():
        return "The determination has run out. Change the terms to have the offer decided on again."
    return None


def _are_decided_on(move: Move) -> bool:
    return determination.terms_stand(move, move.case.decided_version, move.case.decided_digest)


def payroll_available(move: Move) -> str | None:
    """Send nobody down the employee route where no payroll partner employs people."""
    country = country_of(move.case.work_place)
    if country not in policy.on(move.at.date()).payroll_countries:
        return f"No payroll partner employs people in {country}. Reject the offer, and say what would change it."
    return None


def employer_accepted(move: Move) -> str | None:
    """Wait for the employer of record."""
    return None if move.case.employer_of_record else "The employer of record has not accepted yet. The desk records it."


def worker_accepted(move: Move) -> str | None:
    """Wait for the worker."""
    return None if move.case.worker_agreed else "The worker has not accepted employment yet."


def worker_is_asked(move: Move) -> str | None:
    """Take the worker's acceptance once."""
    return "You have accepted already." if move.case.worker_agreed else None


def may_disagree(move: Move) -> str | None:
    """Allow one disagreement per determination, within the days that the policy of its day gives."""
    decided_at = move.case.decided_at
    if decided_at is None:
        return "There is no determination to disagree with."
    if move.case.disagreed:
        return "This determination was disagreed with once already."
    window = policy.on(decided_at.date()).disagreement
    return f"The {window.days} days to disagree are over." if move.at - decided_at > window else None


def not_lifter(move: Move) -> str | None:
    """Let somebody else lift a suspension than the one who confirmed it."""
    suspended = [(rev, people) for action, rev, people in move.acts if action == "suspend"]
    _, last = max(suspended, default=(0, frozenset()), key=lambda act: act[0])
    return "You suspended this engagement; somebody else lifts it." if move.actor.identities & last else None


def suspension_was_asked(move: Move) -> str | None:
    """Suspend only what one senior reviewer asked to suspend in this state, within the last days."""
    if not move.did_here("ask_suspension"):
        return "A first senior reviewer must ask for the suspension."
    if move.did_within(REQUEST_COUNTS, "ask_suspension"):
        return None
    return f"The request is older than {REQUEST_COUNTS.days} days. A first senior reviewer must ask again."


def brings_document(move: Move) -> str | None:
    """Take no answer before whoever is asked has added the document that was asked for."""
    asked_at = move.case.document_asked_at
    if asked_at is None or was_added(move.session, move.case, party_of(move.actor, move.case), asked_at):
        return None
    return "The reviewer asked for a document. Add it to the documents of this offer, then answer."
