"""What people fill in when something happens to an offer; its terms have a room of their own."""

from __future__ import annotations

from wtforms import BooleanField, Form, SelectMultipleField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired, Length

from compliance.engine.signing import SIGNATURE, SignatureField

REASON_CODES = {
    "CTRL_SCHEDULE": "The client sets the hours",
    "CTRL_METHOD": "The client says how the work is done",
    "CTRL_SUPERVISION": "The client supervises the work",
    "EXCLUSIVE": "The freelancer may not work for others",
    "SOLE_CLIENT": "There is no other client",
    "INTEGRAL_ROLE": "The work is the client's own business",
    "MANAGES_STAFF": "The freelancer manages the client's staff",
    "COMPANY_EQUIPMENT": "The client provides the equipment",
    "EMPLOYEE_BENEFITS": "The freelancer gets an employee's benefits",
    "INDEFINITE_TERM": "There is no end",
    "TENURE_LIMIT": "The engagement lasts longer than the policy allows",
    "EX_EMPLOYEE": "The freelancer was an employee within the last 12 months",
    "NO_BUSINESS_PROOF": "There is no proof of a business",
    "NO_INSURANCE": "There is no insurance",
    "JURISDICTION_UNSUPPORTED": "The place of work is not supported",
    "SANCTIONS_ID": "Identity or sanctions check failed",
    "SCOPE_UNCLEAR": "The scope is not clear",
}


class Reason(Form):
    """One reason."""

    reason = TextAreaField("Reason", [DataRequired("Give your reason."), Length(max=8000)])


class Factors(Form):
    """A reason for each factor: every determination gives them, whatever it finds."""

    behavioural_control = TextAreaField(
        "Behavioural control",
        [DataRequired("Say how the work is directed, and by whom."), Length(max=4000)],
        description="Who decides how, when and where the work is done?",
    )
    financial_control = TextAreaField(
        "Financial control",
        [DataRequired("Say who bears cost and risk."), Length(max=4000)],
        description="Investment, expenses, chance of profit and risk of loss.",
    )
    relationship_of_parties = TextAreaField(
        "Relationship",
        [DataRequired("Say what binds the two."), Length(max=4000)],
        description="Contract, length, other clients, part in the client's business.",
    )


class Approve(Factors):
    """Why the engagement fits an independent contractor, factor by factor."""

    conditions = TextAreaField("Conditions", [Length(max=4000)], description="For instance: at most 20 hours a week.")
    reason = TextAreaField("Summary for both parties", [DataRequired("Give your reasons."), Length(max=8000)])


class Against(Factors):
    """Why it does not fit, factor by factor, and what would change that."""

    reason_codes = SelectMultipleField(
        "Reason codes",
        [DataRequired("Choose at least one reason.")],
        choices=[SelectChoice(code, label) for code, label in REASON_CODES.items()],
    )
    what_would_change_it = TextAreaField(
        "What would change it", [DataRequired("Say what would have to be different."), Length(max=4000)]
    )
    reason = TextAreaField("Reasons for both parties", [DataRequired("Give your reasons."), Length(max=8000)])


class Uphold(Factors):
    """Why the determination stands, factor by factor, looked at afresh; its outcome and conditions stay."""

    reason = TextAreaField("Why it stands, for both parties", [DataRequired("Give your reasons."), Length(max=8000)])


class Employee(Against):
    """Why it is employment, and that the payroll partner takes this kind of work."""

    office_work = BooleanField(
        "It is office work",
        [DataRequired("The payroll partner takes office work only. Reject the offer, and say what would change it.")],
    )


class Employer(Form):
    """Who employs the worker on the client's behalf."""

    employer_of_record = StringField(
        "Employer of record", [DataRequired("Name the employer that accepted."), Length(max=200)]
    )


class Ask(Form):
    """What the reviewer needs to know."""

    asked = TextAreaField("What you need to know, and why", [DataRequired("Write your questions."), Length(max=4000)])
    document_needed = BooleanField(
        "A document is needed", description="It cannot be answered before whoever is asked has added one."
    )


class Answer(Form):
    """The answer to the reviewer's questions."""

    answer = TextAreaField("Your answer", [DataRequired("Write your answer."), Length(max=8000)])


class Disagree(Form):
    """Why the determination is thought wrong."""

    grounds = TextAreaField("Why you disagree", [DataRequired("Say why you disagree."), Length(min=20, max=8000)])


class Attest(Form):
    """The client's own classification, where the client did not enrol in the service."""

    attested = BooleanField(
        "I classified this engagement myself, with reasonable care, and answer for it",
        [DataRequired("Confirm that you classified it yourself.")],
    )
    reason = TextAreaField("Your reasons", [DataRequired("Give your reasons."), Length(max=8000)])


def signature(papers: tuple[tuple[str, str], ...]) -> type[Form]:
    """Return the form by which the freelancer agrees to each of *papers* and signs them all."""
    boxes = {
        name: BooleanField(label, [DataRequired("Read it and agree to it before you sign.")]) for name, label in papers
    }
    signed = SignatureField(
        "Your name, as your signature",
        [DataRequired("Sign with your name."), Length(max=200)],
        description="By typing it you sign what is ticked above.",
    )
    return type("Signature", (Form,), {**boxes, SIGNATURE: signed})


class Identity(Form):
    """That the desk looked at who the freelancer is, and at what."""

    identity = BooleanField("Identity verified", [DataRequired("Verify the identity first.")])
    background = BooleanField("Background check passed", [DataRequired("Complete the background check first.")])
    reason = TextAreaField(
        "What you looked at",
        [DataRequired("Say what you looked at."), Length(max=4000)],
        description="The client and the freelancer read this. Name the kinds of papers and checks, not their numbers.",
    )


class Setup(Form):
    """That the client is ready for the freelancer."""

    access = BooleanField("Access to what the work needs is ready", [DataRequired("Prepare the access first.")])
    reason = TextAreaField(
        "Contact for the work",
        [DataRequired("Name the contact."), Length(max=400)],
        description="Whom the freelancer turns to, and how. The freelancer and the desk read this.",
    )
