"""The people of an offer, what they write into its forms, and a short way for each to act."""

import datetime as dt
import json

from compliance.authz import Actor, Role
from compliance.demo import interviews
from compliance.engine import run, sweeping
from compliance.engine.definition import Party
from compliance.engine.errors import EngineError
from compliance.engine.questionnaire import assess
from compliance.engine.registry import registry
from compliance.kernel.db import session
from compliance.rules.agenda import Agenda
from compliance.rules.model import Outcome
from tests import make
from tests.answers import leading_to
from workflows.offer.model import Offer

MONDAY = dt.datetime(2026, 3, 2, 9, tzinfo=dt.UTC)
TERMS = {
    "title": "Pricing engine",
    "freelancer": "Fay Kirk Ltd",
    "freelancer_email": "fay@example.com",
    "freelancer_country": "GB",
    "client_country": "GB",
    "work_place": "GB",
    "description": "Design and deliver a pricing engine with tests and handbook.",
    "deliverables": "Source code, tests and handbook, accepted by the pricing team.",
    "contract_type": "fixed",
    "amount": "12,500.00",
    "currency": "GBP",
    "hours_per_week": "20",
    "starts_on": "2026-04-01",
    "ends_on": "2026-07-31",
    "months_worked": "0",
}
APPROVAL = {
    "behavioural_control": "Works by own method.",
    "financial_control": "Fixed price at own risk.",
    "relationship_of_parties": "Three other clients.",
    "reason": "A business of its own.",
}
AGAINST = {
    "behavioural_control": "Told what to do each morning.",
    "financial_control": "Paid by the hour, at no risk.",
    "relationship_of_parties": "No other client.",
    "reason_codes": "CTRL_METHOD",
    "what_would_change_it": "Leave the method free.",
    "reason": "Directed daily.",
}
UPHELD = {
    "behavioural_control": "Read again: told what to do each morning.",
    "financial_control": "Read again: paid by the hour.",
    "relationship_of_parties": "Read again: no other client.",
    "reason": "The facts stand.",
}
EMPLOYEE = {**AGAINST, "office_work": "true"}
PAPERS = dict.fromkeys(("confidentiality", "contractor_agreement", "intellectual_property", "code_of_conduct"), "true")
SIGNED = {**PAPERS, "signature": "Fay"}
EMPLOYMENT_SIGNED = {
    **dict.fromkeys(("confidentiality", "employment_contract", "code_of_conduct"), "true"),
    "signature": "fay",
}
IDENTITY = {"identity": "true", "background": "true", "reason": "Passport and the register of companies."}
SETUP = {"access": "true", "reason": "Mona, on the pricing team's line."}
OUTSIDE, INSIDE, OPEN = "Outside IR35", "Inside IR35", "Unknown"
CEST = "uk-cest-2.4"
OUTCOMES = {
    OUTSIDE: Outcome.INDEPENDENT_CONTRACTOR,
    INSIDE: Outcome.EMPLOYEE,
    OPEN: Outcome.NEEDS_REVIEW,
}
# All three places where no rules are known, so that nothing is asked.
UNCHARTED = dict.fromkeys(("freelancer_country", "client_country", "work_place"), "JP")


class Desk:
    """The people of one offer, and a short way for each to act on it.

    ``result`` is what the client's answers lead to where a questionnaire applies.
    """

    def __init__(self, **settings: object) -> None:
        self.result = OUTSIDE
        self.client = make.organisation("Acme", **settings)
        self.fay = make.actor("Fay")
        self.mona = make.actor("Mona", Role.HIRING_MANAGER, at=self.client)
        self.rita = make.actor("Rita", Role.REVIEWER)
        self.sue = make.actor("Sue", Role.SENIOR_REVIEWER)
        self.sol = make.actor("Sol", Role.SENIOR_REVIEWER)
        self.reference = ""

    def offer(self, who: Actor) -> Offer:
        found = run.find("offer", self.reference, who)
        assert isinstance(found, Offer)
        return found

    def open(self, **terms: str) -> str:
        opened = run.open_case("offer", self.mona, {**TERMS, **terms}, organisation_id=self.client.id)
        self.reference = opened.case.reference
        session().commit()
        if rules := self.rules():
            if rules.key == CEST:
                self.client_answers(self.result)
            else:
                self.answer(self.mona, OUTCOMES[self.result])
        return str(opened.case.state)

    def rules(self) -> Agenda | None:
        """Return the rules that apply to the offer."""
        return assess(session(), self.offer(self.mona), registry().process("offer").workflow).rules

    def client_answers(self, result: str, **changed: object) -> None:
        self.send(self.mona, interviews.client_answers(result) | changed)

    def freelancer_answers(self, result: str, **changed: object) -> None:
        self.send(self.fay, interviews.freelancer_answers(result) | changed)

    def answer(self, who: Actor, outcome: Outcome) -> None:
        """Answer whatever is asked about the offer, so that the rules find *outcome*."""
        rules, questionnaire = self.rules(), registry().process("offer").workflow.questionnaire
        assert rules is not None
        assert questionnaire is not None
        known = questionnaire.known(Party.FREELANCER if who is self.fay else Party.CLIENT, rules)
        self.send(who, dict(leading_to(rules, known, outcome)))

    def send(self, who: Actor, answers: dict[str, object]) -> None:
        self.act(who, "send_answers", answers=json.dumps(answers))

    def act(self, who: Actor, action: str, **data: str) -> str:
        case = run.find("offer", self.reference, who)
        try:
            done = run.fire("offer", self.reference, action, who, data, seen=case.content_digest)
        except EngineError:
            session().rollback()
            raise
        session().commit()
        return str(done.case.state)

    def in_review(self, **terms: str) -> None:
        self.open(**terms)
        self.act(self.mona, "submit")
        self.act(self.rita, "claim")

    def approved(self, **terms: str) -> None:
        self.in_review(**terms)
        self.act(self.rita, "approve", **APPROVAL)

    def rejected(self, **terms: str) -> None:
        """Reject what the questionnaire finds to be employment, for which one reviewer is enough."""
        self.result = INSIDE
        self.in_review(**terms)
        self.act(self.rita, "reject", **AGAINST)

    def reject(self) -> None:
        """Reject what is in review against what the questionnaire finds, for which two must look."""
        self.act(self.rita, "escalate", reason="The contract says otherwise.")
        self.act(self.sue, "take_second")
        self.act(self.sue, "reject", **AGAINST)

    def cleared(self, **terms: str) -> None:
        self.approved(**terms)
        self.act(self.mona, "begin_onboarding")
        self.onboard()

    def onboard(self) -> str:
        """Let freelancer, desk and client do their parts, and return the state then."""
        if self.offer(self.mona).state == "payroll_onboarding":
            self.act(self.fay, "sign_employment", **EMPLOYMENT_SIGNED)
        else:
            self.act(self.fay, "sign_contract", **SIGNED)
        self.act(self.rita, "record_identity", **IDENTITY)
        return self.act(self.mona, "confirm_setup", **SETUP)

    def active(self, **terms: str) -> None:
        self.cleared(**terms)
        self.act(self.fay, "begin_work")

    def later(self, at: dt.datetime) -> str:
        """Let every deadline up to *at* fire, and return the state then."""
        sweeping.sweep(at)
        session().expire_all()
        state = str(self.offer(self.mona).state)
        session().rollback()
        return state
