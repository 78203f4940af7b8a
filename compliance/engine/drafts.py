"""Owning what was drafted: words that nobody typed are sent only after somebody says that they were read.

Whatever drafts a form gets one more box, for all processes, on the page and over REST. It is asked for while a field
still holds its draft, whichever way that came back, and the record says which words were drafted and which written.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Final, cast

from wtforms import BooleanField, Form, TextAreaField

from compliance.engine.errors import InvalidInputError

CONFIRMED: Final = "drafts_confirmed"
LABEL: Final = "I have read the drafted reasons and they are mine"
HINT: Final = "Needed while a reason still stands as it was drafted from the answers."
ASKED: Final = "Read the drafted reasons: {names}. Then change each, or confirm that you read them and they are yours."


@cache
def with_box(form_class: type[Form]) -> type[Form]:
    """Return *form_class* with the box by which drafted words become those of whoever sends them."""
    if hasattr(form_class, CONFIRMED):
        return form_class
    box = BooleanField(LABEL, description=HINT)
    members = {"__doc__": form_class.__doc__, "__module__": form_class.__module__, CONFIRMED: box}
    return cast("type[Form]", type(form_class.__name__, (form_class,), members))


def untouched(form: Form, drafted: Mapping[str, str]) -> list[str]:
    """Return the fields of *form* that say what was *drafted* for them, by their names."""
    return [name for name, text in drafted.items() if text and _words(form[name].data) == _words(text)]


def refuse_unread(form: Form, drafted: Mapping[str, str]) -> dict[str, list[str]]:
    """Return which fields were confirmed as *drafted* and which were written, as the record says it.

    Raises :class:`InvalidInputError` where a draft was left as it was and nobody says that they read it.
    """
    confirmed = untouched(form, drafted)
    if confirmed and not form[CONFIRMED].data:
        names = ", ".join(f"“{form[name].label.text}”" for name in confirmed)
        raise InvalidInputError({CONFIRMED: [ASKED.format(names=names)]})
    texts = [field.short_name for field in form if isinstance(field, TextAreaField) and _words(field.data)]
    return {"confirmed": confirmed, "written": [name for name in texts if name not in confirmed]}


def _words(text: object) -> list[str]:
    """Return the words of *text*: a browser's line ends and stray blanks are nobody's edit."""
    return str(text or "").split()
