"""What arrives from outside, held against the form that it is for. Nothing that arrives can do more than be refused."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, FileField, Form, SelectField, SelectMultipleField

from compliance.engine.documents import NO_FILE, Examined

LARGEST: Final = 2**63 - 1
NO_SUCH_FIELD: Final = "There is no such field."
NOT_TEXT: Final = "This holds a character that is not text. Type it again instead of pasting it."
NOT_A_FILE: Final = "This takes text, not a file."
TOO_LARGE: Final = "The number is too large."


def fill(form_class: type[Form], data: Mapping[str, Any]) -> tuple[Form, dict[str, list[str]]]:
    """Return *form_class* filled with *data*, and every field's errors; the form's fields carry theirs as well."""
    given = data if isinstance(data, MultiDict) else MultiDict({k: v for k, v in data.items() if v is not None})
    form = form_class(MultiDict((key, _text(value)) for key, value in given.items(multi=True)))
    errors = {key: [NO_SUCH_FIELD] for key in given if key not in form}
    errors |= {field.short_name: [sentence] for field in form if (sentence := _unreadable(field))}
    for name in errors:
        if name in form:
            form[name].errors = errors[name]
    if not errors and not form.validate():
        errors = {name: [str(error) for error in found] for name, found in form.errors.items() if name}
    return form, errors


def typed(form: Form) -> list[tuple[str, str]]:
    """Return what *form* holds as a browser would send it, so that it can be filled in again with the same."""
    found: list[tuple[str, str]] = []
    for field in form:
        name = field.short_name
        if isinstance(field, BooleanField):
            found += [(name, "true")] if field.data else []
        elif isinstance(field, SelectMultipleField):
            found += [(name, str(value)) for value in field.data or ()]
        elif isinstance(field, SelectField):
            found += [(name, str(field.data))] if field.data is not None else []
        elif not isinstance(field, FileField):
            found.append((name, written(field)))
    return found


def written(field: Any) -> str:  # noqa: ANN401 - fields share no useful type
    """Return what *field* holds as its own box would show it."""
    return str(field._value())  # noqa: SLF001 - WTForms gives it no other name


@cache
def takes_files(form_class: type[Form]) -> bool:
    """Tell whether *form_class* has a field for a file, so that it cannot be filled from JSON."""
    return any(isinstance(field, FileField) for field in form_class())


def _unreadable(field: Any) -> str | None:  # noqa: ANN401 - fields share no useful type
    """Return why what came for *field* can be neither stored nor compared, or ``None``."""
    for raw in field.raw_data or ():
        if isinstance(raw, Examined) is not isinstance(field, FileField):
            return NOT_A_FILE if isinstance(raw, Examined) else NO_FILE
        # The last stands for something that could not be read on its way here.
        if isinstance(raw, str) and ("\0" in raw or not encodes(raw) or "\ufffd" in raw):
            return NOT_TEXT
    if isinstance(field.data, int) and abs(field.data) > LARGEST:
        return TOO_LARGE
    return None


def encodes(text: str) -> bool:
    """Tell whether *text* can be written down: half a character cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text(value: object) -> Any:  # noqa: ANN401 - what WTForms takes
    """Return *value* as a browser would have sent it; a file that was looked at stays what it is."""
    if isinstance(value, Examined):
        return value
    if isinstance(value, bool):
        return "true" if value else ""
    return value if isinstance(value, str) else str(value)
