"""A box to type in that offers what is known, and shows a kept code with its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from markupsafe import Markup, escape
from wtforms import SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.widgets import TextInput

USUAL: Final = "Chosen before"
OTHERS: Final = "All others"


class Suggestions(TextInput):
    """A text box with a list of names to choose from; the field's filter makes a code of what is chosen or typed."""

    def __init__(self, names: Callable[[], Mapping[str, str]]) -> None:
        super().__init__()
        self.names = names

    def __call__(self, field: Any, **attributes: Any) -> Markup:  # noqa: ANN401 - WTForms hands its own field over
        """Return the box and its list; a code that has a name is shown with it."""
        names, list_id = self.names(), f"{field.id}-known"
        options = Markup().join(Markup('<option value="{}"></option>').format(one) for one in self.offered(names))
        box = super().__call__(
            field, **{"value": self.in_words(field), "autocomplete": "off", **attributes, "list": list_id}
        )
        return box + Markup('<datalist id="{}">{}</datalist>').format(escape(list_id), options)

    def offered(self, names: Mapping[str, str]) -> list[str]:
        """Return what the list offers."""
        return [named(code, name) for code, name in names.items()]

    def in_words(self, field: Any) -> str:  # noqa: ANN401 - as above
        """Return what *field* holds, a code that has a name with it."""
        code, names = field.data or "", self.names()
        return named(code, names[code]) if code in names else code


class Names(Suggestions):
    """A text box with a list of names that have no codes."""

    def __init__(self, names: Callable[[], list[str]]) -> None:
        super().__init__(lambda: dict.fromkeys(names(), ""))

    def offered(self, names: Mapping[str, str]) -> list[str]:
        """Return the names."""
        return list(names)

    def in_words(self, field: Any) -> str:  # noqa: ANN401 - as above
        """Return the name that *field* holds."""
        return field.data or ""


def named(code: str, name: str) -> str:
    """Return a code with its name, as the list offers it."""
    return f"{name} ({code})"


class UsualFirst(SelectField):
    """A choice of very many, in which what a client chose before stands first, in a group of its own.

    Its first choice is empty, so that nothing is chosen before somebody chose it.
    """

    def lead_with(self, usual: Sequence[str]) -> None:
        """Put *usual* first for this reader; what is no choice is left out."""
        known: dict[str, str] = {choice[0]: choice[1] for choice in self.iter_choices()}
        first = [SelectChoice(value, known[value], optgroup=USUAL) for value in usual if value in known]
        rest = [value for value in known if value and value not in usual]
        if first:
            others = (SelectChoice(value, known[value], optgroup=OTHERS) for value in rest)
            self.choices = [SelectChoice("", known.get("", "")), *first, *others]


class AmountField(StringField):
    """An amount of money as somebody types it; shown with its thousands apart."""

    def in_words(self) -> str:
        """Return the amount as people read it; what is none as it was typed."""
        try:
            return f"{Decimal(str(self.data).replace(',', '')):,}"
        except InvalidOperation:
            return str(self.data or "")
