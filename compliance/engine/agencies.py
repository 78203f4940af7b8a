"""The agency through which a freelancer works, chosen by name among those that the desk knows."""

from __future__ import annotations

from typing import Any

from wtforms import StringField
from wtforms.validators import ValidationError

from compliance.engine.suggesting import Names
from compliance.people import lookup


class AgencyField(StringField):
    """The name of an agency, or nothing where the freelancer engages directly."""

    widget = Names(lookup.agencies)

    def pre_validate(self, form: Any) -> None:  # noqa: ANN401 - WTForms hands its own form over
        """Refuse what is the name of no agency known here."""
        del form
        self.data = (self.data or "").strip()
        if self.data and lookup.agency_called(self.data) is None:
            raise ValidationError(
                f"There is no agency called “{self.data[:80]}” here. Choose one of the list, leave it empty where the "
                "freelancer engages directly, or ask your programme to add the agency."
            )
