"""What people fill in about an offer."""

from __future__ import annotations

import datetime as dt
from typing import Any

from wtforms import (
    BooleanField,
    DateField,
    Form,
    IntegerField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp, ValidationError

from compliance.kernel.money import CURRENCIES, MoneyError, parse_minor

COUNTRY = Regexp(r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$", message="Use a code such as GB, DE or US-CA.")
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


class Terms(Form):
    """The terms of the offer, as both sides will read them."""

    title = StringField("Title of the work", [InputRequired("Give the work a title."), Length(max=200)])
    freelancer = StringField("Freelancer's name or business", [InputRequired("Name the freelancer."), Length(max=200)])
    freelancer_email = StringField(
        "Freelancer's e-mail address",
        [InputRequired("Enter the address."), Regexp(r"^[^@\s]+@[^@\s]+$", message="That is not an e-mail address.")],
        description="The freelancer follows the offer under this address.",
    )
    freelancer_country = StringField("Freelancer's country", [InputRequired("Enter the country."), COUNTRY])
    work_place = StringField(
        "Where the work is done",
        [InputRequired("Enter the place."), COUNTRY],
        description="Country, or country and state. The law of this place counts.",
    )
    description = TextAreaField(
        "What is to be done, and what is delivered", [InputRequired("Describe the work."), Length(min=20, max=8000)]
    )
    contract_type = SelectField(
        "How it is paid",
        [InputRequired("Choose how it is paid.")],
        choices=[SelectChoice("fixed", "A fixed price"), SelectChoice("hourly", "By the hour")],
    )
    amount = StringField(
        "Price, or rate for an hour", [InputRequired("Enter the amount.")], description="For instance 1,250.50."
    )
    currency = StringField("Currency", [InputRequired("Enter the currency.")])
    hours_per_week = IntegerField("Hours a week", [InputRequired("Enter the hours."), NumberRange(1, 80)])
    starts_on = DateField("First day", [InputRequired("Enter the first day.")])
    ends_on = DateField("Last day", [InputRequired("Enter the last day.")])
    purchase_order = StringField("Purchase order", [Length(max=60)])
    former_employee = BooleanField("The freelancer was the client's employee, or is related, within the last 12 months")
    months_worked = IntegerField(
        "Months the freelancer has already worked for this client",
        [InputRequired("Enter 0 if none."), NumberRange(0, 600)],
    )

    def validate_amount(self, field: Any) -> None:  # noqa: ANN401 - WTForms hands its own field over
        """Refuse what is no amount of the currency, and what is nothing or less."""
        if self.currency.data not in CURRENCIES:
            return
        try:
            minor = parse_minor(field.data, self.currency.data)
        except MoneyError as refused:
            raise ValidationError(str(refused)) from refused
        if minor <= 0:
            raise ValidationError("Enter an amount above zero.")

    def validate_currency(self, field: Any) -> None:  # noqa: ANN401 - as above
        """Refuse what is no currency."""
        if field.data not in CURRENCIES:
            raise ValidationError("Use a three-letter currency code such as GBP, EUR or USD.")

    def validate_ends_on(self, field: Any) -> None:  # noqa: ANN401 - as above
        """Refuse an end before the beginning, and an engagement of more than two years."""
        if not self.starts_on.data or not field.data:
            return
        if field.data < self.starts_on.data:
            raise ValidationError("The last day is before the first day.")
        if field.data > self.starts_on.data + dt.timedelta(days=731):
            raise ValidationError("An engagement lasts at most two years; offer a new one after that.")


class Reason(Form):
    """One reason."""

    reason = TextAreaField("Reason", [InputRequired("Give your reason."), Length(max=8000)])


class Approve(Form):
    """Why the engagement fits an independent contractor, factor by factor."""

    behavioural_control = TextAreaField(
        "Behavioural control",
        [InputRequired("Say how the work is directed, and by whom."), Length(max=4000)],
        description="Who decides how, when and where the work is done?",
    )
    financial_control = TextAreaField(
        "Financial control",
        [InputRequired("Say who bears cost and risk."), Length(max=4000)],
        description="Investment, expenses, chance of profit and risk of loss.",
    )
    relationship_of_parties = TextAreaField(
        "Relationship",
        [InputRequired("Say what binds the two."), Length(max=4000)],
        description="Contract, length, other clients, part in the client's business.",
    )
    conditions = TextAreaField("Conditions", [Length(max=4000)], description="For instance: at most 20 hours a week.")
    reason = TextAreaField("Summary for both parties", [InputRequired("Give your reasons."), Length(max=8000)])


class Against(Form):
    """Why it does not fit, and what would change that."""

    reason_codes = SelectMultipleField(
        "Reason codes",
        [InputRequired("Choose at least one reason.")],
        choices=[SelectChoice(code, label) for code, label in REASON_CODES.items()],
    )
    what_would_change_it = TextAreaField(
        "What would change it", [InputRequired("Say what would have to be different."), Length(max=4000)]
    )
    reason = TextAreaField("Reasons for both parties", [InputRequired("Give your reasons."), Length(max=8000)])


class Ask(Form):
    """What the reviewer needs to know."""

    asked = TextAreaField("What you need to know, and why", [InputRequired("Write your questions."), Length(max=4000)])


class Answer(Form):
    """The answer to the reviewer's questions."""

    answer = TextAreaField("Your answer", [InputRequired("Write your answer."), Length(max=8000)])


class Disagree(Form):
    """Why the determination is thought wrong."""

    grounds = TextAreaField("Why you disagree", [InputRequired("Say why you disagree."), Length(min=20, max=8000)])


class Attest(Form):
    """The client's own classification, where the client did not enrol in the service."""

    attested = BooleanField(
        "I classified this engagement myself, with reasonable care, and answer for it",
        [DataRequired("Confirm that you classified it yourself.")],
    )
    reason = TextAreaField("Your reasons", [InputRequired("Give your reasons."), Length(max=8000)])


class Tasks(Form):
    """The steps that must be done before work may begin."""

    confidentiality = BooleanField("Confidentiality agreement signed", [DataRequired("Still to be done.")])
    contractor_agreement = BooleanField("Contract signed", [DataRequired("Still to be done.")])
    intellectual_property = BooleanField("Rights in the work agreed", [DataRequired("Still to be done.")])
    code_of_conduct = BooleanField("Code of conduct read", [DataRequired("Still to be done.")])
    identity = BooleanField("Identity verified", [DataRequired("Still to be done.")])
