"""The terms of an offer, as people fill them in."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from wtforms import BooleanField, DateField, Form, IntegerField, SelectField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange, Regexp, ValidationError

from compliance.engine.agencies import AgencyField
from compliance.engine.suggesting import AmountField, Suggestions, UsualFirst, named
from compliance.kernel.money import CURRENCIES, MoneyError, parse_minor
from workflows.offer.place_names import countries, currencies, currency_code, place_code, places
from workflows.offer.places import a_place, a_state_where_it_matters

CURRENCY_CHOICES: Final = [
    SelectChoice("", "Choose a currency"),
    *(SelectChoice(code, named(code, name)) for code, name in currencies().items()),
]
TYPE_A_PLACE: Final = "The name or the code, such as Germany or DE."
# The form in parts that belong together, for whoever fills it in by hand.
PAGES: Final = (
    (
        "Who does the work",
        ("freelancer", "freelancer_email", "agency", "freelancer_country", "former_employee", "months_worked"),
    ),
    ("What is to be done", ("title", "description", "deliverables")),
    ("Where and when", ("client_country", "work_place", "starts_on", "ends_on", "hours_per_week")),
    ("What is paid", ("contract_type", "amount", "currency", "purchase_order")),
)


class Terms(Form):
    """The terms of the offer, as both sides will read them."""

    title = StringField("Title of the work", [DataRequired("Give the work a title."), Length(max=200)])
    freelancer = StringField("Freelancer's name or business", [DataRequired("Name the freelancer."), Length(max=200)])
    freelancer_email = StringField(
        "Freelancer's e-mail address",
        [
            DataRequired("Enter the address."),
            Regexp(r"^[^@\s]+@[^@\s]+$", message="That is not an e-mail address. Write it like name@example.com."),
        ],
        description="The freelancer follows the offer under this address.",
    )
    agency = AgencyField(
        "Agency",
        [Length(max=200)],
        description="Empty where the freelancer engages directly. Either way, name above the person who does the work.",
    )
    freelancer_country = StringField(
        "Freelancer's country",
        [DataRequired("Enter the country."), a_place, a_state_where_it_matters],
        filters=[place_code],
        widget=Suggestions(countries),
        description=TYPE_A_PLACE,
    )
    client_country = StringField(
        "Client's country",
        [DataRequired("Enter the client's country."), a_place, a_state_where_it_matters],
        filters=[place_code],
        widget=Suggestions(countries),
        description=TYPE_A_PLACE,
    )
    work_place = StringField(
        "Where the work is done",
        [DataRequired("Enter the place."), a_place, a_state_where_it_matters],
        filters=[place_code],
        widget=Suggestions(places),
        description="Country, or country and state: name or code. The strictest law of the three places counts.",
    )
    description = TextAreaField(
        "What is to be done",
        [DataRequired("Describe the work."), Length(min=20, max=8000)],
        description="At least 20 characters.",
    )
    deliverables = TextAreaField(
        "What is delivered",
        [DataRequired("Name what is delivered."), Length(max=4000)],
        description="The results, and how you will know that each is done.",
    )
    contract_type = SelectField(
        "How it is paid",
        [InputRequired("Choose how it is paid.")],
        choices=[SelectChoice("fixed", "A fixed price"), SelectChoice("hourly", "By the hour")],
    )
    amount = AmountField(
        "Price, or rate for an hour", [DataRequired("Enter the amount.")], description="For instance 1,250.50."
    )
    currency = UsualFirst(
        "Currency",
        [InputRequired("Choose the currency.")],
        filters=[currency_code],
        choices=CURRENCY_CHOICES,
        validate_choice=False,  # Said below, in words of its own.
    )
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
            raise ValidationError("Choose a currency of the list. In a file, write its three letters, such as GBP.")

    def validate_ends_on(self, field: Any) -> None:  # noqa: ANN401 - as above
        """Refuse an end before the beginning, and an engagement of more than two years."""
        if not self.starts_on.data or not field.data:
            return
        if field.data < self.starts_on.data:
            raise ValidationError("The last day is before the first day.")
        if field.data > self.starts_on.data + dt.timedelta(days=731):
            raise ValidationError("An engagement lasts at most two years; offer a new one after that.")
